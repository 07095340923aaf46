"""The service under test: drops data, delivers events and wakes, plays the state machine."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

import check_data
import claim_data
import finish_run
import record_arrivals
import recover_promotion
import recover_run
import register_pipeline
import settle_data
import start_retraining
import sweep_ledger
from retraining import bootstrap, clock
from retraining.adapters import Adapters, clients
from retraining.errors import RunFailed

EVENTS = Path(__file__).parents[2] / "events"
WAKE_SENT = "provide-client-params.sqs.SendMessage"
INVOKED = "before-call.lambda.Invoke"
ROLE = "arn:aws:iam::123456789012:role/ratchet"
TAGS = [
    {"Key": "ratchet:stack", "Value": "ratchet"},
    {"Key": "ratchet:pipeline", "Value": "bank"},
]
"""Of all that the service makes for the pipeline `bank`, in SageMaker's spelling."""
HEADER = "age;job;y\n"
DEFINITION: dict[str, Any] = {
    "name": "bank",
    "data": {
        "label": "y",
        "csv": {"delimiter": ";"},
        "columns": {
            "age": {"type": "integer", "min": 17},
            "job": {"type": "text"},
            "y": {"type": "category", "values": ["yes", "no"]},
        },
    },
    "trigger": {"quiet_period": "60s"},
    "etl": {"recipe": [{"Action": {"Operation": "DELETE", "Parameters": {"sourceColumns": "[]"}}}]},
    "training": {"hyperparameters": {"num_round": 10, "objective": "binary:logistic"}},
    "gate": {"metric": "auc", "minimum": 0.6, "min_holdout_rows": 30},
}


def rows(count: int, start: int = 0) -> str:
    """Some sound data of the test pipeline, every row another."""
    body = (f"{20 + n % 60};job{start + n};{'yes' if n % 3 else 'no'}\n" for n in range(count))
    return HEADER + "".join(body)


BAD = HEADER + "30;cook;yes\nthirty;cook;maybe\n"


class Accepted:
    """The HTTP answer to an asynchronous invocation."""

    status_code = 202


class Service:
    """One stack; `now` is its clock, `history` what was delivered."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_790_000_000.0
        self.monkeypatch = monkeypatch
        monkeypatch.setattr(clock, "now", lambda: self.now)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "local")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
        self._make(monkeypatch)

    def _make(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.s3 = self.client("s3")
        for bucket in ("landing", "work"):
            self.s3.create_bucket(Bucket=bucket)
            self.s3.put_bucket_versioning(
                Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
            )
        self._make_table()
        self.sqs = self.client("sqs")
        self.wakes_url = self.sqs.create_queue(QueueName="wakes")["QueueUrl"]
        self.arrivals_url = self.sqs.create_queue(QueueName="arrivals")["QueueUrl"]
        self.notices_url = self.sqs.create_queue(QueueName="notices")["QueueUrl"]
        self.client("scheduler").create_schedule_group(Name="schedules")
        topic = self.client("sns").create_topic(Name="notices")["TopicArn"]
        self.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:notices"
        )
        machines = [
            self.client("stepfunctions").create_state_machine(
                name=name,
                definition='{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}',
                roleArn=ROLE,
            )["stateMachineArn"]
            for name in ("retraining", "promotion")
        ]
        environment = {
            "STACK": "ratchet",
            "LEDGER_TABLE": "ledger",
            "LANDING_BUCKET": "landing",
            "WORK_BUCKET": "work",
            "WAKES_QUEUE_URL": self.wakes_url,
            "ARRIVALS_QUEUE_URL": self.arrivals_url,
            "RECOVER_RUN_FUNCTION": "recover_run",
            "RECOVER_PROMOTION_FUNCTION": "recover_promotion",
            "NOTICES_TOPIC_ARN": topic,
            "SCHEDULE_GROUP": "schedules",
            "SCHEDULE_ROLE_ARN": ROLE,
            "WAKES_QUEUE_ARN": "arn:aws:sqs:us-east-1:123456789012:wakes",
            "EVENTS_DEAD_LETTER_QUEUE_ARN": "arn:aws:sqs:us-east-1:123456789012:events",
            "DATABREW_ROLE_ARN": ROLE,
            "ALGORITHM_REGISTRY": "683313688378.dkr.ecr.us-east-1.amazonaws.com",
            "DEEP_LEARNING_REGISTRY": "763104351884.dkr.ecr.us-east-1.amazonaws.com",
            "TRAINING_WORKFLOW_ROLE_ARN": ROLE,
            "TRAINING_LOG_GROUP_ARN": "arn:aws:logs:us-east-1:123456789012:log-group:training:*",
            "RETRAINING_ARN": machines[0],
            "PROMOTION_ARN": machines[1],
        }
        for name, value in environment.items():
            monkeypatch.setenv(f"RATCHET_{name}", value)
        self.sent: list[dict[str, Any]] = []
        self.sqs.meta.events.register(WAKE_SENT, self._note_wake)
        self.invoked: list[tuple[str, dict[str, Any]]] = []
        self.client("lambda").meta.events.register(INVOKED, self._queue_invocation)

    def close(self) -> None:
        """Leave the process's clients as they were."""
        self.sqs.meta.events.unregister(WAKE_SENT, self._note_wake)
        self.client("lambda").meta.events.unregister(INVOKED, self._queue_invocation)

    def _make_table(self) -> None:
        key = [("pipeline", "HASH"), ("item", "RANGE")]
        index = [("pipeline", "HASH"), ("pending", "RANGE")]
        self.client("dynamodb").create_table(
            TableName="ledger",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"}
                for name in ("pipeline", "item", "pending")
            ],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in key],
            LocalSecondaryIndexes=[
                {
                    "IndexName": "pending",
                    "KeySchema": [{"AttributeName": n, "KeyType": k} for n, k in index],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )

    def renew_ledger(self) -> None:
        """The ledger of a stack that was deleted and made again under its name."""
        self.client("dynamodb").delete_table(TableName="ledger")
        self._make_table()

    @property
    def aws(self) -> Adapters:
        """The adapters as a function would get them now."""
        return bootstrap.adapters()

    def client(self, name: str) -> Any:
        """The process's client, made once: making one takes longer than a test."""
        return clients.client(name)

    # --- what people and AWS do ---------------------------------------------------------------

    def push(
        self, definition: dict[str, Any] | None = None, hash_: str = "0" * 64, **more: int
    ) -> Any:
        """Upload a definition and register it."""
        document = definition or DEFINITION
        key = f"pipelines/{document['name']}/{hash_}/definition.json"
        self.s3.put_object(Bucket="work", Key=key, Body=json.dumps(document).encode())
        return register_pipeline.handler({"name": document["name"], "hash": hash_, **more}, None)

    def drop(self, key: str, body: str | bytes) -> dict[str, Any]:
        """Put an object; the event that tells of it."""
        data = body.encode() if isinstance(body, str) else body
        answer = self.s3.put_object(Bucket="landing", Key=key, Body=data)
        event: dict[str, Any] = json.loads((EVENTS / "object-created-put.json").read_text())
        event["detail"]["bucket"]["name"] = "landing"
        event["detail"]["object"].update(
            {
                "key": key,
                "size": len(data),
                "etag": answer["ETag"].strip('"'),
                "version-id": answer["VersionId"],
            }
        )
        return event

    def drop_now(self, key: str, body: str | bytes) -> dict[str, Any]:
        """The same, by the clock of the test."""
        event = self.drop(key, body)
        return {**event, "time": dt.datetime.fromtimestamp(self.now, dt.UTC).isoformat()}

    def deliver(self, *events: Any, received: int = 1) -> list[str]:
        """An SQS batch of events to record_arrivals; the ids that must come again."""
        answer = record_arrivals.handler(batch(*events, received=received), None)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def wake(self, message: dict[str, Any]) -> list[str]:
        """One message to start_retraining; the ids that must come again."""
        answer = start_retraining.handler(batch(message), None)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def receive_wakes(self) -> list[dict[str, Any]]:
        """Every wake sent since the last look, whatever its delay: tests do not sit it out."""
        found, self.sent = self.sent, []
        return found

    def receive_arrivals(self) -> list[dict[str, Any]]:
        """Every event that was sent to the arrivals queue since the last look."""
        request = {"QueueUrl": self.arrivals_url, "MaxNumberOfMessages": 10}
        found: list[dict[str, Any]] = []
        while messages := self.sqs.receive_message(**request).get("Messages"):
            found += [json.loads(message["Body"]) for message in messages]
        return found

    def recover(self) -> list[str]:
        """Hand the recoveries what was queued for them; the executions they were told of."""
        found, self.invoked = self.invoked, []
        for function, event in found:
            (recover_run if function == "recover_run" else recover_promotion).handler(event, None)
        return [event["detail"]["name"] for _, event in found]

    def _queue_invocation(self, params: dict[str, Any], **_: Any) -> Any:
        """Lambda's answer to an asynchronous invocation; moto would want a container."""
        function = params["url_path"].split("/")[-2]
        self.invoked.append((function, json.loads(params["body"])))
        return Accepted(), {"StatusCode": Accepted.status_code}

    def _note_wake(self, params: dict[str, Any], **_: Any) -> None:
        self.sent.append({**json.loads(params["MessageBody"]), "delay": params["DelaySeconds"]})

    def sweep(self) -> Any:
        """What the schedule calls."""
        return sweep_ledger.handler({}, None)

    def run_machine(self, pipeline: str, token: int, outcome: str = "INCONCLUSIVE") -> Any:
        """ClaimData, CheckData, SettleData and FinishRun, as the state machine calls them."""
        where = {"pipeline": pipeline, "token": token}
        run = claim_data.handler({**where, "execution": "arn"}, None)
        for chunk in run["chunks"]:
            check_data.handler({"manifest": run["manifest"], **chunk}, None)
        conclusion = concluded(outcome) if outcome != "FAILED" else failed("Gate", "Broken")
        settled = settle_data.handler({**where, **conclusion}, None)
        finish({**where, **conclusion, "execution": "arn", "package": None})
        return settled

    def stop(self, name: str) -> None:
        """Stop an execution; its status event is the test's to deliver, or to lose."""
        self.client("stepfunctions").stop_execution(executionArn=self.aws.executions.arn(name))

    def end(self, name: str, status: str) -> Any:
        """An execution ended without finishing: its status event to recover_run."""
        kind = status.lower().replace("_", "-")
        event = json.loads((EVENTS / f"execution-{kind}.json").read_text())
        pipeline, _, token = name.rpartition("-")
        event["detail"]["name"] = name
        event["detail"]["input"] = json.dumps({"pipeline": pipeline, "token": int(token)})
        return recover_run.handler(event, None)

    # --- what is to be seen -------------------------------------------------------------------

    def notices(self) -> list[dict[str, str]]:
        """Every notice so far, taken from the queue."""
        found: list[dict[str, str]] = []
        while True:
            answer = self.sqs.receive_message(QueueUrl=self.notices_url, MaxNumberOfMessages=10)
            if not answer.get("Messages"):
                return found
            for message in answer["Messages"]:
                found.append(json.loads(message["Body"]))
                self.sqs.delete_message(
                    QueueUrl=self.notices_url, ReceiptHandle=message["ReceiptHandle"]
                )

    def objects(self, pipeline: str = "bank") -> dict[str, dict[str, Any]]:
        """The ledger's object items by key and version."""
        table = self.aws.ledger._table
        items = table.query(pipeline, "object#")
        return {f"{item['key']} {item['version']}": item for item in items}

    def read(self, key: str) -> Any:
        """A JSON document of the work bucket."""
        return json.loads(self.s3.get_object(Bucket="work", Key=key)["Body"].read())

    def keys(self, prefix: str) -> list[str]:
        """Keys of the work bucket."""
        answer = self.s3.list_objects_v2(Bucket="work", Prefix=prefix)
        return [item["Key"] for item in answer.get("Contents", [])]


def concluded(
    outcome: str, data_state: str = "TRAINED", sentence: str | None = None
) -> dict[str, Any]:
    """What SettleData and FinishRun are given after a run that came to a conclusion."""
    found = {"outcome": outcome, "data_state": data_state}
    return {"conclusion": {**found, "sentence": sentence or f"{outcome} it is."}}


def failed(state: str, error: str, cause: str | None = None) -> dict[str, Any]:
    """The same after a state failed."""
    found = {"State": state, "Error": error}
    return {"conclusion": found if cause is None else {**found, "Cause": cause}}


def batch(*bodies: Any, received: int = 1) -> dict[str, Any]:
    """An SQS batch around these bodies."""
    sample = json.loads((EVENTS / "arrivals-batch.json").read_text())["Records"][0]
    texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
    return {
        "Records": [
            {
                **sample,
                "messageId": f"message-{number}",
                "body": text,
                "attributes": {
                    **sample["attributes"],
                    "ApproximateReceiveCount": str(received),
                },
            }
            for number, text in enumerate(texts)
        ]
    }


def started(service: Service, **bodies: str) -> None:
    """Push, drop the bodies under their names, and start run 1."""
    service.push()
    service.deliver(*(service.drop(f"bank/{name}.csv", body) for name, body in bodies.items()))
    service.now += 61
    service.wake({"pipeline": "bank"})
    service.receive_wakes()


def claim(token: int = 1) -> Any:
    """ClaimData of a run of the test pipeline."""
    return claim_data.handler({"pipeline": "bank", "token": token, "execution": "arn"}, None)


def finish(event: dict[str, Any]) -> dict[str, Any]:
    """Call FinishRun; the run's record, of one that failed too."""
    try:
        return finish_run.handler(event, None)
    except RunFailed:
        run = bootstrap.adapters().ledger.run(event["pipeline"], event["token"])
        return run.as_json()
