"""EventBridge Scheduler: schedules in groups, on the clock of local AWS."""

from __future__ import annotations

import random
import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.events.input_transformer import to_json
from ratchet.local_aws.events.targets import Delivery, Dispatcher, check_target, delivery_options
from ratchet.local_aws.running.service import Service
from ratchet.local_aws.scheduler.schedules import Once, Schedule, parse_schedule
from ratchet.local_aws.shared.listing import Pager

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Host

DEFAULT_GROUP = "default"
_PAGES = Pager(
    lambda token: ServiceError("ValidationException", f"NextToken {token!r} is not valid.")
)
_TARGET_FIELDS = {"Arn", "RoleArn", "Input", "RetryPolicy", "DeadLetterConfig", "SqsParameters"}
_KEPT = (
    "ActionAfterCompletion",
    "Description",
    "EndDate",
    "FlexibleTimeWindow",
    "GroupName",
    "KmsKeyArn",
    "Name",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "State",
    "Target",
)
_DEFAULTS = {
    "ActionAfterCompletion": "NONE",
    "GroupName": DEFAULT_GROUP,
    "ScheduleExpressionTimezone": "UTC",
    "State": "ENABLED",
}


@dataclass
class _Entry:
    """One schedule: the request, and its next timer on the clock."""

    arn: str
    asked: dict[str, Any]
    times: Schedule
    created: datetime
    modified: datetime
    timer: int | None = None

    @property
    def key(self) -> tuple[str, str]:
        return (self.asked["GroupName"], self.asked["Name"])

    @property
    def since(self) -> datetime:
        """When the schedule starts; one-time schedules ignore StartDate and EndDate."""
        start: datetime | None = None if self.happens_once else self.asked.get("StartDate")
        return start or self.modified

    @property
    def until(self) -> datetime | None:
        """When it ends."""
        return None if self.happens_once else self.asked.get("EndDate")

    @property
    def happens_once(self) -> bool:
        return isinstance(self.times, Once)


@dataclass
class _Group:
    name: str
    arn: str
    created: datetime
    tags: dict[str, str] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        return {
            "Arn": self.arn,
            "Name": self.name,
            "State": "ACTIVE",
            "CreationDate": self.created,
            "LastModificationDate": self.created,
        }


class Scheduler(Service):
    """Schedules and groups; due ones are delivered in the background."""

    name: ClassVar[str] = "scheduler"
    model: ClassVar[str] = "scheduler"

    def __init__(self, local: Host) -> None:
        super().__init__(local)
        self._lock = threading.RLock()
        self._schedules: dict[tuple[str, str], _Entry] = {}
        self._groups: dict[str, _Group] = {}
        self._dispatcher = Dispatcher(local, "scheduler")
        self._add_group(DEFAULT_GROUP, [])

    def close(self) -> None:
        with self._lock:
            for entry in self._schedules.values():
                self._stop(entry)
        self._dispatcher.close()

    # Schedules

    def create_schedule(self, request: dict[str, Any]) -> dict[str, Any]:
        entry = self._entry(request)
        with self._lock:
            self._group(entry.key[0])
            if entry.key in self._schedules:
                raise ServiceError("ConflictException", f"Schedule {entry.key[1]} already exists.")
            self._schedules[entry.key] = entry
            self._plan(entry, after=None)
        return {"ScheduleArn": entry.arn}

    def update_schedule(self, request: dict[str, Any]) -> dict[str, Any]:
        fresh = self._entry(request)
        with self._lock:
            old = self._schedule(fresh.asked)
            self._stop(old)
            fresh.created = old.created
            self._schedules[fresh.key] = fresh
            self._plan(fresh, after=None)
        return {"ScheduleArn": fresh.arn}

    def get_schedule(self, request: dict[str, Any]) -> dict[str, Any]:
        entry = self._schedule(request)
        dates = {"CreationDate": entry.created, "LastModificationDate": entry.modified}
        return {"Arn": entry.arn, **entry.asked, **dates}

    def delete_schedule(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            self._remove(self._schedule(request))
        return {}

    def list_schedules(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            entries = [self._schedules[key] for key in sorted(self._schedules)]
        chosen = [_summary(entry) for entry in entries if _is_wanted(entry, request)]
        items, more = _PAGES.page(chosen, request)
        return {"Schedules": items, **more}

    def _entry(self, request: dict[str, Any]) -> _Entry:
        """A checked schedule, not yet stored or planned."""
        asked = {**_DEFAULTS, **{key: request[key] for key in _KEPT if key in request}}
        times = parse_schedule(asked["ScheduleExpression"], asked["ScheduleExpressionTimezone"])
        _check_window(asked["FlexibleTimeWindow"])
        _check_target_fields(asked["Target"])
        now = self.local.clock.now()
        place = f"schedule/{asked['GroupName']}/{asked['Name']}"
        return _Entry(self._arn(place), asked, times, created=now, modified=now)

    def _schedule(self, request: dict[str, Any]) -> _Entry:
        group, name = request.get("GroupName", DEFAULT_GROUP), request["Name"]
        if (group, name) not in self._schedules:
            raise ServiceError("ResourceNotFoundException", f"Schedule {name} does not exist.")
        return self._schedules[group, name]

    def _arn(self, place: str) -> str:
        return f"arn:aws:scheduler:{self.local.region}:{self.local.account}:{place}"

    # Time

    def _plan(self, entry: _Entry, after: datetime | None) -> None:
        """Set the clock for the first moment later than `after`, or for the schedule's first."""
        if entry.asked["State"] == "DISABLED":
            return
        if after is None:
            after = max(entry.since, entry.modified) - timedelta(microseconds=1)
        due = entry.times.next(after, entry.since)
        if due is None or (entry.until is not None and due > entry.until):
            self._complete(entry)
            return
        entry.timer = self.local.clock.at(due, lambda: self._due(entry, due))

    def _due(self, entry: _Entry, due: datetime) -> None:
        with self._lock:
            if self._schedules.get(entry.key) is not entry:
                return
            self._invoke(entry, due)
            self._plan(entry, after=due)

    def _invoke(self, entry: _Entry, due: datetime) -> None:
        minutes = entry.asked["FlexibleTimeWindow"].get("MaximumWindowInMinutes", 0)
        delivery = self._delivery(entry, due)
        if not minutes:
            self._dispatcher.deliver(delivery)
            return
        later = due + timedelta(minutes=minutes) * random.random()  # noqa: S311
        self.local.clock.at(later, lambda: self._dispatcher.deliver(delivery))

    def _delivery(self, entry: _Entry, due: datetime) -> Delivery:
        target, execution = entry.asked["Target"], str(uuid.uuid4())
        moment = due.strftime("%Y-%m-%dT%H:%M:%SZ")
        text = target.get("Input") or to_json(self._scheduled_event(entry, moment))
        known = {
            "schedule-arn": entry.arn,
            "scheduled-time": moment,
            "execution-id": execution,
            "attempt-number": "1",
        }
        for name, value in known.items():
            text = text.replace(f"<aws.scheduler.{name}>", value)
        return Delivery(
            arn=target["Arn"],
            payload=text,
            since=self.local.clock.now(),
            name=execution,
            labels={"SCHEDULE_ARN": entry.arn, "SCHEDULED_TIME": moment, "EXECUTION_ID": execution},
            **delivery_options(target),
        )

    def _scheduled_event(self, entry: _Entry, moment: str) -> dict[str, Any]:
        """The payload for a target without Input."""
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": self.local.account,
            "time": moment,
            "region": self.local.region,
            "resources": [entry.arn],
            "detail": "{}",
        }

    def _complete(self, entry: _Entry) -> None:
        if entry.asked["ActionAfterCompletion"] == "DELETE":
            self._remove(entry)

    def _remove(self, entry: _Entry) -> None:
        self._stop(entry)
        self._schedules.pop(entry.key, None)

    def _stop(self, entry: _Entry) -> None:
        if entry.timer is not None:
            self.local.clock.cancel(entry.timer)

    # Groups

    def create_schedule_group(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["Name"]
        with self._lock:
            if name in self._groups:
                raise ServiceError("ConflictException", f"Schedule group {name} already exists.")
            group = self._add_group(name, request.get("Tags", []))
        return {"ScheduleGroupArn": group.arn}

    def get_schedule_group(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._group(request["Name"]).described()

    def delete_schedule_group(self, request: dict[str, Any]) -> dict[str, Any]:
        """Deletes the group and every schedule in it."""
        name = request["Name"]
        if name == DEFAULT_GROUP:
            raise ServiceError("ValidationException", "The default group cannot be deleted.")
        with self._lock:
            self._group(name)
            for entry in [e for key, e in self._schedules.items() if key[0] == name]:
                self._remove(entry)
            del self._groups[name]
        return {}

    def list_schedule_groups(self, request: dict[str, Any]) -> dict[str, Any]:
        prefix = request.get("NamePrefix", "")
        with self._lock:
            groups = [self._groups[name].described() for name in sorted(self._groups)]
        chosen = [group for group in groups if group["Name"].startswith(prefix)]
        items, more = _PAGES.page(chosen, request)
        return {"ScheduleGroups": items, **more}

    def _add_group(self, name: str, tags: list[dict[str, str]]) -> _Group:
        group = _Group(name, self._arn(f"schedule-group/{name}"), self.local.clock.now())
        group.tags.update({tag["Key"]: tag["Value"] for tag in tags})
        self._groups[name] = group
        return group

    def _group(self, name: str) -> _Group:
        if name not in self._groups:
            raise ServiceError(
                "ResourceNotFoundException", f"Schedule group {name} does not exist."
            )
        return self._groups[name]

    # Tags (AWS tags groups, not schedules)

    def tag_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        self._group_at(request["ResourceArn"]).tags.update(tags)
        return {}

    def untag_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        group = self._group_at(request["ResourceArn"])
        for key in request["TagKeys"]:
            group.tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        tags = self._group_at(request["ResourceArn"]).tags
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _group_at(self, arn: str) -> _Group:
        return self._group(arn.rpartition("/")[2])


def _summary(entry: _Entry) -> dict[str, Any]:
    return {
        "Arn": entry.arn,
        "Name": entry.asked["Name"],
        "GroupName": entry.asked["GroupName"],
        "State": entry.asked["State"],
        "CreationDate": entry.created,
        "LastModificationDate": entry.modified,
        "Target": {"Arn": entry.asked["Target"]["Arn"]},
    }


def _is_wanted(entry: _Entry, request: dict[str, Any]) -> bool:
    asked = entry.asked
    named = asked["Name"].startswith(request.get("NamePrefix", ""))
    return bool(named) and all(
        request.get(field, asked[field]) == asked[field] for field in ("GroupName", "State")
    )


def _check_window(window: dict[str, Any]) -> None:
    flexible = window["Mode"] == "FLEXIBLE"
    if flexible != ("MaximumWindowInMinutes" in window):
        need = "needs" if flexible else "takes no"
        raise ServiceError(
            "ValidationException",
            f"FlexibleTimeWindow with Mode {window['Mode']} {need} MaximumWindowInMinutes.",
        )


def _check_target_fields(target: dict[str, Any]) -> None:
    unknown = sorted(target.keys() - _TARGET_FIELDS)
    if unknown:
        raise ServiceError(
            "NotSupportedByLocalAws",
            f"local AWS does not support {', '.join(unknown)} of a schedule's target",
            501,
        )
    check_target(target["Arn"], target["RoleArn"])
