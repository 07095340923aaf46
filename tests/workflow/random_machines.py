"""Random nested machines whose payloads say where they are: the truth to hold a history against.

The input of every state carries the Map items it is in; every call's arguments, answer or error
carry the state's name beside them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from asl_machines import INVOKE, machine

from ratchet.workflow import Payload, StateError, TaskCall, TestClock, parse
from ratchet.workflow.interpreter.clock import sleep
from ratchet.workflow.interpreter.execution import Execution

KEEP = "{% $states.input %}"
RETRY_SECONDS = 3
_DEPTH = 3


@dataclass
class RandomMachine:
    """A definition, and of each state the containers and the Parallel branches around it."""

    random: Random
    definition: dict[str, Any] = field(default_factory=dict)
    containers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    branches: dict[str, tuple[int | None, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        flow = self._flow((), ())
        self.definition = machine(flow["States"]) | {"StartAt": flow["StartAt"]}

    def _flow(self, around: tuple[str, ...], branches: tuple[int | None, ...]) -> dict[str, Any]:
        """One to three states in a row; each that can fail may lead to a state by its Catch."""
        states: dict[str, Any] = {}
        names: list[str] = []
        for _ in range(self.random.randint(1, 3)):
            name = f"S{len(self.containers)}"
            self.containers[name], self.branches[name] = around, branches
            names.append(name)
            states[name] = self._state(name)
        for name, after in zip(names, [*names[1:], None], strict=True):
            self._link(states, name, after)
        return {"StartAt": names[0], "States": states}

    def _link(self, states: dict[str, Any], name: str, after: str | None) -> None:
        state = states[name]
        if state["Type"] != "Fail":
            state |= {"Next": after} if after is not None else {"End": True}
        if state["Type"] in ("Task", "Map", "Parallel") and self.random.random() < 0.4:
            caught = f"{name} caught"
            self.containers[caught] = self.containers[name]
            self.branches[caught] = self.branches[name]
            states[caught] = {"Type": "Pass", "End": True}
            state["Catch"] = [{"ErrorEquals": ["States.ALL"], "Output": KEEP, "Next": caught}]

    def _state(self, name: str) -> dict[str, Any]:
        kinds = ["Task"] * 5 + ["Wait", "Pass", "Bad", "Fail"]
        if len(self.containers[name]) < _DEPTH:
            kinds += ["Map", "Parallel"] * 4
        kind = self.random.choice(kinds)
        state: dict[str, Any] = {"Type": kind} | getattr(self, f"_{kind.lower()}")(name)
        if state["Type"] in ("Task", "Map", "Parallel"):
            state["Output"] = KEEP
            if self.random.random() < 0.6:
                retry = {"ErrorEquals": ["Busy", "States.QueryEvaluationError"], "BackoffRate": 1}
                state["Retry"] = [{**retry, "IntervalSeconds": RETRY_SECONDS, "MaxAttempts": 2}]
        return state

    def _task(self, name: str) -> dict[str, Any]:
        return {"Resource": INVOKE, "Arguments": {"state": name, "items": "{% $states.input %}"}}

    def _bad(self, name: str) -> dict[str, Any]:
        return {"Type": "Task", "Resource": INVOKE, "Arguments": f"{{% $error('{name}') %}}"}

    def _wait(self, _: str) -> dict[str, Any]:
        return {"Seconds": self.random.randint(0, 9)}

    def _pass(self, _: str) -> dict[str, Any]:
        return {}

    def _fail(self, name: str) -> dict[str, Any]:
        return {"Error": "Busy", "Cause": name}

    def _map(self, name: str) -> dict[str, Any]:
        flow = self._flow((*self.containers[name], name), (*self.branches[name], None))
        return {
            "Items": list(range(self.random.randint(0, 3))),
            "MaxConcurrency": self.random.randint(0, 2),
            "ItemSelector": f"{{% $states.input & '/{name}#' & $states.context.Map.Item.Index %}}",
            "ItemProcessor": flow,
        }

    def _parallel(self, name: str) -> dict[str, Any]:
        around = (*self.containers[name], name)
        count = self.random.randint(1, 3)
        return {"Branches": [self._flow(around, (*self.branches[name], n)) for n in range(count)]}


class RandomAnswers:
    """Calls take a while and succeed or fail; `works` turns all failures off."""

    def __init__(self, clock: TestClock, random: Random, failures: float) -> None:
        self._clock = clock
        self._random = random
        self._failures = failures

    def works(self) -> None:
        self._failures = 0

    def refusal(self, _: TaskCall) -> str | None:
        return None

    async def request(self, call: TaskCall) -> Any:
        await sleep(self._clock, self._random.randint(0, 5))
        if self._random.random() < self._failures:
            cause = json.dumps(call.arguments)
            return self._raise(StateError(self._random.choice(["Busy", "Odd"]), cause))
        return call.arguments

    def _raise(self, error: StateError) -> None:
        raise error


def run_random(made: RandomMachine, *, failures: float, redrive: bool) -> Execution:
    """Run to the end; with `redrive` again, without failures of calls, from where it failed."""
    clock = TestClock()
    answers = RandomAnswers(clock, made.random, failures)
    execution = Execution(
        parse(made.definition),
        Payload(""),
        runner=answers,
        clock=clock,  # type: ignore[arg-type]
    )
    clock.run(execution.run())
    if redrive and execution.status == "FAILED":
        answers.works()
        clock.run(execution.redrive())
    return execution
