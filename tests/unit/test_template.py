"""The template gives what code, state machines and layers rely on, and allows no more."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from samtranslator.yaml_helper import yaml_parse

from ratchet.cli.connection import READ_SECONDS
from ratchet.workflow.asl.building import build
from ratchet.workflow.asl.source import read
from ratchet.workflow.operating.permissions import statements
from retraining.algorithms.catalog import ALGORITHMS
from retraining.algorithms.frameworks import FRAMEWORKS
from retraining.settings import Settings

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "functions"
TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]
HANDLERS = {
    name: resource["Properties"]["Handler"].removesuffix(".handler")
    for name, resource in RESOURCES.items()
    if resource["Type"] == "AWS::Serverless::Function"
}
MACHINES = {
    name: ROOT / resource["Properties"]["DefinitionUri"]
    for name, resource in RESOURCES.items()
    if resource["Type"] == "AWS::Serverless::StateMachine"
}

# Actions that IAM knows no resource for, so that "*" is all one can write.
WITHOUT_RESOURCE = {
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
    "ecr:GetAuthorizationToken",
    "cloudwatch:PutMetricData",
}

# The same, but these carry the tags of what they make, which a condition can demand.
LIMITED_BY_TAG = {"databrew:CreateRecipe", "databrew:CreateDataset", "databrew:CreateRecipeJob"}
OUR_TAG = {"StringEquals": {"aws:RequestTag/ratchet:stack": {"Ref": "AWS::StackName"}}}


def every_statement(node: Any) -> Iterator[dict[str, Any]]:
    """Policy statements of a resource, at any depth."""
    if isinstance(node, dict):
        if "Effect" in node and "Action" in node:
            yield node
        for value in node.values():
            yield from every_statement(value)
    elif isinstance(node, list):
        for value in node:
            yield from every_statement(value)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def actions(resource: dict[str, Any]) -> set[str]:
    return {
        action
        for statement in every_statement(resource["Properties"].get("Policies", []))
        for action in as_list(statement["Action"])
    }


def tasks(states: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The Task states of a definition, those in Map and Parallel included."""
    for name, state in states.items():
        if state["Type"] == "Task":
            yield name, state
        for inside in [*state.get("Branches", []), state.get("ItemProcessor", {})]:
            yield from tasks(inside.get("States", {}))


def machine_tasks(machine: str) -> list[tuple[str, dict[str, Any]]]:
    return list(tasks(yaml.safe_load(MACHINES[machine].read_text())["States"]))


def called_function(state: dict[str, Any]) -> str | None:
    name = re.fullmatch(r"\$\{(\w+)Arn\}", str(state["Arguments"].get("FunctionName")))
    return name.group(1) if name else None


def handler_files() -> set[str]:
    return {path.stem for path in FUNCTIONS.glob("*.py")}


def test_every_function_has_its_handler_file_and_the_other_way_round() -> None:
    assert handler_files() == set(HANDLERS.values())


def test_a_function_is_named_after_its_file() -> None:
    names = {name: "".join(map(str.title, file.split("_"))) for name, file in HANDLERS.items()}
    assert {name: f"{camel}Function" for name, camel in names.items()} == {n: n for n in HANDLERS}


class Asked(Mapping[str, str]):
    """An environment that notes which of its variables are read."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return "some value"

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def test_a_variable_of_a_function_is_a_setting_and_the_other_way_round() -> None:
    asked = Asked()
    settings = Settings(asked)
    for name, member in vars(Settings).items():
        if isinstance(member, property):
            getattr(settings, name)
    for algorithm in ALGORITHMS.values():
        settings.image(algorithm.image.name, algorithm.image.registry)
    for framework in (row for versions in FRAMEWORKS.values() for row in versions.values()):
        settings.image(framework.serving.name, framework.serving.registry)
    environments = [TEMPLATE["Globals"]["Function"]] + [
        RESOURCES[name]["Properties"] for name in HANDLERS
    ]
    given = {
        variable
        for properties in environments
        for variable in properties.get("Environment", {}).get("Variables", {})
    }
    assert given == asked.names | {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_LOG_LEVEL"}


@pytest.mark.parametrize("machine", MACHINES)
def test_every_substitution_of_a_definition_is_given_and_used(machine: str) -> None:
    used = set(re.findall(r"\$\{(\w+)\}", MACHINES[machine].read_text()))
    assert set(RESOURCES[machine]["Properties"]["DefinitionSubstitutions"]) == used


@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_may_do_what_its_states_call(machine: str) -> None:
    definition = MACHINES[machine].read_text().replace("${Partition}", "aws")
    called = statements(build(read(definition)), machine)
    needed = {action for statement in called for action in statement.actions}
    logs = {action for action in WITHOUT_RESOURCE if action.startswith("logs:")}
    assert actions(RESOURCES[machine]) == needed | logs


@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_may_invoke_the_functions_of_its_states_and_no_other(machine: str) -> None:
    called = {called_function(state) for _, state in machine_tasks(machine)} - {None}
    allowed = {
        function["Fn::GetAtt"][0]
        for statement in every_statement(RESOURCES[machine])
        if statement["Action"] == "lambda:InvokeFunction"
        for function in statement["Resource"]
    }
    assert allowed == called


def test_a_function_ends_before_its_state_gives_up() -> None:
    default = TEMPLATE["Globals"]["Function"]["Timeout"]
    late = [
        name
        for machine in MACHINES
        for name, state in machine_tasks(machine)
        if (function := called_function(state))
        and state["TimeoutSeconds"]
        < RESOURCES[function]["Properties"].get("Timeout", default) + STARTING
    ]
    assert late == []


STARTING = 30
"""Seconds that a cold start may add: of two timeouts, the function's must be the one to end it."""

ASLEEP = {"Lambda.ResourceNotReadyException", "Lambda.ENINotReadyException"}
"""What the first call meets when a function in a VPC was idle for weeks."""

DIED = ["Lambda.Unknown", "Sandbox.Timedout", "Runtime.ExitError", "Runtime.OutOfMemory"]


@pytest.mark.parametrize("machine", MACHINES)
def test_every_function_is_called_again_for_the_same_causes_in_the_same_way(machine: str) -> None:
    called = {name: state for name, state in machine_tasks(machine) if called_function(state)}
    transient, died = zip(*(state["Retry"][-2:] for state in called.values()), strict=True)
    assert all(block == transient[0] for block in transient)
    assert set(transient[0]["ErrorEquals"]) > ASLEEP
    once = {"ErrorEquals": DIED, "IntervalSeconds": 5, "MaxAttempts": 1, "JitterStrategy": "FULL"}
    on_objects = once | {"MaxAttempts": 6, "MaxDelaySeconds": 60}
    for name, block in zip(called, died, strict=True):
        assert block == (on_objects if name == "CheckChunk" else once)


@pytest.mark.parametrize("machine", MACHINES)
def test_what_makes_something_at_sagemaker_survives_its_internal_failures(machine: str) -> None:
    makes = re.compile(r":::sagemaker:(create|update)")
    short = [
        name
        for name, state in machine_tasks(machine)
        if makes.search(state["Resource"])
        and "SageMaker.AmazonSageMakerException"
        not in {error for block in state["Retry"] for error in block["ErrorEquals"]}
    ]
    assert short == []


def test_a_queue_hides_a_message_for_six_times_the_timeout_of_its_function() -> None:
    default = TEMPLATE["Globals"]["Function"]["Timeout"]
    mappings = [r for r in RESOURCES.values() if r["Type"] == "AWS::Lambda::EventSourceMapping"]
    assert mappings
    for mapping in mappings:
        queue = RESOURCES[mapping["Properties"]["EventSourceArn"]["Fn::GetAtt"][0]]["Properties"]
        function = RESOURCES[mapping["Properties"]["FunctionName"]["Ref"]]["Properties"]
        window = 0
        if "MaximumBatchingWindowInSeconds" in mapping["Properties"]:
            parameter = mapping["Properties"]["MaximumBatchingWindowInSeconds"]["Ref"]
            window = TEMPLATE["Parameters"][parameter]["MaxValue"]
        assert queue["VisibilityTimeout"] >= 6 * function.get("Timeout", default) + window
        assert "RedrivePolicy" in queue
        assert 2 <= mapping["Properties"]["ScalingConfig"]["MaximumConcurrency"] <= 5


# Services of whose calls a page says that they carry aws:SourceAccount; of these two none does.
UNDOCUMENTED = {"GlueRole", "DataBrewRole"}


def test_a_trust_demands_only_the_keys_that_a_service_is_known_to_send() -> None:
    demanding = {
        name: next(iter(statement["Condition"]))
        for name, resource in RESOURCES.items()
        if resource["Type"] == "AWS::IAM::Role"
        for statement in every_statement(resource["Properties"]["AssumeRolePolicyDocument"])
        if "aws:SourceAccount" in str(statement.get("Condition"))
    }
    assert {name for name, kind in demanding.items() if kind.endswith("IfExists")} == UNDOCUMENTED
    assert set(demanding.values()) == {"StringEquals", "StringEqualsIfExists"}


def test_who_registers_a_model_may_look_at_every_image_that_may_train_one() -> None:
    def images(node: Any) -> Any:
        return next(
            statement["Resource"]
            for statement in every_statement(node)
            if "ecr:BatchGetImage" in statement["Action"]
        )

    registering = RESOURCES["RegisterModelFunction"]["Properties"]["Policies"]
    assert images(registering) == images(RESOURCES["SageMakerRole"]["Properties"])
    assert {"ecr:BatchGetImage", "ecr:DescribeImages"} <= actions(
        RESOURCES["RegisterModelFunction"]
    )


def test_the_glue_job_may_finish_and_abandon_its_uploads() -> None:
    """S3A's committer, Glue 5.1's default, leaves uploads open until it commits."""
    granted = {
        action
        for statement in every_statement(RESOURCES["GlueRole"]["Properties"]["Policies"])
        for action in as_list(statement["Action"])
    }
    assert granted >= {
        "s3:AbortMultipartUpload",
        "s3:ListBucketMultipartUploads",
        "s3:ListMultipartUploadParts",
    }


def test_every_rule_may_send_its_dead_letters_and_no_other_rule() -> None:
    policy = RESOURCES["EventsDeadLetterQueuePolicy"]["Properties"]["PolicyDocument"]
    allowed = policy["Statement"][0]["Condition"]["ArnEquals"]["aws:SourceArn"]
    rules = {
        name
        for name, resource in RESOURCES.items()
        if resource["Type"] == "AWS::Events::Rule" and "EventsDeadLetterQueue" in str(resource)
    } | {
        f"{name}{event}"
        for name, resource in RESOURCES.items()
        for event, source in resource["Properties"].get("Events", {}).items()
        if source["Type"] == "EventBridgeRule"
    }
    assert {arn["Fn::GetAtt"][0] for arn in allowed} == rules


def test_no_policy_allows_every_action_and_only_a_few_any_resource() -> None:
    for name, resource in RESOURCES.items():
        for statement in every_statement(resource):
            if statement["Effect"] == "Deny":
                continue
            given = as_list(statement["Action"])
            assert [action for action in given if "*" in action] == [], name
            if "*" in as_list(statement.get("Resource", [])):
                tagged = statement.get("Condition") == OUR_TAG
                assert set(given) <= (LIMITED_BY_TAG if tagged else WITHOUT_RESOURCE), name


def test_only_what_carries_the_tag_of_the_stack_is_deleted_in_sagemaker() -> None:
    ours = {"StringEquals": {"aws:ResourceTag/ratchet:stack": {"Ref": "AWS::StackName"}}}
    deletes = [
        statement
        for resource in RESOURCES.values()
        for statement in every_statement(resource)
        if any(action.startswith("sagemaker:Delete") for action in as_list(statement["Action"]))
    ]
    assert deletes
    assert [statement for statement in deletes if statement.get("Condition") != ours] == []


def test_a_role_is_passed_to_one_named_service_only() -> None:
    passes = [
        s for r in RESOURCES.values() for s in every_statement(r) if s["Action"] == "iam:PassRole"
    ]
    assert passes
    assert [s for s in passes if "iam:PassedToService" not in s["Condition"]["StringEquals"]] == []


def test_buckets_queues_and_topic_refuse_what_is_not_encrypted_on_its_way() -> None:
    kinds = {"AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SNS::Topic"}
    guarded = {
        re.sub(r"\.Arn$", "", str(target))
        for resource in RESOURCES.values()
        for statement in every_statement(resource)
        if statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        and statement["Effect"] == "Deny"
        for value in as_list(statement["Resource"])[:1]
        for target in [value.get("Ref") or value["Fn::GetAtt"][0]]
    }
    assert guarded == {name for name, resource in RESOURCES.items() if resource["Type"] in kinds}


def test_stateful_resources_outlive_the_stack_or_say_that_they_do_not() -> None:
    stateful = ("AWS::S3::", "AWS::DynamoDB::", "AWS::SQS::Queue", "AWS::Logs::")
    names = {"BucketName", "TableName", "QueueName", "LogGroupName"}
    for name, resource in RESOURCES.items():
        if not resource["Type"].startswith(stateful) or resource["Type"].endswith("QueuePolicy"):
            continue
        assert {"DeletionPolicy", "UpdateReplacePolicy"} <= set(resource), name
        if resource["DeletionPolicy"] == "Retain":
            assert not names & set(resource["Properties"]), f"{name} could not be made again"


def test_a_group_that_its_writer_could_make_again_after_the_stack_has_no_name() -> None:
    """AWSLambdaBasicExecutionRole, which SAM gives functions, may create log groups."""
    group = TEMPLATE["Globals"]["Function"]["LoggingConfig"]["LogGroup"]["Ref"]
    assert "LogGroupName" not in RESOURCES[group]["Properties"]


def test_with_a_customer_key_every_role_that_touches_data_may_use_it() -> None:
    written = {name for name, resource in RESOURCES.items() if resource["Type"] == "AWS::IAM::Role"}
    expected = written | {f"{name}Role" for name in HANDLERS}
    given = re.findall(r"'Ref': '(\w+Role)'", str(RESOURCES["KeyPolicy"]["Properties"]["Roles"]))
    assert sorted(given) == sorted(expected)


def test_a_region_without_the_image_is_refused_before_anything_is_made() -> None:
    (rule,) = TEMPLATE["Rules"]["RegionHasTheImage"]["Assertions"]
    known, asked = rule["Assert"]["Fn::Contains"]
    assert asked == {"Ref": "AWS::Region"}
    assert known == list(TEMPLATE["Mappings"]["ImageRegistries"])


def test_push_waits_longer_than_the_function_that_registers() -> None:
    assert RESOURCES["RegisterPipelineFunction"]["Properties"]["Timeout"] < READ_SECONDS


def test_the_documented_key_policy_names_every_service_that_uses_the_key_as_itself() -> None:
    """Log groups, rules and alarms reach what is encrypted under no role of the stack."""
    page = (ROOT / "docs" / "customer-key.md").read_text()
    policy = json.loads(page.split("```json")[1].split("```")[0])
    services = {
        statement["Principal"]["Service"].replace("REGION.", "")
        for statement in policy["Statement"]
        if "Service" in statement["Principal"]
    }
    speaking = {
        "AWS::Logs::LogGroup": "logs.amazonaws.com",
        "AWS::Events::Rule": "events.amazonaws.com",
        "AWS::CloudWatch::Alarm": "cloudwatch.amazonaws.com",
    }
    assert services == {
        speaking[resource["Type"]]
        for resource in RESOURCES.values()
        if resource["Type"] in speaking
    }


def test_the_metrics_that_alarms_watch_are_emitted() -> None:
    watched = set()
    for resource in RESOURCES.values():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            text = str(resource["Properties"])
            watched |= set(re.findall(r"'Namespace': 'Ratchet', 'MetricName': '(\w+)'", text))
            if resource["Properties"].get("Namespace") == "Ratchet":
                watched.add(resource["Properties"]["MetricName"])
    metrics = {"RunOverdue", "OpenRunAge", "ObjectsWithoutPipeline", "ArrivalBelowMinimum"}
    assert metrics | {"BatchesSetAside"} == watched
    source = "".join(path.read_text() for path in FUNCTIONS.rglob("*.py"))
    assert [metric for metric in watched if f'"{metric}"' not in source] == []


def test_the_operating_page_says_what_to_do_at_each_alarm() -> None:
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    alarms = {
        re.sub(r"^\w+DeadLetterAlarm$", "...DeadLetter", name).removesuffix("Alarm")
        for name, resource in RESOURCES.items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }
    assert {name for name in alarms if f"| {name} |" not in page} == set()


def test_the_dashboard_shows_every_alarm() -> None:
    (board,) = (r for r in RESOURCES.values() if r["Type"] == "AWS::CloudWatch::Dashboard")
    alarms = {n for n, r in RESOURCES.items() if r["Type"] == "AWS::CloudWatch::Alarm"}
    shown = re.findall(r"\$\{(\w+Alarm)\.Arn\}", str(board["Properties"]["DashboardBody"]))
    assert set(shown) == alarms


def test_alarms_calculate_with_functions_that_see_no_further_than_a_point() -> None:
    # CloudWatch's user guide advises against RUNNING_SUM, SUM, AVG, ... in alarms: an alarm fetches
    # more points than it evaluates.
    expressions = re.findall(r"'Expression': ['\"]([^'\"]+)", str(RESOURCES))
    assert expressions
    assert set(re.findall(r"([A-Z_]+)\(", " ".join(expressions))) <= {"FILL", "IF"}


def test_the_outputs_are_those_that_the_command_line_reads() -> None:
    assert set(TEMPLATE["Outputs"]) == {
        "LandingBucket",
        "LandingUri",
        "WorkBucket",
        "LedgerTable",
        "WakesQueueUrl",
        "RetrainingStateMachineArn",
        "PromotionStateMachineArn",
        "RegisterPipelineFunction",
        "ReviewDataFunction",
        "DeletePipelineFunction",
        "NoticesTopicArn",
    }


# ---- What the layers hold ----


def pins(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)(?:\[\w+\])?==([\w.]+)", path.read_text(), re.MULTILINE))


def imports(path: Path) -> set[str]:
    """Everything that a file imports anywhere, by its dotted name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def module_file(name: str) -> Path | None:
    path = FUNCTIONS / name.replace(".", "/")
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


def reached(start: Path) -> set[str]:
    """Third-party packages that a handler imports, directly or through our own modules."""
    seen: set[Path] = set()
    waiting, packages = [start], set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for name in imports(path):
            own = module_file(name)
            if own:
                waiting.append(own)
            elif not module_file(name.split(".")[0]):
                packages.add(name.split(".")[0])
    return {p for p in packages if p not in sys.stdlib_module_names}


def test_functions_import_only_what_their_layers_hold() -> None:
    def held(layer: str) -> set[str]:
        names = pins(ROOT / "layers" / layer / "requirements.txt")
        return {name.replace("-", "_") for name in names}

    for name, file in HANDLERS.items():
        has_arrow = "Layers" in RESOURCES[name]["Properties"]
        layers = held("dependencies") | (held("arrow") if has_arrow else set())
        assert reached(FUNCTIONS / f"{file}.py") - {"retraining"} <= layers, file


def test_check_data_alone_carries_the_arrow_layer() -> None:
    with_layers = [name for name in HANDLERS if "Layers" in RESOURCES[name]["Properties"]]
    assert with_layers == ["CheckDataFunction"]


def test_layers_hold_the_locked_versions_and_all_that_these_need() -> None:
    locked = pins(ROOT / "requirements.lock")
    for layer in ("dependencies", "arrow"):
        held = pins(ROOT / "layers" / layer / "requirements.txt")
        assert held
        assert {name: locked[name] for name in held} == held


@pytest.mark.process
def test_a_function_is_built_from_its_handler_and_the_rules_alone(tmp_path: Path) -> None:
    command = ["make", "-C", str(FUNCTIONS), "build-GateFunction", f"ARTIFACTS_DIR={tmp_path}"]
    subprocess.run(command, check=True, timeout=30, capture_output=True)
    built = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    rules = {str(p.relative_to(FUNCTIONS)) for p in (FUNCTIONS / "retraining").rglob("*.py")}
    assert built == {"gate.py"} | rules


# ---- A part of an adopted bucket ----


def test_a_landing_prefix_narrows_the_events_and_every_permission_on_the_bucket() -> None:
    detail = RESOURCES["ArrivalsRule"]["Properties"]["EventPattern"]["detail"]
    narrowed = {"key": [{"prefix": {"Ref": "LandingPrefix"}}]}
    assert detail["object"]["Fn::If"][:2] == ["HasLandingPrefix", narrowed]
    of_bucket = [
        (name, statement)
        for name, resource in RESOURCES.items()
        if resource["Type"] == "AWS::Serverless::Function"
        for policy in resource["Properties"].get("Policies", [])
        if isinstance(policy, dict)
        for statement in policy["Statement"]
        if "LandingBucketName" in str(statement)
    ]
    assert {name for name, _ in of_bucket} == {
        "RecordArrivalsFunction", "CheckDataFunction", "SettleDataFunction",
        "RecoverRunFunction", "SweepLedgerFunction",
    }  # fmt: skip
    for name, statement in of_bucket:
        lists = "List" in str(statement["Action"])
        place = statement.get("Condition") if lists else statement["Resource"]
        assert "${LandingPrefix}*" in str(place), name


@pytest.mark.parametrize(
    ("prefix", "fits"),
    [("", True), ("a/", True), ("team/training/", True), ("a", False), ("/a/", False),
     ("/", False), ("a*/", False), ("${aws:username}/", False), ("a?/", False)],
)  # fmt: skip
def test_a_landing_prefix_is_a_folder_without_wildcards(prefix: str, fits: bool) -> None:
    pattern = TEMPLATE["Parameters"]["LandingPrefix"]["AllowedPattern"]
    assert (re.fullmatch(pattern, prefix) is not None) is fits
