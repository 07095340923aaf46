"""EventBridge rules and schedules."""

# ruff: noqa: ARG002  the kinds share their signatures
from __future__ import annotations

from ratchet.local_aws.cloudformation.kinds.base import (
    Kind,
    Made,
    Properties,
    PutKind,
    Site,
    json_text,
    names,
)


class Rule(PutKind):
    """A rule of the default bus with its targets."""

    type = "AWS::Events::Rule"
    known = names("Name Description EventPattern ScheduleExpression State RoleArn Targets")
    named = "Name"

    def put(self, site: Site, name: str, properties: Properties, old: Properties) -> Made:
        """Remove the targets, too, that the template no longer has."""
        request = {"Name": name, **properties}
        targets = request.pop("Targets", [])
        if "EventPattern" in request:
            request["EventPattern"] = json_text(request["EventPattern"])
        arn = site.call("events", "PutRule", request)["RuleArn"]
        kept = {target["Id"] for target in targets}
        gone = [target["Id"] for target in old.get("Targets", []) if target["Id"] not in kept]
        if gone:
            site.call("events", "RemoveTargets", {"Rule": name, "Ids": gone})
        if targets:
            site.call("events", "PutTargets", {"Rule": name, "Targets": targets})
        return Made(name, name, {"Arn": arn})

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        ids = [target["Id"] for target in properties.get("Targets", [])]
        if ids:
            site.remove("events", "RemoveTargets", {"Rule": made.physical, "Ids": ids})
        site.remove("events", "DeleteRule", {"Name": made.physical})


class Schedule(Kind):
    """A schedule of EventBridge Scheduler."""

    type = "AWS::Scheduler::Schedule"
    known = names(
        "Name GroupName Description StartDate EndDate FlexibleTimeWindow KmsKeyArn "
        "ScheduleExpression ScheduleExpressionTimezone State Target"
    )
    named = "Name"
    replacing = names("GroupName")

    def create(self, site: Site, properties: Properties) -> Made:
        name = properties.get("Name") or site.name(64)
        answer = site.call("scheduler", "CreateSchedule", {**properties, "Name": name})
        return Made(name, name, {"Arn": answer["ScheduleArn"]})

    def update(self, site: Site, made: Made, properties: Properties, old: Properties) -> Made:
        """What the template leaves out gets its default."""
        site.call("scheduler", "UpdateSchedule", {**properties, "Name": made.physical})
        return made

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        request = {"Name": made.physical}
        if properties.get("GroupName"):
            request["GroupName"] = properties["GroupName"]
        site.remove("scheduler", "DeleteSchedule", request)


class ScheduleGroup(Kind):
    """A group of schedules."""

    type = "AWS::Scheduler::ScheduleGroup"
    known = names("Name Tags")
    named = "Name"
    replacing = names("Tags")

    def create(self, site: Site, properties: Properties) -> Made:
        name = properties.get("Name") or site.name(64)
        request = {"Tags": properties.get("Tags", []), "Name": name}
        answer = site.call("scheduler", "CreateScheduleGroup", request)
        return Made(name, name, {"Arn": answer["ScheduleGroupArn"]})

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        """Its schedules are deleted with it."""
        site.remove("scheduler", "DeleteScheduleGroup", {"Name": made.physical})


KINDS = (Rule(), Schedule(), ScheduleGroup())
