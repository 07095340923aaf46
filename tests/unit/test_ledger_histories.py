"""Random histories: duplicates, reorderings, lost wakes, and a crash before or after any write.

A write's reply may be lost too: the SDK then sends it again, and is answered by what it did itself.
Wakes, arrivals and ends of executions may be lost for good; sweeps find them. Whatever happens,
once all is quiet every object version has ended in exactly one completed run or in quarantine, runs
never overlapped, and nothing waits or holds a lease.
"""

from __future__ import annotations

import itertools
import random
import time
from collections import Counter
from typing import Any

import pytest
from unit_faults import Crash, Faults
from unit_service import DEFINITION, Service, concluded, finish, rows

import check_data
import claim_data
import settle_data
from retraining.adapters import Adapters
from retraining.adapters.ledger import Ledger

STEPS = 40
SENT_TWICE = ("put_item", "update_item")


class LosingReplies:
    """A DynamoDB client that now and then sends a write twice, as the SDK does for a lost reply."""

    def __init__(self, dynamodb: Any, draw: random.Random) -> None:
        self.dynamodb, self.draw = dynamodb, draw

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self.dynamodb, name)
        if name not in SENT_TWICE or self.draw.random() < 0.7:
            return operation

        def twice(**request: Any) -> Any:
            operation(**request)
            return operation(**request)

        return twice


class World:
    """Messages at least once, in any order; one open execution per lease."""

    def __init__(self, service: Service, faults: Faults, draw: random.Random) -> None:
        self.service, self.faults, self.draw = service, faults, draw
        self.arrivals: list[tuple[dict[str, Any], int]] = []
        self.wakes: list[dict[str, Any]] = []
        self.open: list[int] = []
        self.dead: list[int] = []
        self.claims: dict[int, set[str]] = {}
        self.completed: list[int] = []
        self.seen: set[int] = set()
        self.numbers = itertools.count(1)
        self.least = 1

    def crashing(self, call: Any) -> bool:
        """Do something that may die halfway; True when it lived."""
        self.faults.left = self.draw.choice([None, None, *range(1, 13)])
        self.faults.after = self.draw.random() < 0.5
        try:
            call()
        except Crash:
            return False
        finally:
            self.faults.left = None
            self.wakes += self.service.receive_wakes()
        return True

    def land(self) -> None:
        number = next(self.numbers)
        body = rows(3, number * 3) if self.draw.random() < 0.8 else "no such header\n1\n"
        self.arrivals.append((self.service.drop(f"bank/{number}.csv", body), 1))

    def deliver(self) -> None:
        if not self.arrivals:
            return
        event, received = self.arrivals.pop(self.draw.randrange(len(self.arrivals)))
        lived = self.crashing(lambda: self.service.deliver(event, received=received))
        if not lived or self.draw.random() < 0.2:
            self.arrivals.append((event, received + 1))

    def wake(self) -> None:
        if not self.wakes:
            return
        self.service.now += 61
        message = self.wakes.pop(self.draw.randrange(len(self.wakes)))
        if not self.crashing(lambda: self.service.wake(message)) or self.draw.random() < 0.1:
            self.wakes.append(message)
        self.find_executions()

    def lose(self) -> None:
        """A message that never comes: a wake, an arrival's event, the end of an execution."""
        under_way: list[list[Any]] = [
            some for some in (self.dead, self.wakes, self.arrivals) if some
        ]
        if under_way:
            lost = self.draw.choice(under_way)
            lost.pop(self.draw.randrange(len(lost)))

    def sweep(self) -> None:
        self.crashing(self.service.sweep)
        self.arrivals += [(event, 1) for event in self.service.receive_arrivals()]

    def find_executions(self) -> None:
        stepfunctions = self.service.client("stepfunctions")
        machine = stepfunctions.list_state_machines()["stateMachines"][0]["stateMachineArn"]
        found = stepfunctions.list_executions(stateMachineArn=machine)["executions"]
        started = {int(execution["name"][-6:]) for execution in found}
        self.open += sorted(started - self.seen)
        self.seen |= started

    def work(self) -> None:
        """One execution from claim to end; the state machine retries each state."""
        if not self.open:
            return
        token = self.open.pop()
        if self.draw.random() < 0.2:
            self.dead.append(token)
            self.crashing(lambda: claim_data.handler(self.state(token), None))
            self.service.stop(f"bank-{token:06d}")
            return
        self.until_done(lambda: claim_data.handler(self.state(token), None))
        key = f"runs/bank/{token:06d}/manifest.json"
        manifest = self.service.read(key)
        self.claims[token] = {item["id"] for item in manifest["objects"]}
        event = {"manifest": f"s3://work/{key}"}
        for chunk in {item["chunk"] for item in manifest["objects"]}:
            self.until_done(lambda c=chunk: check_data.handler({**event, "chunk": c}, None))
        conclusion = self.conclude(token, {item["chunk"] for item in manifest["objects"]})
        given = {**self.state(token), **conclusion, "package": None}
        self.until_done(lambda: settle_data.handler(given, None))
        self.until_done(lambda: finish(given))
        if conclusion["conclusion"]["outcome"] == "WAITING":  # it ended what it rejected
            self.claims[token] -= {
                item["item"].removeprefix("object#")
                for item in self.service.objects().values()
                if item["state"] == "WAITING"
            }
        self.completed.append(token)

    def conclude(self, token: int, chunks: set[int]) -> dict[str, Any]:
        """How DataAccepted? and the gate would end the run."""
        reports = [self.service.read(f"runs/bank/{token:06d}/check/chunk-{n}.json") for n in chunks]
        accepted = sum(item["rows"] for r in reports for item in r["objects"] if item["accepted"])
        if 0 < accepted < self.least:
            return concluded("WAITING", "WAITING")
        return concluded("INCONCLUSIVE")

    def recover(self) -> None:
        """The status event of an execution that was stopped, from Step Functions or a sweep."""
        if self.service.invoked and self.crashing(self.service.recover):
            return
        if not self.dead:
            return
        token = self.dead[0]
        if self.crashing(lambda: self.service.end(f"bank-{token:06d}", "ABORTED")):
            self.dead.pop(0)

    def to_repair(self) -> bool:
        """Whether one more sweep still finds something."""
        found = self.service.sweep()
        self.wakes += self.service.receive_wakes()
        self.arrivals += [(event, 1) for event in self.service.receive_arrivals()]
        return bool(found["woken"] or found["recovered"] or found["arrivals"])

    def until_done(self, call: Any) -> None:
        while not self.crashing(call):
            pass

    def state(self, token: int) -> dict[str, Any]:
        return {"pipeline": "bank", "token": token, "execution": "arn"}

    def settle_down(self) -> None:
        """Deliver everything that is under way, and sit out every pause."""
        for _ in range(400):
            for step in (self.sweep, self.deliver, self.wake, self.work, self.recover):
                step()
            self.service.now += 4000
            if not (self.arrivals or self.wakes or self.open or self.dead or self.to_repair()):
                return
        raise AssertionError("the history never came to rest")


@pytest.mark.parametrize("seed", range(12))
def test_every_object_ends_once_whatever_happens(
    service: Service, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    service.now = time.time()  # S3 and Step Functions say when something happened by this clock
    triggers = [{}, {"min_new_rows": 8}, {"max_wait": "2m", "min_interval": "10m"}]
    trigger: dict[str, Any] = {"quiet_period": "60s", **triggers[seed // 2 % 3]}
    service.push({**DEFINITION, "trigger": trigger})
    losing = LosingReplies(service.client("dynamodb"), random.Random(seed + 1000))
    monkeypatch.setattr(Adapters, "ledger", Ledger(losing, "ledger"))
    with Faults() as faults:
        world = World(service, faults, random.Random(seed))
        world.least = trigger.get("min_new_rows", 1)
        moves = [world.land, world.deliver, world.deliver, world.wake, world.work, world.recover]
        moves += [world.lose, world.lose, world.sweep] if seed % 2 else []
        for _ in range(STEPS):
            world.draw.choice(moves)()
            assert len(world.open) <= 1, "two runs at once"
        world.settle_down()
    state = service.aws.ledger.state("bank")
    if state.paused:  # three stopped runs in a row: new data re-arms it
        world.arrivals.append((service.drop("bank/last.csv", rows(3)), 1))
        world.settle_down()
        state = service.aws.ledger.state("bank")
    assert state.lease is None
    landed = service.s3.list_object_versions(Bucket="landing").get("Versions", [])
    assert len(service.objects()) == len(landed), "every version is known"
    waiting = [item for item in service.objects().values() if item["state"] == "WAITING"]
    assert len(waiting) * 3 < world.least
    assert service.aws.ledger.count_pending("bank") == len(waiting)
    times = Counter(identifier for token in world.completed for identifier in world.claims[token])
    for item in service.objects().values():
        if item in waiting:
            continue
        identifier = item["item"].removeprefix("object#")
        assert item["state"] in ("TRAINED", "QUARANTINED"), item
        assert times[identifier] == 1, (item, world.claims)
        assert identifier in world.claims[item["run"]]
