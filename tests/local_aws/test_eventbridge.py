"""Rules and their targets, through a real client and into real queues."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from ratchet.local_aws.running.local import LocalAws

Receive = Callable[[str], dict[str, Any]]


@pytest.fixture
def source() -> str:
    """A source that no other test uses, so that the rules of other tests do not match."""
    return f"test.{uuid.uuid4().hex}"


@pytest.fixture
def queue(local_aws: LocalAws) -> Callable[[], str]:
    """Makes queues; gives their ARNs."""

    def make() -> str:
        name = f"events-{uuid.uuid4().hex}"
        local_aws.client("sqs").create_queue(QueueName=name)
        return f"arn:aws:sqs:{local_aws.region}:{local_aws.account}:{name}"

    return make


@pytest.fixture
def receive(local_aws: LocalAws) -> Receive:
    """The next message of a queue, within ten seconds."""
    sqs = local_aws.client("sqs")

    def message(arn: str) -> dict[str, Any]:
        url = sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        answer = sqs.receive_message(
            QueueUrl=url, WaitTimeSeconds=10, MessageAttributeNames=["All"]
        )
        (found,) = answer["Messages"]
        return dict(found)

    return message


def _rule(local_aws: LocalAws, source: str, *targets: dict[str, Any], **options: Any) -> str:
    events = local_aws.client("events")
    arn = events.put_rule(Name=source, EventPattern=json.dumps({"source": [source]}), **options)[
        "RuleArn"
    ]
    numbered = [{"Id": str(number), **target} for number, target in enumerate(targets)]
    events.put_targets(Rule=source, Targets=numbered)
    return str(arn)


def _put(local_aws: LocalAws, source: str, detail: dict[str, Any]) -> None:
    entry = {"Source": source, "DetailType": "Happened", "Detail": json.dumps(detail)}
    answer = local_aws.client("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0, answer


def test_each_target_gets_the_event_as_it_asked_for_it(
    local_aws: LocalAws, source: str, queue: Callable[[], str], receive: Receive
) -> None:
    whole, constant, part, said, built = (queue() for _ in range(5))
    paths = {"name": "$.detail.name", "n": "$.detail.list[1].n", "no": "$.detail.no"}
    rule = _rule(
        local_aws,
        source,
        {"Arn": whole},
        {"Arn": constant, "Input": '{"fixed": 1}'},
        {"Arn": part, "InputPath": "$.detail"},
        {
            "Arn": said,
            "InputTransformer": {"InputPathsMap": paths, "InputTemplate": '"<name> has <n>"'},
        },
        {
            "Arn": built,
            "InputTransformer": {
                "InputPathsMap": paths,
                "InputTemplate": '{"name": <name>, "n": <n>, "text": "\\"<name>\\": <no>", '
                '"rule": <aws.events.rule-arn>, "all": <aws.events.event.json>}',
            },
        },
    )
    detail = {"name": 'Ü "x"', "list": [{"n": 1}, {"n": 2}]}
    _put(local_aws, source, detail)
    event = json.loads(receive(whole)["Body"])
    assert event["detail"] == detail
    assert event["time"].endswith("Z")
    assert receive(constant)["Body"] == '{"fixed": 1}'
    assert json.loads(receive(part)["Body"]) == detail
    assert json.loads(receive(said)["Body"]) == 'Ü "x" has 2'
    assert json.loads(receive(built)["Body"]) == {
        "name": 'Ü "x"',
        "n": 2,
        "text": '"Ü "x"": ',
        "rule": rule,
        "all": event,
    }


def test_a_topic_hands_the_event_on(
    local_aws: LocalAws, source: str, queue: Callable[[], str], receive: Receive
) -> None:
    sns, arn = local_aws.client("sns"), queue()
    topic = sns.create_topic(Name=f"topic-{uuid.uuid4().hex}")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    _rule(local_aws, source, {"Arn": topic, "InputPath": "$.detail"})
    _put(local_aws, source, {"n": 1})
    assert json.loads(receive(arn)["Body"])["Message"] == '{"n":1}'


def test_a_disabled_rule_delivers_nothing_until_enabled(
    local_aws: LocalAws, source: str, queue: Callable[[], str], receive: Receive
) -> None:
    arn = queue()
    _rule(local_aws, source, {"Arn": arn, "InputPath": "$.detail.n"}, State="DISABLED")
    watch = queue()
    _rule(local_aws, f"{source}.watch", {"Arn": watch})
    _put(local_aws, source, {"n": 1})
    _put(local_aws, f"{source}.watch", {})
    receive(watch)
    local_aws.client("events").enable_rule(Name=source)
    _put(local_aws, source, {"n": 2})
    assert receive(arn)["Body"] == "2"


def test_what_cannot_be_delivered_goes_to_the_dead_letters_with_its_reason(
    local_aws: LocalAws, source: str, queue: Callable[[], str], receive: Receive
) -> None:
    letters, gone = queue(), queue() + "-gone"
    rule = _rule(local_aws, source, {"Arn": gone, "DeadLetterConfig": {"Arn": letters}})
    _put(local_aws, source, {"n": 1})
    message = receive(letters)
    labels = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
    assert json.loads(message["Body"])["detail"] == {"n": 1}
    assert (labels["RULE_ARN"], labels["TARGET_ARN"]) == (rule, gone)
    assert (labels["ERROR_CODE"], labels["RETRY_ATTEMPTS"]) == ("NO_RESOURCE", "0")


def test_a_template_that_gives_no_json_goes_to_the_dead_letters(
    local_aws: LocalAws, source: str, queue: Callable[[], str], receive: Receive
) -> None:
    letters, never, well = queue(), queue(), queue()
    broken = {"InputTemplate": '{"n": '}
    _rule(
        local_aws,
        source,
        {"Arn": never, "InputTransformer": broken, "DeadLetterConfig": {"Arn": letters}},
        {"Arn": well},
    )
    _put(local_aws, source, {"n": 1})
    assert receive(letters)["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "INVALID_JSON"
    receive(well)


def test_rules_are_described_listed_tagged_and_deleted(
    local_aws: LocalAws, source: str, queue: Callable[[], str]
) -> None:
    events = local_aws.client("events")
    arn = _rule(local_aws, source, {"Arn": queue()}, Tags=[{"Key": "a", "Value": "b"}])
    assert events.describe_rule(Name=source)["State"] == "ENABLED"
    assert [rule["Arn"] for rule in events.list_rules(NamePrefix=source)["Rules"]] == [arn]
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    with pytest.raises(events.exceptions.ClientError, match="it has targets"):
        events.delete_rule(Name=source)
    events.remove_targets(Rule=source, Ids=["0"])
    events.delete_rule(Name=source)
    with pytest.raises(events.exceptions.ResourceNotFoundException):
        events.describe_rule(Name=source)


def test_events_are_tested_and_checked_entry_by_entry(local_aws: LocalAws) -> None:
    events = local_aws.client("events")
    event = json.dumps({"source": "a", "detail": {"n": 1}})
    pattern = json.dumps({"detail": {"n": [{"numeric": [">", 0]}]}})
    assert events.test_event_pattern(EventPattern=pattern, Event=event)["Result"]
    answer = events.put_events(
        Entries=[
            {"Source": "aws.s3", "DetailType": "x", "Detail": "{}"},
            {"Source": "a", "DetailType": "x", "Detail": "[]"},
            {"Source": "a", "DetailType": "x"},
        ]
    )
    codes = [entry["ErrorCode"] for entry in answer["Entries"]]
    assert codes == ["NotAuthorizedForSourceException", "MalformedDetail", "InvalidArgument"]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"ScheduleExpression": "rate(1 day)"}, "EventBridge Scheduler"),
        ({"EventPattern": "{}", "EventBusName": "mine"}, "'mine'"),
        ({"EventPattern": '{"source": [{"regex": "a"}]}'}, "match type regex"),
        ({}, "must be specified"),
    ],
)
def test_a_rule_that_is_not_supported_is_refused_by_name(
    local_aws: LocalAws, source: str, asked: dict[str, Any], reason: str
) -> None:
    events = local_aws.client("events")
    with pytest.raises(events.exceptions.ClientError, match=reason):
        events.put_rule(Name=source, **asked)


QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ({"Arn": "arn:aws:kinesis:us-east-1:1:stream/s"}, "not to kinesis"),
        ({"Arn": "arn:aws:states:us-east-1:1:stateMachine:m"}, "RoleArn is required"),
        ({"Arn": QUEUE, "Input": "{"}, "JSON syntax error"),
        ({"Arn": QUEUE, "Input": "{}", "InputPath": "$"}, "Only one of"),
        ({"Arn": QUEUE, "InputPath": "$..a"}, "Invalid InputPath"),
        ({"Arn": QUEUE, "InputTransformer": {"InputTemplate": "<a>"}}, "placeholder <a>"),
        ({"Arn": QUEUE, "EcsParameters": {"TaskDefinitionArn": "t"}}, "EcsParameters"),
    ],
)
def test_a_target_that_is_not_supported_is_refused_by_name(
    local_aws: LocalAws, source: str, target: dict[str, Any], reason: str
) -> None:
    events = local_aws.client("events")
    events.put_rule(Name=source, EventPattern=json.dumps({"source": [source]}))
    with pytest.raises(events.exceptions.ClientError, match=reason):
        events.put_targets(Rule=source, Targets=[{"Id": "1", **target}])
