"""A machine that is not as it should be: one clear line each, an exit code, never a traceback."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from processes import Terminal, wait_for_none, work_folders
from workplace import BIN, COMMAND_SECONDS, ROOT, Workplace

RATCHET = str(BIN / "ratchet")
TOOLS = ("sh", "make", "touch", "test", "echo", "mkdir", "cat", "chmod", "rm")


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    """A workplace of this test alone."""
    return Workplace(tmp_path)


def refused(place: Workplace, *command: str) -> str:
    """What a command that must fail says: one line that begins with Error, and a next step."""
    return is_refusal(place.run(*command, code=1))


def is_refusal(ended: subprocess.CompletedProcess[str]) -> str:
    lines = ended.stderr.strip().splitlines()
    assert ended.returncode == 1, ended.stderr
    assert lines, "it said nothing"
    assert lines[0].startswith("Error: "), ended.stderr
    assert len(lines) <= 2, ended.stderr
    return ended.stderr


def in_a_mount(place: Workplace, mount: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in mounts of its own, which end with it; skips where that is not allowed."""
    if shutil.which("unshare") is None:
        pytest.skip("no unshare here: mounts of one's own need Linux")
    enter = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    if subprocess.run([*enter, mount], check=False, capture_output=True).returncode:
        pytest.skip(f"this user may not mount: {mount}")
    return subprocess.run(
        [*enter, f'{mount} && exec "$@"', "sh", *command],
        cwd=place.work, env=place.environment, capture_output=True, text=True,
        timeout=COMMAND_SECONDS, check=False,
    )  # fmt: skip


# --- ports -------------------------------------------------------------------------------------


def test_a_port_that_another_program_has_is_named_with_a_way_out(place: Workplace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refused(place, "ratchet", "up", "--port", str(port))
    assert f"cannot listen on 127.0.0.1:{port}" in said
    assert "--port" in said
    assert work_folders(place) == []


def test_a_second_up_on_the_same_port_says_who_has_it_and_how_to_use_it(place: Workplace) -> None:
    first = Terminal(place, "ratchet", "up", "--port", "0")
    try:
        port = first.port()
        said = refused(place, "ratchet", "up", "--port", str(port))
        assert f"a local AWS of Ratchet runs there already (process {first.process.pid} of " in said
        assert f"ratchet info --endpoint-url http://127.0.0.1:{port}" in said
        first.press_ctrl_c()
        assert first.process.wait(COMMAND_SECONDS) == 128 + signal.SIGINT
    finally:
        first.process.kill()
        first.process.wait()
        first.close()
    wait_for_none(place.folder)


# --- places to write ---------------------------------------------------------------------------


@pytest.mark.parametrize("made", ["a file", "nothing"])
def test_a_tmpdir_that_is_not_a_folder_is_named(place: Workplace, made: str) -> None:
    wrong = place.folder / "not-a-folder"
    if made == "a file":
        wrong.write_text("")
    place.environment["TMPDIR"] = str(wrong)
    said = refused(place, "ratchet", "up", "--port", "0")
    assert f"TMPDIR is {wrong}, not a folder you can write to" in said


def test_a_tmpdir_that_is_read_only_is_named(place: Workplace) -> None:
    mount = f"mount -t tmpfs -o ro tmpfs '{place.temporary}'"
    said = is_refusal(in_a_mount(place, mount, RATCHET, "up", "--port", "0"))
    assert f"TMPDIR is {place.temporary}, not a folder you can write to" in said


def test_a_full_disk_is_said_and_nothing_stays_on_it(place: Workplace) -> None:
    mount = f"mount -t tmpfs -o size=600k tmpfs '{place.temporary}'"
    command = f"'{RATCHET}' up --port 0; code=$?; ls '{place.temporary}'/*; exit $code"
    ended = in_a_mount(place, mount, "sh", "-c", command)
    said = is_refusal(ended)
    assert "No space left on device" in said
    assert "free some space there" in said
    assert "local-aws" not in ended.stdout


FILLED = """
ratchet up --port 0 >up.log 2>&1 & up=$!
until grep -q 'leaves nothing' up.log; do kill -0 $up || exit 9; done
bucket=$(sed -n 's|.*landing *s3://||p' up.log)
url=$(sed -n 's|Stack.*local AWS at ||p' up.log)
truncate -s 10M big.csv
put() { aws s3api put-object --bucket $bucket --key big.csv --body big.csv --endpoint-url $url; }
put && cat /dev/zero >"$TMPDIR/fill" 2>/dev/null
ratchet info && put; code=$?
kill $up; wait $up; cat up.log >&2; exit $code
"""


def test_a_disk_that_fills_later_is_named_by_what_needs_it(place: Workplace) -> None:
    mount = f"mount -t tmpfs -o size=40m tmpfs '{place.temporary}'"
    ended = in_a_mount(place, mount, "sh", "-c", FILLED)
    assert "landing  s3://" in ended.stdout, f"info did not find the local AWS: {ended.stderr}"
    assert ended.returncode != 0
    assert f"the disk is full: no space left in {place.temporary}" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("made_before", "said"),
    [("true", "ratchet-demo: Read-only"), ("mkdir ratchet-demo", "ratchet-demo cannot be written")],
)
def test_the_demo_in_a_folder_that_is_read_only_says_so_at_once(
    place: Workplace, made_before: str, said: str
) -> None:
    place.environment |= {"https_proxy": "http://127.0.0.1:1", "XDG_CACHE_HOME": str(place.folder)}
    mount = (
        f"mount -t tmpfs tmpfs '{place.work}' && cd '{place.work}' && {made_before}"
        f" && mount -o remount,ro '{place.work}'"
    )
    ended = in_a_mount(place, mount, RATCHET, "demo")
    assert said in is_refusal(ended)
    assert "a folder that you may write" in ended.stderr
    assert ended.stdout == ""
    assert work_folders(place) == []


# --- nothing there -----------------------------------------------------------------------------


def test_an_installed_package_without_a_checkout_says_where_to_run_it(place: Workplace) -> None:
    shutil.copytree(ROOT / "src" / "ratchet", place.folder / "site" / "ratchet")
    place.environment["PYTHONPATH"] = str(place.folder / "site")
    for command in ("up", "demo"):
        said = refused(place, "ratchet", command)
        assert f"no checkout of Ratchet in {place.work}" in said
        assert "the folder you cloned" in said


def test_runs_with_no_local_aws_and_no_credentials_says_how_to_get_one(place: Workplace) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del place.environment[name]
    said = refused(place, "ratchet", "runs")
    assert "no AWS credentials were found, and no local AWS is running" in said
    assert "ratchet up" in said


# --- make --------------------------------------------------------------------------------------


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def clone(place: Workplace) -> Path:
    """What make reads of a checkout, and a PATH with nothing but the tools make needs."""
    folder = place.folder / "clone"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, folder)
    tools = place.folder / "tools"
    tools.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        if found is None:
            pytest.skip(f"{tool} is not installed")
        (tools / tool).symlink_to(found)
    place.environment["PATH"] = str(tools)
    return folder


def make(place: Workplace, clone: Path, target: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", target], cwd=clone, env=place.environment, capture_output=True, text=True,
        timeout=COMMAND_SECONDS, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "lack",
    ["sys.version_info = (3, 10, 4, 'final', 0)", "sys.modules['venv'] = None", None],
    ids=["Python is 3.10", "no venv module", "no Python"],
)
@pytest.mark.parametrize("target", ["demo", "test"])
def test_make_without_a_suitable_python_says_which_one_and_how_to_get_it(
    place: Workplace, clone: Path, lack: str | None, target: str
) -> None:
    if lack:
        text = f'#!/bin/sh\nexec "{sys.executable}" -c "import sys; {lack}\n$2"\n'
        program(place.folder / "tools" / "python3", text)
    ended = make(place, clone, target)
    assert ended.returncode != 0
    assert ended.stdout.startswith("Ratchet needs Python 3.11, 3.12 or 3.13 with venv")
    assert f"make PYTHON=/path/to/python3.13 {target}" in ended.stdout
    assert len(ended.stdout.strip().splitlines()) == 1
    assert "Traceback" not in ended.stdout + ended.stderr
    assert not (clone / ".venv").exists()


PYTHON = """#!/bin/sh
# Makes an environment whose installer is killed as often as the file `kills` has lines.
case "$*" in
*venv*)
  mkdir -p .venv/bin
  cat "$0" >.venv/bin/python
  cat "$0" >.venv/bin/uv
  chmod +x .venv/bin/python .venv/bin/uv ;;
*"$(cat kills)"*) echo "killed: $*" >>log; kill -9 $$ ;;
*install*) echo "done: $*" >>log ;;
esac
"""


@pytest.mark.parametrize("killed_at", ["pip install --quiet", "--require-hashes", "--editable"])
def test_an_interrupted_make_is_made_good_by_the_next(
    place: Workplace, clone: Path, killed_at: str
) -> None:
    program(place.folder / "tools" / "python3", PYTHON)
    (clone / "kills").write_text(killed_at)
    assert make(place, clone, "install").returncode != 0
    assert not (clone / ".venv" / "demo.installed").exists()
    (clone / "kills").write_text("nothing")
    (clone / "log").unlink()
    ended = make(place, clone, "install")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "--require-hashes --requirement requirements.lock" in (clone / "log").read_text()
    assert "--editable ." in (clone / "log").read_text()
    assert (clone / ".venv" / "demo.installed").exists()


def test_a_checkout_that_cannot_be_written_to_is_named_by_make(
    place: Workplace, clone: Path
) -> None:
    python = place.folder / "tools" / "python3"
    python.symlink_to(sys.executable)
    (clone / ".venv").write_text("a file in the way")
    ended = make(place, clone, "demo")
    assert ended.returncode != 0
    assert f"could not make .venv in {os.path.realpath(clone)}" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr
