"""A stack's AWS resources in moto, and the functions working on them with real boto3."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws
from unit_service import Service


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """The service on an empty stack, with a clock that the test turns."""
    # A local AWS that ran in this process left it on, and a test would take ten times as long.
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
    with mock_aws():
        made = Service(monkeypatch)
        yield made
        made.close()
