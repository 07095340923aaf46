"""Log groups, alarms and dashboards."""

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


class LogGroup(Kind):
    """A log group with its retention."""

    type = "AWS::Logs::LogGroup"
    known = names("LogGroupName RetentionInDays KmsKeyId LogGroupClass Tags")
    named = "LogGroupName"
    replacing = names("LogGroupClass")
    fixed = names("KmsKeyId Tags")

    def create(self, site: Site, properties: Properties) -> Made:
        name = properties.get("LogGroupName") or site.name(512)
        request: Properties = {"logGroupName": name}
        for key in names("KmsKeyId LogGroupClass") & properties.keys():
            request[key] = properties[key]
        if properties.get("Tags"):
            request["tags"] = {tag["Key"]: tag["Value"] for tag in properties["Tags"]}
        site.call("logs", "CreateLogGroup", request)
        return Made(name, name, {"Arn": site.arn("logs", f"log-group:{name}:*")})

    def finish(self, site: Site, made: Made, properties: Properties) -> None:
        self.update(site, made, properties, {})

    def update(self, site: Site, made: Made, properties: Properties, old: Properties) -> Made:
        days, group = properties.get("RetentionInDays"), {"logGroupName": made.physical}
        if days is not None:
            site.call("logs", "PutRetentionPolicy", {**group, "retentionInDays": days})
        elif "RetentionInDays" in old:
            site.call("logs", "DeleteRetentionPolicy", group)
        return made

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        site.remove("logs", "DeleteLogGroup", {"logGroupName": made.physical})


class Alarm(PutKind):
    """A metric alarm; local AWS stores it but does not evaluate it."""

    type = "AWS::CloudWatch::Alarm"
    known = names(
        "AlarmName AlarmDescription ActionsEnabled AlarmActions OKActions InsufficientDataActions "
        "MetricName Namespace Statistic ExtendedStatistic Dimensions Period Unit EvaluationPeriods "
        "DatapointsToAlarm Threshold ComparisonOperator TreatMissingData "
        "EvaluateLowSampleCountPercentile Metrics ThresholdMetricId Tags"
    )
    named = "AlarmName"
    limit = 255

    def put(self, site: Site, name: str, properties: Properties, old: Properties) -> Made:
        site.call("cloudwatch", "PutMetricAlarm", {**properties, "AlarmName": name})
        return Made(name, name, {"Arn": site.arn("cloudwatch", f"alarm:{name}")})

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        site.remove("cloudwatch", "DeleteAlarms", {"AlarmNames": [made.physical]})


class Dashboard(PutKind):
    """A dashboard."""

    type = "AWS::CloudWatch::Dashboard"
    known = names("DashboardName DashboardBody")
    named = "DashboardName"
    limit = 255

    def put(self, site: Site, name: str, properties: Properties, old: Properties) -> Made:
        body = json_text(properties["DashboardBody"])
        request = {"DashboardName": name, "DashboardBody": body}
        site.call("cloudwatch", "PutDashboard", request)
        return Made(name, name, {})

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        site.remove("cloudwatch", "DeleteDashboards", {"DashboardNames": [made.physical]})


KINDS = (LogGroup(), Alarm(), Dashboard())
