"""Step Functions on local AWS, spoken to by boto3: machines, executions, tasks, tokens, limits."""

from __future__ import annotations

import io
import json
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError
from lambda_world import make_function

from ratchet.local_aws.running.clock import Clock
from ratchet.local_aws.running.local import LocalAws
from ratchet.local_aws.stepfunctions.loop import Loop, TurnableClock
from ratchet.workflow.asl.jsonata import limits

ROLE = "arn:aws:iam::123456789012:role/machine"
SUCCEED = {"Type": "Succeed"}
WAIT = {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}

Make = Callable[..., str]


@pytest.fixture
def states(local_aws: LocalAws) -> Any:
    return local_aws.client("stepfunctions")


@pytest.fixture
def make(states: Any) -> Iterator[Make]:
    """Creates a state machine from its states and gives its ARN; gone after the test."""
    made: list[str] = []

    def create(content: dict[str, Any], **fields: Any) -> str:
        name = fields.pop("name", f"m-{uuid.uuid4().hex[:8]}")
        text = json.dumps(_definition(content))
        made.append(
            states.create_state_machine(name=name, definition=text, roleArn=ROLE, **fields)[
                "stateMachineArn"
            ]
        )
        return made[-1]

    yield create
    for arn in made:
        states.delete_state_machine(stateMachineArn=arn)


def _definition(content: dict[str, Any]) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", "StartAt": next(iter(content)), "States": content}


def _task(resource: str, arguments: Any, **fields: Any) -> dict[str, Any]:
    arn = f"arn:aws:states:::{resource}"
    return {"Type": "Task", "Resource": arn, "Arguments": arguments, "End": True, **fields}


def _ended(states: Any, arn: str) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        answer: dict[str, Any] = states.describe_execution(executionArn=arn)
        if answer["status"] != "RUNNING":
            return answer
        threading.Event().wait(0.01)
    raise AssertionError(f"{arn} did not end")


def _run(states: Any, machine: str, value: Any = None) -> dict[str, Any]:
    text = json.dumps({} if value is None else value)
    started = states.start_execution(stateMachineArn=machine, input=text)
    return _ended(states, started["executionArn"])


def _output(answer: dict[str, Any]) -> Any:
    assert answer["status"] == "SUCCEEDED", (answer.get("error"), answer.get("cause"))
    return json.loads(answer["output"])


def _refused(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(**request)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


# machines


def test_a_machine_is_created_once_described_listed_and_updated(states: Any, make: Make) -> None:
    arn = make({"A": SUCCEED}, name="once", tags=[{"key": "a", "value": "1"}])
    text = json.dumps(_definition({"A": SUCCEED}))
    again = states.create_state_machine(name="once", definition=text, roleArn=ROLE)
    assert again["stateMachineArn"] == arn
    other = json.dumps(_definition({"B": SUCCEED}))
    code, _ = _refused(states.create_state_machine, name="once", definition=other, roleArn=ROLE)
    assert code == "StateMachineAlreadyExists"
    assert "once" in [each["name"] for each in states.list_state_machines()["stateMachines"]]
    assert "revisionId" not in states.describe_state_machine(stateMachineArn=arn)
    updated = states.update_state_machine(stateMachineArn=arn, definition=other)
    described = states.describe_state_machine(stateMachineArn=arn)
    assert described["definition"] == other
    assert described["revisionId"] == updated["revisionId"]
    states.tag_resource(resourceArn=arn, tags=[{"key": "b", "value": "2"}])
    states.untag_resource(resourceArn=arn, tagKeys=["a"])
    many = [{"key": str(number), "value": ""} for number in range(50)]
    assert _refused(states.tag_resource, resourceArn=arn, tags=many)[0] == "TooManyTags"
    assert states.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "b", "value": "2"}]


def test_a_bad_definition_is_refused_with_its_reasons(states: Any) -> None:
    text = json.dumps(_definition({"A": {"Type": "Pass", "Next": "B"}}))
    code, message = _refused(states.create_state_machine, name="bad", definition=text, roleArn=ROLE)
    assert code == "InvalidDefinition"
    assert "MISSING_TRANSITION_TARGET: Missing 'Next' target: B" in message
    assert "at /States/A/Next" in message
    answer = states.validate_state_machine_definition(definition=text)
    assert answer["result"] == "FAIL"
    assert {each["location"] for each in answer["diagnostics"]} >= {"/States/A/Next"}


def test_what_is_not_supported_is_refused_by_name(states: Any) -> None:
    text = json.dumps(_definition({"A": SUCCEED}))
    create = states.create_state_machine
    code, message = _refused(create, name="x", definition=text, roleArn=ROLE, type="EXPRESS")
    assert code == "StateMachineTypeNotSupported"
    assert "STANDARD" in message
    athena = json.dumps(_definition({"A": _task("athena:startQueryExecution.sync", {})}))
    code, message = _refused(create, name="x", definition=athena, roleArn=ROLE)
    assert code == "InvalidDefinition"
    assert "no optimised integration of athena" in message


# executions


def test_other_requests_are_answered_while_an_expression_is_slow(states: Any, make: Make) -> None:
    endless = "{% ($f := function($n){ $f($n) }; $f(1)) %}"
    slow = make({"A": {"Type": "Pass", "Output": endless, "End": True}})
    quick = make({"A": {"Type": "Wait", "Seconds": 3600, "End": True}})
    begun = time.monotonic()
    first = states.start_execution(stateMachineArn=slow)["executionArn"]
    other = states.start_execution(stateMachineArn=quick)["executionArn"]
    states.stop_execution(executionArn=other)  # waits for the thread that evaluates
    assert _ended(states, other)["status"] == "ABORTED"
    assert time.monotonic() - begun < limits.MAX_SECONDS + 6  # on a busy machine
    assert "Expression evaluation timeout" in _ended(states, first)["cause"]


def test_an_execution_leaves_output_history_and_pages(states: Any, make: Make) -> None:
    machine = make({"A": {"Type": "Pass", "Output": "{% $states.input.n + 1 %}", "End": True}})
    answer = _run(states, machine, {"n": 1})
    assert answer["output"] == "2"
    arn = answer["executionArn"]
    first = states.get_execution_history(executionArn=arn, maxResults=3)
    rest = states.get_execution_history(executionArn=arn, nextToken=first["nextToken"])
    types = [event["type"] for event in first["events"] + rest["events"]]
    assert types == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    last = states.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=1)
    assert last["events"][0]["id"] == 4
    bare = states.get_execution_history(executionArn=arn, includeExecutionData=False)
    assert "input" not in bare["events"][0]["executionStartedEventDetails"]
    about = states.describe_state_machine_for_execution(executionArn=arn)
    assert about["stateMachineArn"] == machine


def test_a_name_is_used_once(states: Any, make: Make) -> None:
    machine = make(WAIT)
    start = states.start_execution
    request = {"stateMachineArn": machine, "name": "run-000001", "input": '{"a": 1}'}
    first = start(**request)
    assert start(**request)["executionArn"] == first["executionArn"]
    assert _refused(start, **{**request, "input": "{}"})[0] == "ExecutionAlreadyExists"
    states.stop_execution(executionArn=first["executionArn"], error="Enough", cause="why")
    answer = states.describe_execution(executionArn=first["executionArn"])
    assert (answer["status"], answer["error"], answer["cause"]) == ("ABORTED", "Enough", "why")
    assert _refused(start, **request)[0] == "ExecutionAlreadyExists"
    listed = states.list_executions(stateMachineArn=machine, statusFilter="ABORTED")
    assert [each["name"] for each in listed["executions"]] == ["run-000001"]


@pytest.mark.parametrize("name", ["a b", "a/b", "a:b", "x" * 81, "ü*"])
def test_names_that_aws_refuses_are_refused(states: Any, make: Make, name: str) -> None:
    machine = make({"A": SUCCEED})
    code, _ = _refused(states.start_execution, stateMachineArn=machine, name=name)
    assert code in ("InvalidName", "ValidationException")


@pytest.mark.parametrize("text", ["{", "NaN", '"' + "x" * 262_143 + '"'])
def test_inputs_that_aws_refuses_are_refused(states: Any, make: Make, text: str) -> None:
    machine = make({"A": SUCCEED})
    code, _ = _refused(states.start_execution, stateMachineArn=machine, input=text)
    assert code in ("InvalidExecutionInput", "ValidationException")


def test_unknown_arns_are_named(states: Any) -> None:
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:nowhere"
    assert _refused(states.start_execution, stateMachineArn=arn) == (
        "StateMachineDoesNotExist",
        f"State Machine Does Not Exist: '{arn}'",
    )
    assert _refused(states.describe_execution, executionArn="nothing")[0] == "InvalidArn"


def test_status_changes_reach_the_bus_in_the_documented_shape(
    local_aws: LocalAws, states: Any, make: Make
) -> None:
    machine = make({"A": {"Type": "Fail", "Error": "Odd", "Cause": "because"}})
    queue = local_aws.client("sqs").create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    queue_arn = f"arn:aws:sqs:{local_aws.region}:{local_aws.account}:{queue.rsplit('/')[-1]}"
    pattern = {"source": ["aws.states"], "detail": {"stateMachineArn": [machine]}}
    events = local_aws.client("events")
    events.put_rule(Name="ends", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="ends", Targets=[{"Id": "q", "Arn": queue_arn}])
    answer = _run(states, machine)
    details = {each["detail"]["status"]: each["detail"] for each in _messages(local_aws, queue, 2)}
    events.remove_targets(Rule="ends", Ids=["q"])
    events.delete_rule(Name="ends")
    assert set(details) == {"RUNNING", "FAILED"}
    failed = details["FAILED"]
    assert failed["executionArn"] == answer["executionArn"]
    assert (failed["error"], failed["cause"]) == ("Odd", "because")
    assert failed["stopDate"] == round(answer["stopDate"].timestamp() * 1000)
    assert failed["input"] == "{}"
    assert failed["inputDetails"] == {"included": True}
    assert failed["output"] is None


def _messages(local_aws: LocalAws, queue: str, count: int) -> list[Any]:
    sqs, found = local_aws.client("sqs"), []
    deadline = time.monotonic() + 20
    while len(found) < count and time.monotonic() < deadline:
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            found.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_the_log_holds_what_the_level_asks_for(
    local_aws: LocalAws, states: Any, make: Make
) -> None:
    logs, group = local_aws.client("logs"), f"/aws/vendedlogs/states/{uuid.uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:{local_aws.region}:{local_aws.account}:log-group:{group}:*"
    configuration = {
        "level": "ERROR",
        "includeExecutionData": False,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}],
    }
    machine = make({"A": {"Type": "Fail", "Error": "Odd"}}, loggingConfiguration=configuration)
    _run(states, machine)
    deadline = time.monotonic() + 20
    lines: list[Any] = []
    while not lines and time.monotonic() < deadline:
        lines = logs.filter_log_events(logGroupName=group)["events"]
    types = [json.loads(line["message"])["type"] for line in lines]
    assert types == ["FailStateEntered", "ExecutionFailed"]


# tasks


HANDLER = """
class Refused(Exception):
    pass

def handler(event, context):
    if event.get("fail"):
        raise Refused("no " + event["fail"])
    return {"got": event}
"""


@pytest.fixture(scope="module")
def function(local_aws: LocalAws) -> str:
    """A real function that answers its event, or raises Refused."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("echo.py", HANDLER)
    answer = local_aws.client("lambda").create_function(
        FunctionName=f"echo-{uuid.uuid4().hex[:8]}",
        Runtime="python3.11",
        Role=ROLE,
        Handler="echo.handler",
        Code={"ZipFile": content.getvalue()},
    )
    arn: str = answer["FunctionArn"]
    return arn


def test_a_function_is_invoked_and_its_payload_is_json(
    states: Any, make: Make, function: str
) -> None:
    payload = {"FunctionName": function, "Payload": {"a": "{% $states.input.a %}"}}
    machine = make({"Call": _task("lambda:invoke", payload)})
    output = _output(_run(states, machine, {"a": [1, None]}))
    assert output["Payload"] == {"got": {"a": [1, None]}}
    assert (output["StatusCode"], output["ExecutedVersion"]) == (200, "$LATEST")
    assert output["SdkResponseMetadata"]["RequestId"]


def test_a_plain_function_arn_gives_the_bare_result(states: Any, make: Make, function: str) -> None:
    state = {"Type": "Task", "Resource": function, "End": True}
    assert _output(_run(states, make({"Call": state}), {"b": 2})) == {"got": {"b": 2}}


def test_an_exception_is_caught_by_its_class_name(states: Any, make: Make, function: str) -> None:
    catch = {
        "ErrorEquals": ["Refused"],
        "Output": "{% $parse($states.errorOutput.Cause).errorMessage %}",
        "Next": "After",
    }
    payload = {"FunctionName": function, "Payload": {"fail": "way"}}
    machine = make({"Call": _task("lambda:invoke", payload, Catch=[catch]), "After": SUCCEED})
    assert _output(_run(states, machine)) == "no way"


@pytest.mark.parametrize(
    ("resource", "given", "reason"),
    [
        (
            "sqs:sendMessage",
            {"QueueUrl": "q"},
            'The field "MessageBody" is required but was missing',
        ),
        (
            "sqs:sendMessage",
            {"QueueUrl": "q", "MessageBody": "m", "Body": "b"},
            'The field "Body" is not supported by Step Functions',
        ),
        (
            "lambda:invoke",
            {"FunctionName": "f", "Payload": 1},
            "The value for the field 'Payload' must be a STRING",
        ),
    ],
)
def test_a_call_that_cannot_be_sent_is_not_even_scheduled(
    states: Any, make: Make, resource: str, given: dict[str, Any], reason: str
) -> None:
    machine = make({"Call": _task(resource, "{% $states.input %}")})
    answer = _run(states, machine, given)
    assert answer["error"] == "States.Runtime"
    assert answer["cause"].endswith(f"could not be used to start the Task: [{reason}]")
    history = states.get_execution_history(executionArn=answer["executionArn"])["events"]
    types = [event["type"] for event in history]
    assert types == ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"]


def test_an_unknown_function_is_a_lambda_error(states: Any, make: Make) -> None:
    machine = make({"Call": _task("lambda:invoke", {"FunctionName": "nobody"})})
    answer = _run(states, machine)
    assert answer["error"] == "Lambda.ResourceNotFoundException"
    assert "(Service: AWSLambda; Status Code: 404; " in answer["cause"]


def test_a_nested_execution_gives_text_with_sync_and_json_with_sync_2(
    states: Any, make: Make
) -> None:
    child = make({"A": {"Type": "Pass", "Output": {"x": "{% $states.input.y %}"}, "End": True}})
    arguments = {"StateMachineArn": child, "Input": {"y": 7}}
    text = _output(_run(states, make({"Run": _task("states:startExecution.sync", arguments)})))
    assert text["Output"] == '{"x":7}'
    value = _output(_run(states, make({"Run": _task("states:startExecution.sync:2", arguments)})))
    assert value["Output"] == {"x": 7}
    assert value["Status"] == "SUCCEEDED"
    assert isinstance(value["StartDate"], int)


def test_a_failed_child_is_task_failed_with_the_answer_as_cause(states: Any, make: Make) -> None:
    child = make({"A": {"Type": "Fail", "Error": "Odd", "Cause": "because"}})
    task = _task("states:startExecution.sync:2", {"StateMachineArn": child})
    answer = _run(states, make({"Run": task}))
    assert answer["error"] == "States.TaskFailed"
    cause = json.loads(answer["cause"])
    assert (cause["Status"], cause["Error"], cause["Cause"]) == ("FAILED", "Odd", "because")


def test_stopping_the_parent_stops_the_child(states: Any, make: Make) -> None:
    child = make(WAIT)
    task = _task("states:startExecution.sync", {"StateMachineArn": child, "Name": "child"})
    parent = make({"Run": task})
    arn = states.start_execution(stateMachineArn=parent)["executionArn"]
    child_arn = child.replace(":stateMachine:", ":execution:") + ":child"
    deadline = time.monotonic() + 20
    while "TaskSubmitted" not in _types(states, arn) and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    states.stop_execution(executionArn=arn)
    assert _ended(states, child_arn)["status"] == "ABORTED"


def _types(states: Any, arn: str) -> list[str]:
    events = states.get_execution_history(executionArn=arn, maxResults=1000)["events"]
    return [event["type"] for event in events]


def test_a_message_with_a_token_waits_for_the_answer(
    local_aws: LocalAws, states: Any, make: Make
) -> None:
    queue = local_aws.client("sqs").create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    body = {"token": "{% $states.context.Task.Token %}"}
    task = _task(
        "sqs:sendMessage.waitForTaskToken",
        {"QueueUrl": queue, "MessageBody": body},
        Retry=[{"ErrorEquals": ["Again"], "MaxAttempts": 1, "IntervalSeconds": 1}],
    )
    arn = states.start_execution(stateMachineArn=make({"Ask": task}))["executionArn"]
    first = _messages(local_aws, queue, 1)[0]["token"]
    states.send_task_heartbeat(taskToken=first)
    states.send_task_failure(taskToken=first, error="Again", cause="not yet")
    second = _messages(local_aws, queue, 1)[0]["token"]
    states.send_task_success(taskToken=second, output='{"answer": 42}')
    assert _output(_ended(states, arn)) == {"answer": 42}
    assert _refused(states.send_task_success, taskToken=second, output="{}")[0] == "TaskTimedOut"
    assert _refused(states.send_task_heartbeat, taskToken="nonsense")[0] == "InvalidToken"
    endless = "[" * 100_000
    assert (
        _refused(states.send_task_success, taskToken=second, output=endless)[0] == "InvalidOutput"
    )


def test_sdk_calls_are_spelt_and_dated_as_on_aws(
    local_aws: LocalAws, states: Any, make: Make
) -> None:
    bucket = f"b-{uuid.uuid4().hex[:8]}"
    local_aws.client("s3").create_bucket(Bucket=bucket)
    content = {
        "Put": _task(
            "aws-sdk:s3:putObject",
            {"Bucket": bucket, "Key": "a+b ü.csv", "Body": "x;y\n", "Acl": "private"},
        ),
        "List": _task(
            "aws-sdk:s3:listObjectsV2",
            {"Bucket": bucket},
            Assign={"when": "{% $states.result.Contents[0].LastModified %}"},
        ),
        "Get": _task(
            "aws-sdk:s3:getObject",
            {"Bucket": bucket, "Key": "a+b ü.csv"},
            Output={"body": "{% $states.result.Body %}", "when": "{% $when %}"},
        ),
    }
    for name, following in (("Put", "List"), ("List", "Get")):
        del content[name]["End"]
        content[name]["Next"] = following
    output = _output(_run(states, make(content)))
    assert output["body"] == "x;y\n"
    assert output["when"].endswith("Z")
    missing = make({"Get": _task("aws-sdk:s3:getObject", {"Bucket": bucket, "Key": "none"})})
    answer = _run(states, missing)
    assert answer["error"] == "S3.NoSuchKeyException"
    assert "(Service: S3, Status Code: 404, Request ID: " in answer["cause"]


def test_items_are_put_and_conditions_fail_by_name(
    local_aws: LocalAws, states: Any, make: Make
) -> None:
    table = f"t-{uuid.uuid4().hex[:8]}"
    local_aws.client("dynamodb").create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    put = {
        "TableName": table,
        "Item": {"id": "1", "late": {"BOOL": "false"}, "seen": {"L": ["a"]}},
        "ConditionExpression": "attribute_not_exists(id)",
    }
    machine = make({"Put": _task("dynamodb:putItem", put)})
    assert "SdkHttpMetadata" in _output(_run(states, machine))
    assert _run(states, machine)["error"] == "DynamoDB.ConditionalCheckFailedException"
    item = local_aws.client("dynamodb").get_item(TableName=table, Key={"id": {"S": "1"}})["Item"]
    assert item == {"id": {"S": "1"}, "late": {"BOOL": False}, "seen": {"L": [{"S": "a"}]}}


@pytest.mark.parametrize(
    ("resource", "arguments", "error"),
    [
        ("sqs:sendMessage", {"QueueUrl": "http://x/1/none", "MessageBody": "m"}, "SQS."),
        ("glue:startJobRun.sync", {"JobName": "none"}, "Glue.EntityNotFoundException"),
        ("databrew:startJobRun.sync", {"Name": "none"}, "DataBrew.ResourceNotFoundException"),
        (
            "sagemaker:updateEndpoint",
            {"EndpointName": "none", "EndpointConfigName": "none"},
            "SageMaker.AmazonSageMakerException",
        ),
        ("sqs:sendMessage", {"QueueUrl": "q", "Mesage": "m"}, "States.Runtime"),
        ("sqs:sendMessage", {"QueueUrl": "q"}, "States.Runtime"),
    ],
)
def test_errors_are_named_as_step_functions_names_them(
    states: Any, make: Make, resource: str, arguments: dict[str, Any], error: str
) -> None:
    # Arguments from the input: what stands in the definition is checked before it runs.
    machine = make({"Call": _task(resource, "{% $states.input %}")})
    answer = _run(states, machine, arguments)
    assert answer["error"].startswith(error), answer


def test_a_hundred_executions_at_once_all_end(states: Any, make: Make) -> None:
    machine = make({"A": {"Type": "Wait", "Seconds": 1, "Next": "B"}, "B": SUCCEED})
    arns = [states.start_execution(stateMachineArn=machine)["executionArn"] for _ in range(100)]
    assert {_ended(states, arn)["status"] for arn in arns} == {"SUCCEEDED"}


# time


def test_waits_follow_the_clock_of_local_aws_when_it_is_turned() -> None:
    clock, loop = Clock(), Loop()
    timers, fired = TurnableClock(clock, loop), threading.Event()
    loop.call(lambda: timers.call_later(3600, fired.set))
    loop.call(lambda: timers.call_later(10, lambda: None).cancel())
    clock.turn(timedelta(hours=1))
    assert fired.wait(10)
    loop.close()
    clock.close()


def test_any_client_is_answered_through_the_gateway(local_aws: LocalAws, make: Make) -> None:
    arn = make({"A": SUCCEED})
    client = boto3.client(
        "stepfunctions",
        endpoint_url=local_aws.endpoint,
        region_name=local_aws.region,
        aws_access_key_id="any",
        aws_secret_access_key="any",
    )
    assert client.describe_state_machine(stateMachineArn=arn)["status"] == "ACTIVE"


def test_one_state_is_tried_with_its_call_mocked(states: Any) -> None:
    state = _task("lambda:invoke", {"FunctionName": "f", "Payload": "{% $states.input.n + $x %}"})
    state |= {"QueryLanguage": "JSONata", "Output": "{% $states.result.Payload %}"}
    answered = {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": 7}
    found = states.test_state(
        definition=json.dumps(state),
        input='{"n": 1}',
        variables='{"x": 2}',
        mock={"result": json.dumps(answered)},
        inspectionLevel="DEBUG",
    )
    assert (found["status"], found["output"]) == ("SUCCEEDED", "7")
    assert json.loads(found["inspectionData"]["afterArguments"])["Payload"] == 3
    failing = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.n %}"}
    failed = states.test_state(definition=json.dumps({**failing, "Next": "After"}))
    assert failed["error"] == "States.QueryEvaluationError"
    assert failed["cause"].startswith("The JSONata expression '$states.input.n' specified for")
    assert "inspectionData" not in failed
    with pytest.raises(ClientError, match="needs a mock"):
        states.test_state(definition=json.dumps(state))
    whole = json.dumps({**failing, "End": True})
    refused = _refused(states.test_state, definition=whole, input="[NaN]")
    assert refused == ("InvalidExecutionInput", "input is not JSON: NaN is not JSON")
    assert _refused(states.test_state, definition=whole, variables="[1]")[1].endswith("JSON object")


# functions that do not come back


@pytest.mark.parametrize(
    ("ending", "error"),
    [("os._exit(1)", "Runtime.ExitError"), ("time.sleep(60)", "Sandbox.Timedout")],
)
def test_a_function_that_dies_is_called_once_more_as_our_machines_ask(
    local_aws: LocalAws, states: Any, make: Make, ending: str, error: str
) -> None:
    """The entry is the one of our own machines, so that its names are those that are reported."""
    text = (Path(__file__).parents[2] / "statemachines/retraining.asl.yaml").read_text()
    entry = yaml.safe_load(text)["States"]["ClaimData"]["Retry"][-1]
    calls = local_aws.folder / f"calls-{uuid.uuid4().hex[:8]}"
    code = f"""
import os, time
def handler(event, context):
    with open({str(calls)!r}, "a") as file:
        print("called", file=file)
    {ending}
"""
    function = make_function(local_aws, code, Timeout=1)
    retry = [{**entry, "IntervalSeconds": 1}]
    machine = make({"A": _task("lambda:invoke", {"FunctionName": function}, Retry=retry)})
    ended = _run(states, machine)
    assert (ended["status"], ended["error"]) == ("FAILED", error)
    assert calls.read_text().split() == ["called"] * 2
