"""EventBridge: the default bus, its rules, and the delivery of events to their targets."""

from __future__ import annotations

import json
import threading
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.events.event_patterns import Matches, compile_pattern
from ratchet.local_aws.events.input_transformer import check_input, input_for, to_json
from ratchet.local_aws.events.targets import Delivery, Dispatcher, check_target, delivery_options
from ratchet.local_aws.running.service import Service
from ratchet.local_aws.shared.listing import Pager

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ratchet.local_aws.running.host import Host

DEFAULT_BUS = "default"
TARGETS_PER_RULE = 5
_PAGES = Pager(
    lambda token: ServiceError("ValidationException", f"NextToken {token!r} is not valid."),
    size_member="Limit",
)
_TARGET_FIELDS = {
    "Id",
    "Arn",
    "RoleArn",
    "Input",
    "InputPath",
    "InputTransformer",
    "RetryPolicy",
    "DeadLetterConfig",
    "SqsParameters",
}


@dataclass(frozen=True)
class Rule:
    """One rule of the default bus, with its targets by id."""

    name: str
    arn: str
    pattern: str
    matches: Matches
    state: str = "ENABLED"
    description: str | None = None
    role: str | None = None
    targets: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def enabled(self) -> bool:
        return self.state != "DISABLED"

    def described(self) -> dict[str, Any]:
        return {
            "Name": self.name,
            "Arn": self.arn,
            "EventPattern": self.pattern,
            "State": self.state,
            "Description": self.description,
            "RoleArn": self.role,
            "EventBusName": DEFAULT_BUS,
        }


class EventBridge(Service):
    """Rules, targets, events. Events are matched and delivered in the background."""

    name: ClassVar[str] = "events"
    model: ClassVar[str] = "events"

    def __init__(self, local: Host) -> None:
        super().__init__(local)
        self._rules: dict[str, Rule] = {}
        self._tags: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()
        self._dispatcher = Dispatcher(local, "events")

    def close(self) -> None:
        self._dispatcher.close()

    # Events

    def emit(
        self, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> str:
        """Put an event on the default bus; returns its id."""
        event = self._event(source, detail_type, detail, resources, self.local.clock.now())
        self._dispatcher.submit(self._route, event)
        return str(event["id"])

    def put_events(self, request: dict[str, Any]) -> dict[str, Any]:
        entries = [self._put(entry) for entry in request["Entries"]]
        failed = sum("ErrorCode" in entry for entry in entries)
        return {"FailedEntryCount": failed, "Entries": entries}

    def _put(self, entry: dict[str, Any]) -> dict[str, Any]:
        refuse_other_bus(entry)
        for name in ("Source", "DetailType", "Detail"):
            if not entry.get(name):
                reason = f"Parameter {name} is not valid. Reason: {name} is a required argument."
                return {"ErrorCode": "InvalidArgument", "ErrorMessage": reason}
        if entry["Source"].startswith("aws."):
            return {
                "ErrorCode": "NotAuthorizedForSourceException",
                "ErrorMessage": "Not authorized for the source.",
            }
        detail = _json_object(entry["Detail"])
        if detail is None:
            return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
        time = entry.get("Time") or self.local.clock.now()
        event = self._event(
            entry["Source"], entry["DetailType"], detail, entry.get("Resources", []), time
        )
        self._dispatcher.submit(self._route, event)
        return {"EventId": event["id"]}

    def _event(
        self,
        source: str,
        detail_type: str,
        detail: dict[str, Any],
        resources: list[str],
        time: datetime,
    ) -> dict[str, Any]:
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": self.local.account,
            "time": time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self.local.region,
            "resources": resources,
            "detail": detail,
        }

    def _route(self, event: dict[str, Any]) -> None:
        with self._lock:
            rules = [rule for rule in self._rules.values() if rule.enabled]
        for rule in rules:
            if rule.matches(event):
                for target in rule.targets.values():
                    self._dispatcher.submit(self._deliver, rule, target, event)

    def _deliver(self, rule: Rule, target: dict[str, Any], event: dict[str, Any]) -> None:
        delivery = Delivery(
            arn=target["Arn"],
            payload=to_json(event),
            since=self.local.clock.now(),
            name=f"{event['id']}_{uuid.uuid4()}",
            labels={"RULE_ARN": rule.arn},
            **delivery_options(target),
        )
        about = {"arn": rule.arn, "name": rule.name, "time": event["time"]}
        try:
            text = input_for(target, event, about)
        except ValueError as error:
            self._dispatcher.give_up(delivery, "INVALID_JSON", f"InputTemplate: {error}")
        else:
            self._dispatcher.deliver(replace(delivery, payload=text))

    def test_event_pattern(self, request: dict[str, Any]) -> dict[str, Any]:
        event = _json_object(request["Event"])
        if event is None:
            raise ServiceError("ValidationException", "Parameter Event is not valid JSON.")
        return {"Result": compile_pattern(request["EventPattern"])(event)}

    # Rules

    def put_rule(self, request: dict[str, Any]) -> dict[str, Any]:
        refuse_other_bus(request)
        if request.get("ScheduleExpression"):
            raise ServiceError(
                "NotSupportedByLocalAws",
                f"local AWS does not run rules with a ScheduleExpression (rule {request['Name']}): "
                "use an EventBridge Scheduler schedule (AWS::Scheduler::Schedule)",
                501,
            )
        if not request.get("EventPattern"):
            raise ServiceError(
                "ValidationException",
                "Parameter(s) EventPattern or ScheduleExpression must be specified.",
            )
        matches = compile_pattern(request["EventPattern"])
        name = request["Name"]
        with self._lock:
            old = self._rules.get(name)
            self._rules[name] = rule = Rule(
                name=name,
                arn=self._arn(name),
                pattern=request["EventPattern"],
                matches=matches,
                state=request.get("State", "ENABLED"),
                description=request.get("Description"),
                role=request.get("RoleArn"),
                targets=old.targets if old else {},
            )
            if old is None:
                self._tags[rule.arn] = _tags(request.get("Tags", []))
        return {"RuleArn": rule.arn}

    def describe_rule(self, request: dict[str, Any]) -> dict[str, Any]:
        refuse_other_bus(request)
        return {**self._rule(request["Name"]).described(), "CreatedBy": self.local.account}

    def list_rules(self, request: dict[str, Any]) -> dict[str, Any]:
        refuse_other_bus(request)
        prefix = request.get("NamePrefix", "")
        with self._lock:
            rules = sorted(self._rules.values(), key=lambda rule: rule.name)
        found = [rule.described() for rule in rules if rule.name.startswith(prefix)]
        items, more = _PAGES.page(found, request)
        return {"Rules": items, **more}

    def list_rule_names_by_target(self, request: dict[str, Any]) -> dict[str, Any]:
        refuse_other_bus(request)
        wanted = request["TargetArn"]
        with self._lock:
            rules = sorted(self._rules.values(), key=lambda rule: rule.name)
        names = [r.name for r in rules if any(t["Arn"] == wanted for t in r.targets.values())]
        items, more = _PAGES.page(names, request)
        return {"RuleNames": items, **more}

    def delete_rule(self, request: dict[str, Any]) -> dict[str, Any]:
        refuse_other_bus(request)
        with self._lock:
            rule = self._rules.get(request["Name"])
            if rule is not None and rule.targets:
                raise ServiceError(
                    "ValidationException", "Rule can't be deleted since it has targets."
                )
            self._rules.pop(request["Name"], None)
            self._tags.pop(self._arn(request["Name"]), None)
        return {}

    def enable_rule(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._switch(request, "ENABLED")

    def disable_rule(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._switch(request, "DISABLED")

    def _switch(self, request: dict[str, Any], state: str) -> dict[str, Any]:
        refuse_other_bus(request)
        with self._lock:
            self._rules[request["Name"]] = replace(self._rule(request["Name"]), state=state)
        return {}

    def _rule(self, name: str) -> Rule:
        if name not in self._rules:
            raise ServiceError(
                "ResourceNotFoundException",
                f"Rule {name} does not exist on EventBus {DEFAULT_BUS}.",
            )
        return self._rules[name]

    def _arn(self, name: str) -> str:
        return f"arn:aws:events:{self.local.region}:{self.local.account}:rule/{name}"

    # Targets

    def put_targets(self, request: dict[str, Any]) -> dict[str, Any]:
        refuse_other_bus(request)
        for target in request["Targets"]:
            _check(target)
        with self._lock:
            rule = self._rule(request["Rule"])
            targets = {**rule.targets, **{target["Id"]: target for target in request["Targets"]}}
            if len(targets) > TARGETS_PER_RULE:
                raise ServiceError(
                    "LimitExceededException",
                    f"The requested resource exceeds the maximum number allowed ({rule.name}).",
                )
            self._rules[rule.name] = replace(rule, targets=targets)
        return {"FailedEntryCount": 0, "FailedEntries": []}

    def list_targets_by_rule(self, request: dict[str, Any]) -> dict[str, Any]:
        refuse_other_bus(request)
        targets = list(self._rule(request["Rule"]).targets.values())
        items, more = _PAGES.page(targets, request)
        return {"Targets": items, **more}

    def remove_targets(self, request: dict[str, Any]) -> dict[str, Any]:
        refuse_other_bus(request)
        with self._lock:
            rule = self._rule(request["Rule"])
            kept = {key: item for key, item in rule.targets.items() if key not in request["Ids"]}
            self._rules[rule.name] = replace(rule, targets=kept)
        return {"FailedEntryCount": 0, "FailedEntries": []}

    # Bus and tags

    def describe_event_bus(self, request: dict[str, Any]) -> dict[str, Any]:
        refuse_other_bus({"EventBusName": request.get("Name", DEFAULT_BUS)})
        return self._bus()

    def list_event_buses(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"EventBuses": [self._bus()]}

    def _bus(self) -> dict[str, Any]:
        arn = f"arn:aws:events:{self.local.region}:{self.local.account}:event-bus/{DEFAULT_BUS}"
        return {"Name": DEFAULT_BUS, "Arn": arn}

    def tag_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        self._tags_of(request["ResourceARN"]).update(_tags(request["Tags"]))
        return {}

    def untag_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        tags = self._tags_of(request["ResourceARN"])
        for key in request["TagKeys"]:
            tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        tags = self._tags_of(request["ResourceARN"])
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _tags_of(self, arn: str) -> dict[str, str]:
        if arn not in self._tags:
            raise ServiceError("ResourceNotFoundException", f"Rule {arn} does not exist.")
        return self._tags[arn]


def refuse_other_bus(request: Mapping[str, Any]) -> None:
    """Only the default bus exists here: the events of S3 and other services arrive there."""
    bus = request.get("EventBusName") or DEFAULT_BUS
    if bus != DEFAULT_BUS and not bus.endswith(f":event-bus/{DEFAULT_BUS}"):
        raise ServiceError(
            "NotSupportedByLocalAws",
            f"local AWS has only the event bus {DEFAULT_BUS!r}, not {bus!r}",
            501,
        )


def _check(target: dict[str, Any]) -> None:
    unknown = sorted(target.keys() - _TARGET_FIELDS)
    if unknown:
        raise ServiceError(
            "NotSupportedByLocalAws",
            f"local AWS does not support {', '.join(unknown)} of target {target['Id']}",
            501,
        )
    check_target(target["Arn"], target.get("RoleArn"))
    check_input(target)


def _tags(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
