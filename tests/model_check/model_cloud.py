"""What AWS keeps in a scenario, and the data that lands."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from typing import Any

from ratchet.workflow.interpreter.clock import TestClock

START = datetime(2026, 9, 21, tzinfo=UTC)
DEFINITION: dict[str, Any] = {
    "name": "bank",
    "data": {
        "label": "y",
        "csv": {"delimiter": ";"},
        "columns": {
            "age": {"type": "integer", "min": 17},
            "visits": {"type": "integer"},
            "y": {"type": "integer", "min": 0, "max": 1},
        },
    },
    "trigger": {"quiet_period": "60s"},
    "training": {"hyperparameters": {"num_round": 10, "objective": "binary:logistic"}},
    "gate": {"metric": "auc", "minimum": 0.55, "margin": 0.3, "min_holdout_rows": 30},
}
HEADER = "age;visits;y\n"

BAD = HEADER + "thirty;1;0\n"


def deeper(depth: int) -> dict[str, Any]:
    """The pipeline with another setting."""
    settings = {**DEFINITION["training"]["hyperparameters"], "max_depth": depth}
    return {**DEFINITION, "training": {**DEFINITION["training"], "hyperparameters": settings}}


def rows(start: int, count: int = 6) -> str:
    """Some sound rows, every one another."""
    lines = (f"{20 + n % 60};{start + n};{n % 2}\n" for n in range(count))
    return HEADER + "".join(lines)


class Cloud:
    """All that the fakes and AWS keep; it can be pickled, so that a scenario begins anywhere."""

    def __init__(self) -> None:
        self.moment = START.timestamp()
        self.tables: dict[str, Any] = {"ledger": {}}
        self.buckets: dict[str, Any] = {"landing": {}, "work": {}}
        self.things: dict[str, Any] = {}
        self.messages: list[dict[str, Any]] = []
        self.notices: list[dict[str, str]] = []
        self.executions: dict[str, dict[str, Any]] = {}
        self.waiting: list[str] = []  # executions that were started and have not run
        self.dead_letters: list[dict[str, Any]] = []
        self.skills: list[float] = []  # of the models to come; the last one stays
        self.failing_trainings = 0
        self.broken: set[str] = set()  # models whose endpoint answers otherwise than the transform
        self.break_next = False
        self.asked: list[str] = []  # configs that an endpoint was ever asked to serve
        self.overlaps: list[str] = []
        self.drops = 0

    def now(self) -> float:
        return self.moment

    def send(self, queue: str, body: str, delay: float) -> None:
        due = self.moment + delay
        self.messages.append({"to": queue, "body": body, "due": due, "received": 1})

    def body_of(self, uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        body: bytes = self.buckets[bucket][key][-1]["body"]
        return body


class WorldClock(TestClock):
    """The machines' clock, which is the functions' too."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(START)
        self._cloud = cloud
        self._now = cloud.moment

    def jump(self) -> bool:
        jumped = super().jump()
        self._cloud.moment = self._now
        return jumped

    def forward(self, moment: float) -> None:
        """Let the time pass until this moment."""
        self._now = self._cloud.moment = max(self._now, moment)


def copied(cloud: Cloud) -> Cloud:
    made: Cloud = pickle.loads(pickle.dumps(cloud))
    return made
