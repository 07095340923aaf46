"""Bad workflows are refused or warned about while they are built, naming state and field.

The numbers are those of the 31 inputs that the `stepfunctions` package was measured with, more
than half of which it let pass to the cloud.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from ratchet.workflow import InvalidDefinition, Workflow
from ratchet.workflow.exceptions import DuplicateStatesInChain, InvalidInput, WorkflowNotFound
from ratchet.workflow.inputs import ExecutionInput, Expression
from ratchet.workflow.sagemaker import Estimator
from ratchet.workflow.similar_names import did_you_mean, most_similar
from ratchet.workflow.steps import (
    Catch,
    Chain,
    Choice,
    ChoiceRule,
    EksCallStep,
    Fail,
    FrozenGraph,
    GlueStartJobRunStep,
    Graph,
    IntegrationPattern,
    LambdaStep,
    Map,
    ModelStep,
    Parallel,
    Pass,
    Retry,
    Succeed,
    Task,
    TrainingStep,
    Wait,
)

ROLE = "arn:aws:iam::123456789012:role/workflow"
GLUE = "arn:aws:states:::glue:startJobRun.sync"
JOB = {"JobName": "j"}


def built(definition: Any) -> Workflow:
    return Workflow("bad", definition, ROLE)


def task(**fields: Any) -> Task:
    return Task("A", **{"resource": GLUE, "parameters": JOB} | fields)


def branches() -> Parallel:
    both = Parallel("P")
    both.add_branch(Pass("A"))
    both.add_branch(Pass("A"))
    return both


def leads(*targets: Any) -> Choice:
    choice = Choice("C")
    for number, target in enumerate(targets):
        choice.add_choice(ChoiceRule.NumericEquals("$.x", number), target)
    choice.default_choice(Fail("D"))
    return choice


def loop() -> Chain:
    first, second = Pass("A"), Pass("B")
    second.next(first)
    return Chain([first, second])


def twice() -> Chain:
    state = Pass("A")
    return Chain([state, state])


BAD: dict[str, tuple[Callable[[], Any], type[Exception], tuple[str, ...]]] = {
    "1 two states of one name in a chain": (
        lambda: built(Chain([Pass("A"), Pass("A")])),
        ValueError,
        ("'A'",),
    ),
    "2 one state twice in a chain": (twice, DuplicateStatesInChain, ("'A'",)),
    "3 one name in two ways of a choice": (
        lambda: built(leads(Pass("A"), Pass("A"))),
        ValueError,
        ("'A'",),
    ),
    "4 one name in two branches": (lambda: built(branches()), ValueError, ("'A'", "'P'")),
    "5 a choice without rules": (lambda: built(Choice("C")), InvalidDefinition, ("C", "Choices")),
    "6 a task without a resource": (
        lambda: built(Task("A")),
        InvalidDefinition,
        ("A", "Resource"),
    ),
    "7 a resource that is none": (
        lambda: built(task(resource="banana")),
        InvalidDefinition,
        ("/A/", "Resource", "banana"),
    ),
    "8 an unknown field": (
        lambda: Pass("A", result_paht="$"),
        TypeError,
        ("'A'", "'result_paht'", "'result_path'"),
    ),
    "9 parameters that are not an object": (
        lambda: built(Pass("A", parameters="oops")),
        TypeError,
        ("'A'", "parameters", "oops"),
    ),
    "10 a wait without a time": (lambda: Wait("A"), ValueError, ("'A'", "seconds")),
    "11 a wait with two times": (
        lambda: Wait("A", seconds=1, timestamp_path="$.t"),
        ValueError,
        ("'A'", "seconds and timestamp_path"),
    ),
    "12 seconds that are not a number": (
        lambda: built(Wait("A", seconds="abc")),
        InvalidDefinition,
        ("/A/", "Seconds", "abc"),
    ),
    "13 seconds below nothing": (
        lambda: built(Wait("A", seconds=-5)),
        InvalidDefinition,
        ("/A/", "Seconds", "-5"),
    ),
    "14 a retrier of wrong kinds": (
        lambda: built(task(retry=Retry(error_equals="E", max_attempts="two", backoff_rate=0.1))),
        InvalidDefinition,
        ("/A/", "ErrorEquals", "MaxAttempts", "two", "BackoffRate", "0.1"),
    ),
    "15 a retrier without errors": (
        lambda: built(task(retry=Retry(max_attempts=2))),
        InvalidDefinition,
        ("/A/", "ErrorEquals"),
    ),
    "16 a result path that is not a path": (
        lambda: built(task(result_path="not a path")),
        InvalidDefinition,
        ("/A/", "ResultPath", "not a path"),
    ),
    "17 a rule without a variable": (
        lambda: ChoiceRule.StringEquals("x", "y"),
        ValueError,
        ("StringEquals", "'x'"),
    ),
    "18 a rule with a wrong value": (
        lambda: ChoiceRule.NumericEquals("$.x", "7"),
        ValueError,
        ("NumericEquals", "$.x", "'7'"),
    ),
    "19 a heartbeat longer than the timeout": (
        lambda: built(task(timeout_seconds=5, heartbeat_seconds=60)),
        InvalidDefinition,
        ("/A", "HeartbeatSeconds"),
    ),
    "20 a name of 200 characters": (
        lambda: built(Pass("n" * 200)),
        InvalidDefinition,
        ("200", "80"),
    ),
    "21 Lambda without a function": (
        lambda: built(LambdaStep("A", parameters={"Payload": {}})),
        InvalidDefinition,
        ("/A", "FunctionName"),
    ),
    "22 a misspelt parameter": (
        lambda: built(GlueStartJobRunStep("A", parameters={"JobNam": "j"})),
        InvalidDefinition,
        ("/A", "JobNam", "JobName"),
    ),
    "23 a name with spaces": (
        lambda: Workflow("w w w!!", Pass("A"), ROLE),
        ValueError,
        ("'w w w!!'",),
    ),
    "23 an empty role": (lambda: Workflow("w", Pass("A"), ""), ValueError, ("role", "'w'")),
    "25 an empty chain": (lambda: built(Chain([])), ValueError, ("chain is empty",)),
    "26 nothing in a chain": (lambda: Chain([None]), TypeError, ("Step 1", "None")),  # type: ignore[list-item]
    "27 a map without a flow": (lambda: built(Map("A")), ValueError, ("'A'", "item_processor")),
    "28 a retry where none can be": (
        lambda: Succeed("A").add_retry(Retry(error_equals=["States.ALL"])),
        ValueError,
        ("'A'", "retry"),
    ),
    "29 a state after Fail": (
        lambda: Fail("A").next(Pass("B", comment="long" * 99)),
        ValueError,
        ("'A'", "'B'"),
    ),
    "30 an unknown key": (
        lambda: ExecutionInput(schema={"JobName": str})["JobNam"],
        ValueError,
        ("'JobNam'", "JobName"),
    ),
    "31 started before it is made": (
        lambda: built(Pass("A")).execute(inputs={}),
        WorkflowNotFound,
        ("'bad'", "create()"),
    ),
    "an import without states": (
        lambda: built(FrozenGraph.from_json('{"StartAt": "A"}')),
        InvalidDefinition,
        ("States",),
    ),
    "an import that starts nowhere": (
        lambda: built(
            FrozenGraph.from_json('{"StartAt": "A", "States": {"B": {"Type": "Succeed"}}}')
        ),
        InvalidDefinition,
        ("StartAt", "A"),
    ),
    "an import of broken JSON": (
        lambda: FrozenGraph.from_json('{"StartAt":\n "A",,}'),
        InvalidDefinition,
        ("2:",),
    ),
    "a placeholder in an f-string": (
        lambda: f"s3://{ExecutionInput()['bucket']}/x",
        TypeError,
        ("Format",),
    ),
    "a resource of its own for a step that makes it": (
        lambda: GlueStartJobRunStep("A", resource="x", parameters=JOB),
        TypeError,
        ("'A'", "resource"),
    ),
    "a pattern that a step does not have": (
        lambda: EksCallStep("A", IntegrationPattern.WaitForCompletion),
        ValueError,
        ("EksCallStep 'A'", "WaitForCompletion", "CallAndContinue"),
    ),
    "a catcher where a retrier belongs": (
        lambda: Task("A", retry=Catch(Pass("B"), error_equals=["E"])),  # type: ignore[arg-type]
        TypeError,
        ("'A'", "Retry"),
    ),
    "a state's name where the state belongs": (
        lambda: Pass("A").next("B"),  # type: ignore[type-var]
        TypeError,
        ("'A'", "'B'", "not its name"),
    ),
    "a name as the way of a rule": (
        lambda: leads("B"),
        TypeError,
        ("'C'", "'B'", "not its name"),
    ),
    "a name where an error leads": (
        lambda: Catch("B", error_equals=["E"]),  # type: ignore[arg-type]
        TypeError,
        ("Catch", "'B'"),
    ),
    "a name as a branch": (
        lambda: Parallel("P", branches=["B"]),
        TypeError,
        ("'P'", "'B'"),
    ),
    "a condition without its rule": (
        lambda: Choice("C").add_choice("{% $states.input.n > 3 %}", Pass("A")),  # type: ignore[arg-type]
        TypeError,
        ("'C'", "ChoiceRule.Condition"),
    ),
    "And without a list": (
        lambda: ChoiceRule.And(ChoiceRule.IsNull("$.x", True)),  # type: ignore[arg-type]
        ValueError,
        ("And", "list"),
    ),
    "JSONata in a JSONPath state": (
        lambda: built(Chain([Pass("A", parameters={"at": Expression(jsonata="$now()")})])),
        ValueError,
        ("'A'", "$now()", "query_language='JSONata'"),
    ),
    "a list of states as a definition": (
        lambda: built([Pass("A")]),
        ValueError,
        ("Pass('A')", "Chain"),
    ),
    "an API's argument as an argument of the step": (
        lambda: LambdaStep("A", function_name="f"),
        TypeError,
        ("LambdaStep 'A'", "'function_name'", "parameters="),
    ),
    "a misspelt argument of a step": (
        lambda: TrainingStep("A", Estimator("i", ROLE), "j", wait_for_complete=False),
        TypeError,
        ("TrainingStep 'A'", "'wait_for_completion'"),
    ),
    "a misspelt argument of an estimator": (
        lambda: Estimator("image", ROLE, ouput_path="s3://b/p"),
        TypeError,
        ("'ouput_path'", "'output_path'"),
    ),
    "a job that nothing describes": (
        lambda: TrainingStep("A", "estimator", "job"),
        TypeError,
        ("Estimator", "'estimator'"),
    ),
    "a model of an estimator": (
        lambda: ModelStep("A", Estimator("image", ROLE)),
        ValueError,
        ("model_data", "get_expected_model()"),
    ),
    "a schema with a type's name": (
        lambda: ExecutionInput(schema={"rows": "int"}),
        ValueError,
        ("rows", "'int'", "type"),
    ),
    "a schema that is a list": (
        lambda: ExecutionInput(schema=["rows"]),  # type: ignore[arg-type]
        ValueError,
        ("['rows']", "mapping"),
    ),
    "a type of workflow that there is not": (
        lambda: Workflow("w", Pass("A"), ROLE, type="express"),
        ValueError,
        ("'express'", "EXPRESS"),
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_with_state_and_field(case: str) -> None:
    make, kind, words = BAD[case]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(kind) as caught:
            make()
    message = str(caught.value)
    assert all(word in message for word in words), message
    assert len(message) < 900


def test_24_a_loop_without_an_end_is_refused() -> None:
    with pytest.raises(InvalidDefinition, match="no terminal state"):
        built(loop())


def test_what_is_only_doubtful_is_a_warning() -> None:
    choice = Choice("C")
    choice.add_choice(ChoiceRule.IsPresent("$.x", True), Succeed("Done"))
    with pytest.warns(UserWarning, match="Default"):
        built(choice)


def test_valid_fields_that_the_old_package_refused_are_taken() -> None:
    step = Task(
        "A",
        resource=GLUE,
        parameters=JOB,
        result_selector={"Id.$": "$.Id"},
        retry=Retry(error_equals=["States.ALL"], max_delay_seconds=60, jitter_strategy="FULL"),
    )
    document = built(step).definition.to_dict()["States"]["A"]
    assert document["ResultSelector"] == {"Id.$": "$.Id"}
    assert document["Retry"][0]["JitterStrategy"] == "FULL"


def test_every_key_that_does_not_fit_is_named_before_anything_starts() -> None:
    schema = ExecutionInput(schema={"JobName": str, "Rounds": int, "Options": {"Eta": float}})
    workflow = Workflow("w", Pass("A"), ROLE, execution_input=schema)
    with pytest.raises(InvalidInput) as caught:
        workflow.execute(inputs={"Rounds": "7", "Options": {"Eta": 1, "Etta": 2}})
    message = str(caught.value)
    assert "JobName is missing" in message
    assert "Rounds must be int, not str ('7')" in message
    assert "Options.Etta is unknown; did you mean Options.Eta?" in message


def test_a_suggestion_is_the_name_that_differs_in_case_alone_or_looks_most_alike() -> None:
    assert most_similar("NEXT", ["Text", "Next", "ETXT"]) == "Next"
    assert most_similar("Nexd", ["Text", "Next"]) == "Next"
    assert most_similar("x" * 10_000, ["x" * 99, "y"]) == "x" * 99
    assert most_similar("Nexd", ["Wait"]) is None
    assert did_you_mean("gamme", {"gamma", "eta"}) == "; did you mean 'gamma'?"
    assert did_you_mean("gamme", ()) == ""


def test_a_deep_or_large_definition_does_not_exceed_the_recursion_limit() -> None:
    deep = json.loads('{"a":' * 200 + "1" + "}" * 200)
    with pytest.raises(InvalidDefinition, match="nested"):
        built(Pass("A", result=deep))
    assert len(Graph(Chain([Pass(f"s{number}") for number in range(10_000)])).states) == 10_000
