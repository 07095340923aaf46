"""Runs handlers: finds or starts a function's warm worker, calls it, and reports as AWS does."""

from __future__ import annotations

import json
import math
import threading
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ratchet.local_aws.door.calls import function_key
from ratchet.local_aws.lambda_.archives import own_modules
from ratchet.local_aws.lambda_.logs import LogWriter, Stream
from ratchet.local_aws.lambda_.packages import importable_names
from ratchet.local_aws.lambda_.pool import Pool
from ratchet.local_aws.lambda_.runtime import RuntimeKind, RuntimeProcess
from ratchet.local_aws.lambda_.worker import (
    Exchange,
    Exited,
    LogLine,
    TimedOut,
    WorkerLost,
)

if TYPE_CHECKING:
    from pathlib import Path

    from ratchet.local_aws.lambda_.model import Function
    from ratchet.local_aws.lambda_.worker import Worker
    from ratchet.local_aws.running.host import Host

INIT_SECONDS = 10
RESPONSE_LIMIT = 6_291_556
TAIL_BYTES = 4096


@dataclass(frozen=True)
class Outcome:
    """The end of one invocation: its payload, whether it is an error, the last 4 KB of its log."""

    request_id: str
    payload: bytes
    failed: bool
    tail: bytes


class Sandboxes:
    """The workers of all functions."""

    def __init__(self, local: Host, folder: Path) -> None:
        self._local = local
        self._folder = folder
        self._lock = threading.Lock()
        self._pools: dict[str, Pool] = {}
        self._runtimes: dict[RuntimeKind, RuntimeProcess] = {}
        self._logs = LogWriter(local)

    def run(
        self, function: Function, event: str, reserved: int | None, client_context: Any = None
    ) -> Outcome:
        """Invoke the handler with the event (JSON text). Raises pool.Throttled."""
        pool = self._pool(function)
        with pool.slot(reserved):
            call = _Call(function, str(uuid.uuid4()))
            worker = pool.take() or self._start(function)
            healthy = False
            try:
                outcome = self._ask(call, worker, event, client_context)
                healthy = not call.lost and not (worker.ready or {}).get("broken")
            finally:
                pool.give_back(worker, healthy=healthy)
            self._logs.write(Stream(function.logging.group, worker.stream), call.lines)
            return outcome

    def forget(self, name: str) -> None:
        """End the function's workers, each once it is idle."""
        with self._lock:
            pool = self._pools.pop(name, None)
        if pool is not None:
            pool.retire()

    def close(self) -> None:
        """End all workers, their runtimes and the log."""
        with self._lock:
            pools, runtimes = list(self._pools.values()), list(self._runtimes.values())
            self._pools.clear()
            self._runtimes.clear()
        for pool in pools:
            pool.retire()
        for runtime in runtimes:
            runtime.close()
        self._logs.close()

    def _pool(self, function: Function) -> Pool:
        with self._lock:
            pool = self._pools.get(function.name)
            if pool is None or pool.revision != function.revision:
                if pool is not None:
                    pool.retire()
                pool = self._pools[function.name] = Pool(function.revision)
            return pool

    def _ask(self, call: _Call, worker: Worker, event: str, client_context: Any) -> Outcome:
        call.start()
        try:
            if worker.ready is None:
                self._init(call, worker)
            answer = call.ask(worker, event, client_context)
        except TimedOut as error:
            answer = call.timed_out(error)
        except Exited as error:
            answer = call.exited(error)
        call.report(answer)
        return call.outcome(answer)

    def _init(self, call: _Call, worker: Worker) -> None:
        limit = max(INIT_SECONDS, call.function.timeout)
        exchange = worker.start(time.monotonic() + limit)
        call.add(exchange)
        ready = worker.ready or {}
        call.init_ms = ready["init_ms"]
        self._runtime(call.function).learn(ready["loaded"])

    def _start(self, function: Function) -> Worker:
        sandbox = uuid.uuid4().hex
        stream = f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]{sandbox}"
        if not function.logging.own_group:
            stream = f"{datetime.now(UTC):%Y/%m/%d}/{function.name}[$LATEST]{sandbox}"
        scratch = self._folder / "tmp" / sandbox
        scratch.mkdir(parents=True)
        task = {
            "handler": function.handler,
            "roots": [str(path) for path in _roots(function)],
            "environment": self._environment(function, stream, scratch),
        }
        return self._runtime(function).fork(task, stream)

    def _runtime(self, function: Function) -> RuntimeProcess:
        own = own_modules(_roots(function))
        archives = [function.archive, *(layer.archive for layer in function.layers)]
        names = importable_names(line for archive in archives for line in archive.requirements)
        kind = RuntimeKind(names, preloads=not (own & names))
        with self._lock:
            runtime = self._runtimes.get(kind)
            if runtime is None or not runtime.alive:
                runtime = self._runtimes[kind] = RuntimeProcess(self._local, kind, self._folder)
            return runtime

    def _environment(self, function: Function, stream: str, scratch: Path) -> dict[str, str]:
        """The function's variables with those of AWS and local AWS; nothing of the user's."""
        return {
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            **function.variables,
            **self._local.child_environment(),
            "AWS_ACCESS_KEY_ID": function_key(function.name),
            "TMPDIR": str(scratch),
            "HOME": str(scratch),
            "_HANDLER": function.handler,
            "LAMBDA_TASK_ROOT": str(function.archive.folder),
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": function.logging.group,
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
            **function.logging.environment(),
        }


def _roots(function: Function) -> list[Path]:
    """What AWS puts before everything else on sys.path: the code, then the layers' folders."""
    minor = function.runtime.removeprefix("python")
    layers = [root for layer in function.layers for root in layer.archive.layer_roots(minor)]
    return [function.archive.folder, *layers]


class _Call:
    """A running invocation."""

    def __init__(self, function: Function, request_id: str) -> None:
        self.function = function
        self.id = request_id
        self.lines: list[LogLine] = []
        self.init_ms = 0.0
        self.lost = False
        self._began = time.perf_counter()

    def log(self, text: str) -> None:
        self.lines += [LogLine(int(time.time() * 1000), line) for line in text.splitlines()]

    def add(self, exchange: Exchange) -> None:
        self.lines += exchange.lines

    def ask(self, worker: Worker, event: str, client_context: Any) -> dict[str, Any]:
        timeout = self.function.timeout
        self._began = time.perf_counter()
        request = {
            "id": self.id,
            "event": event,
            "arn": self.function.arn,
            "deadline": time.time() + timeout,
            "client_context": client_context,
            "trace": f"Root=1-{int(time.time()):08x}-{self.id.replace('-', '')[:24]};Sampled=0",
        }
        exchange = worker.ask(request, time.monotonic() + timeout)
        self.add(exchange)
        answer: dict[str, Any] = json.loads(exchange.answer)
        return answer

    def timed_out(self, error: TimedOut) -> dict[str, Any]:
        message = f"Task timed out after {self.function.timeout:.2f} seconds"
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        return self._lost(error, "Sandbox.Timedout", message, f"{now} {self.id} {message}")

    def exited(self, error: Exited) -> dict[str, Any]:
        message = "Runtime exited without providing a reason"
        return self._lost(
            error, "Runtime.ExitError", message, f"RequestId: {self.id} Error: {message}"
        )

    def _lost(self, error: WorkerLost, kind: str, message: str, line: str) -> dict[str, Any]:
        self.lost = True
        self.lines += error.lines
        self.log(line)
        report = {"errorType": kind, "errorMessage": f"RequestId: {self.id} Error: {message}"}
        return {"error": json.dumps(report)}

    def start(self) -> None:
        """AWS's line at the beginning."""
        if self.function.logging.is_json:
            self._platform("platform.start", {"requestId": self.id, "version": "$LATEST"})
        else:
            self.log(f"START RequestId: {self.id} Version: $LATEST")

    def report(self, answer: dict[str, Any]) -> None:
        """AWS's lines at the end."""
        took = (time.perf_counter() - self._began) * 1000
        memory = self.function.memory
        metrics = {
            "durationMs": round(took, 2),
            "billedDurationMs": math.ceil(took + self.init_ms),
            "memorySizeMB": memory,
            "maxMemoryUsedMB": answer.get("memory_mb", memory),
        }
        if self.init_ms:
            metrics["initDurationMs"] = round(self.init_ms, 2)
        if self.function.logging.is_json:
            status = "error" if "error" in answer else "success"
            record = {"requestId": self.id, "metrics": metrics, "status": status}
            self._platform("platform.report", record)
        else:
            self.log(f"END RequestId: {self.id}\n{_report_line(self.id, metrics)}")

    def _platform(self, kind: str, record: dict[str, Any]) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        self.log(json.dumps({"time": now, "type": kind, "record": record}))

    def outcome(self, answer: dict[str, Any]) -> Outcome:
        failed = "error" in answer
        payload = (answer["error"] if failed else answer["payload"]).encode()
        if len(payload) > RESPONSE_LIMIT:
            failed, payload = True, _too_large(len(payload))
        tail = "\n".join(line.text for line in self.lines).encode()[-TAIL_BYTES:]
        return Outcome(self.id, payload, failed, tail + b"\n")


def _too_large(size: int) -> bytes:
    message = (
        f"Response payload size ({size} bytes) exceeded maximum allowed payload size "
        f"({RESPONSE_LIMIT} bytes)."
    )
    report = {"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"}
    return json.dumps(report).encode()


def _report_line(request_id: str, metrics: dict[str, Any]) -> str:
    line = (
        f"REPORT RequestId: {request_id}\tDuration: {metrics['durationMs']:.2f} ms\t"
        f"Billed Duration: {metrics['billedDurationMs']} ms\t"
        f"Memory Size: {metrics['memorySizeMB']} MB\t"
        f"Max Memory Used: {metrics['maxMemoryUsedMB']} MB"
    )
    init = metrics.get("initDurationMs")
    return line + (f"\tInit Duration: {init:.2f} ms" if init else "")
