"""Workflows as SAM templates: linted, deployed on local AWS and executed."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import time
import uuid
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from ratchet.local_aws.cloudformation import deploy
from ratchet.local_aws.running.local import LocalAws
from ratchet.workflow import Definition, Workflow
from ratchet.workflow.exceptions import ExecutionFailed
from ratchet.workflow.inputs import ExecutionInput
from ratchet.workflow.lint import lint_path
from ratchet.workflow.sagemaker import Estimator, TrainingInput
from ratchet.workflow.steps import (
    AwsSdkStep,
    Chain,
    Choice,
    ChoiceRule,
    EndpointConfigStep,
    EndpointStep,
    Fail,
    GlueStartJobRunStep,
    LambdaStep,
    ModelStep,
    Pass,
    Task,
    TrainingStep,
)

ROLE = "arn:aws:iam::123456789012:role/workflow"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"
MACHINES = Path(__file__).parents[2] / "statemachines"
MINUTE = 60


def retraining(bucket: str) -> Workflow:
    """The old package's example of eight states: prepare, train, look at the metric, serve."""
    names = ("TrainingJobName", "GlueJobName", "ModelName", "EndpointName", "LambdaFunctionName")
    given = ExecutionInput(schema=dict.fromkeys(names, str))
    prepare = GlueStartJobRunStep(
        "Extract, Transform, Load", parameters={"JobName": given["GlueJobName"]}
    )
    estimator = Estimator(
        IMAGE,
        ROLE,
        instance_type="ml.m5.large",
        output_path=f"s3://{bucket}/models",
        hyperparameters={"num_round": 5, "objective": "binary:logistic", "eval_metric": "auc"},
    )
    training = TrainingStep(
        "Model Training",
        estimator=estimator,
        data={
            name: TrainingInput(f"s3://{bucket}/{name}/", content_type="text/csv")
            for name in ("train", "validation")
        },
        job_name=given["TrainingJobName"],
    )
    model = ModelStep(
        "Save Model",
        model=training.get_expected_model(),
        model_name=given["ModelName"],
        result_path="$.ModelStepResults",
    )
    query = LambdaStep(
        "Query Training Results",
        parameters={
            "FunctionName": given["LambdaFunctionName"],
            "Payload": {"TrainingJobName.$": "$.TrainingJobName"},
        },
    )
    accurate = Choice("Accuracy > 90%")
    config = EndpointConfigStep(
        "Create Model Endpoint Config", given["ModelName"], given["ModelName"], 1, "ml.m5.large"
    )
    endpoint = EndpointStep("Update Model Endpoint", given["EndpointName"], given["ModelName"])
    auc = query.output()["Payload"]["validation:auc"]
    accurate.add_choice(ChoiceRule.NumericGreaterThan(auc, 0.9), config)
    accurate.default_choice(Fail("Model Accuracy Too Low"))
    config.next(endpoint)
    chain = Chain([prepare, training, model, query, accurate])
    return Workflow(f"churn-{uuid.uuid4().hex[:8]}", chain, execution_input=given)


def ours(name: str) -> Workflow:
    """A machine of this repository, by its file."""
    return Workflow(f"our-{name}", Definition.read(MACHINES / f"{name}.asl.yaml"))


def written(workflow: Workflow, folder: Path) -> Path:
    path = folder / f"{workflow.name}.yaml"
    path.write_text(workflow.get_sam_template(), encoding="utf-8")
    return path


def granted(workflow: Workflow) -> list[dict[str, Any]]:
    """What the exported role allows, without the log and the traces."""
    template = yaml.safe_load(workflow.get_sam_template())
    (policy,) = template["Resources"]["StateMachineRole"]["Properties"]["Policies"]
    *calls, everywhere = policy["PolicyDocument"]["Statement"]
    assert all(action.startswith(("logs:", "xray:")) for action in everywhere["Action"])
    return calls


def actions(calls: list[dict[str, Any]]) -> list[str]:
    return [action for call in calls for action in call["Action"]]


@pytest.mark.process
def test_what_is_exported_pleases_both_linters(tmp_path: Path) -> None:
    paths = [
        written(workflow, tmp_path)
        for workflow in (retraining("bucket"), ours("retraining"), ours("promotion"))
    ]
    for path in paths:
        assert [str(found.finding) for found in lint_path(path)] == []
    linter = Path(sys.executable).with_name("cfn-lint")
    ran = subprocess.run([linter, *paths], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "")


def test_the_role_has_what_the_states_call_and_no_more() -> None:
    calls = granted(retraining("bucket"))
    assert actions(calls) == [
        "glue:StartJobRun",
        "glue:GetJobRun",
        "glue:BatchStopJobRun",
        "glue:GetJobRuns",
        "sagemaker:CreateTrainingJob",
        "sagemaker:AddTags",
        "sagemaker:DescribeTrainingJob",
        "sagemaker:StopTrainingJob",
        "events:PutTargets",
        "events:PutRule",
        "events:DescribeRule",
        "iam:PassRole",
        "sagemaker:CreateModel",
        "lambda:InvokeFunction",
        "sagemaker:CreateEndpointConfig",
        "sagemaker:CreateEndpoint",
    ]
    (passed,) = [call for call in calls if "iam:PassRole" in call["Action"]]
    assert passed["Resource"] == [ROLE]
    assert passed["Condition"] == {
        "StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}
    }
    assert not any(call["Resource"] == ["*"] for call in calls)


@pytest.mark.parametrize(
    ("task", "action", "ends"),
    [
        (
            GlueStartJobRunStep("A", parameters={"JobName": "${Job}"}),
            "glue:StartJobRun",
            ":job/${Job}",
        ),
        (
            LambdaStep("A", parameters={"FunctionName": "${Score_Arn}", "Payload": {}}),
            "lambda:InvokeFunction",
            "${ScoreArn}",
        ),
        (
            AwsSdkStep(
                "A",
                "sqs",
                "sendMessage",
                parameters={
                    "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/jobs",
                    "MessageBody": "x",
                },
            ),
            "sqs:SendMessage",
            ":${AWS::AccountId}:jobs",
        ),
        (
            Task(
                "A",
                resource="arn:aws:states:::states:startExecution.sync:2",
                parameters={"StateMachineArn.$": "$.machine", "Input": {"RoleName": ROLE}},
            ),
            "states:StartExecution",
            ":stateMachine:*",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_grant_is_as_narrow_as_the_definition_says(task: Any, action: str, ends: str) -> None:
    calls = granted(Workflow("narrow", task, check=False))
    assert "iam:PassRole" not in actions(calls)
    (call,) = [call for call in calls if action in call["Action"]]
    assert call["Resource"][0]["Fn::Sub"].endswith(ends)


def test_a_parameter_is_one_name_of_the_definition_and_of_nothing_else() -> None:
    def calling(function: str) -> Workflow:
        given = {"FunctionName": function, "Payload": "${StateMachineName}"}
        return Workflow("w", LambdaStep("A", parameters=given), check=False)

    template = yaml.safe_load(calling("${Score}").get_sam_template())
    assert list(template["Parameters"]) == ["Score", "StateMachineName"]
    for taken in ("${StateMachine_Name}", "${StateMachine}"):
        with pytest.raises(ValueError, match="cannot become the template's parameter"):
            calling(taken).get_sam_template()


def test_settings_travel_into_the_template() -> None:
    off = {"level": "OFF"}
    tags = [{"key": "team", "value": "churn"}]
    quiet = Workflow("q", Pass("A"), tags=tags, logging_configuration=off, tracing=False)
    resources = yaml.safe_load(quiet.get_sam_template())["Resources"]
    machine = resources["StateMachine"]["Properties"]
    assert "StateMachineLogs" not in resources
    assert "Logging" not in machine
    assert (machine["Tracing"], machine["Tags"]) == ({"Enabled": False}, {"team": "churn"})
    loud = Workflow("l", Pass("A"), logging_configuration={"level": "ERROR"})
    machine = yaml.safe_load(loud.get_sam_template())["Resources"]["StateMachine"]["Properties"]
    assert (machine["Logging"]["Level"], machine["Tracing"]) == ("ERROR", {"Enabled": True})


# deployed


PREPARE = """
import random, sys, boto3
from awsglue.utils import getResolvedOptions
bucket = getResolvedOptions(sys.argv, ["bucket"])["bucket"]
chance = random.Random(1)
pairs = [(chance.random(), chance.random()) for _ in range(300)]
text = "".join(f"{int(a + b > 1)},{a:.4f},{b:.4f}\\n" for a, b in pairs)
for channel in ("train", "validation"):
    boto3.client("s3").put_object(Bucket=bucket, Key=f"{channel}/part.csv", Body=text.encode())
"""
QUERY = """
import boto3
def handler(event, context):
    job = boto3.client("sagemaker").describe_training_job(TrainingJobName=event["TrainingJobName"])
    metrics = job["FinalMetricDataList"]
    (auc,) = [metric["Value"] for metric in metrics if metric["MetricName"] == "validation:auc"]
    return {"validation:auc": auc}
"""
REFUSE = """
class ChampionChanged(Exception): pass
def handler(event, context):
    raise ChampionChanged("judged against another champion")
"""


def function(local_aws: LocalAws, code: str) -> dict[str, Any]:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("code.py", code)
    made: dict[str, Any] = local_aws.client("lambda").create_function(
        FunctionName=f"exported-{uuid.uuid4().hex[:8]}",
        Runtime="python3.11",
        Role=ROLE,
        Handler="code.handler",
        Timeout=60,
        Code={"ZipFile": content.getvalue()},
    )
    return made


def deployed(local_aws: LocalAws, workflow: Workflow, folder: Path, **parameters: str) -> Workflow:
    """The workflow as CloudFormation made it from its exported template."""
    outputs = deploy(local_aws, written(workflow, folder), workflow.name, parameters)
    return Workflow.attach(
        outputs["StateMachineArn"], local_aws.client("stepfunctions"), workflow.workflow_input
    )


@pytest.mark.process
def test_the_eight_states_are_deployed_and_train_a_model_that_serves(
    local_aws: LocalAws, tmp_path: Path
) -> None:
    s3, glue, bucket = local_aws.client("s3"), local_aws.client("glue"), f"churn-{time.time_ns()}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="prepare.py", Body=PREPARE.encode())
    glue.create_job(
        Name=bucket,
        Role=ROLE,
        Command={
            "Name": "pythonshell",
            "ScriptLocation": f"s3://{bucket}/prepare.py",
            "PythonVersion": "3.9",
        },
        DefaultArguments={"--bucket": bucket},
    )
    workflow = deployed(local_aws, retraining(bucket), tmp_path)
    execution = workflow.execute(
        inputs={
            "GlueJobName": bucket,
            "TrainingJobName": bucket,
            "ModelName": bucket,
            "EndpointName": bucket,
            "LambdaFunctionName": function(local_aws, QUERY)["FunctionName"],
        }
    )
    assert execution.result(timeout=2 * MINUTE)["EndpointArn"].endswith(f"endpoint/{bucket}")
    assert len(execution.progress().states) == 7, "all but the Fail state"
    sagemaker = local_aws.client("sagemaker")
    sagemaker.get_waiter("endpoint_in_service").wait(
        EndpointName=bucket, WaiterConfig={"Delay": 1, "MaxAttempts": MINUTE}
    )
    answer = local_aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=bucket, ContentType="text/csv", Body=b"0.9,0.9\n0.1,0.1"
    )
    high, low = map(float, answer["Body"].read().decode().strip().split(","))
    assert high > 0.5 > low
    sagemaker.delete_endpoint(EndpointName=bucket)


@pytest.mark.process
def test_a_file_with_substitutions_is_deployed_with_parameters(
    local_aws: LocalAws, tmp_path: Path
) -> None:
    arn = function(local_aws, REFUSE)["FunctionArn"]
    names = re.findall(r"\$\{(\w+FunctionArn)\}", (MACHINES / "promotion.asl.yaml").read_text())
    parameters = dict.fromkeys(names, arn)
    promotion = deployed(local_aws, ours("promotion"), tmp_path, **parameters)
    described = promotion.describe()
    assert "${" not in described["definition"]
    assert described["loggingConfiguration"]["level"] == "ALL"
    assert described["tracingConfiguration"] == {"enabled": True}
    asked = ("pipeline", "token", "manifest", "uri", "package")
    execution = promotion.execute(inputs=dict.fromkeys(asked, "x"))
    with pytest.raises(ExecutionFailed, match="ChampionChanged"):
        execution.result(timeout=MINUTE)


def test_the_state_machine_alone_is_exported_too() -> None:
    workflow = retraining("bucket")
    workflow.role = ROLE
    alone = yaml.safe_load(workflow.get_cloudformation_template())
    properties = alone["Resources"]["StateMachine"]["Properties"]
    assert json.loads(properties["DefinitionString"])["StartAt"] == "Extract, Transform, Load"
    assert properties["RoleArn"] == ROLE
