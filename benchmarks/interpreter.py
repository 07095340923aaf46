"""How fast state machines run here, against other local runners, in one interleaved run.

Usage: python benchmarks/interpreter.py [--rounds 5] [--waiting 10000] [--peer NAME=PYTHON ...]

Engines, each in a child process of its own: our interpreter in process, local AWS through its
API, and moto's embedded interpreter in process and through its server. A peer that has its own
environment joins with --peer: `localstack=<python>` (localstack-core, host mode) or
`node=<folder>` (a folder with node_modules/aws-local-stepfunctions). Each round asks every engine
in turn for: 100 Pass states in one execution; 1,000 small executions; a distributed Map of 1,000
items. Medians over the rounds, and ratios to ours in process. Then what only we are asked: a Map
of 10,000 items, and the memory of 10,000 executions that wait at once.
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
from collections.abc import Callable
from pathlib import Path
from typing import Any

SMALL, ITEMS, MANY_ITEMS = 1_000, 1_000, 10_000
NODE_SCRIPT = """
const { StateMachine } = require('aws-local-stepfunctions');
const readline = require('readline');
readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  const { definition, input, times } = JSON.parse(line);
  const machine = new StateMachine(definition);
  const start = process.hrtime.bigint();
  for (let i = 0; i < times; i++) await machine.run(input).result;
  console.log(JSON.stringify({ seconds: Number(process.hrtime.bigint() - start) / 1e9 }));
});
"""

Json = dict[str, Any]
RunTimes = Callable[[Json, Any, int], None]


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
}
MANY: Json = {"definition": distributed_map(), "input": list(range(MANY_ITEMS)), "times": 1}


# engines: each runs in a child, reads one job a line, answers with seconds


def ours_in_process() -> RunTimes:
    from ratchet.workflow.asl.payload import Payload
    from ratchet.workflow.interpreter.execution import Execution
    from ratchet.workflow.loading import load

    machines: dict[str, Any] = {}
    loop = asyncio.new_event_loop()

    async def one_after_another(machine: Any, value: Any, times: int) -> None:
        for _ in range(times):
            execution = Execution(machine, Payload(value))
            await execution.run()
            assert execution.status == "SUCCEEDED", execution.cause

    def run(definition: Json, value: Any, times: int) -> None:
        # As in the others, a machine is made once, before it is timed.
        key = json.dumps(definition)
        if key not in machines:
            machines[key] = load(definition)
        loop.run_until_complete(one_after_another(machines[key], value, times))

    return run


def ours_by_api() -> RunTimes:
    from ratchet.local_aws.local import LocalAws

    local = LocalAws.start(port=0)
    return by_api(local.endpoint, local.region)


def moto_in_process() -> RunTimes:
    from moto import mock_aws
    from moto.core.config import default_user_config

    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    mock_aws().start()
    return by_api(None, "us-east-1")


def moto_by_api() -> RunTimes:
    from moto.core.config import default_user_config
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ["MOTO_PORT"] = str(port)
    return by_api(f"http://{host}:{port}", "us-east-1")


def by_api(endpoint: str | None, region: str) -> RunTimes:
    import boto3

    client = boto3.client(
        "stepfunctions",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    machines: dict[str, str] = {}

    def machine(definition: Json) -> str:
        text = json.dumps(definition)
        if text not in machines:
            machines[text] = client.create_state_machine(
                name=f"m{len(machines)}",
                definition=text,
                roleArn="arn:aws:iam::123456789012:role/r",
            )["stateMachineArn"]
        return machines[text]

    def run(definition: Json, value: Any, times: int) -> None:
        arn, text = machine(definition), json.dumps(value)
        for _ in range(times):
            name = f"e{time.perf_counter_ns()}"
            started = client.start_execution(stateMachineArn=arn, name=name, input=text)
            ended(started["executionArn"])

    def ended(arn: str) -> None:
        while (status := client.describe_execution(executionArn=arn)["status"]) == "RUNNING":
            time.sleep(0.0005)
        assert status == "SUCCEEDED", status

    return run


def localstack_by_api() -> RunTimes:
    return by_api(os.environ["LOCALSTACK_ENDPOINT"], "us-east-1")


ENGINES: dict[str, Callable[[], RunTimes]] = {
    "ratchet, in process": ours_in_process,
    "ratchet, API": ours_by_api,
    "moto, in process": moto_in_process,
    "moto, API": moto_by_api,
    "localstack": localstack_by_api,
}


def serve(engine: str) -> None:
    run = ENGINES[engine]()
    run(chain(1), {}, 1)
    print(json.dumps({"ready": True}), flush=True)
    seen: list[Json] = []
    for line in sys.stdin:
        job = json.loads(line)
        try:
            if job["definition"] not in seen:
                seen.append(job["definition"])
                run(job["definition"], job["input"], 1)
            started, worked = time.perf_counter(), time.process_time()
            run(job["definition"], job["input"], job["times"])
            answer: Json = {
                "seconds": time.perf_counter() - started,
                "cpu": time.process_time() - worked,
            }
        except Exception as error:  # noqa: BLE001 - an engine may lack what it is asked for
            answer = {"error": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps(answer), flush=True)


def wait_at_once(count: int) -> None:
    """Print how much memory `count` waiting executions take, in a fresh process."""
    from ratchet.workflow.asl.payload import Payload
    from ratchet.workflow.interpreter.execution import Execution
    from ratchet.workflow.loading import load

    async def measure() -> Json:
        machine = load(WAIT)
        before, started = resident(), time.perf_counter()
        executions = [Execution(machine, Payload({})) for _ in range(count)]
        running = [asyncio.ensure_future(execution.run()) for execution in executions]
        while not all(len(execution.history.events) == 2 for execution in executions):
            await asyncio.sleep(0)
        answer = {"seconds": time.perf_counter() - started, "bytes": resident() - before}
        for execution in executions:
            execution.stop()
        await asyncio.gather(*running)
        return {**answer, "process": resident()}

    print(json.dumps(asyncio.run(measure())))


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


# the conductor


class Engine:
    """One engine in its child process."""

    def __init__(self, name: str, command: list[str], *, greets: bool = True) -> None:
        self.name = name
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        if greets and "ready" not in self._answer():
            raise SystemExit(f"{name} did not start")

    def ask(self, job: Json) -> Json:
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(job) + "\n")
        self._child.stdin.flush()
        return self._answer()

    def close(self) -> None:
        self._child.kill()
        self._child.wait()

    def _answer(self) -> Json:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            if line.startswith("{"):
                answer: Json = json.loads(line)
                return answer
        return {"error": "the engine ended"}


def engines(peers: list[str]) -> list[Engine]:
    me = str(Path(__file__).resolve())
    found = [
        Engine(name, [sys.executable, me, "--serve", name])
        for name in ENGINES
        if name != "localstack"
    ]
    for peer in peers:
        name, _, place = peer.partition("=")
        if name == "node":
            os.environ["NODE_PATH"] = str(Path(place) / "node_modules")
            found.append(
                Engine("aws-local-stepfunctions", ["node", "-e", NODE_SCRIPT], greets=False)
            )
        else:
            found.append(Engine(name, [place, me, "--serve", name]))
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


def ours_alone(found: list[Engine], waiting: int) -> None:
    small, large = WORK["a Map of 1,000 items"], MANY
    # Growth by CPU time, which other processes do not shake.
    times = [found[0].ask(job)["cpu"] for job in (small, large)]
    print(f"\na Map of 10,000 items: {times[1]:.2f} s, {times[1] / times[0]:.1f} times 1,000 items")
    lengths = [
        found[0].ask({"definition": chain(n), "input": {}, "times": 50})["cpu"] / 50
        for n in (100, 1_000)
    ]
    print(f"1,000 Pass states: {1000 * lengths[1]:.2f} ms, {lengths[1] / lengths[0]:.1f} times 100")
    me = [sys.executable, str(Path(__file__).resolve()), "--wait", str(waiting)]
    answer = json.loads(subprocess.run(me, capture_output=True, check=True, text=True).stdout)
    print(
        f"{waiting:,} executions waiting: {answer['bytes'] / 2**20:.0f} MB "
        f"({answer['bytes'] / waiting / 1024:.1f} KB each), {answer['seconds']:.2f} s to start, "
        f"the process {answer['process'] / 2**20:.0f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--waiting", type=int, default=10_000)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PLACE")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--wait", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
    elif options.wait:
        wait_at_once(options.wait)
    else:
        found = engines(options.peer)
        try:
            report(measure(found, options.rounds))
            ours_alone(found, options.waiting)
        finally:
            for engine in found:
                engine.close()


if __name__ == "__main__":
    main()
