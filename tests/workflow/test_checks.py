"""What is wrong with a definition is found before it runs, with place, reason and next step."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from asl_machines import INVOKE, machine

from ratchet.workflow import InvalidDefinition, check, load, parse

REPOSITORY = Path(__file__).parents[2]
SUCCEED = {"Type": "Succeed"}


def _task(**fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": INVOKE, "End": True, **fields}


def _one(state: dict[str, Any], **others: Any) -> dict[str, Any]:
    return machine({"A": state, **others})


def _pass(**fields: Any) -> dict[str, Any]:
    return {"Type": "Pass", "End": True, **fields}


BAD: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "a start that is no state",
        {**_one(SUCCEED), "StartAt": "B"},
        "/StartAt",
        "Missing 'StartAt' target: B",
    ),
    (
        "a target that is no state",
        machine({"Go": {"Type": "Pass", "Next": "Done"}, "Donne": SUCCEED}),
        "/States/Go/Next",
        "Did you mean Donne?",
    ),
    ("a state nothing leads to", _one(SUCCEED, B=SUCCEED), "/States/B", "not reachable"),
    (
        "a flow without an end",
        machine({"A": {"Type": "Pass", "Next": "A"}}),
        "/States",
        "No state ends",
    ),
    ("neither Next nor End", _one({"Type": "Pass"}), "/States/A", "needs Next or End"),
    ("both Next and End", _one(_pass(Next="B"), B=SUCCEED), "/States/A", "exclude each other"),
    ("a misspelt field", _one(_task(Argument={})), "/States/A/Argument", "Did you mean Arguments?"),
    (
        "a misspelt type",
        _one({"Type": "Taks", "End": True}),
        "/States/A/Type",
        "Did you mean Task?",
    ),
    (
        "a number as text",
        _one(_task(TimeoutSeconds="5")),
        "/States/A/TimeoutSeconds",
        "whole number of seconds",
    ),
    (
        "a bad expression",
        _one(_pass(Output="{% $states.input. %}")),
        "/States/A/Output",
        "Not JSONata",
    ),
    ("$eval", _one(_pass(Output={"x": "{% $eval('1') %}"})), "/States/A/Output/x", "Use $parse"),
    (
        "an expression with a space before it",
        _one(_pass(Output=" {% 1 %}")),
        "/States/A/Output",
        "taken as text",
    ),
    (
        "an unknown reserved error",
        _one(_task(Catch=[{"ErrorEquals": ["States.Timout"], "Next": "A"}])),
        "/States/A/Catch/0/ErrorEquals",
        "Did you mean States.Timeout?",
    ),
    (
        "States.ALL with others",
        _one(_task(Retry=[{"ErrorEquals": ["States.ALL", "X"]}])),
        "/States/A/Retry/0/ErrorEquals",
        "only name",
    ),
    (
        "States.ALL first",
        _one(_task(Retry=[{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["X"]}])),
        "/States/A/Retry/0/ErrorEquals",
        "last entry",
    ),
    (
        "a .sync that does not exist",
        _one(_task(Resource="arn:aws:states:::sagemaker:createEndpoint.sync")),
        "/States/A/Resource",
        "plain request only",
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
    ("no resource at all", _one(_task(Resource="lambda")), "/States/A/Resource", "no Resource"),
    (
        "a reserved variable",
        _one(_pass(Assign={"states": 1})),
        "/States/A/Assign/states",
        "reserved",
    ),
    (
        "JSONPath",
        _one(_task(ResultPath="$.x")),
        "/States/A/ResultPath",
        "JSONPath field ResultPath is not supported",
    ),
    (
        "a JSONPath payload",
        {
            "StartAt": "A",
            "States": {"A": {"Type": "Pass", "Parameters": {"x.$": "$.y"}, "End": True}},
        },
        "/States/A/Parameters/x.$",
        "not supported",
    ),
    (
        "distributed Map",
        _one(
            {
                "Type": "Map",
                "ItemProcessor": {
                    **_one(
                        SUCCEED,
                    ),
                    "ProcessorConfig": {"Mode": "DISTRIBUTED"},
                },
                "End": True,
            }
        ),
        "/States/A/ItemProcessor/ProcessorConfig/Mode",
        "DISTRIBUTED is not supported",
    ),
    (
        "an activity",
        _one(_task(Resource="arn:aws:states:us-east-1:123456789012:activity:hand")),
        "/States/A/Resource",
        "Activities are not supported",
    ),
    (
        "a token kept back",
        _one(_task(Resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken", Arguments={})),
        "/States/A",
        "token is not passed on",
    ),
    (
        "a Wait without time",
        _one({"Type": "Wait", "End": True}),
        "/States/A",
        "exactly one of Seconds",
    ),
    (
        "the same name twice",
        machine(
            {
                "A": {
                    "Type": "Parallel",
                    "Branches": [{"StartAt": "A", "States": {"A": SUCCEED}}],
                    "End": True,
                }
            }
        ),
        "/States/A/Branches/0/States/A",
        "used twice",
    ),
]


@pytest.mark.parametrize(
    ("definition", "location", "words"), [case[1:] for case in BAD], ids=[case[0] for case in BAD]
)
def test_it_is_refused_with_place_and_next_step(
    definition: dict[str, Any], location: str, words: str
) -> None:
    with pytest.raises(InvalidDefinition) as refused:
        load(definition)
    found = [finding for finding in refused.value.findings if finding.location == location]
    assert any(words in str(finding) for finding in found), refused.value


def test_a_finding_knows_line_and_column() -> None:
    text = "QueryLanguage: JSONata\nStartAt: A\nStates:\n  A:\n    Type: Pass\n    Next: B\n"
    finding = next(finding for finding in check(parse(text)) if finding.field == "Next")
    assert (finding.line, finding.column, finding.state) == (6, 5, "A")


def test_a_key_written_twice_is_found() -> None:
    text = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "A": {"Type": "Succeed"}}}'
    assert any("written twice" in finding.reason for finding in check(parse(text)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"StartAt": ', "Not JSON"),
        (b"a: [b", "Not YAML"),
        (b"- a\n- b", "this is list"),
        (b"", "Not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"Comment": "' + b"x" * 1_100_000 + b'"}', "AWS accepts"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "nested too deeply"),
        (b"a: &a [1]\nb: *a", "alias"),
        (b'{"a": NaN}', "NaN"),
    ],
)
def test_what_is_no_definition_at_all_is_refused_clearly(text: bytes, words: str) -> None:
    with pytest.raises(InvalidDefinition, match=words):
        parse(text)


def test_a_choice_without_default_is_a_warning_only() -> None:
    rule = {"Condition": "{% true %}", "Next": "B"}
    definition = machine({"A": {"Type": "Choice", "Choices": [rule]}, "B": SUCCEED})
    findings = check(load(definition))
    assert [finding.severity for finding in findings] == ["WARNING"]


@pytest.mark.parametrize(
    "path", sorted((REPOSITORY / "statemachines").glob("*.asl.*")), ids=lambda path: path.name
)
def test_our_own_machines_are_clean(path: Path) -> None:
    findings = check(parse(path.read_text()), placeholders=True)
    assert not findings, [str(finding) for finding in findings]


def test_lint_prints_file_line_and_column_and_fails(tmp_path: Path) -> None:
    bad = tmp_path / "bad.asl.json"
    bad.write_text(
        json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}, indent=2)
    )
    good = tmp_path / "good.asl.yaml"
    good.write_text(
        "QueryLanguage: JSONata\nStartAt: A\nStates:\n"
        '  A: {Type: Task, Resource: "${CheckFunctionArn}", End: true}\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "ratchet.workflow.lint", str(bad), str(good)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"{bad}:6:7: error: Missing 'Next' target: B" in done.stdout
    assert str(good) not in done.stdout


def test_a_thousand_states_are_checked_in_a_second() -> None:
    import time

    states = {
        f"S{number}": {
            "Type": "Pass",
            "Output": f"{{% $states.input + {number} %}}",
            "Next": f"S{number + 1}",
        }
        for number in range(1_000)
    }
    text = json.dumps(machine({**states, "S1000": SUCCEED}))
    started = time.process_time()
    assert not check(parse(text))
    assert time.process_time() - started < 2
