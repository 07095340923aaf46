"""Schedules on a turned clock, through a real client, into a real queue."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from ratchet.local_aws.running.local import LocalAws

ROLE = "arn:aws:iam::123456789012:role/scheduler"
OFF = {"Mode": "OFF"}

Receive = Callable[[int], list[str]]


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    """A local AWS of this module's own: its clock is turned."""
    with LocalAws.start(port=0, announced=False) as local:
        yield local


@pytest.fixture
def target(aws: LocalAws, request: pytest.FixtureRequest) -> dict[str, Any]:
    name = f"scheduled-{abs(hash(request.node.name))}"
    aws.client("sqs").create_queue(QueueName=name)
    arn = f"arn:aws:sqs:{aws.region}:{aws.account}:{name}"
    return {"Arn": arn, "RoleArn": ROLE, "Input": '{"due": "<aws.scheduler.scheduled-time>"}'}


@pytest.fixture
def receive(aws: LocalAws, target: dict[str, Any]) -> Receive:
    """Take the next n messages; the queue must then be empty."""
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=target["Arn"].rpartition(":")[2])["QueueUrl"]

    def messages(count: int) -> list[str]:
        found: list[str] = []
        for _ in range(count + 10):
            if len(found) >= count:
                break
            answer = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                found.append(message["Body"])
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        left = sqs.receive_message(QueueUrl=url).get("Messages", [])
        assert (len(found), left) == (count, [])
        return sorted(found)

    return messages


def test_a_rate_starts_at_once_and_continues_as_the_clock_turns(
    aws: LocalAws, target: dict[str, Any], receive: Receive
) -> None:
    scheduler = aws.client("scheduler")
    scheduler.create_schedule(
        Name="often", ScheduleExpression="rate(1 hour)", FlexibleTimeWindow=OFF, Target=target
    )
    receive(1)
    aws.clock.turn(timedelta(hours=3))
    due = [json.loads(body)["due"] for body in receive(3)]
    assert due == sorted(set(due))
    scheduler.delete_schedule(Name="often")
    aws.clock.turn(timedelta(hours=3))
    receive(0)


def test_a_disabled_schedule_is_silent_until_enabled(
    aws: LocalAws, target: dict[str, Any], receive: Receive
) -> None:
    scheduler = aws.client("scheduler")
    moment = aws.clock.now() + timedelta(hours=2)
    asked = {
        "Name": "nightly",
        "ScheduleExpression": f"cron({moment.minute} {moment.hour} * * ? *)",
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
        "Target": target,
    }
    scheduler.create_schedule(**asked, State="DISABLED")
    aws.clock.turn(timedelta(days=2))
    receive(0)
    scheduler.update_schedule(**asked, State="ENABLED")
    found = scheduler.get_schedule(Name="nightly")
    assert found["State"] == "ENABLED"
    assert found["Target"]["Input"] == target["Input"]
    aws.clock.turn(timedelta(hours=3))
    receive(1)
    scheduler.delete_schedule(Name="nightly")


def test_a_one_time_schedule_without_input_sends_an_event_and_deletes_itself(
    aws: LocalAws, target: dict[str, Any], receive: Receive
) -> None:
    scheduler = aws.client("scheduler")
    moment = aws.clock.now() + timedelta(days=40)
    del target["Input"]
    arn = scheduler.create_schedule(
        Name="once",
        ScheduleExpression=f"at({moment:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow=OFF,
        Target=target,
        ActionAfterCompletion="DELETE",
    )["ScheduleArn"]
    aws.clock.turn(timedelta(days=41))
    event = json.loads(receive(1)[0])
    assert (event["source"], event["detail-type"]) == ("aws.scheduler", "Scheduled Event")
    assert event["resources"] == [arn]
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.get_schedule(Name="once")


def test_groups_hold_schedules_and_take_them_along(aws: LocalAws, target: dict[str, Any]) -> None:
    scheduler = aws.client("scheduler")
    group = scheduler.create_schedule_group(Name="g", Tags=[{"Key": "a", "Value": "b"}])
    tags = scheduler.list_tags_for_resource(ResourceArn=group["ScheduleGroupArn"])["Tags"]
    assert tags == [{"Key": "a", "Value": "b"}]
    for number in range(3):
        scheduler.create_schedule(
            Name=f"s{number}",
            GroupName="g",
            ScheduleExpression="cron(0 0 1 1 ? *)",
            FlexibleTimeWindow=OFF,
            Target=target,
        )
    pages = scheduler.get_paginator("list_schedules").paginate(
        GroupName="g", PaginationConfig={"PageSize": 2}
    )
    assert [s["Name"] for found in pages for s in found["Schedules"]] == ["s0", "s1", "s2"]
    scheduler.delete_schedule_group(Name="g")
    assert scheduler.list_schedules(GroupName="g")["Schedules"] == []
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.get_schedule(Name="s0", GroupName="g")


def test_what_is_not_supported_is_refused_by_name(aws: LocalAws, target: dict[str, Any]) -> None:
    scheduler = aws.client("scheduler")
    asked = {"Name": "x", "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": OFF}
    universal = {**target, "Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"}
    with pytest.raises(scheduler.exceptions.ClientError, match="not to scheduler"):
        scheduler.create_schedule(**asked, Target=universal)
    with pytest.raises(scheduler.exceptions.ClientError, match="KinesisParameters"):
        scheduler.create_schedule(
            **asked, Target={**target, "KinesisParameters": {"PartitionKey": "k"}}
        )
