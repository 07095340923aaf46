"""What the template and the state machines say: who listens to what, and which machine is which."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ratchet.workflow.testing import machine_of

ROOT = Path(__file__).parents[2]
ACCOUNT = "us-east-1:123456789012"
MACHINES = {"retraining": "Retraining", "promotion": "Promotion"}
ARNS = {name: f"arn:aws:states:{ACCOUNT}:stateMachine:{name}" for name in MACHINES}
ROLE = "arn:aws:iam::123456789012:role/ratchet"
TEMPLATE = (ROOT / "template.yaml").read_text()
SETTINGS = (ROOT / "functions/retraining/settings.py").read_text()
ENVIRONMENT = {
    # whatever else a function requires has its own name as its value
    **{name: name for name in re.findall(r'_required\("(RATCHET_[A-Z0-9_]+)"\)', SETTINGS)},
    "RATCHET_STACK": "ratchet",
    "RATCHET_LEDGER_TABLE": "ledger",
    "RATCHET_LANDING_BUCKET": "landing",
    "RATCHET_LANDING_PREFIX": "",
    "RATCHET_WORK_BUCKET": "work",
    "RATCHET_WAKES_QUEUE_URL": "wakes",
    "RATCHET_NOTICES_TOPIC_ARN": "notices",
    "RATCHET_DATABREW_ROLE_ARN": ROLE,
    "RATCHET_ALGORITHM_REGISTRY": "683313688378.dkr.ecr.us-east-1.amazonaws.com",
    "RATCHET_DEEP_LEARNING_REGISTRY": "763104351884.dkr.ecr.us-east-1.amazonaws.com",
    "RATCHET_TRAINING_WORKFLOW_ROLE_ARN": ROLE,
    "RATCHET_TRAINING_LOG_GROUP_ARN": f"arn:aws:logs:{ACCOUNT}:log-group:training:*",
    "RATCHET_RETRAINING_ARN": ARNS["retraining"],
    "RATCHET_PROMOTION_ARN": ARNS["promotion"],
    "RATCHET_ARRIVALS_QUEUE_URL": "arrivals",
    "RATCHET_RECOVER_RUN_FUNCTION": "recover_run",
    "RATCHET_RECOVER_PROMOTION_FUNCTION": "recover_promotion",
}


@cache
def machine(name: str) -> Any:
    text = (ROOT / f"statemachines/{name}.asl.yaml").read_text()
    substitutions = {
        "PromotionStateMachineArn": ARNS["promotion"],
        "RetrainingStateMachineArn": ARNS["retraining"],
        "SageMakerRoleArn": ROLE,
    }
    return machine_of(text, substitutions)


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as their text."""


_Loader.add_multi_constructor("!", lambda loader, tag, node: f"{tag} {node.value}")


@cache
def template() -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(TEMPLATE, _Loader)
    return found["Resources"]


@cache
def listeners(machine_arn: str, status: str) -> tuple[str, ...]:
    """Functions that a rule of the template invokes when an execution ends like this."""
    wanted = f"{MACHINES[machine_arn.rpartition(':')[2]]}StateMachine"
    found = []
    for resource in template().values():
        properties = resource.get("Properties", {})
        for event in (properties.get("Events") or {}).values():
            pattern = event.get("Properties", {}).get("Pattern", {})
            detail = pattern.get("detail", {})
            machines = [str(one).split()[-1] for one in detail.get("stateMachineArn", [])]
            if status in detail.get("status", []) and wanted in machines:
                found.append(properties["Handler"].partition(".")[0])
    return tuple(found)


@cache
def scheduled() -> tuple[str, ...]:
    """Functions that a schedule of the template invokes."""
    schedules = [one for one in template().values() if one["Type"] == "AWS::Scheduler::Schedule"]
    targets = [str(one["Properties"]["Target"]["Arn"]).split()[-1] for one in schedules]
    names = [one.removesuffix(".Arn") for one in targets if one.endswith("Function.Arn")]
    return tuple(template()[name]["Properties"]["Handler"].partition(".")[0] for name in names)


@cache
def sample(name: str) -> str:
    return (ROOT / "events" / name).read_text()


def batch(message: dict[str, Any]) -> dict[str, Any]:
    record = json.loads(sample("arrivals-batch.json"))["Records"][0]
    attributes = {**record["attributes"], "ApproximateReceiveCount": str(message["received"])}
    body = {"messageId": "message", "body": message["body"], "attributes": attributes}
    return {"Records": [{**record, **body}]}
