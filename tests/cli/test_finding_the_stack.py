"""Every way not to find the stack ends in one line that says what, where and the next step."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.main import get_group

from ratchet.cli.app import app

from .conftest import Run, register


def test_a_command_without_any_aws_says_how_to_get_one(run: Run) -> None:
    result = run("runs")
    assert result.exit_code == 1
    assert "no local AWS is running, and no AWS region is set" in result.stderr
    assert "ratchet up" in result.stderr
    assert result.stdout == ""


def test_missing_credentials_are_named(run: Run) -> None:
    result = run("runs", "--region", "eu-west-1")
    assert result.exit_code == 1
    assert "no AWS credentials were found" in result.stderr


def test_an_unknown_profile_is_named(run: Run) -> None:
    result = run("runs", "--profile", "nobody")
    assert result.exit_code == 1
    assert "(nobody) could not be found" in result.stderr


def test_a_profile_without_credentials_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nobody looked for a local AWS, so nothing is said of one."""
    config = tmp_path / "config"
    config.write_text("[profile empty]\nregion = eu-west-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    result = run("runs", "--profile", "empty")
    assert result.exit_code == 1
    assert "profile empty has no credentials" in result.stderr
    assert "aws configure --profile empty" in result.stderr
    assert "local AWS" not in result.stderr


@pytest.mark.process
@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("/bin/echo hi", "the AWS credentials could not be read: JSONDecodeError: "),
        ("/bin/false", "Error when retrieving credentials from custom-process"),
    ],
)
def test_a_program_that_gives_no_credentials_is_no_defect_of_ours(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str, said: str
) -> None:
    config = tmp_path / "config"
    config.write_text(f"[profile own]\ncredential_process = {program}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    result = run("info", "--profile", "own", "--region", "us-east-1")
    assert result.exit_code == 1
    assert said in result.stderr
    assert "another profile" in result.stderr or "with --profile" in result.stderr


def test_an_endpoint_that_does_not_answer_is_named(run: Run) -> None:
    result = run("info", "--endpoint-url", "http://127.0.0.1:1")
    assert result.exit_code == 1
    assert "no answer from http://127.0.0.1:1" in result.stderr
    assert "Connection refused" in result.stderr


def test_a_stack_that_does_not_exist_is_refused_with_similar_ones(run: Run, stack: str) -> None:
    result = run("info", "--stack", "ratchets")
    assert result.exit_code == 1
    assert "no stack ratchets in region us-east-1 (did you mean ratchet?)" in result.stderr


def test_a_stack_in_another_region_is_not_found_and_the_region_is_named(
    run: Run, stack: str
) -> None:
    result = run("info", "--region", "eu-west-1")
    assert result.exit_code == 1
    assert "no stack ratchet in region eu-west-1" in result.stderr


def test_a_stack_of_something_else_is_refused(run: Run, aws: None) -> None:
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    boto3.client("cloudformation").create_stack(
        StackName="other", TemplateBody=json.dumps(template)
    )
    result = run("info", "--stack", "other")
    assert result.exit_code == 1
    assert "stack other in region us-east-1 is not a Ratchet stack" in result.stderr


def test_a_stack_of_another_version_is_told_to_be_one(run: Run, stack: str) -> None:
    client = boto3.client("cloudformation")
    template = client.get_template(StackName=stack)["TemplateBody"]
    del template["Outputs"]["DeletePipelineFunction"]
    client.create_stack(StackName="older", TemplateBody=json.dumps(template))
    result = run("info", "--stack", "older")
    assert result.exit_code == 1
    assert "has no output DeletePipelineFunction: it is of another version" in result.stderr
    assert "Deploy this version there: sam build && sam deploy" in result.stderr


@pytest.mark.parametrize(
    ("here", "named"),
    [((), "bank-marketing"), (("meters", "tickets"), "meters"),
     (("abalone", "bank-marketing"), "bank-marketing")],
)  # fmt: skip
def test_the_first_push_that_info_suggests_is_of_a_pipeline_here(
    run: Run, stack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    here: tuple[str, ...], named: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    for name in here:
        (tmp_path / "pipelines" / name).mkdir(parents=True)
        (tmp_path / "pipelines" / name / "pipeline.yaml").touch()
    assert f"Push one: ratchet push pipelines/{named}\n" in run("info").stdout


def test_info_shows_pipelines_and_objects_without_one(run: Run, stack: str) -> None:
    register("bank-marketing")
    landing = run_json(run, "info")["landing_bucket"]
    boto3.client("s3").put_object(Bucket=landing, Key="bank-marketin/a b+ü.csv", Body=b"x")
    assert run_json(run, "info")["without_pipeline"] == {"bank-marketin/": 1}
    shown = run("info").stdout
    assert "1 object under bank-marketin/ wait" in shown
    assert "bank-marketing" in shown


@pytest.mark.parametrize(
    ("key", "shown_as"),
    [
        ("stray.csv", "1 object at stray.csv: a key without a pipeline's prefix is not read."),
        ("Bank/a.csv", "1 object under Bank/: no pipeline can have that name."),
        ("/bank/a.csv", "1 object under /: no pipeline can have that name."),
    ],
)
def test_info_offers_no_push_for_what_can_be_no_pipeline(
    run: Run, stack: str, key: str, shown_as: str
) -> None:
    landing = run_json(run, "info")["landing_bucket"]
    boto3.client("s3").put_object(Bucket=landing, Key=key, Body=b"x")
    shown = run("info").stdout
    assert shown_as in shown
    assert "Push one named" not in shown


def test_errors_of_json_commands_are_json_on_stderr(run: Run) -> None:
    result = run("show", "nonsense", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stderr)["error"].startswith("nonsense is not a run id")
    assert result.stdout == ""


def test_a_defect_of_ours_prints_one_line_and_where_the_details_are(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("not a message\nfor people")

    monkeypatch.setattr("ratchet.cli.options.Where.find", broken)
    result = run("info")
    assert result.exit_code == 70
    first, second = result.stderr.strip().splitlines()
    assert first == "Error: unexpected ZeroDivisionError: not a message for people"
    details = Path(second.split(" in ")[1].split(";")[0])
    assert "Traceback" in details.read_text()


def test_ctrl_c_is_one_line_and_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ratchet.cli.options.Where.find", interrupted)
    result = run("info")
    assert (result.exit_code, result.stderr) == (130, "Stopped.\n")


def test_help_needs_none_of_the_heavy_packages() -> None:
    """boto3, moto and friends alone take longer than help may."""
    program = (
        "import sys; from ratchet.cli.app import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'boto3', 'botocore', 'moto', 'yaml', 'jsonschema', 'duckdb', 'pyarrow'}\n"
        "sys.exit(f'imported {heavy & set(sys.modules)}' if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Start with: ratchet demo" in done.stdout


@pytest.mark.parametrize("name", sorted(get_group(app).commands))
def test_every_command_has_help_with_an_example(run: Run, name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"Example: ratchet {name}" in result.stdout


def run_json(run: Run, *arguments: str) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    return document


@pytest.mark.parametrize(
    ("number", "step"), [(errno.EACCES, "may write to"), (errno.ENOSPC, "free some space")]
)
def test_a_disk_that_cannot_be_written_is_one_clear_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, number: int, step: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), "ratchet-demo")

    monkeypatch.setattr("ratchet.cli.demo._prepare", full)
    result = run("demo")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: ratchet-demo: {os.strerror(number)}\n")
    assert step in result.stderr
