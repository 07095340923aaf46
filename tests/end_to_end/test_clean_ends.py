"""Ctrl-C, a closed terminal, SIGTERM and SIGKILL at telling moments: nothing is left of the tree.

Moments are waited for by looking at processes and executions, so every end meets what it is for.
"""

from __future__ import annotations

import copy
import ctypes
import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from processes import (
    KINDS,
    Census,
    Terminal,
    can_be_bound,
    kinds,
    living,
    soon,
    wait_for,
    wait_for_none,
    work_folders,
)
from watching import PROC, ListenerWatch
from workplace import COMMAND_SECONDS, ROOT, Stack, Workplace

sys.path.insert(0, str(ROOT / "tests" / "local_aws"))
from sagemaker_world import BUCKET, PARAMETERS, World

pytestmark = pytest.mark.skipif(
    not (PROC / "self/environ").exists(), reason="looks at processes through /proc"
)

SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIAUSERSECRETUSERSE",
    "AWS_SECRET_ACCESS_KEY": "user-secret-key",
    "AWS_SESSION_TOKEN": "user-secret-token",
    "AWS_PROFILE": "user-secret-profile",
}
TELLS = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    """A workplace of this test alone; whatever a failed test left in it is ended."""
    made = Workplace(tmp_path)
    yield made
    for line in living(tmp_path):
        os.kill(int(line.split(" ")[0]), signal.SIGKILL)


def send_to_another_thread(pid: int, number: signal.Signals) -> None:
    """Send a signal as the kernel delivers it now and then: not to the main thread."""
    other = max(int(task.name) for task in (PROC / str(pid) / "task").iterdir())
    assert other != pid
    assert ctypes.CDLL(None).tgkill(pid, other, number) == 0


@contextmanager
def at_a_terminal(place: Workplace, *command: str) -> Iterator[Terminal]:
    terminal = Terminal(place, *command)
    try:
        yield terminal
    finally:
        terminal.process.kill()
        terminal.process.wait()
        terminal.close()


def nothing_is_left(place: Workplace, port: int | None = None) -> None:
    wait_for_none(place.folder)
    assert work_folders(place) == []
    assert not list(place.temporary.glob("ratchet-data-*"))
    assert port is None or can_be_bound(port)


def small_pipeline(place: Workplace, rows: int = 4000) -> tuple[Path, Path]:
    """bank-marketing with a gate that little data passes, and such data."""
    source, folder = ROOT / "pipelines" / "bank-marketing", place.folder / "small"
    folder.mkdir()
    for file in ("columns.yaml", "recipe.json", "demo.yaml"):
        (folder / file).write_text((source / file).read_text())
    text = (source / "pipeline.yaml").read_text()
    for old, new in (
        ("min_holdout_rows: 1000", "min_holdout_rows: 30"),
        ("minimum: 0.60", "minimum: 0.05"),
        ("num_round: 300", "num_round: 20"),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / "pipeline.yaml").write_text(text)
    data = place.folder / "drop.csv"
    script = source / "sample_data.py"
    place.run("python", str(script), "--rows", str(rows), "--out", str(data))
    return folder, data


# --- while it starts ---------------------------------------------------------------------------


def test_ctrl_c_before_any_command_has_begun_is_one_line(place: Workplace) -> None:
    # the signal comes while the first heavy package is imported
    fake = place.folder / "fake"
    fake.mkdir()
    text = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nimport time\ntime.sleep(60)\n"
    (fake / "typer.py").write_text(text)
    place.environment["PYTHONPATH"] = str(fake)
    process = place.start("ratchet", "up", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said, _ = process.communicate(timeout=COMMAND_SECONDS)
    assert (process.returncode, said) == (130, b"Stopped.\n")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
@pytest.mark.parametrize("moment", ["its folder is made", "the stack is being deployed"])
def test_an_end_while_up_starts_leaves_nothing(
    place: Workplace, moment: str, end: signal.Signals
) -> None:
    process = place.start(
        "ratchet", "up", "--port", "0", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    sign = "local-aws-*" if moment == "its folder is made" else "local-aws-*/lambda"
    soon(lambda: list(place.temporary.glob(f"ratchet-*/{sign}")), moment)
    process.send_signal(end)
    said, _ = process.communicate(timeout=COMMAND_SECONDS)
    if end == signal.SIGKILL:
        assert said == b""
        wait_for_none(place.folder)
        return
    name = "" if end == signal.SIGINT else f" by {end.name}"
    assert (process.returncode, said.decode()) == (128 + end, f"Stopped{name}.\n")
    wait_for_none(place.folder)
    assert work_folders(place) == []


# --- the ends of `ratchet up` ------------------------------------------------------------------


def test_sigterm_while_a_recipe_runs_is_one_line_and_leaves_nothing(place: Workplace) -> None:
    folder, data = small_pipeline(place)
    with at_a_terminal(place, "ratchet", "up", "--port", "0") as up:
        port = up.port()
        stack = Stack(place, f"http://127.0.0.1:{port}")
        stack.ratchet("push", str(folder))
        stack.ratchet("upload", "bank-marketing", str(data))
        wait_for(place.folder, "recipe", "functions")
        before = up.said
        send_to_another_thread(up.process.pid, signal.SIGTERM)
        assert up.process.wait(COMMAND_SECONDS) == 128 + signal.SIGTERM
        soon(lambda: "Stopped" in up.said, "a last line")
        assert up.said.removeprefix(before).split("\n")[:-1] == ["Stopped by SIGTERM."]
    nothing_is_left(place, port)


def test_a_closed_terminal_ends_training_transform_and_endpoint(place: Workplace) -> None:
    with at_a_terminal(place, "ratchet", "up", "--port", "0") as up:
        port = up.port()
        world = World(_Clients(port)).settle()  # type: ignore[arg-type]
        world.config("config", "first")
        world.sagemaker.create_endpoint(EndpointName="served", EndpointConfigName="config")
        assert world.settled("served")["EndpointStatus"] == "InService"
        world.put("many/rows.csv", "r,fresh,-,1,0.1,0.2,0.3,0.4\n" * 300_000)
        endless = {**PARAMETERS, "num_round": "1000000", "early_stopping_rounds": "1000000"}
        world.start_training("endless", HyperParameters=endless)
        wait_for(place.folder, "training", "serving")
        world.start_transform("long", "first", f"s3://{BUCKET}/many/")
        wait_for(place.folder, "training", "serving", "transform")
        up.close()
        assert up.process.wait(COMMAND_SECONDS) == 128 + signal.SIGHUP
    nothing_is_left(place, port)


class _Clients:
    """What the tests of SageMaker need of a local AWS: clients that talk to it."""

    def __init__(self, port: int) -> None:
        self._endpoint = f"http://127.0.0.1:{port}"
        self._session: Any = boto3.session.Session("local", "local", region_name="us-east-1")

    def client(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self._endpoint)


def test_a_whole_run_is_kept_to_loopback_and_dummy_keys_and_sigkill_ends_spark(
    place: Workplace,
) -> None:
    folder, data = small_pipeline(place)
    with (
        ListenerWatch(place.folder) as watch,
        Census(place.folder) as census,
        at_a_terminal(with_credentials(place), "ratchet", "up", "--port", "0") as up,
    ):
        port = up.port()
        stack = Stack(place, f"http://127.0.0.1:{port}")
        stack.ratchet("push", str(folder))
        assert "PROMOTED" in stack.ratchet("upload", "bank-marketing", str(data), "--wait").stdout
        wait_for(place.folder, "serving")
        no_secrets({"a function": function_environment(port)})
        data.write_text("\n".join(data.read_text().splitlines()[:3000]) + "\n")
        stack.ratchet("upload", "bank-marketing", str(data))
        wait_for(place.folder, "driver", "java", "serving", "functions")
        killed = work_folders(place)
        up.process.send_signal(signal.SIGKILL)
        up.process.wait()
        wait_for_none(place.folder)
    assert census.seen() == set(KINDS) - {"made-up data"}
    no_secrets(census.environments)
    assert watch.seen, "no listener was seen at all"
    assert not watch.exposed
    the_next_start_sweeps(place, port, killed)


def the_next_start_sweeps(place: Workplace, port: int, killed: list[Path]) -> None:
    """`ratchet up` takes the killed one's port, sweeps its folder, and bears impatience."""
    assert work_folders(place) == killed
    with at_a_terminal(place, "ratchet", "up", "--port", str(port)) as again:
        assert again.port() == port
        assert set(work_folders(place)).isdisjoint(killed)
        while again.process.poll() is None:
            again.press_ctrl_c()
        assert again.process.returncode == 130
        soon(lambda: "Stopped." in again.said, "a last line")
        assert "Traceback" not in again.said
        assert "Abort" not in again.said
    nothing_is_left(place, port)


def with_credentials(place: Workplace) -> Workplace:
    """The same workplace of a user who has credentials for real AWS, in all the usual places."""
    aws = place.folder / "home" / ".aws"
    aws.mkdir()
    (aws / "config").write_text("[profile user-secret-profile]\nregion = eu-west-1\n")
    (aws / "credentials").write_text(
        "[user-secret-profile]\naws_access_key_id = AKIAUSERSECRETUSERSE\n"
        "aws_secret_access_key = user-secret-key\n"
    )
    theirs = copy.copy(place)
    kept = {name: v for name, v in place.environment.items() if not name.startswith("AWS_")}
    theirs.environment = kept | SECRETS
    return theirs


def no_secrets(environments: dict[str, dict[str, str]]) -> None:
    """Dummy keys and no word of the user's in what any child was told."""
    for child, told in environments.items():
        leaked = [f"{name}={value}" for name, value in told.items() if "secret" in value.lower()]
        assert not leaked, f"{child} holds {leaked}"
        assert told["AWS_ACCESS_KEY_ID"].split("-")[0] == "local", child  # local-<function>
        assert told["AWS_SECRET_ACCESS_KEY"] == "local", child
        assert told["AWS_SHARED_CREDENTIALS_FILE"] == told["AWS_CONFIG_FILE"] == os.devnull, child
        assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & set(told), child


def function_environment(port: int) -> dict[str, str]:
    """What a handler finds in os.environ: its process was forked, /proc shows its parent's."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("tells.py", TELLS)
    client = _Clients(port).client("lambda")
    client.create_function(
        FunctionName="tells", Runtime="python3.13", Handler="tells.handler",
        Role="arn:aws:iam::123456789012:role/r", Code={"ZipFile": packed.getvalue()},
    )  # fmt: skip
    told: dict[str, str] = json.loads(client.invoke(FunctionName="tells")["Payload"].read())
    return told


# --- the ends of `ratchet demo` ----------------------------------------------------------------


def test_sigterm_while_the_demo_makes_up_its_data_leaves_nothing(place: Workplace) -> None:
    without_network(place)
    folder, _ = small_pipeline(place)
    (folder / "sample_data.py").write_text("import signal\n\nsignal.pause()  # as slow as can be\n")
    command = ("ratchet", "demo", str(folder))
    process = place.start(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(place.folder, "made-up data")
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=COMMAND_SECONDS)
    assert (process.returncode, said) == (128 + signal.SIGTERM, b"Stopped by SIGTERM.\n")
    nothing_is_left(place)


def test_ctrl_c_while_the_demo_is_in_spark_is_one_line_and_130(place: Workplace) -> None:
    folder, data = small_pipeline(place)
    with at_a_terminal(place, "ratchet", "demo", str(folder), "--data", str(data)) as demo:
        wait_for(place.folder, "driver", "java", "functions")
        demo.press_ctrl_c()
        assert demo.process.wait(COMMAND_SECONDS) == 130
        soon(lambda: "Stopped." in demo.said, "a last line")
        lines = demo.said.rpartition("^C")[2].split("\n")
        # the last picture of the spinner is in what was written, though no more on the screen
        assert [line for line in lines if line and " ... " not in line] == ["Stopped."], demo.said
    nothing_is_left(place)


def test_sigkill_of_the_demo_leaves_no_process_and_its_folder_is_swept(place: Workplace) -> None:
    folder, data = small_pipeline(place)
    with at_a_terminal(place, "ratchet", "demo", str(folder), "--data", str(data)) as demo:
        soon(lambda: kinds(place.folder).count("functions") >= 3, "warm workers")
        killed = work_folders(place)
        demo.process.send_signal(signal.SIGKILL)
        demo.process.wait()
        wait_for_none(place.folder)
    process = place.start("ratchet", "up", "--port", "0", stdout=subprocess.DEVNULL)
    soon(lambda: set(work_folders(place)) - set(killed), "the next start")
    soon(lambda: set(work_folders(place)).isdisjoint(killed), "the sweeping of the folder")
    process.send_signal(signal.SIGINT)
    assert process.wait(COMMAND_SECONDS) == 130
    nothing_is_left(place)


def without_network(place: Workplace) -> None:
    """UCI cannot be reached, at once, and nothing of it is cached."""
    place.environment |= {
        "https_proxy": "http://127.0.0.1:1",
        "XDG_CACHE_HOME": str(place.folder / "cache"),
    }
