"""Starting, finding and ending a local AWS; what is left when it is killed."""

from __future__ import annotations

import io
import json
import os
import select
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from ratchet.local_aws.door.server import Server
from ratchet.local_aws.running.folders import StartFailed, all_running
from ratchet.local_aws.running.local import LocalAws

SERVER = """
import signal, sys
from ratchet.local_aws.running.local import LocalAws
with LocalAws.start(port=0) as local:
    print(local.endpoint, local.folder, flush=True)
    signal.pause()
"""

STAYS = """
HELD = []

def handler(event, context):
    HELD.append(open(event, "w"))
    HELD[0].write("up")
    HELD[0].flush()
"""
FORGETS = """
from ratchet.local_aws.running.local import LocalAws
local = LocalAws.start(port=0)
local.client("sqs").create_queue(QueueName="gone-with-it")
local.close()
local.close()
assert not local.folder.exists()
with LocalAws.start(port=0) as fresh:
    assert "QueueUrls" not in fresh.client("sqs").list_queues()
"""


@pytest.fixture(autouse=True)
def own_tempdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A separate temporary folder: nothing of the user's is found or removed."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


class _Server:
    """A local AWS in a separate process."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # a test run in the background of a shell would hand its deaf ear for Ctrl-C down
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )
        assert self.process.stdout is not None
        self.endpoint, folder = self.process.stdout.readline().split()
        self.folder = Path(folder)

    def end(self, by: signal.Signals) -> None:
        self.process.send_signal(by)
        self.process.communicate(timeout=30)


@pytest.fixture
def server() -> Iterator[_Server]:
    running = _Server()
    yield running
    running.end(signal.SIGKILL)


def _listens(endpoint: str) -> bool:
    parts = urlsplit(endpoint)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=2).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_running_one_is_found_and_recognised(server: _Server) -> None:
    about = next(all_running(), None)
    assert about is not None
    assert about["endpoint"] == server.endpoint
    assert about["pid"] == server.process.pid
    assert about["region"] == "us-east-1"


def test_its_folder_is_private(server: _Server) -> None:
    assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.folder.parent.stat().st_mode) == 0o700


def test_control_c_leaves_no_port_no_folder_and_no_announcement(server: _Server) -> None:
    server.end(signal.SIGINT)
    assert not _listens(server.endpoint)
    assert not server.folder.exists()
    assert next(all_running(), None) is None


def test_a_door_that_closes_before_its_thread_began_says_nothing() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    door = Server(listener)
    listener.close()
    door.close()
    door._listen()  # what the thread does that Ctrl-C overtook


def test_what_a_killed_one_left_is_swept_at_the_next_start(server: _Server) -> None:
    neighbour = _Server()
    server.end(signal.SIGKILL)
    assert server.folder.exists()
    with LocalAws.start(port=0):
        assert not server.folder.exists()
        assert neighbour.folder.exists()
    neighbour.end(signal.SIGINT)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_warm_function_ends_with_it(server: _Server, tmp_path: Path, end: signal.Signals) -> None:
    os.mkfifo(tmp_path / "alive")
    pipe = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("stay.py", STAYS)
    session: Any = boto3
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    client = session.client("lambda", "us-east-1", endpoint_url=server.endpoint, **keys)
    client.create_function(
        FunctionName="stay",
        Runtime="python3.13",
        Role="arn:aws:iam::123456789012:role/r",
        Handler="stay.handler",
        Code={"ZipFile": packed.getvalue()},
    )
    answer = client.invoke(FunctionName="stay", Payload=json.dumps(str(tmp_path / "alive")))
    assert "FunctionError" not in answer, answer["Payload"].read()
    assert os.read(pipe, 10) == b"up"
    server.end(end)
    ended, _, _ = select.select([pipe], [], [], 10)
    assert ended
    assert os.read(pipe, 10) == b"", "the function's worker lives on"


def test_the_first_one_is_found_and_after_its_end_the_next(server: _Server) -> None:
    with LocalAws.start(port=0) as second:
        assert _listens(second.endpoint)
        assert found() == server.endpoint
        server.end(signal.SIGKILL)
        assert found() == second.endpoint
    assert found() is None


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"endpoint": 3}', '{"endpoint": "http://127.0.0.1:x"}']
)
def test_an_empty_announcement_is_skipped(own_tempdir: Path, text: str) -> None:
    folder = own_tempdir / f"ratchet-{os.getuid()}" / "local-aws-0"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "runs.json").write_text(text)
    assert found() is None


def found() -> str | None:
    """The endpoint of the local AWS that commands find."""
    return (next(all_running(), None) or {}).get("endpoint")


def test_a_taken_port_is_one_clear_line() -> None:
    with LocalAws.start(port=0, announced=False) as local:
        port = urlsplit(local.endpoint).port or 0
        with pytest.raises(StartFailed, match=rf"127\.0\.0\.1:{port}.*in use.*--port"):
            LocalAws.start(port=port)


def test_an_impossible_port_is_one_clear_line() -> None:
    with pytest.raises(StartFailed, match=r"127\.0\.0\.1:70000"):
        LocalAws.start(port=70000)


def test_a_region_that_is_none_is_one_clear_line() -> None:
    for region in ("eu-wets-1", "cn-north-1"):
        with pytest.raises(StartFailed, match=f"^'{region}' is not a Region .* did you mean .*-1"):
            LocalAws.start(port=0, region=region)


@pytest.mark.parametrize("mode", ["missing", "not private", "a link"])
def test_an_unusable_folder_is_one_clear_line(
    own_tempdir: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    home = own_tempdir / f"ratchet-{os.getuid()}"
    if mode == "missing":
        monkeypatch.setenv("TMPDIR", str(own_tempdir / "gone"))
    elif mode == "not private":
        home.mkdir()
        home.chmod(0o755)
    else:
        (own_tempdir / "elsewhere").mkdir(mode=0o700)
        home.symlink_to(own_tempdir / "elsewhere")
    with pytest.raises(StartFailed) as failure:
        LocalAws.start(port=0)
    assert "TMPDIR" in str(failure.value)
    assert "\n" not in str(failure.value)


def test_a_full_disk_is_one_clear_line(own_tempdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StartFailed, match=r"No space left on device.*free some space"):
        LocalAws.start(port=0)
    assert not list(own_tempdir.glob("ratchet-*/local-aws-*"))


def test_closing_twice_is_harmless_and_the_last_one_forgets_all() -> None:
    subprocess.run([sys.executable, "-c", FORGETS], check=True, timeout=60)


def test_a_child_gets_dummy_keys_and_our_endpoint_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_SECRET_ACCESS_KEY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "the-user's")
    with LocalAws.start(port=0, announced=False) as local:
        environment = local.child_environment()
        assert local.client("sts").get_caller_identity()["Account"] == local.account
        assert environment["AWS_ENDPOINT_URL"] == local.endpoint
    assert "the-user's" not in environment.values()
    assert environment["AWS_ACCESS_KEY_ID"] == environment["AWS_SECRET_ACCESS_KEY"] == "local"
    assert environment["AWS_CONFIG_FILE"] == os.devnull
