"""A stack in one process: our machines and handlers on fakes, one clock, and what AWS delivers."""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from model_calls import Client, Frame, Inline, ReplyLost, label
from model_cloud import DEFINITION, Cloud, WorldClock, deeper, rows
from model_dynamodb import Dynamodb, refused
from model_faults import Call, Crash, Fault, denied, is_write, lost_reply, throttled
from model_runner import Runner, StepFunctions
from model_sagemaker import SageMaker
from model_storage import S3, DataBrew, Lambda, Scheduler, Sns, Sqs
from model_template import ENVIRONMENT, batch, listeners, machine, sample, scheduled

import retraining.adapters
from ratchet.workflow.asl.jsonata import limits
from ratchet.workflow.asl.payload import Payload
from ratchet.workflow.interpreter import turn
from ratchet.workflow.interpreter.execution import Execution
from ratchet.workflow.interpreter.identity import Identity
from retraining import clock, observability, settings
from retraining.adapters import ledger as ledger_module
from retraining.adapters import run_folder as run_folder_module
from retraining.errors import DeletionRefused
from retraining.steps import earlier_rows as earlier_rows_module
from retraining.steps import settle_data as settle_data_module

VISIBILITY = {"arrivals": 660, "wakes": 360}
MOST_RECEIVED = 5
ASYNC_RETRIES = (60, 120)  # seconds: Lambda invokes asynchronously three times in all
SWEEPS, BETWEEN_SWEEPS = 3, 1000  # seconds: more than the sweep's slack
PATIENCE = 60  # seconds for an expression: this machine may be busy
KNOWN_BY_TOKEN = ("transact_write_items",)  # the SDK gives them a token, so AWS knows a repetition
TURNS = 5  # of the loop until whoever waits for a stopped execution, and its child, know of it


class World:
    """The stack, with at most one fault of the path itself and one to look into."""

    def __init__(self, cloud: Cloud, *faults: Fault) -> None:
        self.cloud, self.faults = cloud, faults
        self.clock = WorldClock(cloud)
        self.calls: list[Call] = []
        self.fired_at = 0  # how many calls there were until the last fault
        self.trace: list[str] = []
        self._names: Counter[str] = Counter()
        self._frames: list[Frame] = []
        self._activities: list[object] = []
        self._running: dict[str, Execution] = {}
        self._parents: dict[str, Execution] = {}
        self._stop: Execution | None = None
        self.s3 = S3(cloud)
        self.sagemaker = SageMaker(cloud)
        fakes: dict[str, Any] = {
            "dynamodb": Dynamodb(cloud.tables),
            "s3": self.s3,
            "sqs": Sqs(cloud),
            "sns": Sns(cloud.notices),
            "lambda": Lambda(cloud),
            "databrew": DataBrew(cloud.things),
            "scheduler": Scheduler(cloud.things.setdefault("schedule", {})),
            "sagemaker": self.sagemaker,
            "sagemaker-runtime": self.sagemaker,
            "stepfunctions": StepFunctions(self),
        }
        self._clients = {name: Client(self, name, fake) for name, fake in fakes.items()}

    def client(self, service: str) -> Client:
        return self._clients[service]

    # --- one call to AWS ----------------------------------------------------------------------

    def call(self, service: str, operation: str, request: Any, carry_out: Callable[[], Any]) -> Any:
        """Carry out a call, or what the fault makes of it."""
        frame = self._frames[-1]
        if frame.dead:
            raise Crash
        name, write = self._noted(frame, operation, label(service, request)), is_write(operation)
        for fault in self.faults:
            if fault.still_denies(frame.caller, operation):
                raise denied(operation)
            if fault.kills_again(frame.caller, write=write):
                self.fired_at = len(self.calls)
                self.trace.append(f"  *** dies again at {name}")
                return self._died(frame, carry_out)
            if fault.meets(name):
                fault.fire(frame.caller, operation, self._activities[0])
                self.fired_at = len(self.calls)
                self.trace.append(f"  *** {fault.kind} at {name}")
                return self._faulty(fault.kind, frame, operation, carry_out)
        return carry_out()

    def _noted(self, frame: Frame, operation: str, what: str) -> str:
        short = f"{frame.caller}.{operation}({what})"
        self._names[short] += 1
        name = f"{short}#{self._names[short]}"
        nested = frame.execution is not None and frame.execution.identity.arn in self._parents
        executed = frame.execution is not None
        write = is_write(operation)
        self.calls.append(Call(name, write, frame.function, executed, nested))
        if write:
            self.trace.append(f"  {name}")
        return name

    def _faulty(self, kind: str, frame: Frame, operation: str, carry_out: Callable[[], Any]) -> Any:
        if kind in ("before", "error"):
            raise throttled(operation) if kind == "before" else denied(operation)
        if kind in ("race", "gone"):
            (self._land_meanwhile if kind == "race" else self.delete)()
        if kind == "lost":
            return self._lost(carry_out)
        if kind in ("stop", "kill"):
            self._stop = frame.execution
        if kind == "stoprun" and frame.execution is not None:
            self._stop = self._parents[frame.execution.identity.arn]
        if kind in ("crash", "dies", "kill"):
            self._died(frame, carry_out)
        if kind == "resent" and operation in KNOWN_BY_TOKEN:
            return carry_out()
        if kind in ("after", "resent"):
            with suppress(ClientError):  # a reply that nobody receives, be it a refusal
                carry_out()
        if kind == "after":
            raise lost_reply(operation)
        frame.repeat = kind == "twice"
        return carry_out()

    def _land_meanwhile(self) -> None:
        self.drop()
        with self._activity():
            self._receive(self.cloud.messages.pop())

    def _lost(self, carry_out: Callable[[], Any]) -> Any:
        before = len(self.cloud.messages)
        answer = carry_out()
        del self.cloud.messages[before:]
        return answer

    def _died(self, frame: Frame, carry_out: Callable[[], Any]) -> None:
        with suppress(ClientError):
            carry_out()
        frame.dead = True
        raise Crash

    # --- functions ----------------------------------------------------------------------------

    def invoke(self, function: str, event: Any, execution: Execution | None = None) -> Any:
        """One invocation; raises what the function raises, Crash when it died."""
        handler = importlib.import_module(function).handler
        frame = Frame(function, function=True, execution=execution)
        self._frames.append(frame)
        self.trace.append(f" {function}")
        try:
            answer = json.loads(json.dumps(handler(json.loads(json.dumps(event)), None)))
            if frame.dead:
                raise Crash
        finally:
            self._frames.pop()
        if frame.repeat:
            raise ReplyLost
        return answer

    # --- executions ---------------------------------------------------------------------------

    def start(self, machine: str, name: str, payload: str) -> str:
        """StartExecution: the same name and input answer the same while it runs."""
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
        known = self.cloud.executions.get(arn)
        if known is not None:
            if known["status"] == "RUNNING" and known["input"] == payload:
                return arn
            raise refused("ExecutionAlreadyExists", name, "StartExecution")
        self.cloud.executions[arn] = {"machine": machine, "input": payload, "status": "RUNNING"}
        return arn

    async def execute(self, arn: str, parent: Execution | None = None) -> Execution:
        """Run an execution to its end, and tell of it."""
        record = self.cloud.executions[arn]
        name = record["machine"].rpartition(":")[2]
        identity = Identity(
            arn=arn, name=arn.rpartition(":")[2], machine_arn=record["machine"], machine_name=name
        )
        execution = Execution(
            machine(name),
            Payload(json.loads(record["input"])),
            runner=Runner(self),
            identity=identity,
            clock=self.clock,
        )
        runner: Any = execution.runner
        runner.execution = execution
        if parent is not None:
            self._parents[arn] = parent
        self._running[arn] = execution
        self._note_overlaps(name)
        self.trace.append(f"{name} {identity.name} starts")
        await execution.run()
        await execution.settled()
        self.trace.append(f"{name} {identity.name} {execution.status} {execution.error or ''}")
        del self._running[arn]
        record.update(status=execution.status, error=execution.error, cause=execution.cause)
        record["stopped"] = datetime.fromtimestamp(self.cloud.moment, UTC)
        self._tell(arn, record)
        return execution

    def _note_overlaps(self, name: str) -> None:
        running = [arn for arn in self._running if f":{name}:" in arn]
        if len(running) > 1:
            self.cloud.overlaps.append(" and ".join(arn.rpartition(":")[2] for arn in running))

    async def stop_if_asked(self) -> None:
        """Carry out the StopExecution of the fault."""
        stopped, self._stop = self._stop, None
        if stopped is not None:
            stopped.stop("Stopped", "by a person")
            for _ in range(TURNS):
                await asyncio.sleep(0)

    def _tell(self, arn: str, record: dict[str, Any]) -> None:
        detail = {
            "executionArn": arn,
            "stateMachineArn": record["machine"],
            "name": arn.rpartition(":")[2],
            "status": record["status"],
            "input": record["input"],
            "error": record["error"],
            "cause": record["cause"],
        }
        body = json.dumps(
            {"detail-type": "Step Functions Execution Status Change", "detail": detail}
        )
        for function in listeners(record["machine"], record["status"]):
            self._post(function, body)

    def _post(self, target: str, body: str) -> None:
        """An event of AWS on its way to a queue or function."""
        self._names[f"event({target})"] += 1
        name = f"event({target})#{self._names[f'event({target})']}"
        self.calls.append(Call(name, True, False, False, False, event=True))
        times = 1
        for fault in self.faults:
            if fault.meets(name):
                fault.fire("event", target, None)
                self.fired_at = len(self.calls)
                self.trace.append(f"  *** {fault.kind} at {name}")
                times = 0 if fault.kind == "lost" else 2
        for _ in range(times):
            self.cloud.send(target, body, 1)

    def sweep(self) -> None:
        """Let the time pass in which what was lost is found, and sent again."""
        for _ in range(SWEEPS):
            self.clock.forward(self.cloud.moment + BETWEEN_SWEEPS)
            for function in scheduled():
                self.cloud.send(function, "{}", 0)
            self.settle()

    # --- what AWS delivers --------------------------------------------------------------------

    def settle(self) -> None:
        """Deliver and run everything that is under way, whenever it is due."""
        for _ in range(300):
            if self.cloud.waiting:
                self._run_one()
            elif self.cloud.messages:
                due = min(message["due"] for message in self.cloud.messages)
                self.clock.forward(due)
                self.deliver()
            else:
                return
        raise AssertionError("the stack never came to rest")

    def _run_one(self) -> None:
        arn = self.cloud.waiting.pop(0)
        with self._activity():
            self.clock.run(self.execute(arn))

    def deliver(self) -> None:
        """Deliver every message that is due by now."""
        due = [one for one in self.cloud.messages if one["due"] <= self.cloud.moment]
        for message in due:
            self.cloud.messages.remove(message)
            with self._activity():
                self._receive(message)

    @contextmanager
    def _activity(self) -> Iterator[None]:
        activity = object()
        self._activities.insert(0, activity)
        try:
            yield
        finally:
            self._activities.remove(activity)
            for fault in self.faults:
                fault.end(activity)

    def _receive(self, message: dict[str, Any]) -> None:
        queue = message["to"]
        self.trace.append(f"{queue}: {message['body'][:70]}")
        if queue == "people":
            self._act(message["body"])
            return
        try:
            if queue in VISIBILITY:
                function = {"arrivals": "record_arrivals", "wakes": "start_retraining"}[queue]
                answer = self.invoke(function, batch(message))
                failed = bool(answer["batchItemFailures"])
            else:
                self.invoke(queue, json.loads(message["body"]))
                failed = False
        except (Crash, ReplyLost):
            failed = True
        except Exception as error:  # noqa: BLE001 - the function failed, whatever it raised
            self.trace.append(f"  failed: {error!r:.200}")
            failed = True
        if failed:
            self._redeliver(message)

    def _act(self, depth: str) -> None:
        """What a person does meanwhile: drop data, delete the pipeline, or push another setting."""
        if depth == "delete":
            self.delete()
        elif depth:
            self.push(deeper(int(depth)), depth * 64)
        else:
            self.drop()

    def _redeliver(self, message: dict[str, Any]) -> None:
        received, queue = message["received"], message["to"]
        most = MOST_RECEIVED if queue in VISIBILITY else 1 + len(ASYNC_RETRIES)
        if received >= most:
            self.cloud.dead_letters.append(message)
            return
        wait = VISIBILITY.get(queue) or ASYNC_RETRIES[received - 1]
        due = self.cloud.moment + wait
        self.cloud.messages.append({**message, "received": received + 1, "due": due})

    # --- what people do -----------------------------------------------------------------------

    def push(
        self, definition: dict[str, Any] = DEFINITION, hash_: str = "0" * 64, **more: bool
    ) -> None:
        """Push a pipeline, again if that failed."""
        body = json.dumps(definition).encode()
        key = f"pipelines/{definition['name']}/{hash_}/definition.json"
        if self.s3.newest("work", key) is None:
            self.s3.put("work", key, body)
        for _ in range(3):
            with self._activity():
                try:
                    self.invoke(
                        "register_pipeline",
                        {"name": definition["name"], "hash": hash_, **more},
                    )
                except (Crash, ReplyLost, Exception) as error:  # noqa: BLE001 - a person tries again
                    self.trace.append(f"  push failed: {error!r:.200}")
                    self.clock.forward(self.cloud.moment + 60)
                else:
                    return
        raise AssertionError(f"the push failed three times: {self.trace[-1]}")

    def delete(self) -> None:
        """Delete the pipeline, again if that failed; a refusal ends it."""
        for _ in range(3):
            with self._activity():
                try:
                    self.invoke("delete_pipeline", {"pipeline": "bank"})
                except DeletionRefused as error:
                    self.trace.append(f"  not deleted: {error}")
                    return
                except (Crash, ReplyLost, Exception) as error:  # noqa: BLE001 - a person tries again
                    self.trace.append(f"  the deletion failed: {error!r:.200}")
                else:
                    return
        raise AssertionError(f"the deletion failed three times: {self.trace[-1]}")

    def approve(self) -> None:
        """Approve the newest package whose run waits for that, if one does; its event follows."""
        runs = [item for (_, key), item in self.cloud.tables["ledger"].items() if "run#" in key]
        waiting = [run for run in runs if run.get("outcome") == "APPROVAL_PENDING"]
        if not waiting:
            return
        arn = max(waiting, key=lambda run: run["token"])["package"]
        self.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
        event = json.loads(sample("model-package-approved.json"))
        event["detail"]["ModelPackageArn"] = arn
        event["detail"]["ModelPackageGroupName"] = arn.split("/")[1]
        self.cloud.send("start_promotion", json.dumps(event), 1)
        self.settle()

    def drop(self, body: str | None = None, name: str | None = None) -> None:
        """Land an object."""
        self.cloud.drops += 1
        number = self.cloud.drops
        data = (rows(10 * number) if body is None else body).encode()
        key = name or f"bank/{number}.csv"
        made = self.s3.put("landing", key, data)
        event = json.loads(sample("object-created-put.json"))
        event["detail"]["bucket"]["name"] = "landing"
        event["detail"]["object"].update(
            {"key": key, "size": len(data), "etag": made["etag"], "version-id": made["version"]}
        )
        event["time"] = datetime.fromtimestamp(self.cloud.moment, UTC).isoformat()
        self._post("arrivals", json.dumps(event))


# the process


@contextmanager
def patched(world: World, seed: str = "") -> Iterator[World]:
    """Let the functions of this process work on a world."""
    changes: list[tuple[Any, str, Any]] = [
        (retraining.adapters, "client", world.client),
        (clock, "now", lambda: world.cloud.moment),
        (ledger_module, "ThreadPoolExecutor", Inline),
        (run_folder_module, "ThreadPoolExecutor", Inline),
        (earlier_rows_module, "ThreadPoolExecutor", Inline),
        (settle_data_module, "ThreadPoolExecutor", Inline),
        (observability, "print", lambda *_, **__: None),
        (limits, "MAX_SECONDS", PATIENCE),
        (turn, "LONGEST", PATIENCE),  # or which of two jobs ends first depends on the machine
    ]
    environment = settings.settings.environment
    before = [(where, name, getattr(where, name, print)) for where, name, _ in changes]
    for where, name, value in changes:
        setattr(where, name, value)
    object.__setattr__(settings.settings, "environment", ENVIRONMENT)
    logging.disable(logging.CRITICAL)
    random.seed(seed)
    try:
        yield world
    finally:
        for where, name, value in before:
            setattr(where, name, value)
        object.__setattr__(settings.settings, "environment", environment)
        logging.disable(logging.NOTSET)
