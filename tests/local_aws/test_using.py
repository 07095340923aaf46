"""A notebook's local AWS: one of its own, or the one that the environment names."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ratchet.local_aws.running.local import LocalAws
from ratchet.local_aws.running.using import use_local_aws

ALONE = """
import os
import boto3
from ratchet.local_aws.running.using import use_local_aws

endpoint = use_local_aws()
assert use_local_aws() == endpoint, "one a process"
assert "AWS_PROFILE" not in os.environ
boto3.client("s3").create_bucket(Bucket="of-a-notebook")
print(endpoint, [found["Name"] for found in boto3.client("s3").list_buckets()["Buckets"]])
"""


def test_without_an_endpoint_one_is_started_that_ends_with_the_process(tmp_path: Path) -> None:
    """Clients need neither region nor keys of the user's, and his profile is not theirs."""
    bare = {name: os.environ[name] for name in os.environ if not name.startswith("AWS_")}
    environment = {**bare, "AWS_PROFILE": "mine", "TMPDIR": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", ALONE], env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    endpoint, _, buckets = ended.stdout.strip().partition(" ")
    assert buckets == "['of-a-notebook']"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(endpoint).port or 0), timeout=5)
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert left <= {".lock"}, "of those that start at once"


def test_the_endpoint_of_the_environment_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*_: object, **__: object) -> None:
        raise AssertionError("there is one")

    monkeypatch.setattr(LocalAws, "start", start)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    assert use_local_aws() == "http://127.0.0.1:4566"
