"""Lambda as a client sees it: real handlers in real worker processes."""

from __future__ import annotations

import base64
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError
from lambda_world import ROLE, invoke, make_function, name, queue, receive, until, zipped

from ratchet.local_aws.running.local import LocalAws

ENVIRONMENT = "import os\ndef handler(event, context): return dict(os.environ)"
ECHO = "def handler(event, context): return event"
FILE_SYSTEM = "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-01234567890123456"


def test_a_handler_gets_its_variables_and_dummy_keys_and_nothing_of_the_users(
    local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the user's own")
    monkeypatch.setenv("AWS_PROFILE", "production")
    function = make_function(local_aws, ENVIRONMENT, Environment={"Variables": {"COLOUR": "red"}})
    seen = invoke(local_aws, function)["Payload"]
    assert seen["COLOUR"] == "red"
    assert seen["AWS_SECRET_ACCESS_KEY"] == "local"
    assert seen["AWS_ENDPOINT_URL"] == local_aws.endpoint
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == function
    assert "AWS_PROFILE" not in seen


def test_the_context_knows_function_request_and_time_left(local_aws: LocalAws) -> None:
    code = """
def handler(event, context):
    return [context.function_name, context.invoked_function_arn, context.memory_limit_in_mb,
            context.aws_request_id, context.get_remaining_time_in_millis()]
"""
    function = make_function(local_aws, code, Timeout=7, MemorySize=256)
    answer = invoke(local_aws, function)
    seen_name, arn, memory, request_id, left = answer["Payload"]
    assert (seen_name, memory) == (function, "256")
    assert arn == f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
    assert 6000 < left <= 7000
    assert len(request_id) == 36


def test_a_worker_stays_warm_and_concurrent_calls_get_separate_workers(
    local_aws: LocalAws,
) -> None:
    slow = (
        "import os, time\ndef handler(event, context):\n    time.sleep(0.3)\n    return os.getpid()"
    )
    function = make_function(local_aws, slow)
    first = invoke(local_aws, function)["Payload"]
    assert invoke(local_aws, function)["Payload"] == first
    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda _: invoke(local_aws, function)["Payload"], range(3)))
    assert len(set(answers)) == 3
    assert os.getpid() not in answers


def test_an_exception_is_an_unhandled_error_with_its_type_message_and_stack(
    local_aws: LocalAws,
) -> None:
    code = """
class DataCheckFailed(Exception): pass
def handler(event, context): raise DataCheckFailed("row 3 is broken")
"""
    answer = invoke(local_aws, make_function(local_aws, code), LogType="Tail")
    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] == "DataCheckFailed"
    assert answer["Payload"]["errorMessage"] == "row 3 is broken"
    assert "in handler" in answer["Payload"]["stackTrace"][-1]
    log = base64.b64decode(answer["LogResult"]).decode()
    assert "[ERROR] DataCheckFailed: row 3 is broken" in log
    assert log.startswith("START RequestId: ")


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("import nowhere", "Runtime.ImportModuleError", "No module named 'nowhere'"),
        ("def other(): pass", "Runtime.HandlerNotFound", "Handler 'handler' missing"),
        ("def handler(:", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ("def handler(e, c): return {1, 2}", "Runtime.MarshalError", "not JSON serializable"),
        ("import os\ndef handler(e, c): os._exit(1)", "Runtime.ExitError", "Runtime exited"),
        ("def handler(e, c): return 'x' * 7_000_000", "Function.ResponseSizeTooLarge", "exceeded"),
    ],
)
def test_a_broken_function_fails_with_the_name_that_aws_gives(
    local_aws: LocalAws, code: str, kind: str, message: str
) -> None:
    function = make_function(local_aws, code)
    for _ in range(2):
        answer = invoke(local_aws, function)
        assert answer["FunctionError"] == "Unhandled"
        assert answer["Payload"]["errorType"] == kind
        assert message in answer["Payload"]["errorMessage"]


def test_a_handler_that_outlives_its_timeout_is_killed_and_the_next_call_gets_a_new_worker(
    local_aws: LocalAws,
) -> None:
    code = """
import os, time
def handler(event, context):
    if event:
        open(event, "w").write(str(os.getpid()))
        time.sleep(60)
    return "ready"
"""
    function = make_function(local_aws, code, Timeout=1)
    pid_file = local_aws.folder / name("pid")
    answer = invoke(local_aws, function, str(pid_file))
    assert answer["Payload"]["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in answer["Payload"]["errorMessage"]
    pid = int(pid_file.read_text())
    until(lambda: not _runs(pid))
    assert invoke(local_aws, function)["Payload"] == "ready"


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_function_imports_what_its_layers_hold_and_nothing_else(local_aws: LocalAws) -> None:
    client = local_aws.client("lambda")
    content = {"ZipFile": zipped(requirements__txt="pydantic\n")}
    layer = client.publish_layer_version(LayerName=name("layer"), Content=content)
    code = """
import importlib
def handler(event, context):
    found = {}
    for module in event:
        try:
            importlib.import_module(module); found[module] = True
        except ModuleNotFoundError:
            found[module] = False
    return found
"""
    modules = ["pydantic", "pydantic_core", "boto3", "json", "pyarrow", "moto", "ratchet"]
    bare = make_function(local_aws, code)
    layered = make_function(local_aws, code, Layers=[layer["LayerVersionArn"]])
    runtime = {"boto3": True, "json": True}
    nothing = dict.fromkeys(modules, False)
    assert invoke(local_aws, bare, modules)["Payload"] == nothing | runtime
    expected = nothing | runtime | {"pydantic": True, "pydantic_core": True}
    for _ in range(2):  # the second worker begins with what the first imported
        assert invoke(local_aws, layered, modules)["Payload"] == expected
        client.update_function_configuration(FunctionName=layered, Description="new")


def test_a_layer_with_a_python_folder_is_put_on_the_path(local_aws: LocalAws) -> None:
    client = local_aws.client("lambda")
    content = {"ZipFile": zipped(**{"python/colours": "RED = 'red'"})}
    layer = client.publish_layer_version(LayerName=name("layer"), Content=content)
    code = "import colours\ndef handler(event, context): return colours.RED"
    function = make_function(local_aws, code, Layers=[layer["LayerVersionArn"]])
    assert invoke(local_aws, function)["Payload"] == "red"


def test_a_layer_whose_packages_are_not_here_is_refused_by_name(local_aws: LocalAws) -> None:
    content = {"ZipFile": zipped(requirements__txt="no-such-package==1.0\n")}
    with pytest.raises(ClientError, match="no-such-package, which is not installed"):
        local_aws.client("lambda").publish_layer_version(LayerName=name("layer"), Content=content)


def test_new_code_and_new_configuration_are_used_by_the_next_call(local_aws: LocalAws) -> None:
    client = local_aws.client("lambda")
    function = make_function(local_aws, "def handler(e, c): return 'old'")
    assert invoke(local_aws, function)["Payload"] == "old"
    client.update_function_code(FunctionName=function, ZipFile=zipped(app=ENVIRONMENT))
    client.update_function_configuration(
        FunctionName=function, Environment={"Variables": {"COLOUR": "blue"}}
    )
    client.get_waiter("function_updated_v2").wait(FunctionName=function)
    assert invoke(local_aws, function)["Payload"]["COLOUR"] == "blue"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"Runtime": "nodejs22.x"}, "runtime nodejs22.x: use one of python3"),
        ({"FileSystemConfigs": [{"Arn": FILE_SYSTEM, "LocalMountPath": "/mnt/x"}]}, "FileSystem"),
        ({"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}, "VpcConfig"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "reserved keys"),
        ({"Environment": {"Variables": {"BIG": "x" * 5000}}}, "4KB"),
        ({"Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:none:1"]}, "does not exist"),
        ({"Timeout": 901}, "900"),
    ],
)  # fmt: skip
def test_what_a_function_cannot_have_is_refused_by_name(
    local_aws: LocalAws, settings: dict[str, object], message: str
) -> None:
    with pytest.raises(ClientError, match=message):
        make_function(local_aws, ECHO, **settings)


def test_output_and_embedded_metrics_reach_cloudwatch(local_aws: LocalAws) -> None:
    code = """
import json, time
def handler(event, context):
    print("three rows")
    metric = {"Namespace": "Tests", "Dimensions": [["Pipeline"]], "Metrics": [{"Name": "Rows"}]}
    about = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [metric]}
    print(json.dumps({"_aws": about, "Pipeline": event, "Rows": 3}))
"""
    function, pipeline = make_function(local_aws, code), name("pipeline")
    invoke(local_aws, function, pipeline)
    logs, group = local_aws.client("logs"), f"/aws/lambda/{function}"

    def lines() -> list[str]:
        if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            return []
        events = logs.filter_log_events(logGroupName=group)["events"]
        return [event["message"] for event in events]

    written = until(lines)
    assert [line.split(" ")[0] for line in written][:2] == ["START", "three"]
    assert written[-1].startswith("REPORT RequestId: ")
    metric = until(
        lambda: local_aws.client("cloudwatch").list_metrics(
            Namespace="Tests", Dimensions=[{"Name": "Pipeline", "Value": pipeline}]
        )["Metrics"]
    )
    assert metric[0]["MetricName"] == "Rows"


def test_json_logs_go_to_the_named_group_with_aws_own_lines_in_json(local_aws: LocalAws) -> None:
    code = "import logging\ndef handler(e, c): logging.getLogger().info('noted')"
    function = make_function(
        local_aws, code, LoggingConfig={"LogFormat": "JSON", "LogGroup": "/tests/shared"}
    )
    tail = base64.b64decode(invoke(local_aws, function, LogType="Tail")["LogResult"]).decode()
    lines = [json.loads(line) for line in tail.splitlines()]
    assert [line.get("type") for line in lines] == ["platform.start", None, "platform.report"]
    assert (lines[1]["level"], lines[1]["message"]) == ("INFO", "noted")


def test_an_event_is_tried_three_times_and_then_sent_to_its_destination(
    local_aws: LocalAws,
) -> None:
    url, arn = queue(local_aws)
    function = make_function(local_aws, "def handler(e, c):\n    raise ValueError(e['row'])")
    client = local_aws.client("lambda")
    client.put_function_event_invoke_config(
        FunctionName=function, DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    logs, group = local_aws.client("logs"), f"/aws/lambda/{function}"

    def attempts() -> int:
        if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            return 0
        events = logs.filter_log_events(logGroupName=group)["events"]
        return sum("START" in event["message"] for event in events)

    assert invoke(local_aws, function, {"row": 7}, InvocationType="Event")["StatusCode"] == 202
    until(lambda: attempts() == 1)
    local_aws.clock.turn(timedelta(minutes=1))
    until(lambda: attempts() == 2)
    local_aws.clock.turn(timedelta(minutes=2))
    record = until(lambda: receive(local_aws, url))
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestPayload"] == {"row": 7}
    assert record["responsePayload"]["errorType"] == "ValueError"


def test_reserved_concurrency_zero_throttles(local_aws: LocalAws) -> None:
    function = make_function(local_aws, ECHO)
    client = local_aws.client("lambda")
    client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    with pytest.raises(client.exceptions.TooManyRequestsException):
        invoke(local_aws, function)
    client.delete_function_concurrency(FunctionName=function)
    assert invoke(local_aws, function, [1])["Payload"] == [1]


def test_a_payload_over_six_megabytes_is_refused(local_aws: LocalAws) -> None:
    function = make_function(local_aws, "def handler(e, c): return len(e)")
    assert invoke(local_aws, function, "x" * 6_000_000)["Payload"] == 6_000_000
    with pytest.raises(ClientError) as refused:
        invoke(local_aws, function, "x" * 6_300_000)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_permissions_form_a_policy(local_aws: LocalAws) -> None:
    client, function = local_aws.client("lambda"), make_function(local_aws, ECHO)
    rule = "arn:aws:events:us-east-1:123456789012:rule/drops"
    client.add_permission(
        FunctionName=function,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    statement = json.loads(client.get_policy(FunctionName=function)["Policy"])["Statement"][0]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {"ArnLike": {"AWS:SourceArn": rule}}
    client.remove_permission(FunctionName=function, StatementId="rule")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_policy(FunctionName=function)


def test_functions_are_found_by_arn_and_gone_after_deletion(local_aws: LocalAws) -> None:
    client, function = local_aws.client("lambda"), make_function(local_aws, ECHO)
    arn = client.get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    assert invoke(local_aws, arn, 5)["Payload"] == 5
    with pytest.raises(client.exceptions.ResourceConflictException):
        client.create_function(
            FunctionName=function, Runtime="python3.13", Role=ROLE, Handler="app.handler",
            Code={"ZipFile": zipped(app=ECHO)},
        )  # fmt: skip
    client.delete_function(FunctionName=function)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        invoke(local_aws, function)


def test_the_second_function_of_the_same_packages_starts_in_a_fraction_of_a_second(
    local_aws: LocalAws,
) -> None:
    code = "import boto3\nclient = boto3.client('sqs')\ndef handler(e, c): return 1"
    invoke(local_aws, make_function(local_aws, code))
    function = make_function(local_aws, code)
    began = time.perf_counter()
    invoke(local_aws, function)
    assert time.perf_counter() - began < 3
