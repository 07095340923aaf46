"""A script on several hosts, without the service around it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from script_mode import packed

from ratchet.local_aws.sagemaker.containers.hosts import meeting_place
from ratchet.local_aws.sagemaker.containers.layout import Layout, lay_out

IMAGE = "sagemaker-scikit-learn:1.4-2-cpu-py3"
PROGRAM = "ratchet.local_aws.sagemaker.containers.train_script"
TELLS = """
import json
import os
from pathlib import Path

host, hosts = os.environ["SM_CURRENT_HOST"], json.loads(os.environ["SM_HOSTS"])
config = json.load(open("/opt/ml/input/config/resourceconfig.json"))
assert config["current_host"] == host, config
assert json.loads(os.environ["SM_RESOURCE_CONFIG"])["current_host"] == host
assert json.loads(os.environ["SM_TRAINING_ENV"])["current_host"] == host
rows = open(os.path.join(os.environ["SM_CHANNEL_TRAIN"], "rows.csv")).read()
Path("/opt/ml/model/same.txt").write_text(host)
Path(os.environ["SM_MODEL_DIR"], f"{host}.txt").write_text(f"{hosts.index(host)} {rows}")
for _ in range(200):
    print("a line", "of parts")
"""
FAILS = """
import os
import time

if os.environ["SM_CURRENT_HOST"] == "algo-2":
    raise ValueError("the second host fails")
time.sleep(600)
"""


FAILS_IN_SHELL = """#!/bin/sh
if [ "$SM_CURRENT_HOST" = algo-2 ]; then
    echo "the second host fails" >&2
    exit 3
fi
sleep 600
true
"""


def run(folder: Path, script: str, program: str = "train.py") -> tuple[int, list[str], Layout]:
    """The script on two hosts; exit code, log and layout."""
    source = {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix"}}, "ChannelName": "train"}
    request = {
        "HyperParameters": {"sagemaker_program": program},
        "InputDataConfig": [source],
        "ResourceConfig": {"InstanceCount": 2},
    }
    layout = lay_out(folder, "job", "arn", request)
    (layout.data / "train" / "rows.csv").write_text("1,2")
    code = folder / "code.tar.gz"
    code.write_bytes(packed(**{program.replace(".", "__"): script}))
    command = [sys.executable, "-I", "-u", "-m", PROGRAM, IMAGE, str(code)]
    done = subprocess.run(
        command,
        cwd=layout.root,
        env=layout.environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        start_new_session=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines(), layout


def test_each_host_knows_itself_and_what_they_wrote_is_put_together(tmp_path: Path) -> None:
    code, log, layout = run(tmp_path, TELLS)
    assert code == 0, log
    assert log[1:] == ["a line of parts"] * 400, "lines stay whole"
    written = {path.name: path.read_text() for path in layout.model.iterdir()}
    assert written == {"algo-1.txt": "0 1,2", "algo-2.txt": "1 1,2", "same.txt": "algo-1"}
    assert json.loads(layout.environment["SM_HOSTS"]) == ["algo-1", "algo-2"]


def test_when_one_host_fails_the_others_end_with_its_reason(tmp_path: Path) -> None:
    code, _, layout = run(tmp_path, FAILS)
    assert code == 1
    failure = (layout.output / "failure").read_text()
    assert 'ErrorMessage "ValueError: the second host fails"' in failure


def test_what_a_script_of_another_host_has_started_ends_too(tmp_path: Path) -> None:
    code, _, layout = run(tmp_path, FAILS_IN_SHELL, "train.sh")
    assert code == 1
    failure = (layout.output / "failure").read_text()
    assert failure.startswith("ExecuteUserScriptError:\nExitCode 3")
    assert "the second host fails" in failure


def test_hosts_meet_at_a_port_that_is_free() -> None:
    met = meeting_place(("MASTER_ADDR", "MASTER_PORT"))
    assert met["MASTER_ADDR"] == "127.0.0.1"
    assert int(met["MASTER_PORT"]) > 1024
    assert meeting_place(()) == {}
