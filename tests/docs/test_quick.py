"""`make test-quick` stays quick: a test without the mark `process` cannot start one."""

from __future__ import annotations

import subprocess
import sys

import pytest


def test_a_quick_test_that_starts_a_process_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match="mark it `process`"):
        subprocess.run([sys.executable, "-V"], check=True)
