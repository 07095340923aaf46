"""What is met on the second day: broken pipes, another region, endpoints that were exported."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import ROOT
from .running import DEADLINE, RATCHET, ratchet, running_up, surroundings

Environment = dict[str, str]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Environment, str]]:
    """The environment of a user with a local AWS in us-east-1, and its endpoint."""
    folder = tmp_path_factory.mktemp("up")
    environment = surroundings(folder)
    with running_up(folder, environment) as (_, port):
        yield environment, f"http://127.0.0.1:{port}"


def output_of(up: tuple[Environment, str], *command: str, **environment: str) -> tuple[int, str]:
    """Exit code and the whole output of a command beside it."""
    ended = ratchet({**up[0], **environment}, *command)
    return ended.returncode, ended.stderr + ended.stdout


@pytest.mark.parametrize(
    "command",
    [
        ("info",),
        ("info", "--json"),
        ("show", "--help"),
        ("lint", "statemachines/retraining.asl.yaml", "--json"),
        ("runs", "nobody"),
    ],
)
def test_a_reader_that_goes_away_ends_a_command_quietly(
    up: tuple[Environment, str], command: tuple[str, ...]
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(
        [RATCHET, *command], stdout=writer, stderr=subprocess.PIPE, cwd=ROOT, env=up[0]
    )
    os.close(writer)
    _, said = process.communicate(timeout=DEADLINE)
    assert process.returncode in (141, 1)  # 1 is Typer's for --help, and that of a refusal
    assert b"unexpected" not in said
    assert b"Traceback" not in said
    assert not list(Path(up[0]["TMPDIR"]).glob("ratchet-error-*"))


def test_a_closed_stdout_is_not_a_defect(up: tuple[Environment, str]) -> None:
    command = f"exec '{RATCHET}' info >&-"
    ended = subprocess.run(["sh", "-c", command], check=False, cwd=ROOT, env=up[0])
    assert ended.returncode == 0


def test_another_region_than_the_local_aws_emulates_is_refused(up: tuple[Environment, str]) -> None:
    for options in ((), ("--endpoint-url", up[1])):
        code, said = output_of(up, "info", "--region", "eu-west-1", *options)
        assert code == 1
        assert f"the local AWS at {up[1]} emulates region us-east-1, not eu-west-1" in said
        assert "--profile NAME" in said


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_region_of_the_environment_is_said_not_to_count(
    up: tuple[Environment, str], variable: str
) -> None:
    code, said = output_of(up, "info", **{variable: "eu-west-1"})
    assert code == 0
    assert f"emulates us-east-1; {variable}=eu-west-1 only applies to real AWS" in said
    assert "emulates" not in output_of(up, "info", **{variable: "us-east-1"})[1]


def test_an_exported_endpoint_is_used_and_never_with_a_profile(
    up: tuple[Environment, str],
) -> None:
    exported = {"AWS_ENDPOINT_URL": up[1]}
    assert output_of(up, "info", TMPDIR=up[0]["HOME"], **exported)[0] == 0
    code, said = output_of(up, "info", "--profile", "real", **exported)
    assert code == 1
    assert f"AWS_ENDPOINT_URL={up[1]} is this machine, and --profile real means real AWS" in said


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://[", "localhost:4566"])
def test_an_endpoint_that_is_not_a_url_is_refused(up: tuple[Environment, str], url: str) -> None:
    assert output_of(up, "info", "--endpoint-url", url)[1].startswith(
        f"Error: --endpoint-url {url} is"
    )
