"""How fast state machines run here, against other local runners, in one interleaved run.

Usage: python benchmarks/interpreter.py [--rounds 5] [--waiting 10000] [--peer NAME=PLACE ...]

Engines, each in its own child process: our interpreter in process, local AWS through its
API, and moto's embedded interpreter in process and through its server (servers in
separate processes). A peer with its own environment joins with --peer: `localstack=<python>`
(localstack-core 4.14.0 in host mode, which needs Python 3.13 and listens on every interface: run
the whole benchmark in a network namespace, `unshare -rn sh -c 'ip link set lo up; ...'`) or
`node=<folder>` (a folder with node_modules/aws-local-stepfunctions). Each round asks every engine
in turn for: 100 Pass states in one execution; 1,000 small executions; a distributed Map of 1,000
and of 10,000 items. Medians over the rounds, and ratios to ours in process. Then each engine's
memory for executions that wait at once (--waiting), and how our own time grows with states and
items.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

SMALL, ITEMS, MANY_ITEMS = 1_000, 1_000, 10_000
NODE_SCRIPT = """
const { StateMachine } = require('aws-local-stepfunctions');
const readline = require('readline');
console.log('{"ready": true}');
readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  const { definition, input, times, waiting } = JSON.parse(line);
  if (waiting) return console.log(JSON.stringify({ error: 'not measured' }));
  const machine = new StateMachine(definition);
  const start = process.hrtime.bigint();
  for (let i = 0; i < times; i++) await machine.run(input).result;
  console.log(JSON.stringify({ seconds: Number(process.hrtime.bigint() - start) / 1e9 }));
});
"""

Json = dict[str, Any]


def chain(length: int) -> Json:
    states = {
        f"S{index}": {
            "Type": "Pass",
            **({"Next": f"S{index + 1}"} if index < length - 1 else {"End": True}),
        }
        for index in range(length)
    }
    return {"StartAt": "S0", "States": states}


def distributed_map() -> Json:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "P",
        "States": {"P": {"Type": "Pass", "End": True}},
    }
    each = {"Type": "Map", "ItemProcessor": processor, "MaxConcurrency": 40, "End": True}
    return {"StartAt": "M", "States": {"M": each}}


WAIT = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}}
WORK: dict[str, Json] = {
    "100 Pass states": {"definition": chain(100), "input": {}, "times": 1},
    "1,000 small executions": {"definition": chain(1), "input": {}, "times": SMALL},
    "a Map of 1,000 items": {
        "definition": distributed_map(),
        "input": list(range(ITEMS)),
        "times": 1,
    },
    "a Map of 10,000 items": {
        "definition": distributed_map(),
        "input": list(range(MANY_ITEMS)),
        "times": 1,
    },
}


# engines: each runs in a child, reads one job a line, answers with seconds


class InProcess:
    """Our interpreter alone."""

    def __init__(self) -> None:
        self.server = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._machines: dict[str, Any] = {}
        self._waiters: list[Any] = []
        self._running: list[asyncio.Future[None]] = []

    def run(self, definition: Json, value: Any, times: int) -> None:
        self._loop.run_until_complete(self._one_after_another(definition, value, times))

    def wait(self, count: int) -> None:
        """`count` executions that have all reached their Wait state."""
        self._loop.run_until_complete(self._waiting(count))

    def close(self) -> None:
        for waiter in self._waiters:
            waiter.stop()
        if self._running:
            self._loop.run_until_complete(asyncio.wait(self._running))

    async def _one_after_another(self, definition: Json, value: Any, times: int) -> None:
        for _ in range(times):
            execution = self._execution(definition, value)
            await execution.run()
            assert execution.status == "SUCCEEDED", execution.cause

    async def _waiting(self, count: int) -> None:
        self._waiters = [self._execution(WAIT, {}) for _ in range(count)]
        self._running = [asyncio.ensure_future(waiter.run()) for waiter in self._waiters]
        while not all(len(waiter.history.events) == 2 for waiter in self._waiters):
            await asyncio.sleep(0)

    def _execution(self, definition: Json, value: Any) -> Any:
        from ratchet.workflow.asl.payload import Payload
        from ratchet.workflow.interpreter.execution import Execution
        from ratchet.workflow.loading import load

        # As in the others, a machine is made once, before it is timed.
        key = json.dumps(definition)
        if key not in self._machines:
            self._machines[key] = load(definition)
        return Execution(self._machines[key], Payload(value))


class ByApi:
    """Any engine that answers as Step Functions does, in this process or in `child`."""

    def __init__(
        self, endpoint: str | None, region: str, child: subprocess.Popen[bytes] | None = None
    ) -> None:
        import boto3

        self._child = child
        self.server = child.pid if child else os.getpid()
        self._client = boto3.client(
            "stepfunctions",
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        self._machines: dict[str, str] = {}

    def run(self, definition: Json, value: Any, times: int) -> None:
        for _ in range(times):
            arn = self._start(definition, value)
            while (status := self._execution(arn)["status"]) == "RUNNING":
                time.sleep(0.0005)
            assert status == "SUCCEEDED", status

    def wait(self, count: int) -> None:
        """`count` executions that are all running."""
        for arn in [self._start(WAIT, {}) for _ in range(count)]:
            assert self._execution(arn)["status"] == "RUNNING"

    def close(self) -> None:
        if not self._child:
            return
        if self._child.stdin:
            self._child.stdin.close()
        else:
            self._child.terminate()
        self._child.wait()

    def _start(self, definition: Json, value: Any) -> str:
        name = f"e{time.perf_counter_ns()}"
        started = self._client.start_execution(
            stateMachineArn=self._machine(definition), name=name, input=json.dumps(value)
        )
        return str(started["executionArn"])

    def _execution(self, arn: str) -> Json:
        return dict(self._client.describe_execution(executionArn=arn))

    def _machine(self, definition: Json) -> str:
        text = json.dumps(definition)
        if text not in self._machines:
            self._machines[text] = self._client.create_state_machine(
                name=f"m{len(self._machines)}",
                definition=text,
                roleArn="arn:aws:iam::123456789012:role/r",
            )["stateMachineArn"]
        return self._machines[text]


def moto_in_process() -> ByApi:
    from moto import mock_aws
    from moto.core.config import default_user_config

    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    mock_aws().start()
    return ByApi(None, "us-east-1")


def ours_by_api() -> ByApi:
    return hosted("ratchet")


def moto_by_api() -> ByApi:
    return hosted("moto")


def hosted(name: str) -> ByApi:
    """A server in its own process, as its users run it."""
    child = subprocess.Popen(
        [sys.executable, str(Path(__file__).resolve()), "--host", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    return ByApi(child.stdout.readline().decode().strip(), "us-east-1", child)


def host_ours() -> str:
    from ratchet.local_aws.running.local import LocalAws

    return LocalAws.start(port=0).endpoint


def host_moto() -> str:
    from moto.core.config import default_user_config
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ["MOTO_PORT"] = str(port)
    return f"http://{host}:{port}"


HOSTS = {"ratchet": host_ours, "moto": host_moto}


def host(name: str) -> None:
    print(HOSTS[name](), flush=True)
    sys.stdin.read()


def localstack_by_api() -> ByApi:
    endpoint = "http://127.0.0.1:4566"
    environment = {**os.environ, "LS_LOG": "error", "DISABLE_EVENTS": "1"}
    command = [sys.executable, "-m", "localstack.runtime.main"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    while not answers(f"{endpoint}/_localstack/health"):
        if server.poll() is not None:
            raise SystemExit(f"localstack ended with {server.returncode}")
        time.sleep(0.2)
    return ByApi(endpoint, "us-east-1", server)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False


ENGINES: dict[str, Callable[[], InProcess | ByApi]] = {
    "ratchet, in process": InProcess,
    "ratchet, API": ours_by_api,
    "moto, in process": moto_in_process,
    "moto, API": moto_by_api,
    "localstack": localstack_by_api,
}


def serve(name: str) -> None:
    engine = ENGINES[name]()
    engine.run(chain(1), {}, 1)
    print(json.dumps({"ready": True}), flush=True)
    seen: list[Json] = []
    for line in sys.stdin:
        job = json.loads(line)
        try:
            answer = wait(engine, job) if "waiting" in job else run(engine, job, seen)
        except Exception as error:  # noqa: BLE001 - an engine may lack what is asked of it
            answer = {"error": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps(answer), flush=True)
    engine.close()


def run(engine: InProcess | ByApi, job: Json, seen: list[Json]) -> Json:
    definition, value = job["definition"], job["input"]
    if definition not in seen:
        seen.append(definition)
        engine.run(definition, value, 1)
    started, worked = time.perf_counter(), time.process_time()
    engine.run(definition, value, job["times"])
    return {"seconds": time.perf_counter() - started, "cpu": time.process_time() - worked}


def wait(engine: InProcess | ByApi, job: Json) -> Json:
    before, started = resident(engine.server), time.perf_counter()
    engine.wait(job["waiting"])
    seconds = time.perf_counter() - started
    now = resident(engine.server)
    return {"seconds": seconds, "bytes": now - before, "process": now}


def resident(pid: int) -> int:
    """Bytes of memory that process `pid` holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


# the parent, which asks each engine in turn


class Engine:
    """One engine in its child process."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name = name
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        if "ready" not in self._answer():
            raise SystemExit(f"{name} did not start")

    def ask(self, job: Json) -> Json:
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(job) + "\n")
        self._child.stdin.flush()
        return self._answer()

    def close(self) -> None:
        assert self._child.stdin is not None
        self._child.stdin.close()
        try:
            self._child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _answer(self) -> Json:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            if line.startswith("{"):
                answer: Json = json.loads(line)
                return answer
        return {"error": "the engine ended"}


def commands(peers: list[str]) -> dict[str, list[str]]:
    me = str(Path(__file__).resolve())
    found = {
        name: [sys.executable, me, "--serve", name] for name in ENGINES if name != "localstack"
    }
    for peer in peers:
        name, _, place = peer.partition("=")
        if name == "node":
            os.environ["NODE_PATH"] = str(Path(place) / "node_modules")
            found["aws-local-stepfunctions"] = ["node", "-e", NODE_SCRIPT]
        else:
            found[name] = [place, me, "--serve", name]
    return found


def measure(found: list[Engine], rounds: int) -> dict[str, dict[str, list[float]]]:
    seconds: dict[str, dict[str, list[float]]] = {what: {} for what in WORK}
    failed: set[tuple[str, str]] = set()
    for number in range(rounds):
        for what, job in WORK.items():
            for engine in found[number % len(found) :] + found[: number % len(found)]:
                if (what, engine.name) in failed:
                    continue
                answer = engine.ask(job)
                if "error" in answer:
                    failed.add((what, engine.name))
                    print(f"{engine.name}: {what}: {answer['error']}", file=sys.stderr)
                    continue
                seconds[what].setdefault(engine.name, []).append(answer["seconds"])
    return seconds


def report(seconds: dict[str, dict[str, list[float]]]) -> None:
    for what, by_engine in seconds.items():
        print(f"\n{what}")
        medians = {name: statistics.median(times) for name, times in by_engine.items()}
        base = medians.get("ratchet, in process") or 1
        for name, median in medians.items():
            times = by_engine[name]
            print(
                f"  {name:26} {1000 * median:10.2f} ms   x{median / base:8.1f}"
                f"   ({1000 * min(times):.2f} - {1000 * max(times):.2f}, {len(times)} rounds)"
            )


def memory(found: dict[str, list[str]], waiting: int) -> None:
    print(f"\n{waiting:,} executions waiting at once")
    for name, command in found.items():
        # A new process: one that has worked before has memory to spare.
        engine = Engine(name, command)
        answer = engine.ask({"waiting": waiting})
        engine.close()
        if "error" in answer:
            print(f"  {engine.name:26} {answer['error']}")
            continue
        print(
            f"  {engine.name:26} {answer['bytes'] / 2**20:6.0f} MB more"
            f" ({answer['bytes'] / waiting / 1024:.1f} KB each),"
            f" its process {answer['process'] / 2**20:.0f} MB; {answer['seconds']:.1f} s to start"
        )


def growth(ours: Engine) -> None:
    # By CPU time, which other processes do not disturb.
    items = [ours.ask(WORK[f"a Map of {n} items"])["cpu"] for n in ("1,000", "10,000")]
    print(f"\na Map of 10,000 items takes {items[1] / items[0]:.1f} times as long as 1,000 items")
    states = [
        ours.ask({"definition": chain(n), "input": {}, "times": 50})["cpu"] for n in (100, 1_000)
    ]
    print(f"1,000 Pass states take {states[1] / states[0]:.1f} times as long as 100")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--waiting", type=int, default=10_000)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PLACE")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--host", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
    elif options.host:
        host(options.host)
    else:
        engines = [Engine(name, command) for name, command in commands(options.peer).items()]
        try:
            report(measure(engines, options.rounds))
            growth(engines[0])
        finally:
            for engine in engines:
                engine.close()
        memory(commands(options.peer), options.waiting)


if __name__ == "__main__":
    main()
