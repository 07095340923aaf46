"""Trains by a script under the SageMaker container contract (script mode).

Usage: python -m ratchet.local_aws.sagemaker.containers.train_script IMAGE [CODE]

CODE is the archive that `sagemaker_submit_directory` names; without one the code is in the folder
that SM_MODULE_DIR names. Runs in the folder that stands for /opt/ml; the script is a process by
itself, one on each host. Writes `failure` and ends with 1 if one fails, in the words of
sagemaker-training-toolkit (`entry_point.py`, `process.py`, `errors.py`).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ratchet.local_aws.running.watchdog import kill_session
from ratchet.local_aws.sagemaker.containers import opt_ml, requirements, user_process
from ratchet.local_aws.sagemaker.containers.artifacts import unpack
from ratchet.local_aws.sagemaker.containers.catalog import container_named
from ratchet.local_aws.sagemaker.containers.errors import BadCode, ContainerError
from ratchet.local_aws.sagemaker.containers.hosts import Host, gather, hosts_of, meeting_place

SHELL = "/bin/sh"


class ScriptFailed(ContainerError):
    """The script ended with another code than 0."""


def main(image: str, code: str | None = None) -> int:
    """Run the script on each host; 0, or 1 after writing why it failed."""
    root = Path.cwd()
    hosts = hosts_of(root)
    try:
        user_process.say_what_runs(image)
        _run_all(image, hosts, Path(code) if code else None)
    except ContainerError as error:
        (root / "output" / "failure").write_text(str(error), encoding="utf-8")
        sys.stdout.write(f"{error}\n")
        return 1
    finally:
        for host in hosts:
            opt_ml.restore(host.root / "model", host.root)
        gather(hosts)
    return 0


def _run_all(image: str, hosts: list[Host], archive: Path | None) -> None:
    """The script on all hosts at once; when it fails on one, the others end too."""
    framework = container_named(image).framework
    met = meeting_place(framework.meeting_place)
    processes: list[subprocess.Popen[bytes]] = []
    failures: list[str] = []
    folders = [_code(host.root, archive) for host in hosts]
    commands = [_command(folder, host) for folder, host in zip(folders, hosts, strict=True)]

    def work(place: int) -> None:
        host, folder, command = hosts[place], folders[place], commands[place]
        ending = user_process.run(
            command,
            folder,
            imports=[folder, *framework.libraries],
            variables={**met, **host.variables},
            started=processes.append,
        )
        if ending.code:
            failures.append(_failure(command, ending))  # before the others fail by being ended
            _end(processes)

    # From here on the script is told to end, not its parent.
    signal.signal(signal.SIGTERM, lambda *_: None)
    with ThreadPoolExecutor(len(hosts)) as pool:
        runs = [pool.submit(work, place) for place in range(len(hosts))]
    if failures:
        raise ScriptFailed(failures[0])
    for run in runs:
        run.result()


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    """End the scripts and what they have started, which would keep their output open."""
    for process in processes:
        process.kill()
    if os.getsid(0) == os.getpid():
        kill_session(os.getpid(), spare=os.getpid())


def _failure(command: list[str], ending: user_process.Ending) -> str:
    shown = ["python", *command[1:]] if command[0] == sys.executable else command
    return (
        f'ExecuteUserScriptError:\nExitCode {ending.code}\nErrorMessage "{ending.said}"\n'
        f'Command "{" ".join(shown)}"'
    )


def _code(root: Path, archive: Path | None) -> Path:
    """The folder with the code, its scripts pointed at our folders."""
    folder = root / "code"
    place = os.environ["SM_MODULE_DIR"]
    if archive is None and not opt_ml.holds(opt_ml.THERE, place):
        raise BadCode(f"sagemaker_submit_directory {place!r} is neither in S3 nor below /opt/ml")
    archive = archive or Path(opt_ml.here(place, root))
    if archive.is_dir():
        shutil.copytree(archive, folder, dirs_exist_ok=True)
    elif archive.is_file():
        unpack(archive, folder)
    else:
        raise BadCode(f"sagemaker_submit_directory {place} does not exist")
    opt_ml.point(folder, root)
    return folder


def _command(folder: Path, host: Host) -> list[str]:
    program = os.environ["SM_USER_ENTRY_POINT"]
    unmet = requirements.missing(folder)
    if unmet:
        raise BadCode(unmet)
    if (folder / "setup.py").exists():
        raise BadCode("setup.py: local AWS installs no package; name a script and leave it out")
    if not (folder / program).is_file():
        raise BadCode(f"sagemaker_program {program} is not in the code that was submitted")
    arguments = [opt_ml.here(text, host.root) for text in json.loads(os.environ["SM_USER_ARGS"])]
    if program.endswith(".py"):
        return [sys.executable, program, *arguments]
    (folder / program).chmod(0o755)
    return [SHELL, "-c", " ".join([f"./{program}", *arguments])]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
