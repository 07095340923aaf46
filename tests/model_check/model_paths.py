"""The paths that the check takes through the service, and how one scenario of them runs."""

from __future__ import annotations

import json
import traceback
from asyncio import CancelledError
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from model_cloud import BAD, DEFINITION, Cloud, copied, deeper, rows
from model_faults import Call, Crash, Fault
from model_invariants import at_rest, caught_up, outcomes
from model_template import ARNS
from model_world import World, patched

Act = Callable[[World], None]


@dataclass(frozen=True)
class Path:
    """A way through the service: what is there before, what happens, and how its first run ends."""

    name: str
    before: Act
    act: Act
    outcome: str
    troubles: tuple[tuple[str, str], ...] = ()
    """Kind and call of what goes wrong on this path itself; the check looks at what follows."""
    deletes: bool = False
    """Whether a person pushes again what was deleted, so that it may be deleted at any call."""


def nothing(world: World) -> None:
    world.cloud.skills = [0.6, 0.9, 1.2, 1.5]


def pushed(world: World) -> None:
    nothing(world)
    world.push()


def serving(world: World) -> None:
    """A champion of run 1 serves."""
    pushed(world)
    world.drop()
    world.settle()


def serving_recipe(world: World) -> None:
    """The same for a pipeline with a recipe, a schedule and no endpoint."""
    nothing(world)
    world.push(WITH_RECIPE)
    world.drop()
    world.settle()


def push_another(world: World) -> None:
    """Another recipe, which the next run uses, and no schedule any more."""
    definition = {**WITH_RECIPE, "etl": {"recipe": recipe("visits")}, "trigger": QUIET}
    world.push(definition, "1" * 64)
    drop(world)


def serving_patiently(world: World) -> None:
    """A champion of a pipeline that wants ten rows for a run."""
    nothing(world)
    world.push(PATIENT)
    world.drop(rows(1000, 12))
    world.settle()


def drop_few(world: World) -> None:
    """Six rows wait for six more."""
    drop(world)
    drop(world)


def drop(world: World) -> None:
    world.drop()
    world.settle()


def drop_and_sweep(world: World) -> None:
    """What was lost is found by the sweeps."""
    drop(world)
    world.sweep()


def drop_three(world: World) -> None:
    """Two good objects and one that the check rejects."""
    world.drop()
    world.drop()
    world.drop(BAD)
    world.settle()


def push_and_drop(world: World) -> None:
    world.push()
    drop(world)


def drop_and_push(world: World) -> None:
    """The data come before anybody pushed their pipeline."""
    drop(world)
    world.push()
    world.settle()


def drop_bad(world: World) -> None:
    world.drop(BAD)
    world.settle()


def lose(world: World) -> None:
    """A model that is clearly worse."""
    world.cloud.skills = [-2.0, 1.2, 1.5]
    drop(world)


def fail_once(world: World) -> None:
    world.cloud.failing_trainings = 1
    drop(world)


def fail_thrice(world: World) -> None:
    """Failed three times in a row: the pipeline pauses, and new data arm it again."""
    world.cloud.failing_trainings = 3
    drop(world)


def answer_otherwise(world: World) -> None:
    """The endpoint gives other scores than the transform did."""
    world.cloud.break_next = True
    drop(world)


def drop_meanwhile(world: World) -> None:
    """One more object lands while the run is under way."""
    world.drop()
    world.cloud.send("people", "", 200)
    world.settle()


def drop_again(world: World) -> None:
    """The same key is written again while its first version waits."""
    world.drop(rows(500), "bank/again.csv")
    world.drop(rows(600), "bank/again.csv")
    world.settle()


def promoted_twice(world: World) -> None:
    """The champion is run 2's, after run 1's."""
    serving(world)
    drop(world)


def roll_back(world: World) -> None:
    """A person goes back to the first model."""
    items = world.cloud.tables["ledger"]
    given = {
        "pipeline": "bank",
        "token": 1,
        "manifest": "s3://work/runs/bank/000001/manifest.json",
        "package": items["bank", "run#000001"]["package"],
        "replaces": items["bank", "champion"]["package"],
    }
    world.cloud.waiting.append(world.start(ARNS["promotion"], "back", json.dumps(given)))
    world.settle()


def serving_on_approval(world: World) -> None:
    """A champion of run 1 serves; the next one needs a person."""
    serving(world)
    world.push(ON_APPROVAL, "2" * 64)


def drop_and_approve(world: World) -> None:
    """A person approves what has proven itself."""
    drop(world)
    world.approve()


def push_settings(world: World) -> None:
    """Settings that win their backtest, and then their challenger."""
    world.cloud.skills = [1.2, 1.5]
    world.push(deeper(4), "3" * 64)
    drop(world)


def retrain(world: World) -> None:
    """Other settings on the data there are: nothing new lands."""
    world.cloud.skills = [1.5, 1.2, 1.8]
    world.push(deeper(4), "3" * 64, retrain=True)
    world.settle()


def retrain_the_same(world: World) -> None:
    world.push(retrain=True)
    world.settle()


def push_meanwhile(world: World) -> None:
    """Two pushes while a run is under way; one run follows it."""
    world.drop()
    world.cloud.skills = [1.2, 1.8, 1.5, 2.4]
    world.cloud.send("people", "4", 200)
    world.cloud.send("people", "5", 205)
    world.settle()


def push_refit(world: World) -> None:
    """A model of all rows serves in place of the one that was judged."""
    world.push({**DEFINITION, "training": {**DEFINITION["training"], "refit": True}})
    drop(world)


def drop_and_delete(world: World) -> None:
    """A person deletes the pipeline, in vain while a run is open, and pushes it again."""
    world.drop()
    world.cloud.send("people", "delete", 200)
    world.settle()
    world.approve()
    items = world.cloud.tables["ledger"]
    if ("#registrations", "bank") not in items and ("bank", "champion") in items:
        raise AssertionError("a pipeline that was deleted has a champion")
    world.delete()
    world.push(ON_APPROVAL)
    world.settle()


def push_search(world: World) -> None:
    """The challenger is the best training job of a tuning job, and is then trained on all rows."""
    tuning = {"jobs": 2, "ranges": {"max_depth": {"integer": [2, 6]}}}
    training = {**DEFINITION["training"], "tuning": tuning, "refit": True}
    world.push({**DEFINITION, "training": training}, "3" * 64)
    drop(world)


OBJECT = "settle_data.update_item(object)#1"
MOVE = "*.update_endpoint(live)#1"
STOPPED = ("stop", "TrainModel.create_training_job()#1")
ARRIVAL = ("lost", "event(arrivals)#1")
WAKE = ("lost", "record_arrivals.send_message()#1")
END = ("lost", "event(recover_run)#1")
PATHS = (
    Path("registration", nothing, push_and_drop, "PROMOTED"),
    Path("unregistered", nothing, drop_and_push, "PROMOTED"),
    Path("first", pushed, drop, "PROMOTED"),
    Path("recipe", serving_recipe, push_another, "PROMOTED PROMOTED"),
    Path("few-rows", serving_patiently, drop_few, "PROMOTED WAITING PROMOTED"),
    Path("update", serving, drop_three, "PROMOTED PROMOTED"),
    Path("overwritten", serving, drop_again, "PROMOTED PROMOTED"),
    Path("meanwhile", serving, drop_meanwhile, "PROMOTED PROMOTED PROMOTED"),
    Path("model-rejected", serving, lose, "PROMOTED MODEL_REJECTED"),
    Path("data-rejected", serving, drop_bad, "PROMOTED DATA_REJECTED"),
    Path("failed", serving, fail_once, "PROMOTED FAILED PROMOTED"),
    Path("paused", serving, fail_thrice, "PROMOTED FAILED FAILED FAILED"),
    Path("first-refused", pushed, answer_otherwise, "FAILED"),
    Path("update-refused", serving, answer_otherwise, "PROMOTED FAILED"),
    Path("rolled-back", promoted_twice, roll_back, "PROMOTED PROMOTED"),
    Path("approved", serving_on_approval, drop_and_approve, "PROMOTED PROMOTED"),
    Path("stopped", serving, drop, "PROMOTED FAILED PROMOTED", (STOPPED,)),
    Path("settings-changed", serving, push_settings, "PROMOTED PROMOTED"),
    Path("searched", serving, push_search, "PROMOTED PROMOTED"),
    Path("retrained", promoted_twice, retrain, "PROMOTED PROMOTED PROMOTED"),
    Path("retrained-alike", promoted_twice, retrain_the_same, "PROMOTED PROMOTED UNCHANGED"),
    Path("pushed-meanwhile", serving, push_meanwhile, "PROMOTED PROMOTED PROMOTED"),
    Path("refitted", nothing, push_refit, "PROMOTED"),
    Path("deleted", serving_on_approval, drop_and_delete, "PROMOTED PROMOTED", deletes=True),
    Path("half-settled", serving, drop_three, "PROMOTED FAILED", (("dies", OBJECT),)),
    Path("killed-settling", serving, drop_three, "PROMOTED FAILED", (("kill", OBJECT),)),
    Path("promotion-stopped", serving, drop, "PROMOTED FAILED", (("stop", MOVE),)),
    Path("promotion-killed", serving, drop, "PROMOTED FAILED", (("stoprun", MOVE),)),
    Path("arrival-lost", serving, drop_and_sweep, "PROMOTED PROMOTED", (ARRIVAL,)),
    Path("wake-lost", serving, drop_and_sweep, "PROMOTED PROMOTED", (WAKE,)),
    Path("end-lost", serving, drop_and_sweep, "PROMOTED FAILED PROMOTED", (STOPPED, END)),
)
BY_NAME = {path.name: path for path in PATHS}


@cache
def beginning(before: Act) -> Cloud:
    """The stack as a path finds it."""
    world = World(Cloud())
    with patched(world):
        before(world)
    return world.cloud


def recipe(column: str) -> list[dict[str, Any]]:
    parameters = {"sourceColumn": column}
    return [{"Action": {"Operation": "REMOVE_MISSING", "Parameters": parameters}}]


QUIET = {"quiet_period": "60s"}
WITH_RECIPE = {
    **DEFINITION,
    "etl": {"recipe": recipe("age")},
    "trigger": {**QUIET, "schedule": "cron(0 3 * * ? *)"},
    "endpoint": {"kind": "none"},
}
PATIENT = {**DEFINITION, "trigger": {**QUIET, "min_new_rows": 10}}
ON_APPROVAL = {**DEFINITION, "gate": {**DEFINITION["gate"], "approval": "manual"}}
NO_FAULT = ("-", "none")
PUSHES = "register_pipeline."  # what is deleted as somebody pushes it may be gone after that


@dataclass(frozen=True)
class Scenario:
    """One path with one fault: `update/record_champion.put_item(champion)#1/after`."""

    path: str
    call: str
    kind: str

    @property
    def name(self) -> str:
        return f"{self.path}/{self.call}/{self.kind}"

    @classmethod
    def of(cls, name: str) -> Scenario:
        path, _, rest = name.partition("/")
        call, _, kind = rest.rpartition("/")
        return cls(path, call, kind)


@dataclass(frozen=True)
class Result:
    """What is wrong after a scenario, and what happened in it."""

    scenario: Scenario
    wrong: tuple[str, ...]
    trace: tuple[str, ...]


def begun(path: Path, *faults: Fault) -> World:
    troubles = [Fault(kind, call) for kind, call in path.troubles]
    return World(copied(beginning(path.before)), *troubles, *faults)


@cache
def calls_of(path: Path) -> tuple[Call, ...]:
    """The calls of the path without another fault, recorded; those after its own trouble."""
    world = begun(path)
    with patched(world, path.name):
        path.act(world)
    return tuple(world.calls[world.fired_at :])


def scenarios(path: Path) -> list[Scenario]:
    """The path as it is, and every call of it times what may go wrong there."""
    calls = calls_of(path)
    faults = [
        Scenario(path.name, call.name, kind)
        for call in calls
        for kind in call.kinds
        if kind != "gone" or (path.deletes and not call.name.startswith(PUSHES))
    ]
    return [Scenario(path.name, *NO_FAULT), *faults]


def check(scenario: Scenario) -> Result:
    """Run the scenario, let it settle, drop more data, and look at what is left."""
    path, plain = BY_NAME[scenario.path], (scenario.call, scenario.kind) == NO_FAULT
    fault = Fault(scenario.kind, scenario.call)
    world, wrong = begun(path, *([] if plain else [fault])), []
    try:
        with patched(world, path.name):  # as when the calls were recorded, until the fault
            path.act(world)
            wrong += [] if fault.fired or plain else ["the fault's call was never made"]
            if any(fault.kind == "lost" for fault in world.faults):
                world.sweep()
            world.clock.forward(world.cloud.moment + 60)
            ended = outcomes(world)
            if plain and ended != path.outcome:
                wrong.append(f"it ends {ended} instead of {path.outcome}")
            if scenario.kind == "gone" and "FAILED" in ended:
                wrong.append(f"a run fails by the deletion: {ended}")
            wrong += at_rest(world)
            world.trace.append("--- one later drop")
        wrong += _then(world)
    except (Exception, CancelledError, Crash) as error:  # noqa: BLE001 - whatever it is, it is wrong
        wrong.append(f"{type(error).__name__}: {error}"[:500])
        world.trace += traceback.format_exc().splitlines()
    return Result(scenario, tuple(wrong), tuple(world.trace))


def _then(world: World) -> list[str]:
    """The next drop is trained and promoted, whatever happened before it."""
    with patched(world, "then"):
        world.sweep()
        world.cloud.skills, world.cloud.failing_trainings = [2.0], 0
        world.cloud.break_next = False
        world.drop(rows(10_000, 12))
        world.settle()
        world.approve()
        world.clock.forward(world.cloud.moment + 60)
        return [f"after the next drop: {one}" for one in [*at_rest(world), *caught_up(world)]]
