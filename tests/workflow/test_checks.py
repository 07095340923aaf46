"""What is wrong with a definition is found before it runs, with place, reason and next step."""

from __future__ import annotations

from typing import Any

import pytest
from asl_machines import INVOKE, machine

from ratchet.workflow import InvalidDefinition, check, load, parse

SUCCEED = {"Type": "Succeed"}
TRAIN = "arn:aws:states:::sagemaker:createTrainingJob.sync"


def _task(**fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": INVOKE,
        "Arguments": {"FunctionName": "score"},
        "End": True,
        **fields,
    }


def _pass(**fields: Any) -> dict[str, Any]:
    return {"Type": "Pass", "End": True, **fields}


def _one(state: dict[str, Any], **others: Any) -> dict[str, Any]:
    return machine({"A": state, **others})


def _old(state: dict[str, Any], **others: Any) -> dict[str, Any]:
    """A machine in JSONPath."""
    return {"StartAt": "A", "States": {"A": state, **others}}


def _old_task(**fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": INVOKE,
        "Parameters": {"FunctionName": "score"},
        "End": True,
        **fields,
    }


def _choice(rule: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "Choice", "Choices": [{"Next": "B", **rule}], "Default": "B"}


def _map(**fields: Any) -> dict[str, Any]:
    inner = {"StartAt": "Inner", "States": {"Inner": SUCCEED}}
    return {"Type": "Map", "ItemProcessor": inner, "End": True, **fields}


def _distributed(**fields: Any) -> dict[str, Any]:
    mode = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    return _map(**{**fields, "ItemProcessor": {**mode, **_map()["ItemProcessor"]}})


def _retry(*names: list[str], **fields: Any) -> dict[str, Any]:
    return {"Retry": [{"ErrorEquals": part, **fields} for part in names]}


# A case: name, definition, place, words of the finding.
Case = tuple[str, dict[str, Any], str, str]

REFUSED: list[Case] = [
    # graph
    (
        "a start that is not a state",
        {**_one(SUCCEED), "StartAt": "B"},
        "/StartAt",
        "Missing 'StartAt' target: B",
    ),
    (
        "a target that is not a state",
        machine({"Go": {"Type": "Pass", "Next": "Done"}, "Donne": SUCCEED}),
        "/States/Go/Next",
        "Did you mean Donne?",
    ),
    (
        "a target in another flow",
        _one({**_map(), "End": None, "Next": "Inner"}),
        "/States/A/Next",
        "another flow",
    ),
    (
        "a machine without an end",
        machine({"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}),
        "/",
        "no terminal state",
    ),
    ("a state nothing leads to", _one(SUCCEED, B=SUCCEED), "/States/B", "not reachable"),
    ("neither Next nor End", _one({"Type": "Pass"}), "/States/A", "needs Next or End"),
    ("both Next and End", _one(_pass(Next="B"), B=SUCCEED), "/States/A", "exclude each other"),
    (
        "the same name in a branch",
        _one(
            {
                "Type": "Parallel",
                "Branches": [{"StartAt": "A", "States": {"A": SUCCEED}}],
                "End": True,
            }
        ),
        "/States/A/Branches/0/States/A",
        "used twice",
    ),
    # fields
    ("a misspelt field", _one(_task(Argument={})), "/States/A/Argument", "Did you mean Arguments?"),
    ("a misspelt type", _one({"Type": "Taks"}), "/States/A/Type", "Did you mean Task?"),
    ("a state that is not an object", _one([]), "/States/A", "not an object"),  # type: ignore[arg-type]
    ("no type", _one({"End": True}), "/States/A", "Type is missing"),
    (
        "a branch that is not an object",
        _one({"Type": "Parallel", "Branches": [None], "End": True}),
        "/States/A/Branches/0",
        "must be an object",
    ),
    ("a field after the end", _one({"Type": "Fail", "Next": "A"}), "/States/A/Next", "no field"),
    (
        "a retry on Succeed",
        _one({"Type": "Succeed", "Retry": []}),
        "/States/A/Retry",
        "no field 'Retry'",
    ),
    (
        "a number as text",
        _one(_task(TimeoutSeconds="5")),
        "/States/A/TimeoutSeconds",
        "whole number of seconds",
    ),
    (
        "a time that is none",
        _one({"Type": "Wait", "Timestamp": "tomorrow", "End": True}),
        "/States/A/Timestamp",
        "2030-01-31T12:00:00Z",
    ),
    (
        "two times",
        _one({"Type": "Wait", "Seconds": 1, "Timestamp": "2030-01-31T12:00:00Z", "End": True}),
        "/States/A/Timestamp",
        "exclude each other",
    ),
    (
        "a percentage above 100",
        _one(_map(ToleratedFailurePercentage=101)),
        "/States/A/ToleratedFailurePercentage",
        "0 to 100",
    ),
    (
        "a misspelt reader field",
        _one(_map(ItemReader={"Resource": "arn:aws:states:::s3:getObject", "ReaderConfg": {}})),
        "/States/A/ItemReader/ReaderConfg",
        "Did you mean ReaderConfig?",
    ),
    (
        "an item type that does not exist",
        _one(
            _map(
                ItemReader={
                    "Resource": "arn:aws:states:::s3:getObject",
                    "ReaderConfig": {"InputType": "XLS"},
                }
            )
        ),
        "/States/A/ItemReader/ReaderConfig/InputType",
        "CSV, JSON, JSONL",
    ),
    (
        "a heartbeat as long as the timeout",
        _one(_task(TimeoutSeconds=60, HeartbeatSeconds=60)),
        "/States/A/HeartbeatSeconds",
        "not less than",
    ),
    ("a Choice without rules", _one({"Type": "Choice", "Choices": []}), "/States/A/Choices", "one"),
    ("a Task without Resource", _one({"Type": "Task", "End": True}), "/States/A", "needs Resource"),
    (
        "a payload that is text",
        _old(_pass(Parameters="oops")),
        "/States/A/Parameters",
        "must be an object",
    ),
    ("no time at all", _one({"Type": "Wait", "End": True}), "/States/A", "exactly one of Seconds"),
    (
        "a time before now",
        _one({"Type": "Wait", "Seconds": -5, "End": True}),
        "/States/A/Seconds",
        "from 0",
    ),
    (
        "a retrier with a single name",
        _one(_task(Retry=[{"ErrorEquals": "States.ALL"}])),
        "/States/A/Retry/0/ErrorEquals",
        "a list of at least one error name",
    ),
    (
        "a backoff below 1",
        _one(_task(**_retry(["X"], BackoffRate=0.1))),
        "/States/A/Retry/0/BackoffRate",
        "1.0 or more",
    ),
    (
        "attempts in words",
        _one(_task(**_retry(["X"], MaxAttempts="two"))),
        "/States/A/Retry/0/MaxAttempts",
        "whole number",
    ),
    (
        "a retrier without names",
        _one(_task(Retry=[{"MaxAttempts": 1}])),
        "/States/A/Retry/0",
        "needs ErrorEquals",
    ),
    (
        "a name of 200 characters",
        machine({"A" * 200: SUCCEED}),
        f"/States/{'A' * 200}",
        "AWS accepts 80",
    ),
    (
        "a Map without processor",
        _one({"Type": "Map", "End": True}),
        "/States/A",
        "needs ItemProcessor",
    ),
    (
        "a misspelt argument of Glue",
        _old(_old_task(Resource="arn:aws:states:::glue:startJobRun", Parameters={"JobNam": "x"})),
        "/States/A/Parameters/JobNam",
        "Did you mean JobName?",
    ),
    ("an empty machine", {"StartAt": "A", "States": {}}, "/", "States is missing or empty"),
    # query languages
    (
        "a JSONPath state in a JSONata machine",
        _one(_pass(QueryLanguage="JSONPath")),
        "/States/A/QueryLanguage",
        "cannot have a JSONPath state",
    ),
    (
        "a JSONPath field in a JSONata state",
        _one(_task(ResultPath="$.x")),
        "/States/A/ResultPath",
        "Use Output or Assign",
    ),
    (
        "a JSONata field in a JSONPath state",
        _old(_old_task(Arguments={})),
        "/States/A/Arguments",
        "Use Parameters",
    ),
    # JSONata
    (
        "a bad expression",
        _one(_pass(Output="{% $states.input. %}")),
        "/States/A/Output",
        "Not JSONata",
    ),
    (
        "a signature that is none",
        _one(_pass(Output="{% function($x)<n<s>>{$x}(1) %}")),
        "/States/A/Output",
        "Type parameters can only be applied to functions and arrays",
    ),
    (
        "a comment without an end",
        _one(_pass(Output="{% 1 /* one %}")),
        "/States/A/Output",
        "Comment has no closing tag",
    ),
    (
        "a name without a document",
        _one(_pass(Output={"x": "{% $sum(orders.price) %}"})),
        "/States/A/Output/x",
        "Reference to 'orders' at the top level",
    ),
    (
        "the document itself",
        _one(_pass(Output={"x": "{% $states.input.($$.a) %}"})),
        "/States/A/Output/x",
        "Reference to '$$' at the top level",
    ),
    (
        "an expression with a space before it",
        _one(_pass(Output=" {% 1 %}")),
        "/States/A/Output",
        "taken as text",
    ),
    (
        "an error outside Catch",
        _one(_task(Output="{% $states.errorOutput.Error %}")),
        "/States/A/Output",
        "only in Output and Assign of a Catch entry",
    ),
    (
        "a reserved variable",
        _one(_pass(Assign={"states": 1})),
        "/States/A/Assign/states",
        "reserved",
    ),
    # JSONPath
    (
        "a result path that is none",
        _old(_pass(ResultPath="not a path")),
        "/States/A/ResultPath",
        "reference path",
    ),
    (
        "a result path to many places",
        _old(_pass(ResultPath="$.a[*]")),
        "/States/A/ResultPath",
        "reference path",
    ),
    ("an open bracket", _old(_pass(InputPath="$.a[0")), "/States/A/InputPath", "not a JSONPath"),
    (
        "a path that is text",
        _old(_pass(Parameters={"x.$": "name"})),
        "/States/A/Parameters/x.$",
        "Begin it with $: $.name",
    ),
    (
        "a path that is a number",
        _old(_pass(Parameters={"x.$": 1})),
        "/States/A/Parameters/x.$",
        "must be a string with a path",
    ),
    (
        "an intrinsic that does not exist",
        _old(_pass(Parameters={"x.$": "States.Formatt('{}', $.a)"})),
        "/States/A/Parameters/x.$",
        "Did you mean States.Format?",
    ),
    (
        "an intrinsic with too many arguments",
        _old(_pass(Parameters={"x.$": "States.ArrayLength($.a, $.b)"})),
        "/States/A/Parameters/x.$",
        "States.ArrayLength",
    ),
    (
        "an intrinsic that is not closed",
        _old(_pass(Parameters={"x.$": "States.Array($.a"})),
        "/States/A/Parameters/x.$",
        "not an intrinsic function",
    ),
    # Choice
    (
        "a variable that is not a path",
        _old(_choice({"Variable": "x", "IsNull": True}), B=SUCCEED),
        "/States/A/Choices/0/Variable",
        "Begin it with $: $.x",
    ),
    (
        "a value of another type",
        _old(_choice({"Variable": "$.x", "NumericEquals": "1"}), B=SUCCEED),
        "/States/A/Choices/0/NumericEquals",
        "must be a number",
    ),
    (
        "two comparisons",
        _old(
            _choice({"Variable": "$.x", "NumericLessThan": 1, "NumericGreaterThan": 0}), B=SUCCEED
        ),
        "/States/A/Choices/0",
        "Combine them with And",
    ),
    (
        "a Next inside And",
        _old(_choice({"And": [{"Variable": "$.x", "IsNull": True, "Next": "B"}]}), B=SUCCEED),
        "/States/A/Choices/0/And/0/Next",
        "outermost",
    ),
    (
        "a misspelt comparison",
        _old(_choice({"Variable": "$.x", "StringEqual": "a"}), B=SUCCEED),
        "/States/A/Choices/0/StringEqual",
        "Did you mean StringEquals?",
    ),
    # Retry and Catch
    (
        "States.ALL with others",
        _one(_task(**_retry(["States.ALL", "X"]))),
        "/States/A/Retry/0/ErrorEquals",
        "only name",
    ),
    (
        "States.ALL first",
        _one(_task(**_retry(["States.ALL"], ["X"]))),
        "/States/A/Retry/0/ErrorEquals",
        "last entry",
    ),
    # integrations
    (
        "a .sync that does not exist",
        _one(_task(Resource="arn:aws:states:::sagemaker:createEndpoint.sync")),
        "/States/A/Resource",
        "plain request only",
    ),
    (
        "a delay of more than a year",
        _one(_task(Retry=[{"ErrorEquals": ["X"], "MaxDelaySeconds": 31_622_400}])),
        "/States/A/Retry/0/MaxDelaySeconds",
        "from 1 to 31622399",
    ),
    (
        "columns that nobody names",
        _one(
            _distributed(
                ItemReader={
                    "Resource": "arn:aws:states:::s3:getObject",
                    "Arguments": {"Bucket": "b", "Key": "k"},
                    "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "GIVEN"},
                }
            )
        ),
        "/States/A/ItemReader/ReaderConfig",
        "needs CSVHeaders",
    ),
    (
        "items from where none are read",
        _one(_distributed(ItemReader={"Resource": "arn:aws:states:::s3:getObjects"})),
        "/States/A/ItemReader/Resource",
        "Use arn:aws:states:::s3:getObject or",
    ),
    (
        "results that cannot go there",
        _one(_distributed(ResultWriter={"Resource": "arn:aws:states:::sqs:sendMessage"})),
        "/States/A/ResultWriter/Resource",
        "s3:putObject",
    ),
    ("a label with a blank", _one(_distributed(Label="a b")), "/States/A/Label", "a character"),
    (
        "an action that Step Functions leaves out",
        _one({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sts:assumeRole", "End": True}),
        "/States/A/Resource",
        "does not offer assumeRole",
    ),
    (
        "an unknown integration",
        _one(_task(Resource="arn:aws:states:::sagemaker:createTrainingJobs")),
        "/States/A/Resource",
        "Did you mean createTrainingJob?",
    ),
    (
        "an unknown SDK action",
        _one(_task(Resource="arn:aws:states:::aws-sdk:sagemaker:describeEndpont")),
        "/States/A/Resource",
        "Did you mean describeEndpoint?",
    ),
    (
        "an unknown SDK service",
        _one(_task(Resource="arn:aws:states:::aws-sdk:sagemakr:listModels")),
        "/States/A/Resource",
        "Did you mean sagemaker?",
    ),
    (
        "an SDK service by another name",
        _one(_task(Resource="arn:aws:states:::aws-sdk:stepfunctions:startExecution")),
        "/States/A/Resource",
        "Step Functions calls it sfn",
    ),
    ("no resource at all", _one(_task(Resource="lambda")), "/States/A/Resource", "not a Resource"),
    (
        "an argument in lower case",
        _one(_task(Arguments={"functionName": "score"})),
        "/States/A/Arguments/functionName",
        "Did you mean FunctionName?",
    ),
    (
        "an argument deep inside",
        _one(_task(Resource=TRAIN, Arguments={"ResourceConfig": {"InstanceTyp": "ml.m5.large"}})),
        "/States/A/Arguments/ResourceConfig/InstanceTyp",
        "Did you mean InstanceType?",
    ),
    (
        "an argument that is missing",
        _one(_task(Resource=TRAIN, Arguments={"TrainingJobName": "x"})),
        "/States/A/Arguments",
        "needs RoleArn",
    ),
    (
        "a list for an object",
        _one(_task(Resource=TRAIN, Arguments={"OutputDataConfig": []})),
        "/States/A/Arguments/OutputDataConfig",
        "must be an object",
    ),
    (
        "an argument of an HTTP task",
        _old(
            _old_task(
                Resource="arn:aws:states:::http:invoke",
                Parameters={"ApiEndpoint": "https://x", "Methd": "GET"},
            )
        ),
        "/States/A/Parameters/Methd",
        "Did you mean Method?",
    ),
]

SUSPECT: list[Case] = [
    (
        "a result where none is",
        _one(_task(Arguments={"FunctionName": "{% $states.result.x %}"})),
        "/States/A/Arguments/FunctionName",
        "not set in Arguments",
    ),
    (
        "a result of a Pass",
        _one(_pass(Output="{% $states.result %}")),
        "/States/A/Output",
        "not set in a Pass state",
    ),
    ("$eval", _one(_pass(Output={"x": "{% $eval('1') %}"})), "/States/A/Output/x", "Use $parse"),
    (
        "a loop without a way out",
        _one(
            _choice({"Condition": "{% $states.input.x %}", "Next": "C"}),
            B={"Type": "Pass", "Next": "B"},
            C=SUCCEED,
        ),
        "/States/B",
        "no way out",
    ),
    (
        "a Choice without Default",
        _one({"Type": "Choice", "Choices": [{"Condition": "{% $x %}", "Next": "B"}]}, B=SUCCEED),
        "/States/A",
        "Add a Default",
    ),
    (
        "an unknown reserved error",
        _one(_task(**_retry(["States.Timout"]))),
        "/States/A/Retry/0/ErrorEquals",
        "Did you mean States.Timeout?",
    ),
    (
        "an error that cannot be caught",
        _one(_task(**_retry(["States.Runtime"]))),
        "/States/A/Retry/0/ErrorEquals",
        "always fails",
    ),
    (
        "a retrier that never gets its turn",
        _one(_task(**_retry(["States.TaskFailed"], ["Lambda.Unknown"]))),
        "/States/A/Retry/1/ErrorEquals",
        "entry 0 of Retry already takes it",
    ),
    (
        "a token kept back",
        _one(_task(Resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken")),
        "/States/A",
        "token is not passed on",
    ),
    (
        "a variable nobody assigns",
        _one(_pass(Output="{% $modle %}", Assign={"model": 1})),
        "/States/A/Output",
        "Did you mean $model?",
    ),
    (
        "a variable of another branch",
        _one(
            {**_map(), "End": None, "Next": "B"}
            | {
                "ItemProcessor": {
                    "StartAt": "Inner",
                    "States": {"Inner": _pass(Assign={"model": 1})},
                }
            },
            B=_pass(Output="{% $model %}"),
        ),
        "/States/B/Output",
        "pass the value on as output",
    ),
    (
        "a JSONPath variable nobody assigns",
        _old(_pass(Parameters={"x.$": "States.Array($model.name)"})),
        "/States/A/Parameters/x.$",
        "$model",
    ),
    (
        "a function that does not exist",
        _one(_pass(Output="{% $upercase('a') %}")),
        "/States/A/Output",
        "Did you mean $uppercase?",
    ),
    (
        "too many arguments of a function",
        _one(_pass(Output="{% $uuid(1) %}")),
        "/States/A/Output",
        "no arguments",
    ),
    (
        "a context field that does not exist",
        _one(_pass(Output="{% $states.context.Execution.ID %}")),
        "/States/A/Output",
        "Did you mean Id?",
    ),
    (
        "a context field that does not exist, in JSONPath",
        _old(_pass(Parameters={"x.$": "$$.Execution.Nmae"})),
        "/States/A/Parameters/x.$",
        "Did you mean Name?",
    ),
    (
        "a path under a key without .$",
        _old(_old_task(Parameters={"FunctionName": "$.name"})),
        "/States/A/Parameters/FunctionName",
        "Write the key as FunctionName.$",
    ),
    (
        "a path in a JSONata state",
        _one(_task(Arguments={"FunctionName": "$.name"})),
        "/States/A/Arguments/FunctionName",
        "read as text",
    ),
    (
        "a JSONPath key in a JSONata state",
        _one(_pass(Output={"x.$": "$.y"})),
        "/States/A/Output/x.$",
        "Write 'x'",
    ),
    (
        "an expression in a JSONPath state",
        _old(_pass(Parameters={"x": "{% $states.input %}"})),
        "/States/A/Parameters/x",
        "reads it as text",
    ),
    (
        "arguments left out",
        _one({"Type": "Task", "Resource": INVOKE, "End": True}),
        "/States/A",
        "needs FunctionName",
    ),
    (
        "a value that no enumeration has",
        _one(_task(Arguments={"FunctionName": "x", "InvocationType": "Events"})),
        "/States/A/Arguments/InvocationType",
        "Did you mean Event?",
    ),
    (
        "a format with too few values",
        _old(_pass(Parameters={"a.$": "States.JsonToString(States.Format('{} {}', 1))"})),
        "/States/A/Parameters/a.$",
        "has 2 {} and 1 values",
    ),
    (
        "a delay that cannot grow",
        _one(_task(Retry=[{"ErrorEquals": ["X"], "IntervalSeconds": 9, "MaxDelaySeconds": 9}])),
        "/States/A/Retry/0/MaxDelaySeconds",
        "not greater than IntervalSeconds 9",
    ),
    (
        "items by a misspelt argument",
        _one(
            _distributed(
                ItemReader={
                    "Resource": "arn:aws:states:::s3:getObject",
                    "Arguments": {"Bucket": "b", "Key": "k", "VersionID": "1"},
                }
            )
        ),
        "/States/A/ItemReader/Arguments/VersionID",
        "Did you mean VersionId?",
    ),
    (
        "results that nobody can find",
        _one(
            _distributed(
                ResultWriter={
                    "Resource": "arn:aws:states:::s3:putObject",
                    "Arguments": {"Prefix": "out"},
                }
            )
        ),
        "/States/A/ResultWriter/Arguments",
        "Add Bucket",
    ),
    (
        "batches without a size",
        _one(_distributed(ItemBatcher={"BatchInput": {"a": 1}})),
        "/States/A/ItemBatcher",
        "sets no batch size",
    ),
    (
        "a service that AWS has withdrawn",
        _one(
            {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:qldb:listLedgers", "End": True}
        ),
        "/States/A/Resource",
        "withdrawn the service 'qldb'",
    ),
    (
        "a number in an order of texts",
        _old(_choice({"Variable": "$.rmse", "StringGreaterThanEquals": "50"}), B=SUCCEED),
        "/States/A/Choices/0/StringGreaterThanEquals",
        "NumericGreaterThanEquals compares numbers",
    ),
    (
        "a number in an order of texts inside another rule",
        _old(
            _choice({"Not": {"Or": [{"Variable": "$.x", "StringLessThan": "-0.5e3"}]}}), B=SUCCEED
        ),
        "/States/A/Choices/0/Not/Or/0/StringLessThan",
        "letter by letter",
    ),
    (
        "a number in an order of texts, in JSONata",
        _one(_choice({"Condition": "{% $states.input.rmse >= '50' %}"}), B=SUCCEED),
        "/States/A/Choices/0/Condition",
        ">= '50' compares letter by letter",
    ),
    (
        "a number before an order of texts, in JSONata",
        _one(_choice({"Condition": '{% "0.5" < $states.input.auc %}'}), B=SUCCEED),
        "/States/A/Choices/0/Condition",
        "without quotes",
    ),
    (
        "a metric by its place",
        _old(
            _choice(
                {"Variable": "$['Payload']['trainingMetrics'][0]['Value']", "NumericLessThan": 0.1}
            ),
            B=SUCCEED,
        ),
        "/States/A/Choices/0/Variable",
        "by name",
    ),
    (
        "a metric by its place, in a selector",
        _old(_old_task(ResultSelector={"auc.$": "$.FinalMetricDataList[1].Value"})),
        "/States/A/ResultSelector/auc.$",
        "The metric at place 1 is whichever comes there",
    ),
    (
        "a metric by its place, in JSONata",
        _one(_task(Output="{% $states.result.FinalMetricDataList[0].Value %}")),
        "/States/A/Output",
        "at place 0",
    ),
    (
        "a reader in an inline Map",
        _one(_map(ItemReader={"Resource": "arn:aws:states:::s3:getObject"})),
        "/States/A/ItemReader",
        "this one is inline",
    ),
]


def _found(definition: dict[str, Any], location: str, words: str) -> set[str]:
    findings = [finding for finding in check(parse(definition)) if finding.location == location]
    return {finding.severity for finding in findings if words in str(finding)}


@pytest.mark.parametrize(
    ("definition", "location", "words"),
    [case[1:] for case in REFUSED],
    ids=[case[0] for case in REFUSED],
)
def test_it_is_refused_with_place_and_next_step(
    definition: dict[str, Any], location: str, words: str
) -> None:
    with pytest.raises(InvalidDefinition):
        load(definition)
    assert _found(definition, location, words) == {"ERROR"}, check(parse(definition))


@pytest.mark.parametrize(
    ("definition", "location", "words"),
    [case[1:] for case in SUSPECT],
    ids=[case[0] for case in SUSPECT],
)
def test_what_aws_accepts_and_will_fail_is_a_warning(
    definition: dict[str, Any], location: str, words: str
) -> None:
    assert _found(definition, location, words) == {"WARNING"}, check(parse(definition))


@pytest.mark.parametrize(
    "definition",
    [
        _old(_choice({"Variable": "$.day", "StringGreaterThan": "20300131"}), B=SUCCEED),
        _old(_choice({"Variable": "$.day", "StringGreaterThan": "2030-01-31"}), B=SUCCEED),
        _old(_choice({"Variable": "$.code", "StringEquals": "50"}), B=SUCCEED),
        _one(_choice({"Condition": "{% $states.input.code = '50' %}"}), B=SUCCEED),
        _one(_choice({"Condition": "{% $states.input.day > '2030-01-31' %}"}), B=SUCCEED),
        _one(_choice({"Condition": "{% $states.input.rmse > 50 %}"}), B=SUCCEED),
        _old(_choice({"Variable": "$.rows[0].Value", "NumericLessThan": 1}), B=SUCCEED),
        _old(
            _old_task(
                ResultSelector={
                    "x.$": "$.FinalMetricDataList[?(@.MetricName == 'validation:auc')].Value"
                }
            )
        ),
        _one(_task(Output="{% $states.result.FinalMetricDataList[MetricName = 'auc'].Value %}")),
        _one(_task(Output="{% $states.result.FinalMetricDataList[0].MetricName %}")),
    ],
)
def test_orders_of_texts_and_metrics_by_name_are_left_alone(definition: dict[str, Any]) -> None:
    assert check(parse(definition)) == ()
