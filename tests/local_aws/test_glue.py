"""Glue through its API: real Spark on the shared job and on scripts as users write them."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import random
import time
import uuid
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ratchet.local_aws.running.local import LocalAws

REPO = Path(__file__).parents[2]
BANK = REPO.parent / "shared/data/bank-marketing/bank-additional-full.csv.gz"
JOB = (REPO / "jobs/prepare_dataset.py").read_text()
GENERATED_HEADER = (
    "age;job;marital;education;default;housing;loan;contact;month;day_of_week;duration;campaign;"
    "pdays;previous;poutcome;emp.var.rate;cons.price.idx;cons.conf.idx;euribor3m;nr.employed;y"
)
LEFT_OUT = ("duration",)
COUNTED = ("train", "validation", "holdout_fresh", "holdout_reference")
TRANSFORM = """
from pyspark.sql import DataFrame, functions as f

def transform(data: DataFrame) -> DataFrame:
    for name in ("job", "marital", "education", "default", "housing", "loan", "contact", "month",
                 "day_of_week", "poutcome"):
        data = data.withColumn(name, f.length(name))
    return data.withColumn("y", f.col("y") == "yes")
"""


class World:
    """A bucket, and Glue's answers awaited."""

    def __init__(self, local: LocalAws) -> None:
        self.glue = local.client("glue")
        self.s3 = local.client("s3")
        self.logs = local.client("logs")
        self.bucket = f"work-{uuid.uuid4().hex[:8]}"
        self.s3.create_bucket(Bucket=self.bucket)

    def put(self, key: str, text: str) -> str:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode())
        return f"s3://{self.bucket}/{key}"

    def get(self, key: str) -> str:
        return str(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read().decode())

    def keys(self, prefix: str) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [item["Key"] for item in found.get("Contents", [])]

    def job(self, script: str, kind: str = "glueetl", **more: Any) -> str:
        name = f"job-{uuid.uuid4().hex[:8]}"
        location = self.put(f"code/{name}.py", script)
        settings = {"GlueVersion": "5.1"} if kind == "glueetl" else {}
        self.glue.create_job(
            Name=name,
            Role="arn:aws:iam::123456789012:role/glue",
            Command={"Name": kind, "ScriptLocation": location, "PythonVersion": "3"},
            **(settings | more),
        )
        return name

    def run(self, job: str, **arguments: str) -> dict[str, Any]:
        given = {f"--{key}": value for key, value in arguments.items()}
        run = self.glue.start_job_run(JobName=job, Arguments=given)["JobRunId"]
        return self.wait(job, run)

    def wait(self, job: str, run: str, state: str = "") -> dict[str, Any]:
        """Until the run has ended, or is in the state."""
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            found: dict[str, Any] = self.glue.get_job_run(JobName=job, RunId=run)["JobRun"]
            if found["JobRunState"] not in ("STARTING", "RUNNING", "STOPPING"):
                return found
            if found["JobRunState"] == state:
                return found
            time.sleep(0.05)
        raise AssertionError(f"run {run} is still {found['JobRunState']}")

    def output(self, run: dict[str, Any], kind: str = "output") -> list[str]:
        group = f"{run['LogGroupName']}/{kind}"
        found = self.logs.get_log_events(logGroupName=group, logStreamName=run["Id"])
        return [event["message"] for event in found["events"]]


@pytest.fixture
def world(local_aws: LocalAws) -> World:
    return World(local_aws)


def bank_rows() -> tuple[list[str], list[list[str]]]:
    """The real file, or where it is absent a small one of the same columns."""
    if BANK.exists():
        rows = list(
            csv.reader(io.StringIO(gzip.decompress(BANK.read_bytes()).decode()), delimiter=";")
        )
        return rows[0], rows[1:]
    header = GENERATED_HEADER.split(";")
    chance = random.Random(7)
    texts = {"job", "marital", "education", "default", "housing", "loan", "contact", "month"}
    texts |= {"day_of_week", "poutcome"}
    pick = {name: ("no", "yes") if name == "y" else ("a", "bb") for name in (*texts, "y")}
    return header, [
        [chance.choice(pick[n]) if n in pick else str(chance.randint(1, 99)) for n in header]
        for _ in range(3000)
    ]


def accept(world: World, header: list[str], rows: list[list[str]], batch: str) -> None:
    """What CheckData leaves of a batch: contract columns, row_id, split, batch."""
    kept = [place for place, name in enumerate(header) if name not in LEFT_OUT]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*(header[place] for place in kept), "row_id", "split", "batch"])
    for row in rows:
        row_id = "r" + hashlib.sha256("\x1f".join(row).encode()).hexdigest()[:31]
        part = int(hashlib.sha256(row_id.encode()).hexdigest()[:8], 16) / 2**32
        split = "train" if part < 0.7 else "validation" if part < 0.85 else "holdout"
        writer.writerow([*(row[place] for place in kept), row_id, split, batch])
    world.put(f"accepted/bank/{batch}/chunk-0-0.csv", out.getvalue())


def manifest(header: list[str], **more: Any) -> str:
    columns = {name: {"type": "text"} for name in header if name not in LEFT_OUT}
    columns["age"] = {"type": "integer"}
    return json.dumps(
        {
            "pipeline": "bank",
            "batch": "run-000002",
            "history": ["run-000001"],
            "reference": ["run-000001"],
            "reserved": ["row_id", "split", "batch"],
            "gap": 0,
            "objects": [],
            "definition": {
                "data": {"columns": columns, "duplicates": "refuse"},
                "etl": {
                    "recipe": None,
                    "transform": hashlib.sha256(TRANSFORM.encode()).hexdigest(),
                    "features": None,
                },
                "split": {"validation": 0.15, "holdout": 0.15},
            },
            "champion": None,
        }
        | more
    )


def prepared(world: World, run: str) -> dict[str, str]:
    """The content of each part, file by file in order of the names, and the summary."""
    parts = {
        part: "".join(world.get(key) for key in world.keys(f"{run}/prepared/{part}/"))
        for part in ("train", "validation", "holdout")
    }
    return parts | {"summary": world.get(f"{run}/prepared/summary.json")}


def test_prepare_dataset_makes_the_same_parts_of_the_bank_file_twice(world: World) -> None:
    header, rows = bank_rows()
    cut = int(0.7 * len(rows))
    accept(world, header, rows[:cut], "run-000001")
    accept(world, header, rows[cut:], "run-000002")
    accept(world, header, rows[:9], "run-000003")
    common = {
        "source": f"s3://{world.bucket}/accepted/bank/",
        "champions_source": "none",
        "slices": "none",
        "label": "y",
        "landed": "0",
        "accepted": str(len(rows) - cut),
        "parts": "backtest,alone,refit",
        "code": "none",
        "transform": world.put("pipelines/bank/transform.py", TRANSFORM),
    }
    job = world.job(JOB, DefaultArguments={"--custom-logGroup-prefix": "/aws-glue/ratchet"})
    for run in ("runs/bank/000002", "runs/bank/again"):
        found = world.run(
            job,
            manifest=world.put(f"{run}/manifest.json", manifest(header)),
            output=f"s3://{world.bucket}/{run}/prepared",
            **common,
        )
        assert found["JobRunState"] == "SUCCEEDED", found
    made = prepared(world, "runs/bank/000002")
    assert made == prepared(world, "runs/bank/again")

    summary = json.loads(made["summary"])
    assert summary["features"] == [n for n in header if n not in (*LEFT_OUT, "y")]
    assert sum(summary["rows"][part] for part in COUNTED) == len(rows)
    holdout = [line.split(",") for line in made["holdout"].splitlines()]
    assert [row[0] for row in holdout] == sorted(row[0] for row in holdout)
    assert sum(row[1] == "fresh" for row in holdout) == summary["rows"]["holdout_fresh"]
    train = [line.split(",") for line in made["train"].splitlines()]
    assert len(train) == summary["rows"]["train"]
    assert {row[0] for row in train} == {"0", "1"}
    assert {len(row) for row in train} == {len(summary["features"]) + 1}
    (only,) = world.keys("runs/bank/000002/prepared/train/")
    assert only.endswith(".csv")
    assert found["LogGroupName"] == "/aws-glue/ratchet"
    assert json.loads(world.output(found)[-1]) == summary["rows"]


def test_a_text_column_fails_the_run_with_column_value_and_row(world: World) -> None:
    header, rows = bank_rows()
    accept(world, header, rows[:200], "run-000002")
    found = world.run(
        world.job(JOB),
        source=f"s3://{world.bucket}/accepted/bank/",
        manifest=world.put("m.json", manifest(header, history=[])),
        output=f"s3://{world.bucket}/runs/x/prepared",
        label="age",
        landed="200",
        accepted="200",
        champions_source="none",
        slices="none",
        parts="none",
        code="none",
        transform="none",
    )
    assert found["JobRunState"] == "FAILED"
    assert found["ErrorMessage"].startswith("PrepareFailed: Column 'job' holds '")
    assert "which is not a number, in row r" in found["ErrorMessage"]
    assert world.output(found, "error")[-1] == found["ErrorMessage"]
    assert not world.keys("runs/x/prepared/")


CLASSIC = """
import sys
from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql.functions import udf

args = getResolvedOptions(sys.argv, ["JOB_NAME", "S3_SOURCE", "S3_DEST", "TRAIN_KEY"])
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(args["JOB_NAME"], args)
data = glue.spark_session.read.csv(args["S3_SOURCE"], header=True, inferSchema=True)
double = udf(lambda value: value * 2, "int")
data = data.withColumn("twice", double("`emp.var.rate`"))
data.write.mode("overwrite").csv(args["S3_DEST"] + args["TRAIN_KEY"], header=True)
frame = glue.create_dynamic_frame.from_options(
    "s3", {"paths": [args["S3_SOURCE"]]}, "csv", {"withHeader": True})
glue.write_dynamic_frame.from_options(
    DynamicFrame.fromDF(frame.toDF(), glue, "x"), "s3", {"path": args["S3_DEST"] + "parquet"},
    "parquet")
print("rows", frame.count())
job.commit()
"""


def test_a_script_of_glue_idioms_runs_unmodified_and_overwrites_what_was_there(
    world: World,
) -> None:
    world.put("in/a.csv", "emp.var.rate,y\n1,no\n2,yes\n")
    world.put("out/train/part-00000-old.csv", "old")
    world.put("out/other.csv", "other")
    found = world.run(
        world.job(CLASSIC),
        S3_SOURCE=f"s3://{world.bucket}/in/a.csv",
        S3_DEST=f"s3a://{world.bucket}/out/",
        TRAIN_KEY="train/",
    )
    assert found["JobRunState"] == "SUCCEEDED", found
    (part,) = [key for key in world.keys("out/train/") if key.endswith(".csv")]
    assert world.get(part) == "emp.var.rate,y,twice\n1,no,2\n2,yes,4\n"
    assert world.get("out/other.csv") == "other"
    assert any(key.endswith(".snappy.parquet") for key in world.keys("out/parquet"))
    assert not [key for key in world.keys("") if key.endswith(".crc")]
    assert world.output(found) == ["rows 2"]


CHURN = """
import sys
from awsglue.transforms import *
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from awsglue.context import GlueContext
from awsglue.job import Job
from pyspark.sql.functions import *
from pyspark.sql.types import *

args = getResolvedOptions(
    sys.argv, ["JOB_NAME", "S3_SOURCE", "S3_DEST", "TRAIN_KEY", "VAL_KEY"])

sc = SparkContext()
glueContext = GlueContext(sc)
spark = glueContext.spark_session
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

data = spark.read.option("header", "false").option("inferSchema", "true").csv(args["S3_SOURCE"])
(train, validation) = data.randomSplit([0.7, 0.3])
train.write.format("csv").option("header", "false").mode("overwrite").save(
    args["S3_DEST"] + args["TRAIN_KEY"])
validation.write.format("csv").option("header", "false").mode("overwrite").save(
    args["S3_DEST"] + args["VAL_KEY"])
job.commit()
"""


def test_a_script_of_glues_template_splits_headerless_rows_twice(world: World) -> None:
    chance = random.Random(3)
    rows = [f"{chance.randint(0, 1)},{number},0.{chance.randint(1, 999)}5" for number in range(400)]
    job = world.job(CHURN)
    places = {
        "S3_SOURCE": world.put("churn/customer-churn.csv", "\n".join(rows) + "\n"),
        "S3_DEST": f"s3a://{world.bucket}/",
        "TRAIN_KEY": "train/",
        "VAL_KEY": "validation/",
    }
    for _ in range(2):
        found = world.run(job, **places)
        assert found["JobRunState"] == "SUCCEEDED", found
        train, validation = (
            [line for key in world.keys(side) if key.endswith(".csv")
             for line in world.get(key).splitlines()]
            for side in ("train/", "validation/")
        )  # fmt: skip
        assert sorted(train + validation) == sorted(rows), "every row is on one side, whole"
        assert 0.6 < len(train) / len(rows) < 0.8


MAPPED = """
import sys
from awsglue.transforms import *
from awsglue.context import GlueContext
from pyspark.context import SparkContext

glue = GlueContext(SparkContext.getOrCreate())
source, out = sys.argv[sys.argv.index("--S3_SOURCE") + 1], sys.argv[sys.argv.index("--S3_DEST") + 1]
read = glue.create_dynamic_frame.from_options(
    connection_type="s3", connection_options={"paths": [source]}, format="csv",
    format_options={"withHeader": True}, transformation_ctx="read")
dotted = ["`emp.var.rate`"]
assert RenameField.apply(read, dotted[0], "rate").toDF().columns == ["rate", "y", "none"]
assert DropFields.apply(read, dotted).toDF().columns == ["y", "none"]
assert SelectFields.apply(read, dotted).toDF().columns == ["emp.var.rate"]
mapped = ApplyMapping.apply(frame=read, mappings=[
    ("`emp.var.rate`", "string", "rate", "double"), ("y", "string", "y", "string"),
    ("none", "string", "none", "string")], transformation_ctx="mapped")
cast = ResolveChoice.apply(frame=mapped, specs=[("rate", "cast:int")], transformation_ctx="cast")
dense = DropNullFields.apply(frame=cast, transformation_ctx="dense")
positive = Filter.apply(frame=dense, f=lambda row: row["rate"] > 0)
named = RenameField.apply(positive, "y", "answer")
loud = Map.apply(frame=named, f=lambda row: {**row, "answer": row["answer"].upper()})
turned = Map.apply(frame=loud, f=lambda row: dict(sorted(row.items(), reverse=row["rate"] > 2)))
added = Map.apply(frame=turned, f=lambda row: {**row, "more": "x"} if row["rate"] > 2 else row)
assert Map.apply(frame=Filter.apply(frame=added, f=lambda row: False), f=dict).count() == 0
glue.write_dynamic_frame.from_options(
    frame=SelectFields.apply(frame=added, paths=["answer", "rate", "more"]), connection_type="s3",
    connection_options={"path": out}, format="json")
Relationalize.apply(frame=loud, staging_path="x", name="root")
"""


def test_transforms_do_what_glues_do_and_the_others_are_refused_by_name(world: World) -> None:
    found = world.run(
        world.job(MAPPED),
        S3_SOURCE=world.put("in/a.csv", "emp.var.rate,y,none\n1.9,no,\n-2,no,\n3,yes,\n"),
        S3_DEST=f"s3://{world.bucket}/out",
    )
    assert found["JobRunState"] == "FAILED"
    assert "the transform Relationalize is not supported on local AWS" in found["ErrorMessage"]
    lines = [line for key in world.keys("out") for line in world.get(key).splitlines()]
    assert [json.loads(line) for line in lines] == [
        {"answer": "NO", "rate": 1},
        {"answer": "YES", "rate": 3, "more": "x"},
    ]


WAITING = """
import sys, time
from pyspark.sql import SparkSession
SparkSession.builder.getOrCreate().range(3).count()
open("ready", "w").close()
time.sleep(600)
"""


def test_a_running_job_listens_only_on_loopback_and_can_be_stopped(
    world: World, local_aws: LocalAws
) -> None:
    job = world.job(WAITING)
    run = world.glue.start_job_run(JobName=job)["JobRunId"]
    assert world.wait(job, run, "RUNNING")["JobRunState"] == "RUNNING"
    ready = local_aws.folder / "glue" / run / "ready"
    deadline = time.monotonic() + 60
    while not ready.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    service: Any = local_aws.services["glue"]
    listeners = listening_addresses(service._runs[job][run].background.pid)
    assert listeners
    assert [address for address in listeners if not address.is_loopback] == []

    with pytest.raises(ClientError, match="ConcurrentRunsExceededException"):
        world.glue.start_job_run(JobName=job)
    stopped = world.glue.batch_stop_job_run(JobName=job, JobRunIds=[run, "jr_absent"])
    assert [s["JobRunId"] for s in stopped["SuccessfulSubmissions"]] == [run]
    assert [e["ErrorDetail"]["ErrorCode"] for e in stopped["Errors"]] == ["EntityNotFoundException"]
    assert world.wait(job, run)["JobRunState"] == "STOPPED"


def listening_addresses(session: int) -> list[IPv4Address | IPv6Address]:
    """Addresses on which the processes of a session listen, read from /proc."""
    proc = Path("/proc")
    if not (proc / "net/tcp").exists():
        pytest.skip("listeners are read from /proc, which this system does not have")
    inodes = set()
    for process in proc.glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
            if int(fields[3]) == session:
                inodes |= {link.readlink().name for link in (process / "fd").iterdir()}
        except OSError:
            continue
    found = []
    for table in ("tcp", "tcp6"):
        for line in (proc / "net" / table).read_text().splitlines()[1:]:
            parts = line.split()
            if parts[3] == "0A" and f"socket:[{parts[9]}]" in inodes:
                found.append(_address(parts[1].split(":")[0]))
    return found


def _address(text: str) -> IPv4Address | IPv6Address:
    words = [bytes.fromhex(text[n : n + 8])[::-1] for n in range(0, len(text), 8)]
    address = ip_address(b"".join(words))
    return getattr(address, "ipv4_mapped", None) or address


def test_a_python_shell_job_reaches_s3_through_boto3(world: World) -> None:
    script = (
        "import boto3, sys\n"
        "from awsglue.utils import getResolvedOptions\n"
        "bucket = getResolvedOptions(sys.argv, ['bucket'])['bucket']\n"
        "boto3.client('s3').put_object(Bucket=bucket, Key='made', Body=b'here')\n"
        "sys.exit('enough')\n"
    )
    found = world.run(world.job(script, "pythonshell"), bucket=world.bucket)
    assert world.get("made") == "here"
    assert (found["JobRunState"], found["ErrorMessage"]) == ("FAILED", "SystemExit: enough")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"GlueVersion": "4.0"}, "GlueVersion '4.0' is not supported on local AWS; use 5.1 or 5.0"),
        ({"MaxRetries": 2}, "MaxRetries is not supported"),
        ({"DefaultArguments": {"--extra-jars": "s3://b/x.jar"}}, "--extra-jars is not supported"),
        (
            {"DefaultArguments": {"--job-bookmark-option": "job-bookmark-enable"}},
            "--job-bookmark-option job-bookmark-enable is not supported",
        ),
    ],
)
def test_what_cannot_run_here_is_refused_when_the_job_is_made(
    world: World, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message) as refused:
        world.job("", **change)
    assert refused.value.response["Error"]["Code"] == "InvalidInputException"


def test_arguments_that_may_not_be_overridden_are_not(world: World) -> None:
    job = world.job(
        "import sys; print(*sys.argv[5:])\n",
        "pythonshell",
        DefaultArguments={"--a": "default", "--b": "default"},
        NonOverridableArguments={"--c": "fixed"},
    )
    found = world.run(job, b="given", c="given")
    assert world.output(found) == ["--a default --b given --c fixed"]
