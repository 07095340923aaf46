"""Every state, rule and step class writes the ASL that it should."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from typing import Any

import pytest

from ratchet.workflow import Workflow, parse, steps
from ratchet.workflow.checks import check
from ratchet.workflow.inputs import (
    Context,
    ExecutionInput,
    Expression,
    Field,
    Format,
    StepInput,
    Variable,
    fresh_name,
)
from ratchet.workflow.integrations.api import operation_of
from ratchet.workflow.integrations.index import ROWS
from ratchet.workflow.integrations.resource import parse_resource
from ratchet.workflow.integrations.service_models import Operation
from ratchet.workflow.steps import (
    AwsSdkStep,
    Catch,
    Chain,
    Choice,
    ChoiceRule,
    Fail,
    FrozenGraph,
    Graph,
    IntegrationPattern,
    LambdaStep,
    Map,
    Parallel,
    Pass,
    Retry,
    Succeed,
    Task,
    Wait,
)
from ratchet.workflow.steps.service_step import ServiceStep

JOB, CALL, TOKEN = (
    IntegrationPattern.WaitForCompletion,
    IntegrationPattern.CallAndContinue,
    IntegrationPattern.WaitForTaskToken,
)
# The whole inventory of the old package: class, Resource by default, the others and how to ask.
RESOURCES: list[tuple[str, str, dict[str, dict[str, Any]]]] = [
    ("LambdaStep", "lambda:invoke", {".waitForTaskToken": {"wait_for_callback": True}}),
    *(
        (name, f"{api}.sync", {"": {"wait_for_completion": False}})
        for name, api in (
            ("GlueStartJobRunStep", "glue:startJobRun"),
            ("BatchSubmitJobStep", "batch:submitJob"),
            ("EcsRunTaskStep", "ecs:runTask"),
            ("EmrCreateClusterStep", "elasticmapreduce:createCluster"),
            ("EmrTerminateClusterStep", "elasticmapreduce:terminateCluster"),
            ("EmrAddStepStep", "elasticmapreduce:addStep"),
        )
    ),
    *(
        (name, f"{api}.sync", {"": {"integration_pattern": CALL}})
        for name, api in (
            ("GlueDataBrewStartJobRunStep", "databrew:startJobRun"),
            ("EksCreateClusterStep", "eks:createCluster"),
            ("EksDeleteClusterStep", "eks:deleteCluster"),
            ("EksCreateFargateProfileStep", "eks:createFargateProfile"),
            ("EksDeleteFargateProfileStep", "eks:deleteFargateProfile"),
            ("EksCreateNodegroupStep", "eks:createNodegroup"),
            ("EksDeleteNodegroupStep", "eks:deleteNodegroup"),
            ("EksRunJobStep", "eks:runJob"),
        )
    ),
    (
        "StepFunctionsStartExecutionStep",
        "states:startExecution.sync:2",
        {
            "": {"integration_pattern": CALL},
            ".waitForTaskToken": {"integration_pattern": TOKEN},
        },
    ),
    *(
        (name, api, {".waitForTaskToken": {"wait_for_callback": True}})
        for name, api in (
            ("SnsPublishStep", "sns:publish"),
            ("SqsSendMessageStep", "sqs:sendMessage"),
            ("EventBridgePutEventsStep", "events:putEvents"),
        )
    ),
    *(
        (name, api, {})
        for name, api in (
            ("DynamoDBGetItemStep", "dynamodb:getItem"),
            ("DynamoDBPutItemStep", "dynamodb:putItem"),
            ("DynamoDBUpdateItemStep", "dynamodb:updateItem"),
            ("DynamoDBDeleteItemStep", "dynamodb:deleteItem"),
            ("EksCallStep", "eks:call"),
            ("EmrCancelStepStep", "elasticmapreduce:cancelStep"),
            (
                "EmrSetClusterTerminationProtectionStep",
                "elasticmapreduce:setClusterTerminationProtection",
            ),
            ("EmrModifyInstanceFleetByNameStep", "elasticmapreduce:modifyInstanceFleetByName"),
            ("EmrModifyInstanceGroupByNameStep", "elasticmapreduce:modifyInstanceGroupByName"),
        )
    ),
]


def resource_of(name: str, **options: Any) -> str:
    return str(getattr(steps, name)("A", **options).to_dict()["Resource"])


@pytest.mark.parametrize(("name", "api", "others"), RESOURCES, ids=lambda value: str(value)[:40])
def test_a_service_step_calls_what_its_name_says(
    name: str, api: str, others: dict[str, dict[str, Any]]
) -> None:
    assert resource_of(name) == f"arn:aws:states:::{api}"
    base = api.split(".", maxsplit=1)[0]
    for suffix, options in others.items():
        assert resource_of(name, **options) == f"arn:aws:states:::{base}{suffix}"


def test_the_region_of_the_environment_sets_the_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "cn-north-1")
    assert resource_of("LambdaStep") == "arn:aws-cn:states:::lambda:invoke"
    monkeypatch.setenv("AWS_REGION", "us-gov-west-1")
    assert resource_of("LambdaStep") == "arn:aws-us-gov:states:::lambda:invoke"


def test_every_pattern_that_a_step_class_offers_exists_at_aws() -> None:
    classes = [
        value
        for value in vars(steps).values()
        if inspect.isclass(value) and issubclass(value, ServiceStep) and "action" in vars(value)
    ]
    assert len(classes) > 45
    for step in classes:
        if step.service.startswith("aws-sdk:"):
            continue
        offered = ROWS[step.service, step.action].patterns
        for pattern in step.patterns:
            suffix = "sync:2" if step.version and pattern is JOB else pattern.value or "request"
            assert suffix in offered, (step, suffix)


def test_any_aws_call_is_a_step_whatever_way_it_is_spelt() -> None:
    for service, action in (("logs", "create_log_group"), ("cloudwatchlogs", "createLogGroup")):
        resource = AwsSdkStep("A", service, action).to_dict()["Resource"]
        assert resource == "arn:aws:states:::aws-sdk:cloudwatchlogs:createLogGroup"
        assert operation_of(parse_resource(resource)) == Operation("logs", "CreateLogGroup")
    token = AwsSdkStep("A", "sqs", "sendMessage", wait_for_callback=True)
    assert token.to_dict()["Resource"].endswith("sqs:sendMessage.waitForTaskToken")


BUILDERS = sorted(
    name
    for name in vars(ChoiceRule)
    if name[0].isupper() and name not in ("And", "Or", "Not", "Condition")
)


def sample(operator: str) -> Any:
    if operator.endswith("Path"):
        return "$.other"
    if operator.startswith(("Boolean", "Is")):
        return True
    if operator.startswith("Timestamp"):
        return "2026-01-31T12:00:00Z"
    return 7 if operator.startswith("Numeric") else "a*"


@pytest.mark.parametrize("operator", BUILDERS)
def test_a_choice_rule_is_the_comparison_of_its_name_in_either_language(operator: str) -> None:
    rule = getattr(ChoiceRule, operator)(StepInput()["x"][0]["y"], sample(operator))
    assert rule.to_dict() == {"Variable": "$['x'][0]['y']", operator: sample(operator)}
    for language in ("JSONPath", "JSONata"):
        choice = Choice("C")
        choice.add_choice(rule, Succeed("S"))
        choice.default_choice(Fail("F"))
        assert Graph(choice, query_language=language).check() == ()


def test_there_are_39_builders_and_three_combinations() -> None:
    assert len(BUILDERS) == 39
    one, other = ChoiceRule.IsNull("$.a", True), ChoiceRule.StringEquals("$.b", "x")
    both = ChoiceRule.And([one, ChoiceRule.Or([other, ChoiceRule.Not(one)])])
    assert both.to_dict() == {
        "And": [
            {"Variable": "$.a", "IsNull": True},
            {
                "Or": [
                    {"Variable": "$.b", "StringEquals": "x"},
                    {"Not": {"Variable": "$.a", "IsNull": True}},
                ]
            },
        ]
    }
    assert both.to_jsonata() == (
        "($type($states.input.a) = 'null') and "
        "(($states.input.b = \"x\") or ($not($type($states.input.a) = 'null')))"
    )
    condition = ChoiceRule.Condition("$states.input.x > 1")
    assert condition.to_dict() == {"Condition": "{% $states.input.x > 1 %}"}


def test_a_placeholder_is_written_in_the_language_of_its_state() -> None:
    given = ExecutionInput()
    parameters = {
        "Text": given["a b"][0],
        "List": ["x", given["c"]],
        "Uri": Format("s3://{}/it's/{}", given["bucket"], Context()["Execution"]["Name"]),
        "Plain": {"Deep": [{"In": given["d"]}]},
    }
    in_jsonpath = Pass("A", parameters=parameters).to_dict()["Parameters"]
    assert in_jsonpath == {
        "Text.$": "$$.Execution.Input['a b'][0]",
        "List.$": "States.Array('x', $$.Execution.Input['c'])",
        "Uri.$": (
            "States.Format('s3://{}/it\\'s/{}', $$.Execution.Input['bucket'], $$.Execution.Name)"
        ),
        "Plain": {"Deep": [{"In.$": "$$.Execution.Input['d']"}]},
    }
    in_jsonata = Pass("A", parameters=parameters, query_language="JSONata").to_dict()["Output"]
    assert in_jsonata["Text"] == "{% $states.context.Execution.Input.`a b`[0] %}"
    assert in_jsonata["List"] == ["x", "{% $states.context.Execution.Input.c %}"]
    assert "$states.context.Execution.Name" in in_jsonata["Uri"]
    for language in ("JSONPath", "JSONata"):
        assert Graph(Pass("A", parameters=parameters), query_language=language).check() == ()


def test_a_placeholder_for_a_whole_field_becomes_its_path_field() -> None:
    given = ExecutionInput()
    step = Task("A", resource="r", timeout_seconds=given["t"], input_path=StepInput()["x"])
    document = step.to_dict()
    assert document["TimeoutSecondsPath"] == "$$.Execution.Input['t']"
    assert document["InputPath"] == "$['x']"
    wait = Wait("W", seconds=given["t"], query_language="JSONata").to_dict()
    assert wait["Seconds"] == "{% $states.context.Execution.Input.t %}"
    with pytest.raises(ValueError, match=r"Pass state 'P'.*result cannot be a placeholder"):
        Pass("P", result=given["x"]).to_dict()


def test_variables_and_raw_expressions_are_values_too() -> None:
    run = Variable("run")["uri"]
    assert (run.to_jsonpath(), run.to_jsonata()) == ("$run['uri']", "$run.uri")
    now = Expression(jsonata="$now()")
    step = Pass("A", query_language="JSONata", assign={"run": {"at": now}}, output=run)
    assert step.to_dict()["Assign"] == {"run": {"at": "{% $now() %}"}}
    with pytest.raises(ValueError, match="JSONata only"):
        Pass("A", parameters={"x": now}).to_dict()


def test_a_fresh_name_is_new_at_every_attempt() -> None:
    name = fresh_name("churn", ExecutionInput()["JobName"])
    assert name.to_jsonpath() == (
        "States.Format('churn-{}-{}', $$.Execution.Input['JobName'], $$.State.RetryCount)"
    )
    assert name.to_jsonata().endswith("$string($states.context.State.RetryCount)")


def test_a_step_uses_only_outputs_that_reach_it() -> None:
    first, second, third = Pass("First"), Pass("Second", result=1), Pass("Third")
    third.update_parameters({"x": first.output()["y"]})
    with pytest.raises(ValueError, match=r"'Third'.*output of 'First'"):
        Graph(Chain([first, second, third]))
    second.result_path = "$.kept"
    assert "Third" in Graph(Chain([first, second, third])).states


def test_inner_flows_keep_the_language_of_the_machine() -> None:
    parallel = Parallel("P", query_language="JSONPath", result_path="$.x")
    parallel.add_branch(Chain([Pass("A", parameters={"x": ExecutionInput()["y"]}), Succeed("B")]))
    each = Map("M", item_processor=Pass("C", output={"z": Variable("v")}), query_language="JSONata")
    each.fields["items"] = ExecutionInput()["list"]
    graph = Graph(Chain([parallel, each]))
    inside = graph.states["P"]["Branches"][0]["States"]["A"]
    assert inside["Parameters"] == {"x.$": "$$.Execution.Input['y']"}
    assert graph.states["M"]["Items"] == "{% $states.context.Execution.Input.list %}"
    assert graph.states["M"]["ItemProcessor"]["States"]["C"]["Output"] == {"z.$": "$v"}


def test_a_distributed_map_has_all_its_parts() -> None:
    each = Map(
        "M",
        processor_config={"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        item_processor=Pass("C"),
        item_reader={
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            "Parameters": {"Bucket": "b", "Key": ExecutionInput()["key"]},
        },
        item_batcher={"MaxItemsPerBatch": 10},
        result_writer={
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket": "b", "Prefix": "out"},
        },
        tolerated_failure_percentage=5,
        max_concurrency=100,
        label="each",
        retry=Retry(error_equals=["States.ALL"]),
        catch=Catch(Fail("F"), error_equals=["States.ALL"]),
    )
    document = Graph(each).to_dict()
    machine = document["States"]["M"]
    assert machine["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    assert machine["ItemReader"]["Parameters"]["Key.$"] == "$$.Execution.Input['key']"
    assert [found for found in check(parse(document)) if found.severity == "ERROR"] == []


def test_assigning_to_a_field_changes_it_and_misspelling_one_does_not_pass() -> None:
    step = LambdaStep("A", parameters={"FunctionName": "f"})
    step.comment = "why"
    step.parameters = {"FunctionName": "g"}
    assert step.to_dict()["Comment"] == "why"
    assert step.to_dict()["Parameters"] == {"FunctionName": "g"}
    with pytest.raises(AttributeError, match="commment"):
        step.commment  # noqa: B018


def test_a_frozen_graph_says_what_it_read() -> None:
    text = Graph(Chain([Pass("A"), Succeed("B")]), comment="c").to_json(pretty=True)
    frozen = FrozenGraph.from_json(text)
    assert frozen.to_dict() == json.loads(text)
    assert frozen.contains(Pass("A"))


def test_schemas_have_defaults_ranges_and_choices() -> None:
    schema = ExecutionInput(
        schema={
            "JobName": Field(str, pattern=r"[a-z-]+"),
            "Options": {"Eta": Field(float, default=0.1, minimum=0, maximum=1)},
            "Mode": Field(str, default="fast", choices=("fast", "slow")),
            "Note": Field(str, optional=True),
        }
    )
    assert schema.complete({"JobName": "x"}) == {
        "JobName": "x",
        "Options": {"Eta": 0.1},
        "Mode": "fast",
    }
    bad = schema.validate({"JobName": "X", "Options": {"Eta": 2}, "Mode": "slwo"})
    assert not bad.valid
    assert [problem.split()[0] for problem in bad.problems] == ["JobName", "Options.Eta", "Mode"]
    assert schema.get_schema_as_dict()["Options"] == {"Eta": float}
    assert json.loads(schema.get_schema_as_json())["Mode"] == "str"
    assert schema.contains(schema["Options"]["Eta"])
    with pytest.raises(ValueError, match="default"):
        Field(int, default="7")


def test_a_wrong_type_is_reported_as_before() -> None:
    result = ExecutionInput(schema={"a": str, "b": int}).validate({"a": 1})
    assert result.keys_missing == ["b"]
    assert result.keys_type_mismatch == [("a", str, int)]


def counted(work: Any) -> int:
    """Function calls that a piece of work makes: unlike seconds, the same on every machine."""
    calls = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def test_a_chain_of_ten_thousand_states_costs_ten_times_one_of_a_thousand() -> None:
    def work(length: int) -> int:
        states = [Pass(f"s{number}") for number in range(length)]
        return counted(lambda: Graph(Chain(states)).to_json())

    assert work(10_000) < 11 * work(1_000)


@pytest.mark.process
def test_importing_the_package_loads_neither_boto3_nor_anything_heavy() -> None:
    code = (
        "import sys, ratchet.workflow; from ratchet.workflow import steps, inputs; "
        "print([name for name in ('boto3', 'botocore', 'yaml', 'jsonata', 'rich') "
        "if name in sys.modules], len(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("[] ")


def test_everything_in_the_package_is_exported_where_it_is_said_to_be() -> None:
    import ratchet.workflow

    for name in ratchet.workflow.__all__:
        assert getattr(ratchet.workflow, name) is not None
    for name in steps.__all__:
        assert getattr(steps, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        ratchet.workflow.nothing  # noqa: B018


def test_a_workflow_needs_neither_a_client_nor_a_role_to_be_written() -> None:
    workflow = Workflow("w", Chain([Pass("A"), Succeed("B")]), timeout_seconds=60)
    assert workflow.definition.to_dict()["TimeoutSeconds"] == 60
    assert "<svg" in workflow.render_graph().svg
    assert "image/svg+xml" in workflow._repr_mimebundle_()
