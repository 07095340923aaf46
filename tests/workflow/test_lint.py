"""`ratchet lint` as a user meets it: files, templates, objects; silent where nothing is wrong."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from asl_machines import machine
from machines_that_are_fine import FINE
from typer.testing import CliRunner, Result

from ratchet.cli.app import app
from ratchet.workflow import InvalidDefinition, check, load, parse
from ratchet.workflow.asl.findings import ERROR
from ratchet.workflow.checks import RULES
from ratchet.workflow.checks.page import page
from ratchet.workflow.checks.rule import ASL
from ratchet.workflow.lint import MAX_SECONDS, lint, lint_path

REPOSITORY = Path(__file__).parents[2]
RECORDED = REPOSITORY.parent / "shared" / "asl-cases" / "cases.json"
SUCCEED = {"Type": "Succeed"}
SECONDS = 20  # "in time", on a slow machine

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Score:
    Type: AWS::Serverless::Function
    Properties: {Handler: score.handler, Runtime: python3.13, CodeUri: .}
  Gate:
    Type: AWS::Serverless::Function
    Properties: {Handler: gate.handler, Runtime: python3.13, CodeUri: .}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: machine.asl.yaml
      DefinitionSubstitutions:
        ScoreArn: !GetAtt Score.Arn
        Seconds: 0
      Policies:
        - LambdaInvokePolicy: {FunctionName: !Ref Gate}
"""
DEFINITION = """\
QueryLanguage: JSONata
StartAt: Score
States:
  Score:
    Type: Task
    Resource: arn:aws:states:::lambda:invoke
    Arguments:
      FunctionName: ${ScoreArn}
    Next: Store
  Store:
    Type: Task
    Resource: arn:aws:states:::sqs:sendMessage
    Arguments: {QueueUrl: "${QueueUrl}", MessageBody: done}
    End: true
"""


def _ratchet(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def _errors(text: str | bytes) -> list[str]:
    return [str(finding) for finding in lint(text) if finding.severity == ERROR]


# silence


@pytest.mark.parametrize("name", FINE)
def test_a_machine_that_is_fine_stays_silent(name: str) -> None:
    assert [str(finding) for finding in lint(FINE[name])] == []


def test_our_own_machines_and_their_roles_are_clean() -> None:
    found = lint_path(REPOSITORY / "template.yaml")
    assert [str(located) for located in found] == []


def test_what_aws_accepted_is_not_an_error() -> None:
    if not RECORDED.exists():
        pytest.skip("the executions recorded on AWS are not beside the repository")
    cases = json.loads(RECORDED.read_text())
    wrong = {
        case["id"]: [
            str(finding)
            for finding in lint(case["definition"], placeholders=False)
            if finding.severity == ERROR
        ]
        for case in cases
    }
    assert {name: found for name, found in wrong.items() if found} == {}


# places


def test_a_finding_knows_line_and_column() -> None:
    text = "QueryLanguage: JSONata\nStartAt: A\nStates:\n  A:\n    Type: Pass\n    Next: B\n"
    finding = next(finding for finding in check(parse(text)) if finding.field == "Next")
    assert (finding.line, finding.column, finding.state) == (6, 5, "A")


def test_json_with_tabs_has_places_too() -> None:
    text = '{\n\t"StartAt": "B",\n\t"States": {"A": {"Type": "Succeed"}}\n}'
    places = {(finding.location, finding.line, finding.column) for finding in lint(text)}
    assert ("/StartAt", 2, 2) in places


@pytest.mark.parametrize(
    "text",
    [
        '{"StartAt": "A", "States": {"A": {"Type": "Succeed"},\n "A": {"Type": "Succeed"}}}',
        "States: {A: {Type: Succeed},\n A: {Type: Succeed}}\nStartAt: A",
    ],
)
def test_a_key_written_twice_is_found_where_it_is_repeated(text: str) -> None:
    finding = next(finding for finding in lint(text) if finding.rule == "repeated-key")
    assert (finding.line, finding.column) == (2, 2)


# bad input


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"StartAt": ', "1:13: error: Not JSON"),
        (b"a: [b", "Not YAML"),
        (b"- a\n- b", "1:1: error: A definition is an object; this is a list"),
        (b"", "1:1: error: The definition is empty"),
        (b"\n\t \n", "1:1: error: The definition is empty"),
        (b"# later\n", "1:1: error: A definition is an object; this is nothing"),
        (b"null", "this is nothing"),
        (b"StartAt: A\nStates:\n\tA: {}", "3:1: error: Not YAML"),
        (b'{"openapi": "3.0"}', "1:1: error: This is neither a state machine nor a template"),
        (b"\x00", "1:1: error: Not YAML"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"Comment": "' + b"x" * 10_000_000 + b'"}', "AWS accepts"),
        (b'{"a":' * 90_000 + b"1" + b"}" * 90_000, "nested too deeply"),
        (b"[ " * 90_000, "1:201: error: The definition is nested too deeply"),
        (b"a: &a [1]\nb: *a", "2:4: error: The YAML alias"),
        (b'{"a": NaN}', "1:7: error: Not JSON: NaN"),
        (b'{"a": ' + b"1" * 5_000 + b"}", "Not JSON"),
        (b"a: " + b"1" * 5_000, "Not YAML"),
        (b"? [a]\n: b", "1:3: error: Not YAML: a key must be a string"),
        (b"A: {Resource: !Sub x}", "1:15: error: A definition has no tag !Sub"),
    ],
)
def test_what_is_not_a_definition_is_refused_clearly(text: bytes, words: str) -> None:
    (error,) = _errors(text)
    assert words in error
    with pytest.raises(InvalidDefinition):
        load(text)


def _pass(output: Any) -> str:
    return json.dumps(machine({"A": {"Type": "Pass", "Output": output, "End": True}}))


HOSTILE = {
    "deep JSONata": _pass("{% " + "(" * 15_000 + ")" * 15_000 + " %}"),
    "long JSONata": _pass("{% " + "a." * 400_000 + "a %}"),
    "long JSONata, again and again": _pass([f"{{% {'`a`.' * 3_900}a{n} %}}" for n in range(60)]),
    "many short expressions": _pass([f"{{% $states.input.a{n} %}}" for n in range(20_000)]),
    "YAML of a megabyte": "States:\n" + "".join(f"  S{n}: {{Next: S}}\n" for n in range(30_000)),
    "a regular expression without end": _pass("{% /(a+)+(b{1,999}){1,999}/ %}"),
    "half a regular expression": _pass("{% /(?<a/ %}"),
    "odd JSONata": _pass(["{%%}", "{% @ %}", '{% "\ud800" %}', "{% |a|b| %}", "{% /* %}"]),
    "deep paths": json.dumps(
        {
            "StartAt": "A",
            "States": {
                "A": {
                    "Type": "Pass",
                    "Parameters": {
                        "a.$": "$" + "[0" * 2_000,
                        "b.$": "$[?(" + "(" * 1_000 + ")]",
                        "c.$": "States.Array(" * 2_000,
                        "d.$": "$[?(@.a =~ /(a+)+$/)]",
                    },
                    "End": True,
                }
            },
        }
    ),
    "values of every wrong kind": json.dumps(
        {
            "QueryLanguage": {},
            "StartAt": [],
            "TimeoutSeconds": 10**400,
            "States": {
                "A": {"Type": [], "Next": {}},
                "B": {"Type": "Task", "Resource": 5, "Retry": {}, "Catch": [1, {}], "End": 1},
                "C": {"Type": "Choice", "Choices": [[], {"And": [1], "Not": []}]},
                "D": {"Type": "Map", "ItemProcessor": [], "Iterator": 1, "ItemReader": []},
                "E": {"Type": "Parallel", "Branches": {"a": 1}, "QueryLanguage": 5},
                "F": 5,
                "G": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:../x"},
                "\ud800": {"Type": "Pass", "Next": "\udfff", "Assign": []},
            },
        }
    ),
    "the same keys over and over": "{" + ",".join(f'"k{n}":1,"k{n}":2' for n in range(5_000)) + "}",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_answered_in_time_and_without_a_traceback(name: str) -> None:
    started = time.process_time()
    findings = lint(HOSTILE[name])
    assert time.process_time() - started < SECONDS
    assert all(str(finding) for finding in findings)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("x" * 1_100_000, "CloudFormation accepts 1,048,576"),
        ('{DefinitionUri: "a\\0b"}', "There is no file 'a\\x00b'"),
        (f"{{DefinitionUri: {'a' * 5_000}}}", "There is no file 'aaa"),
        ("{DefinitionUri: .}", "There is no file '.'"),
    ],
    ids=range(4),
)
def test_a_hostile_template_is_reported_with_its_place(
    tmp_path: Path, content: str, told: str
) -> None:
    path = tmp_path / "template.yaml"
    kind = "Type: AWS::Serverless::StateMachine"
    path.write_text(f"Resources:\n  M: {{{kind}, Properties: {content}}}\n")
    assert told in str(lint_path(path)[0])


@pytest.mark.slow
def test_a_template_of_too_much_work_is_given_up_with_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fewer = 4.0  # of the five that it may take
    monkeypatch.setattr(sys.modules[lint.__module__], "MAX_SECONDS", MAX_SECONDS - fewer)
    states = {f"S{number}": SUCCEED for number in range(3_000)}
    (tmp_path / "m.asl.json").write_text(json.dumps(machine(states)))
    one = "{Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: m.asl.json}}"
    text = "Resources:\n" + "".join(f"  M{number}: {one}\n" for number in range(500))
    (tmp_path / "template.yaml").write_text(text)
    started = time.process_time()
    found = lint_path(tmp_path / "template.yaml")
    assert time.process_time() - started < SECONDS - fewer
    assert "the machines after it were not checked" in str(found[-1])


def test_a_pipe_is_read_and_one_that_gives_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ratchet.workflow.files.MAX_SECONDS", 0.2)
    os.mkfifo(tmp_path / "silent")
    done = _ratchet("lint", tmp_path / "silent")
    assert (done.exit_code, "No data within" in done.output) == (1, True)
    out, into = os.pipe()
    os.write(into, b'{"StartAt": "B", "States": {"A": {"Type": "Succeed"}}}')
    os.close(into)
    assert "Missing 'StartAt' target: B" in _ratchet("lint", f"/dev/fd/{out}").stdout
    os.close(out)


def test_a_thousand_states_are_checked_in_a_second() -> None:
    states = {
        f"S{number}": {
            "Type": "Pass",
            "Output": f"{{% $states.input + {number} %}}",
            "Next": f"S{number + 1}",
        }
        for number in range(1_000)
    }
    text = json.dumps(machine({**states, "S1000": SUCCEED}))
    lint(_pass("{% 1 %}"))
    started = time.process_time()
    assert not lint(text)
    assert time.process_time() - started < 1


# objects


class _Workflow:
    def to_dict(self) -> dict[str, Any]:
        return machine({"A": {"Type": "Pass", "Next": "B"}})


@pytest.mark.parametrize("definition", [_Workflow(), _Workflow().to_dict()])
def test_an_object_of_python_is_checked_like_a_file(definition: Any) -> None:
    assert "Missing 'Next' target: B" in {finding.reason for finding in lint(definition)}


# the command


def test_findings_of_a_file_have_line_and_column_and_fail_the_command(tmp_path: Path) -> None:
    bad = tmp_path / "bad.asl.json"
    bad.write_text(
        json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}, indent=2)
    )
    done = _ratchet("lint", bad)
    assert done.exit_code == 1
    assert f"{bad}:6:7: error: Missing 'Next' target: B" in done.stdout


def test_warnings_fail_only_a_strict_check(tmp_path: Path) -> None:
    suspect = tmp_path / "loop.asl.yaml"
    loop = (
        "{Type: Parallel, Branches: [{StartAt: B, States: {B: {Type: Pass, Next: B}}}], End: true}"
    )
    suspect.write_text(f"StartAt: A\nStates: {{A: {loop}}}\n")
    assert _ratchet("lint", suspect).exit_code == 0
    assert _ratchet("lint", "--strict", suspect).exit_code == 1


def test_what_only_local_aws_cannot_run_is_a_note_and_fails_no_command(tmp_path: Path) -> None:
    express = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}}
    processor = {**express, "StartAt": "A", "States": {"A": SUCCEED}}
    text = json.dumps(machine({"M": {"Type": "Map", "ItemProcessor": processor, "End": True}}))
    path = tmp_path / "map.asl.json"
    path.write_text(text)
    done = _ratchet("lint", "--strict", path)
    assert done.exit_code == 0
    assert "note: Local AWS does not run Express child executions" in done.stdout
    with pytest.raises(InvalidDefinition, match="Local AWS does not run Express"):
        load(text)


def test_a_picture_of_a_wrong_machine_is_drawn_with_a_word_about_it(tmp_path: Path) -> None:
    bad, picture = tmp_path / "bad.asl.yaml", tmp_path / "bad.svg"
    bad.write_text("StartAt: A\nStates: {A: {Type: Pass, Next: B}, C: {Type: Succeed}}\n")
    done = _ratchet("graph", bad, "-o", picture)
    assert (done.exit_code, picture.exists()) == (0, True)
    assert "has 2 errors: ratchet lint" in done.stderr.replace("\n", " ")


def test_a_state_is_tested_only_where_it_is_and_where_the_machine_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "m.asl.yaml"
    path.write_text("StartAt: Gate\nStates: {Gate: {Type: Pass, End: true}}\n")
    misspelt = _ratchet("test-state", path, "Gates").stderr
    assert "did you mean Gate?" in misspelt
    assert "ratchet lint" not in misspelt
    path.write_text("StartAt: Gate\nStates: {Gate: {Type: Pass, Nxt: B}}\n")
    wrong = _ratchet("test-state", path, "Gate").stderr
    assert "Did you mean Next?" in wrong
    assert "See them all: ratchet lint" in wrong


def test_a_program_gets_rule_place_field_and_link(tmp_path: Path) -> None:
    bad = tmp_path / "bad.asl.yaml"
    bad.write_text("StartAt: A\nStates: {A: {Type: Pass, Nxt: A, End: true}}\n")
    found = json.loads(_ratchet("lint", bad, "--json").stdout)
    assert [(one["rule"], one["line"], one["state"], one["field"]) for one in found] == [
        ("fields", 2, "A", "Nxt")
    ]
    assert found[0]["link"].startswith("https://docs.aws.amazon.com/")
    assert found[0]["suggestion"] == "Did you mean Next?"


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = _ratchet("lint", tmp_path / "none.asl.yaml")
    assert done.exit_code == 1
    assert "Traceback" not in done.output


# templates


def _template(folder: Path, template: str = TEMPLATE, definition: str = DEFINITION) -> list[str]:
    (folder / "machine.asl.yaml").write_text(definition)
    (folder / "template.yaml").write_text(template)
    found = lint_path(folder / "template.yaml")
    return [str(located).replace(f"{folder}/", "") for located in found]


def test_a_template_is_checked_with_its_definitions_substitutions_and_role(tmp_path: Path) -> None:
    role, queue, missing = _template(tmp_path)
    assert role.startswith("machine.asl.yaml:6:5: error: The role does not allow lambda:Invoke")
    assert "on Score" in role
    assert queue.startswith("machine.asl.yaml:12:5: error: The role does not allow sqs:SendMessage")
    assert missing.startswith("machine.asl.yaml:13:17: warning: The template has no")
    assert "${QueueUrl}" in missing


def test_a_template_without_a_machine_was_not_checked(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text("Resources:\n  Bucket: {Type: AWS::S3::Bucket}\n")
    done = _ratchet("lint", file)
    assert f"{file}:1:1: warning: The template has no state machine" in done.stdout


def test_a_role_that_allows_the_calls_is_silent(tmp_path: Path) -> None:
    policies = """\
        - LambdaInvokePolicy: {FunctionName: !Ref Score}
        - Statement:
            - {Effect: Allow, Action: "sqs:Send*", Resource: "*"}
"""
    template = TEMPLATE.replace(
        "        - LambdaInvokePolicy: {FunctionName: !Ref Gate}\n", policies
    )
    template = template.replace("Seconds: 0", "QueueUrl: https://sqs/queue")
    assert _template(tmp_path, template) == []


FOLLOWED = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: machine.asl.yaml
      Policies:
        - Statement:
            - Effect: Allow
              Action: [{allowed}, "events:*"]
              Resource: "*"
"""


@pytest.mark.parametrize(
    ("resource", "allowed", "missing"),
    [
        (
            "sagemaker:createTransformJob.sync",
            "sagemaker:CreateTransformJob, sagemaker:DescribeTransformJob, 'sagemaker:Stop*'",
            "error: The role does not allow sagemaker:AddTags",
        ),
        (
            "eks:createNodegroup.sync",
            "eks:CreateNodegroup, eks:DescribeNodegroup",
            "warning: The role does not allow eks:DeleteNodegroup",
        ),
        (
            "codebuild:retryBuildBatch.sync",
            "codebuild:RetryBuildBatch",
            "does not allow codebuild:BatchGetBuildBatches, codebuild:StopBuildBatch",
        ),
    ],
)
def test_a_role_that_cannot_follow_its_jobs_is_found(
    tmp_path: Path, resource: str, allowed: str, missing: str
) -> None:
    task = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "End": True}
    definition = json.dumps({"StartAt": "A", "States": {"A": task}})
    found = _template(tmp_path, FOLLOWED.format(allowed=allowed), definition)
    assert [missing in line for line in found if "role" in line] == [True]


@pytest.mark.parametrize(
    "policies",
    ["[AWSLambda_FullAccess]", "[!Ref ManagedPolicy]", "!Ref Policies"],
)
def test_a_role_that_cannot_be_seen_whole_claims_nothing(tmp_path: Path, policies: str) -> None:
    start = TEMPLATE.index("      Policies:")
    template = TEMPLATE[:start] + f"      Policies: {policies}\n"
    assert not any("role" in line for line in _template(tmp_path, template))


def test_a_connector_counts_as_permission(tmp_path: Path) -> None:
    start = TEMPLATE.index("      Policies:")
    template = TEMPLATE[:start].replace("        Seconds: 0\n", "") + (
        "    Connectors:\n"
        "      ToScore: {Properties: {Destination: {Id: Score}, Permissions: [Write]}}\n"
    )
    assert not any("lambda" in line for line in _template(tmp_path, template))


def test_a_substitution_with_a_value_is_filled_in(tmp_path: Path) -> None:
    definition = "StartAt: A\nStates: {A: {Type: Wait, Seconds: '${Seconds}', End: true}}\n"
    assert "Seconds must be a whole number" in _template(tmp_path, definition=definition)[0]


@pytest.mark.parametrize(
    ("definition", "place"),
    [
        ("Definition:\n        StartAt: A\n        States: {B: {Type: Succeed}}", "13:9"),
        ("DefinitionString: |\n        StartAt: A\n        States: {B: {Type: Succeed}}", "13:9"),
        (
            (
                'DefinitionString: !Sub |\n        {"StartAt": "A",\n'
                '         "States": {"B": {"Type": "Succeed"}}}'
            ),
            "13:10",
        ),
    ],
)
def test_a_definition_inside_the_template_has_its_place_there(
    tmp_path: Path, definition: str, place: str
) -> None:
    start = TEMPLATE.index("      DefinitionUri")
    found = _template(tmp_path, TEMPLATE[:start] + f"      {definition}\n")
    assert f"template.yaml:{place}: error: Missing 'StartAt' target: A" in found[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("none.asl.yaml", "template.yaml:12:7: error: There is no file 'none.asl.yaml'"),
        ("s3://bucket/machine.json", "warning: The definition of Machine is not a local file"),
    ],
)
def test_a_reference_to_nowhere_is_reported(tmp_path: Path, change: str, words: str) -> None:
    found = _template(tmp_path, TEMPLATE.replace("machine.asl.yaml", change))
    assert words in found[0]


@pytest.mark.parametrize(
    "content",
    [
        b"Resources: &r {A: {Type: 'AWS::StepFunctions::StateMachine', Properties: *r}}",
        b"Resources:\n  A: {Type: AWS::Serverless::StateMachine, Properties: {Definition: [}}}",
        b"Resources:\n  A: {Type: AWS::Serverless::StateMachine, Properties: 5}",
        (
            b"Resources:\n  A:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n"
            b"      {Role: [], Policies: 5, Definition: {StartAt: !Ref A, States: !Sub x}}"
        ),
        b"Resources:\n  A: {Type: AWS::Serverless::StateMachine}\n" + b"  B: " + b"[" * 5_000,
        b"Resources:\n  \xff: AWS::",
    ],
    ids=range(6),
)
def test_a_bad_template_is_reported_without_a_traceback(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "template.yaml"
    path.write_bytes(content)
    assert any(located.finding.severity == ERROR for located in lint_path(path))


# the rules themselves


def test_every_rule_has_an_id_one_line_and_a_page_of_aws() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.summary
        assert "\n" not in rule.summary
        assert rule.link.startswith(ASL)
        assert rule.link != ASL or rule.id == "unsupported"


def test_the_page_of_rules_is_made_from_the_rules() -> None:
    assert (REPOSITORY / "docs" / "rules.md").read_text() == page()
