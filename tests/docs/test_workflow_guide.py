"""Every block of the guide to workflows runs, one after the other, as its reader would run them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ratchet.local_aws.running.local import LocalAws

GUIDE = Path(__file__).parents[2] / "docs" / "workflows.md"


def test_the_guide_runs_from_its_first_block_to_its_last(
    local_aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL", local_aws.endpoint)
    monkeypatch.setenv("AWS_DEFAULT_REGION", local_aws.region)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 8
    exec("\n".join(blocks), {})
    assert (tmp_path / "count-files.svg").read_text(encoding="utf-8").startswith("<svg")
