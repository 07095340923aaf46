"""A user's place of work: folders of its own, the commands they type, the processes they start.

Nothing of the person who runs the tests is found from it, and nothing of another test.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
UCI_FILE = ROOT.parent / "shared" / "data" / "bank-marketing" / "bank-additional-full.csv.gz"
COMMAND_SECONDS = 120
RUN_SECONDS = 300
_INTERRUPTIBLE = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""What a background shell starts ignores SIGINT, and would hand that on."""

_AWS_CONFIG = """
[default]
region = us-east-1
output = json
cli_pager =
s3 =
    multipart_threshold = 5MB
    multipart_chunksize = 5MB
"""


class Workplace:
    """Home, temporary folder and environment of a user who has nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.temporary = folder / "tmp"
        for name in ("home", "tmp", "work"):
            (folder / name).mkdir()
        self.work = folder / "work"
        (folder / "aws-config").write_text(_AWS_CONFIG)
        self.environment = {
            "PATH": f"{BIN}:{os.environ.get('PATH', os.defpath)}",
            "HOME": str(folder / "home"),
            "TMPDIR": str(self.temporary),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "AWS_CONFIG_FILE": str(folder / "aws-config"),
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def start(self, *command: str, **popen: Any) -> subprocess.Popen[bytes]:
        """Start a program of the environment's bin folder, as leader of a session of its own."""
        return subprocess.Popen(
            [sys.executable, "-c", _INTERRUPTIBLE, str(BIN / command[0]), *command[1:]],
            cwd=self.work,
            env=self.environment,
            start_new_session=True,
            **popen,
        )

    def run(
        self, *command: str, code: int | None = 0, seconds: float = COMMAND_SECONDS
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end; it must end with this exit code, if one is given."""
        ended = subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            cwd=self.work,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=seconds,
            check=False,
        )
        said = f"{' '.join(command)} ended with {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
        assert code is None or ended.returncode == code, said
        return ended

    def aws(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run the awscli to its end, as `run` does, but in this process.

        Its code is loaded once: a process takes most of a second to start, and tests ask often.
        """
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        environment = self._awscli_environment
        with environment, chdir(self.work), redirect_stdout(out), redirect_stderr(err):
            try:
                ended = self._awscli.main(list(arguments))
            except SystemExit as end:  # it does not know the arguments
                ended = end.code
        said = [stream.buffer.getvalue().decode() for stream in map(_flushed, (out, err))]
        assert code is None or ended == code, f"aws {arguments} ended with {ended}\n{said}"
        return subprocess.CompletedProcess(["aws", *arguments], ended, *said)

    @cached_property
    def _awscli(self) -> Any:
        from awscli.clidriver import create_clidriver

        with self._awscli_environment:
            return create_clidriver()

    @property
    def _awscli_environment(self) -> Any:
        """This place's, and what the first import of the awscli in a process adds to it."""
        (package,) = find_spec("awscli").submodule_search_locations
        data = Path(package) / "data"
        given = {**self.environment, "AWS_DATA_PATH": str(data)}
        return mock.patch.dict(os.environ, given, clear=True)


def _flushed(stream: io.TextIOWrapper) -> Any:
    stream.flush()
    return stream


class Stack:
    """A deployed stack on a running local AWS, as its user sees it."""

    def __init__(self, place: Workplace, endpoint: str) -> None:
        self.place = place
        self.endpoint = endpoint
        about = self.info()
        self.landing: str = about["landing_bucket"]
        self.bucket: str = about["work_bucket"]
        self.ledger: str = about["ledger_table"]
        self.machines: dict[str, str] = about["state_machines"]

    def ratchet(self, *command: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """A ratchet command that talks to this local AWS."""
        return self.place.run(
            "ratchet", *command, "--endpoint-url", self.endpoint, code=code, seconds=RUN_SECONDS
        )

    def info(self) -> dict[str, Any]:
        """What `ratchet info --json` says."""
        document: dict[str, Any] = json.loads(self.ratchet("info", "--json").stdout)
        return document

    def aws(self, *command: str) -> Any:
        """What the awscli answers, read as JSON where it is JSON."""
        out = self.place.aws(*command, "--endpoint-url", self.endpoint).stdout
        return json.loads(out) if out.startswith(("{", "[")) else out

    def copy(self, source: str | Path, target: str | Path, *options: str) -> None:
        """`aws s3 cp`."""
        self.aws("s3", "cp", str(source), str(target), "--no-progress", *options)

    def read(self, uri: str) -> bytes:
        """The bytes of an object, fetched by the awscli."""
        target = self.place.folder / "fetched"
        self.copy(uri, target)
        return target.read_bytes()

    def files(self, uri: str) -> dict[str, bytes]:
        """Every object below a URI by the rest of its key."""
        target = self.place.folder / f"below-{time.monotonic_ns()}"
        target.mkdir()
        self.copy(uri, target, "--recursive")
        found = (path for path in sorted(target.rglob("*")) if path.is_file())
        return {str(path.relative_to(target)): path.read_bytes() for path in found}

    def item(self, pipeline: str, item: str) -> dict[str, Any]:
        """An item of the ledger, in DynamoDB's JSON."""
        key = {"pipeline": {"S": pipeline}, "item": {"S": item}}
        answer = self.aws(
            "dynamodb", "get-item", "--table-name", self.ledger, "--key", json.dumps(key)
        )
        found: dict[str, Any] = answer["Item"]
        return found

    def name(self, pipeline: str) -> str:
        """Name of the pipeline's endpoint and package group; of all else the beginning."""
        generation = self.item("#ledger", "generation")["generation"]["S"]
        return f"ratchet--{pipeline}--{generation}"

    def pending(self, pipeline: str) -> int:
        """How many landed objects wait for a run."""
        answer = self.aws(
            "dynamodb", "query", "--table-name", self.ledger, "--index-name", "pending",
            "--key-condition-expression", "pipeline = :p", "--select", "COUNT",
            "--expression-attribute-values", json.dumps({":p": {"S": pipeline}}),
        )  # fmt: skip
        return int(answer["Count"])

    def execution(self, run: str) -> dict[str, Any] | None:
        """`aws stepfunctions describe-execution` of a run; None before it was started."""
        arn = f"{self.machines['retraining'].replace(':stateMachine:', ':execution:')}:{run}"
        command = ("stepfunctions", "describe-execution", "--execution-arn", arn)
        ended = self.place.aws(*command, "--endpoint-url", self.endpoint, code=None)
        if "ExecutionDoesNotExist" in ended.stderr:
            return None
        assert ended.returncode == 0, ended.stderr
        found: dict[str, Any] = json.loads(ended.stdout)
        return found

    def ended(self, run: str) -> dict[str, Any]:
        """What `ratchet show --json` says of a run, once it has ended."""
        until(lambda: self.execution(run), f"run {run} was started")
        document: dict[str, Any] = json.loads(
            self.ratchet("show", run, "--follow", "--json").stdout
        )
        return document

    def transitions(self, run: str) -> int:
        """State transitions of a run and its promotion: what Standard workflows are billed by."""
        arns = [
            execution["executionArn"]
            for machine in self.machines.values()
            for execution in self.aws(
                "stepfunctions", "list-executions", "--state-machine-arn", machine
            )["executions"]
            if execution["name"] == run
        ]
        events = [event for arn in arns for event in self._history(arn)]
        return sum(event["type"].endswith("StateEntered") for event in events)

    def _history(self, arn: str) -> list[dict[str, Any]]:
        answer = self.aws("stepfunctions", "get-execution-history", "--execution-arn", arn)
        events: list[dict[str, Any]] = answer["events"]
        return events


def until(look: Callable[[], Any], what: str, seconds: float = COMMAND_SECONDS) -> Any:
    """What `look` gives once it gives something; AssertionError after so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


def pipeline_folder(place: Workplace, name: str, quiet: str = "1s") -> Path:
    """A copy of pipelines/bank-marketing under another name and with another quiet period."""
    source, target = ROOT / "pipelines" / "bank-marketing", place.folder / "pipelines" / name
    target.mkdir(parents=True)
    for file in ("columns.yaml", "recipe.json"):
        (target / file).write_text((source / file).read_text())
    text = (source / "pipeline.yaml").read_text()
    text = text.replace("name: bank-marketing", f"name: {name}")
    (target / "pipeline.yaml").write_text(
        text.replace("quiet_period: 1s", f"quiet_period: {quiet}")
    )
    return target


def bank_rows(place: Workplace) -> tuple[str, list[str]]:
    """Header and rows of the real file; where it is absent, of the pipeline's generator."""
    import gzip

    if UCI_FILE.exists():
        text = gzip.decompress(UCI_FILE.read_bytes()).decode()
    else:
        made, script = place.folder / "made-up.csv", "pipelines/bank-marketing/sample_data.py"
        place.run("python", str(ROOT / script), "--out", str(made))
        text = made.read_text()
    header, *rows = text.splitlines()
    return header, rows


def is_closed(account: dict[str, int]) -> bool:
    """True where every landed row is accounted for, once."""
    ends = ("replaced", "removed", "unlabelled", "gap", "train", "validation", "holdout")
    accepted = sum(account[end] for end in ends)
    return account["accepted"] == accepted == account["landed"] - account["quarantined"]


def csv_bytes(header: str, rows: list[str]) -> bytes:
    """A file of these rows."""
    return "\n".join([header, *rows, ""]).encode()
