"""`ratchet up` as a user sees it: the real command, in a process of its own."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from .conftest import ROOT
from .running import ratchet, running_up, surroundings


def test_commands_find_a_running_local_aws_and_a_taken_port_is_one_clear_line(
    tmp_path: Path,
) -> None:
    environment = surroundings(tmp_path)
    with running_up(tmp_path, environment) as (process, port):
        info = ratchet(environment, "info", "--json")
        assert json.loads(info.stdout)["endpoint_url"] == f"http://127.0.0.1:{port}"
        assert f"Using the local AWS at http://127.0.0.1:{port}" in info.stderr
        second = ratchet(environment, "up", "--port", str(port))
        assert second.returncode == 1
        assert f"cannot listen on 127.0.0.1:{port}" in second.stderr
        assert "Traceback" not in second.stderr
        pushed = ratchet(environment, "push", str(ROOT / "pipelines" / "bank-marketing"), "--json")
        assert json.loads(pushed.stdout)["name"] == "bank-marketing", pushed.stderr
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
