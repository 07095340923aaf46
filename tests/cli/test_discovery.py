"""Which local AWS a command takes by itself, when several run or none is this project's."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ratchet.cli import discovery
from ratchet.cli.connection import connect
from ratchet.cli.errors import CliError
from ratchet.local_aws.running import folders

from .conftest import Run
from .running import ratchet, running_up, surroundings

Start = Callable[..., str]


@pytest.fixture
def projects(tmp_path: Path) -> tuple[Path, Path]:
    """Two projects of this user: a checkout and a repository with pipelines of its own."""
    checkout, models = tmp_path / "checkout", tmp_path / "models"
    (checkout / ".git").mkdir(parents=True)
    (checkout / "docs").mkdir()
    (models / "pipelines" / "churn").mkdir(parents=True)
    (models / "pipelines" / "churn" / "pipeline.yaml").touch()
    return checkout, models


@pytest.fixture
def start() -> Iterator[Start]:
    """Announces a process that answers `/_ratchet`, as a local AWS started in a folder would."""
    servers: list[ThreadingHTTPServer] = []

    def announced(folder: Path, **differing: Any) -> str:
        about: dict[str, Any] = {"product": "ratchet", "region": "us-east-1"}
        server = ThreadingHTTPServer(("127.0.0.1", 0), answering(about))
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        identity = {"pid": os.getpid(), "user": "ann", "started_in": str(folder)}
        about |= {"endpoint": endpoint, **identity, **differing}
        runtime = folders.home() / f"local-aws-{len(servers)}"
        runtime.mkdir()
        folders.announce(runtime, endpoint, identity)
        os.utime(runtime / folders.RUNTIME_FILE, ns=(len(servers), len(servers)))
        return endpoint

    yield announced
    for server in servers:
        server.shutdown()
        server.server_close()


def answering(about: dict[str, Any]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(about).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing of it belongs in a test's output."""

    return Handler


def taken(*, writes: bool) -> str | None:
    return (discovery.find(writes=writes) or {}).get("endpoint")


def test_that_of_this_project_is_taken_though_another_started_first(
    projects: tuple[Path, Path], start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout, models = projects
    others, ours = start(models), start(checkout / "docs")
    start(checkout)
    monkeypatch.chdir(checkout)
    assert taken(writes=True) == taken(writes=False) == ours
    monkeypatch.chdir(models / "pipelines" / "churn")
    assert taken(writes=True) == taken(writes=False) == others


def test_only_a_command_that_reads_takes_another_project_s_and_says_whose_it_is(
    projects: tuple[Path, Path],
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    checkout, models = projects
    endpoint = start(models)
    monkeypatch.chdir(checkout)
    whose = f"{endpoint} (process {os.getpid()} of ann, started in {models})"
    assert connect(None, None, None).endpoint_url == endpoint
    assert f"Using the local AWS of another project, {whose}" in capsys.readouterr().err
    with pytest.raises(CliError) as refused:
        connect(None, None, None, writes=True)
    assert whose in refused.value.what
    assert str(checkout) in refused.value.what
    assert "--endpoint-url" in refused.value.next_step
    assert connect(endpoint, None, None, writes=True).endpoint_url == endpoint


def test_another_project_s_never_sends_a_writing_command_to_real_aws(
    projects: tuple[Path, Path], start: Start, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(projects[1])
    monkeypatch.chdir(projects[0])
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    (projects[0] / "a.csv").write_text("a;b\n1;2\n")
    result = run("upload", "bank-marketing", "a.csv")
    assert result.exit_code == 1
    assert "no local AWS of this project" in result.stderr


@pytest.mark.parametrize("differing", [{"pid": 1}, {"product": "another"}])
def test_a_stale_runtime_file_is_passed_over(
    projects: tuple[Path, Path],
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    differing: dict[str, Any],
) -> None:
    monkeypatch.chdir(projects[0])
    start(projects[0], **differing)
    assert taken(writes=True) is None
    alive = start(projects[0])
    assert taken(writes=True) == alive


def test_a_runtime_file_whose_port_nobody_has_is_passed_over(
    projects: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(projects[0])
    killed = folders.home() / "local-aws-killed"
    killed.mkdir()
    folders.announce(killed, "http://127.0.0.1:1", folders.identity())
    assert taken(writes=True) is None
    assert taken(writes=False) is None


def test_another_user_s_is_neither_read_nor_written_to(
    projects: tuple[Path, Path], start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(projects[0])
    start(projects[0])
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert taken(writes=True) is None
    assert taken(writes=False) is None


def test_a_folder_that_was_deleted_is_nobody_s_project(
    projects: tuple[Path, Path], start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(projects[1])
    shutil.rmtree(projects[1])
    monkeypatch.chdir(projects[0])
    with pytest.raises(CliError, match="no local AWS of this project"):
        taken(writes=True)


def test_push_writes_to_another_project_s_only_by_its_url(tmp_path: Path) -> None:
    environment = surroundings(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    folder = elsewhere / "pipelines" / "bank-marketing"
    shutil.copytree(Path(__file__).parents[2] / "pipelines" / "bank-marketing", folder)
    with running_up(tmp_path, environment) as (process, port):
        url = f"http://127.0.0.1:{port}"
        command = ("push", str(folder), "--json")
        refused = ratchet(environment, *command, cwd=elsewhere)
        assert refused.returncode == 1
        assert f"{url} (process {process.pid} of " in json.loads(refused.stderr)["error"]
        pushed = ratchet(environment, *command, "--endpoint-url", url, cwd=elsewhere)
        assert json.loads(pushed.stdout)["name"] == "bank-marketing", pushed.stderr
        info = ratchet(environment, "info", "--json", cwd=elsewhere)
        assert [one["name"] for one in json.loads(info.stdout)["pipelines"]] == ["bank-marketing"]
        assert f"Using the local AWS of another project, {url}" in info.stderr
