"""Local AWS enforces no IAM: here every call of a function is held against its role."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from iam import Need, Statement, allowed, fits, listed, needs
from workplace import ROOT, Workplace, csv_bytes, pipeline_folder, until

from ratchet.local_aws.cloudformation import deploy
from ratchet.local_aws.door.calls import Call, function_key
from ratchet.local_aws.running.local import LocalAws

STACK = "allowed"
PIPELINE = "bank-marketing"
ROWS = 6000
RUN_SECONDS = 120
WEAK = {"num_round: 300": "num_round: 1", "max_depth: 5": "max_depth: 1"}
QUICK = {"num_round: 300": "num_round: 60", "eta: 0.05": "eta: 0.2"}
UNKNOWN = r"\"unknown\":\"0\""
WORKFLOW = """\
QueryLanguage: JSONata
StartAt: Answer
States:
  Answer: {Type: Pass, Output: {artifact: none}, End: true}
"""
GATE = {
    "minimum: 0.60": "minimum: 0.50",
    "margin: 0.01": "margin: 0.5",
    "min_holdout_rows: 1000": "min_holdout_rows: 100\n  slices: {contact: {minimum: 0.2}}",
}

OLDEST = "119"
TRANSFORM = f"""
from pyspark.sql import functions

def transform(data):
    age = data.age.cast("string")
    return data.withColumn("age", functions.when(age == "{OLDEST}", "old").otherwise(age))
"""

WITHOUT = "cellular, telephone"  # values of a column, of which no row has another
OWN = "transform: transform.py\n  files: [regions.csv]"

# Granted, and not used by the runs of this test: "function action" -> why it is needed.
POLLED = "Lambda's poller takes the messages under the function's role"
MISSING = "what is missing is told as missing, not as forbidden"
CLAIMED = "a workflow that was pushed while a run was open is the next run's"
UNVERSIONED = "a landing bucket may be without versions"
SEARCHED = "a search trains models that it does not choose, and they expire"
HALF_SETTLED = "it completes the decision of a run that stopped while its data was settled"
OLD_ENOUGH = "what was lost is sent again after a quarter of an hour"
UNUSED = {
    **{
        f"{function} sqs:{action}": POLLED
        for function in ("RecordArrivals", "StartRetraining")
        for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
    },
    **{
        f"{function} s3:GetObject{tagging}": UNVERSIONED
        for function in ("CheckData", "SettleData")
        for tagging in ("", "Tagging")
    },
    **{
        f"{function} s3:ListBucket": MISSING
        for function in (
            "CheckData", "JudgeData", "ReviewData", "Gate", "RegisterModel", "DecidePromotion",
            "VerifyEndpoint", "RecordChampion", "RegisterPipeline",
        )
    },
    **{
        f"ReviewData {action}": "a person may release suspect or waiting rows, or discard them"
        for action in ("dynamodb:Query", "s3:DeleteObject", "sqs:SendMessage")
    },
    **{
        f"ClaimData {action}": CLAIMED
        for action in (
            "states:DescribeStateMachine", "states:CreateStateMachine",
            "states:UpdateStateMachine", "states:TagResource", "states:ListTagsForResource",
            "iam:PassRole",
        )
    },
    **{
        f"RegisterModel ecr:{action}": "SageMaker looks at the image as who registers a model of it"
        for action in ("BatchGetImage", "DescribeImages")
    },
    **{
        f"RecoverRun s3:{action}": HALF_SETTLED
        for action in (
            "GetObject", "GetObjectTagging", "GetObjectVersion", "GetObjectVersionTagging",
            "PutObject", "PutObjectTagging",
        )
    },
    "FinishRun s3:PutObjectTagging": SEARCHED,
    **{
        f"{function} sagemaker:{action}ModelPackage{ending}": "a run may fail once it has a package"
        for function in ("FinishRun", "RecoverRun")
        for action, ending in (("List", "s"), ("Describe", ""), ("Update", ""))
    },
    **{
        f"SweepLedger {action}": OLD_ENOUGH
        for action in (
            "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "sqs:SendMessage",
            "lambda:InvokeFunction", "sns:Publish", "states:StartExecution",
        )
    },
    **{
        f"SweepLedger sagemaker:{action}ModelPackage": "a model waits a month for a person"
        for action in ("Describe", "Update")
    },
    "SweepLedger states:DescribeExecution": "a promotion's lock is held for moments",
    **{
        f"{function} {action}": "a promotion may have been postponed"
        for function, action in (
            ("FinishRun", "states:StartExecution"), ("FinishRun", "states:DescribeExecution"),
            ("RecoverRun", "states:StartExecution"), ("RecoverRun", "states:DescribeExecution"),
            ("ClosePromotion", "sns:Publish"),
        )
    },
    **{
        f"StartPromotion states:{action}Execution": "no pipeline here waits for a person's approval"
        for action in ("Start", "Describe")
    },
    "StartPromotion sqs:SendMessage": "Lambda sends an event it gave up to the dead letter queue",
    "ClosePromotion sagemaker:ListModelPackages": "a rollback may fail once its champion is named",
    "RecordArrivals dynamodb:BatchGetItem": "a pipeline may have a marker",
    "RecordArrivals s3:ListBucketVersions": "a pipeline may have a marker",
    "StartRetraining states:DescribeExecution": "the name of its execution may be taken",
    "CheckData s3:AbortMultipartUpload": "a large object may be found broken near its end",
    "CheckData s3:DeleteObject": "the check may die on an object twice",
    "SettleData sqs:SendMessage": "data may arrive while a run is open",
    "FinishRun sqs:SendMessage": "data may arrive while a promotion is under way",
    "RecoverRun sqs:SendMessage": "Lambda sends an event it gave up to the dead letter queue",
    "DecidePromotion dynamodb:UpdateItem": "it gives the lock back when it refuses",
    "RecoverPromotion dynamodb:UpdateItem": "it frees the lock when nothing helped",
    "RecoverPromotion sns:Publish": "it tells people then",
    "RecoverPromotion states:DescribeExecution": "the name of the recovery may be taken",
    "RecoverPromotion sqs:SendMessage": "Lambda sends an event it gave up to the dead letter queue",
    **{
        f"DeletePipeline sagemaker:{action}": "a pipeline may have a champion, which serves"
        for action in (
            "DescribeEndpoint", "DescribeEndpointConfig", "DescribeModel", "ListTags",
            "DeleteEndpoint", "DeleteEndpointConfig", "DeleteModel",
        )
    },
    **{
        f"DeletePipeline sagemaker:{action}ModelPackage": "a model may wait for approval, or room"
        for action in ("Describe", "Update")
    },
    "DeletePipeline dynamodb:UpdateItem": "a promotion may wait for room",
    "DeletePipeline states:ListTagsForResource": "a pipeline may train by its own workflow",
    "DeletePipeline states:DeleteStateMachine": "a pipeline may train by its own workflow",
    "RegisterPipeline dynamodb:Query": "a changed contract is refused once data was accepted",
}  # fmt: skip

# The execution loop and the services of local AWS have one key; these services it calls for a
# machine alone, and these functions it invokes for others.
MACHINES = "the state machines"
OF_MACHINES = {"databrew", "glue", "lambda", "sagemaker", "states"}
NOT_OF_MACHINES = (
    "RecoverRunFunction",
    "RecoverPromotionFunction",
    "RegisterPipelineFunction",
    "SweepLedgerFunction",
    "StartPromotionFunction",
)


@dataclass
class World:
    """A local AWS with the stack in it, and what every call that it heard would need on AWS."""

    local: LocalAws
    place: Workplace
    outputs: dict[str, str]
    resources: dict[str, str]
    callers: dict[str, str]
    calls: deque[Call] = field(default_factory=deque)
    asked: dict[tuple[str, Need], None] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A client of the person who runs the test, with keys that are nobody else's."""
        session: Any = boto3.session.Session("tester", "tester", region_name="us-east-1")
        return session.client(service, endpoint_url=self.local.endpoint)

    def push(self, folder: Path) -> None:
        options = ("--endpoint-url", self.local.endpoint, "--stack", STACK)
        self.place.run("ratchet", "push", str(folder), *options)

    def drop(self, key: str, body: bytes, tags: str = "") -> str:
        """Put an object under the pipeline's prefix; its version."""
        answer = self.client("s3").put_object(
            Bucket=self.outputs["LandingBucket"], Key=key, Body=body, Tagging=tags
        )
        return str(answer["VersionId"])

    def item(self, pipeline: str, item: str) -> dict[str, Any]:
        """An item of the ledger, in DynamoDB's JSON; empty when there is none."""
        key = {"pipeline": {"S": pipeline}, "item": {"S": item}}
        answer = self.client("dynamodb").get_item(TableName=self.outputs["LedgerTable"], Key=key)
        found: dict[str, Any] = answer.get("Item", {})
        return found

    def outcome(self, token: int) -> str:
        """How the run of this token ended, once people were told."""

        def notified() -> dict[str, Any] | None:
            record = self.item(PIPELINE, f"run#{token:06d}")
            return record if record.get("notified") == {"BOOL": True} else None

        record = until(notified, f"run {token} has ended", RUN_SECONDS)
        return f"{record['outcome']['S']} {record['sentence']['S']}"

    def heard(self, function: str, action: str, ending: str = "") -> bool:
        """Whether a function did this to a resource whose ARN ends so."""
        while self.calls:
            call = self.calls.popleft()
            ours = call.access_key == "local" and call.service in OF_MACHINES
            if caller := MACHINES if ours else self.callers.get(call.access_key):
                self.asked |= {(caller, need): None for need in needs(call)}
        return any(
            (function, action) == (caller, need.action) and need.resource.endswith(ending)
            for caller, need in self.asked
        )

    def statements(self, role: str) -> list[Statement]:
        """The policies of a role as they were deployed, AWS's own apart."""
        iam = self.client("iam")
        name = {"RoleName": self.resources[role]}
        return [
            statement
            for policy in iam.list_role_policies(**name)["PolicyNames"]
            for document in [iam.get_role_policy(**name, PolicyName=policy)["PolicyDocument"]]
            for statement in listed(document["Statement"])
        ]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A stack that went through all that can happen to it on one page."""
    place = Workplace(tmp_path_factory.mktemp("permissions"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", None)
        patch.setenv("TMPDIR", str(place.temporary))
        with LocalAws.start(port=0, region="us-east-1", announced=False) as local:
            outputs = deploy(local, ROOT / "template.yaml", STACK, {"ArrivalsBatchingWindow": "0"})
            pages = local.client("cloudformation").get_paginator("list_stack_resources")
            found = list(pages.paginate(StackName=STACK).search("StackResourceSummaries[]"))
            callers = {
                function_key(each["PhysicalResourceId"]): each["LogicalResourceId"][:-8]
                for each in found
                if each["ResourceType"] == "AWS::Lambda::Function"
            }
            ids = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}
            world = World(local, place, outputs, ids, callers)
            local.listen(world.calls.append)
            live(world)
            yield world


@pytest.fixture(scope="module")
def granted(world: World) -> dict[str, list[Statement]]:
    """What each function, and the machines together, may do."""
    functions = {name: world.statements(f"{name}FunctionRole") for name in world.callers.values()}
    machines = [f"{name}StateMachineRole" for name in ("Retraining", "Promotion")]
    return {**functions, MACHINES: [s for role in machines for s in world.statements(role)]}


def live(world: World) -> None:
    """Promote twice, reject data in every way, stop a run, refuse a promotion."""
    header, parts = data(world.place)
    folder = pipeline_folder(world.place, PIPELINE)
    world.drop("stray.csv", b"a;b\n1;2\n")
    world.drop(f"{PIPELINE}/first.csv", csv_bytes(header, parts[0]))
    until(lambda: world.heard("RecordArrivals", "sns:Publish"), "data of no pipeline was told of")
    columns = (folder / "columns.yaml").read_text()
    assert WITHOUT in columns
    (folder / "columns.yaml").write_text(columns.replace(WITHOUT, f"{WITHOUT}, post"))
    world.push(changed(folder, WEAK, code="0"))
    (folder / "columns.yaml").write_text(columns)
    assert world.outcome(1).startswith("PROMOTED"), world.outcome(1)
    world.push(changed(folder, QUICK, code="20"))
    world.drop(f"{PIPELINE}/second.csv", csv_bytes(header, parts[1]))
    assert world.outcome(2).startswith("PROMOTED"), world.outcome(2)
    refuse_data(world, header, parts[2])
    stop_a_run(world, csv_bytes(header, parts[2]))
    refuse_a_promotion(world)
    recover_a_promotion(world)
    roll_back(world)
    bring_a_workflow(world)
    bring_features(world)
    drop_without_a_pause(world)
    wake_everybody(world)


def bring_features(world: World) -> None:
    """A pipeline whose code is compared with what was pushed; its data are refused at once."""
    world.push(ROOT / "pipelines" / "late-parcels")
    world.drop("late-parcels/none.csv", b"day;carrier\n2024-01-01;nobody\n")
    until(
        lambda: world.heard("ClaimData", "s3:GetObject", ".tar.gz"), "the code was compared",
        RUN_SECONDS,
    )  # fmt: skip


def data(place: Workplace) -> tuple[str, list[list[str]]]:
    """Header and three parts of made-up calls, each like the others."""
    file, script = place.folder / "calls.csv", ROOT / "pipelines" / PIPELINE / "sample_data.py"
    place.run("python", str(script), "--rows", str(ROWS), "--out", str(file))
    header, *rows = file.read_text().splitlines()
    return header, [rows[part::3] for part in range(3)]


def changed(folder: Path, training: dict[str, str], code: str) -> Path:
    """The pipeline with other training, a transform and its file, slices, a kind gate, a code."""
    source = ROOT / "pipelines" / PIPELINE
    text = (source / "pipeline.yaml").read_text()
    for old, new in {"transform: null": OWN, **GATE, **training}.items():
        assert old in text, old
        text = text.replace(old, new)
    (folder / "pipeline.yaml").write_text(text)
    (folder / "transform.py").write_text(TRANSFORM)
    (folder / "regions.csv").write_text("code,region\n1,north\n")
    recipe = (source / "recipe.json").read_text()
    assert UNKNOWN in recipe
    (folder / "recipe.json").write_text(recipe.replace(UNKNOWN, UNKNOWN.replace("0", code)))
    return folder


def refuse_data(world: World, header: str, rows: list[str]) -> None:
    """A file with a broken value, one that is gone, one that the job refuses: all in quarantine."""
    left = leave_a_model(world)
    key = f"{PIPELINE}/gone.csv"
    version = world.drop(key, csv_bytes(header, rows[:5]))
    world.client("s3").delete_object(
        Bucket=world.outputs["LandingBucket"], Key=key, VersionId=version
    )
    broken = csv_bytes(header, [rows[0].replace(";", ";?", 1)])
    world.drop(f"{PIPELINE}/broken.csv", broken, tags="owner=marketing")
    refused = [";".join([OLDEST, *rows[0].split(";")[1:]]), *rows[1:]]
    world.drop(f"{PIPELINE}/refused.csv", csv_bytes(header, refused), tags="owner=marketing")
    until(
        lambda: world.heard("SettleData", "s3:PutObject", "/report.json"),
        "a batch was rejected",
        RUN_SECONDS,
    )
    bucket = world.outputs["LandingBucket"]
    assert world.heard("CheckData", "s3:ListBucket", bucket), "the object was gone in time"
    until(lambda: idle(world), "no run is open", RUN_SECONDS)
    until(lambda: left not in models(world), "the rejected run's model is gone", RUN_SECONDS)
    token = int(world.item(PIPELINE, "state")["token"]["N"])
    assert world.outcome(token).startswith("DATA_REJECTED"), world.outcome(token)
    give_up(world, token)


def give_up(world: World, token: int) -> None:
    """Discard what a run set aside."""
    decision = {"pipeline": PIPELINE, "token": token, "decision": "discard"}
    answer = world.client("lambda").invoke(
        FunctionName=world.resources["ReviewDataFunction"], Payload=json.dumps(decision)
    )
    assert "FunctionError" not in answer, answer["Payload"].read()


def leave_a_model(world: World) -> str:
    """A model and a config like those that the next run would leave behind; their name."""
    champion = world.item(PIPELINE, "champion")
    token = int(world.item(PIPELINE, "state")["token"]["N"]) + 1
    name = f"{champion['endpoint']['S']}-{token:06d}"
    tags = [
        {"Key": "ratchet:stack", "Value": STACK},
        {"Key": "ratchet:pipeline", "Value": PIPELINE},
    ]
    container = {
        "Image": champion["image"]["S"],
        "ModelDataUrl": champion["artifact"]["S"],
    }
    sagemaker = world.client("sagemaker")
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn="arn:aws:iam::123456789012:role/tester",
        PrimaryContainer=container,
        Tags=tags,
    )
    serving = {"MemorySizeInMB": 2048, "MaxConcurrency": 1}
    variant = {"VariantName": "serving", "ModelName": name, "ServerlessConfig": serving}
    sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[variant], Tags=tags
    )
    return name


def models(world: World) -> set[str]:
    """The names of all models."""
    return {model["ModelName"] for model in world.client("sagemaker").list_models()["Models"]}


def idle(world: World) -> bool:
    """Whether nobody holds the lease and nothing is pending."""
    query = {
        "TableName": world.outputs["LedgerTable"],
        "IndexName": "pending",
        "KeyConditionExpression": "pipeline = :p",
        "ExpressionAttributeValues": {":p": {"S": PIPELINE}},
    }
    pending = world.client("dynamodb").query(**query)["Count"]
    return not pending and "lease" not in world.item(PIPELINE, "state")


def stop_a_run(world: World, body: bytes) -> None:
    """Stop a run that has prepared its data, as a person does who thinks better of it."""
    token, left = int(world.item(PIPELINE, "state")["token"]["N"]) + 1, leave_a_model(world)
    world.drop(f"{PIPELINE}/third.csv", body)
    until(lambda: "lease" in world.item(PIPELINE, "state"), f"run {token} has begun")
    sweep(world)
    summary = f"runs/{PIPELINE}/{token:06d}/prepared/summary.json"
    until(lambda: summary in keys(world), f"run {token} has prepared its data", RUN_SECONDS)
    machine = world.outputs["RetrainingStateMachineArn"]
    run = f"{machine.replace(':stateMachine:', ':execution:')}:{PIPELINE}-{token:06d}"
    world.client("stepfunctions").stop_execution(executionArn=run)
    assert world.outcome(token).startswith("FAILED")
    assert left not in models(world)


def keys(world: World) -> set[str]:
    """The run files of the work bucket."""
    request = {"Bucket": world.outputs["WorkBucket"], "Prefix": f"runs/{PIPELINE}/"}
    pages = world.client("s3").get_paginator("list_objects_v2").paginate(**request)
    return {each["Key"] for page in pages for each in page.get("Contents", [])}


def refuse_a_promotion(world: World) -> None:
    """Try to promote the first package again: it was judged against no champion."""
    world.client("stepfunctions").start_execution(
        stateMachineArn=world.outputs["PromotionStateMachineArn"],
        name="refused",
        input=json.dumps(promoting(world, 1)),
    )
    until(
        lambda: world.heard("ClosePromotion", "sagemaker:UpdateModelPackage"),
        "the package was rejected",
    )


def recover_a_promotion(world: World) -> None:
    """The champion's promotion stops after it has taken the lock."""
    machine = world.outputs["PromotionStateMachineArn"]
    stopped = f"{machine.replace(':stateMachine:', ':execution:')}:stopped"
    given = promoting(world, 2)
    decide = {key: given[key] for key in ("manifest", "package")}
    decide |= {"execution": stopped, "replaces": None, "ended": None}
    invoke(world, "DecidePromotion", decide)
    assert "holder" in world.item(PIPELINE, "promotion")
    detail = {"executionArn": stopped, "status": "ABORTED", "input": json.dumps(given)}
    assert invoke(world, "RecoverPromotion", {"detail": detail})["started"]
    until(lambda: "holder" not in world.item(PIPELINE, "promotion"), "the lock is free again")
    assert world.item(PIPELINE, "champion")["package"] == {"S": given["package"]}


def roll_back(world: World) -> None:
    """The first model becomes champion again, as `ratchet rollback` asks for it."""
    world.client("stepfunctions").start_execution(
        stateMachineArn=world.outputs["PromotionStateMachineArn"],
        name="rollback",
        input=json.dumps({**promoting(world, 1), "replaces": promoting(world, 2)["package"]}),
    )
    until(
        lambda: world.item(PIPELINE, "champion")["version"] == {"N": "1"},
        "the first model is the champion again",
        RUN_SECONDS,
    )
    until(lambda: "holder" not in world.item(PIPELINE, "promotion"), "the lock is free again")


def promoting(world: World, token: int) -> dict[str, Any]:
    """The input of the promotion of a run's model."""
    run = f"runs/{PIPELINE}/{token:06d}"
    package = world.item(PIPELINE, f"run#{token:06d}")["package"]["S"]
    manifest = f"s3://{world.outputs['WorkBucket']}/{run}/manifest.json"
    return {"pipeline": PIPELINE, "token": token, "manifest": manifest, "package": package}


def invoke(world: World, function: str, event: dict[str, Any]) -> Any:
    """A function's answer."""
    answer = world.client("lambda").invoke(
        FunctionName=world.resources[f"{function}Function"], Payload=json.dumps(event)
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
    return json.loads(answer["Payload"].read())


def bring_a_workflow(world: World) -> None:
    """A pipeline gets a training workflow and a schedule, then others, then is as before."""
    folder = pipeline_folder(world.place, "own", quiet="5s")
    text = (folder / "pipeline.yaml").read_text()
    before, _, after = text.partition("training:\n")
    gate = after[after.index("gate:\n") :]
    for workflow, days in ((WORKFLOW, 1), (f"Comment: another\n{WORKFLOW}", 2)):
        (folder / "training.asl.yaml").write_text(workflow)
        section = "training: {workflow: training.asl.yaml}\n"
        scheduled = before.replace("trigger:\n", f"trigger:\n  schedule: cron(0 3 {days} * ? *)\n")
        (folder / "pipeline.yaml").write_text(f"{scheduled}{section}{gate}")
        world.push(folder)
    (folder / "pipeline.yaml").write_text(text)
    world.push(folder)
    answer = invoke(world, "DeletePipeline", {"pipeline": "own"})
    assert (answer["version"], answer["waiting"]) == (None, 0)
    world.push(folder)


def drop_without_a_pause(world: World) -> None:
    """While files keep coming the first wake is too early, and is sent again."""

    def sent() -> bool:
        world.drop("own/part.csv", b"x")
        return world.heard("StartRetraining", "sqs:SendMessage")

    until(sent, "a wake that came too early was sent again")


def sweep(world: World) -> None:
    """What the schedule does every quarter of an hour."""
    answer = world.client("lambda").invoke(FunctionName=world.resources["SweepLedgerFunction"])
    assert "FunctionError" not in answer, answer["Payload"].read()


def wake_everybody(world: World) -> None:
    """A wake without a pipeline looks at all of them."""
    world.client("sqs").send_message(
        QueueUrl=world.outputs["WakesQueueUrl"], MessageBody='{"reason": "a test"}'
    )
    table = f"table/{world.outputs['LedgerTable']}"
    until(lambda: world.heard("StartRetraining", "dynamodb:Query", table), "every one was woken")


def test_functions_and_machines_may_do_what_they_do(
    world: World, granted: dict[str, list[Statement]]
) -> None:
    assert {caller for caller, _ in world.asked} == set(granted)
    others = tuple(world.resources[name] for name in NOT_OF_MACHINES)
    refused = [
        f"{caller} may not {need.action} on {need.resource}"
        for caller, need in world.asked
        if not allowed(granted[caller], need)
        and not (caller == MACHINES and need.resource.endswith(others))
    ]
    assert not refused, "\n".join(sorted(refused))


def test_nothing_is_granted_that_no_function_uses(
    world: World, granted: dict[str, list[Statement]]
) -> None:
    left = {
        f"{caller} {what}"
        for caller in world.callers.values()
        for statement in granted[caller]
        for what in unused(statement, [need for who, need in world.asked if who == caller])
    }
    assert not left - set(UNUSED), "\n".join(sorted(left - set(UNUSED)))
    given = {(name, action) for name in granted for s in granted[name] for action in actions_of(s)}
    assert not set(UNUSED) - {f"{name} {action}" for name, action in given}, "a reason for nothing"


def actions_of(statement: Statement) -> set[str]:
    """The actions of a statement."""
    return set(listed(statement["Action"]))


def unused(statement: Statement, asked: list[Need]) -> set[str]:
    """Actions of a statement that nobody asked for; resources, if any action was asked for."""
    used = [need for need in asked if allowed([statement], need)]
    actions = actions_of(statement) - {need.action for need in used}
    resources = {
        pattern
        for pattern in listed(statement["Resource"])
        if used and not any(fits(pattern, need.resource) for need in used)
    }
    return actions | resources


BUCKET = "arn:aws:s3:::work"
LIST = {
    "Effect": "Allow",
    "Action": ["s3:ListBucket"],
    "Resource": BUCKET,
    "Condition": {"StringLikeIfExists": {"s3:prefix": ["runs/*"]}},
}
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": [f"{BUCKET}/runs/*/a.json"]}
NEVER = {"Effect": "Deny", "Action": "s3:*", "Resource": f"{BUCKET}/runs/secret/*"}


@pytest.mark.parametrize(
    ("need", "expected"),
    [
        (Need("s3:GetObject", f"{BUCKET}/runs/x/1/a.json"), True),
        (Need("s3:GetObject", f"{BUCKET}/runs/x/1/b.json"), False),
        (Need("s3:GetObject", f"{BUCKET}/runs/secret/a.json"), False),
        (Need("s3:PutObject", f"{BUCKET}/runs/x/1/a.json"), False),
        (Need("s3:ListBucket", BUCKET), True),
        (Need("s3:ListBucket", BUCKET, {"s3:prefix": "runs/x/"}), True),
        (Need("s3:ListBucket", BUCKET, {"s3:prefix": "accepted/"}), False),
    ],
)
def test_policies_are_weighed_as_iam_weighs_them(need: Need, expected: bool) -> None:
    assert allowed([LIST, READ, NEVER], need) is expected
