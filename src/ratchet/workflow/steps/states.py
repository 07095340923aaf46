"""The eight kinds of states."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, NoReturn, TypeVar

from ratchet.workflow.dynamic import Dynamic
from ratchet.workflow.former_names import refuse
from ratchet.workflow.steps.choice_rule import BaseRule
from ratchet.workflow.steps.flow import Definition, flow_document
from ratchet.workflow.steps.state import Catch, Retry, State, Step, refuse_no_step

__all__ = [  # the names of this module in the `stepfunctions` package
    "Catch",
    "Choice",
    "Fail",
    "Map",
    "Parallel",
    "Pass",
    "Retry",
    "State",
    "Succeed",
    "Task",
    "Wait",
]

log = logging.getLogger("ratchet.workflow")

_Next = TypeVar("_Next", bound=Step)


class Pass(State):
    """Passes its input on, or a fixed result."""

    def __init__(self, state_id: str, **fields: Any) -> None:
        super().__init__(state_id, "Pass", **fields)


class Succeed(State):
    """Ends the flow successfully."""

    def __init__(self, state_id: str, **fields: Any) -> None:
        super().__init__(state_id, "Succeed", **fields)


class Fail(State):
    """Ends the execution with an error and a cause."""

    def __init__(self, state_id: str, **fields: Any) -> None:
        super().__init__(state_id, "Fail", **fields)


class Wait(State):
    """Waits a number of seconds or until a time; exactly one of the four fields is given."""

    times: ClassVar[tuple[str, ...]] = ("seconds", "timestamp", "seconds_path", "timestamp_path")

    def __init__(self, state_id: str, **fields: Any) -> None:
        super().__init__(state_id, "Wait", **fields)
        given = [name for name in self.times if fields.get(name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"{self._label()} needs exactly one of {', '.join(self.times)}; "
                f"it has {' and '.join(given) or 'none'}"
            )


class Choice(State):
    """Continues at the step of the first rule that matches, else at the default."""

    def __init__(self, state_id: str, **fields: Any) -> None:
        super().__init__(state_id, "Choice", **fields)
        self.choices: list[tuple[BaseRule, Step, Mapping[str, Any]]] = []
        self.default: Step | None = None

    def add_choice(self, rule: BaseRule, next_step: Step, **fields: Any) -> None:
        """Add a rule and its next step. `assign`, `output` and `comment` go into the rule."""
        if not isinstance(rule, BaseRule):
            raise TypeError(
                f"{self._label()}: a rule is made with ChoiceRule, not {rule!r}{_made_of(rule)}"
            )
        unknown = fields.keys() - {"assign", "output", "comment"}
        if unknown:
            raise TypeError(f"{self._label()}: a rule has no field '{min(unknown)}'")
        refuse_no_step(f"{self._label()}: the step of a rule", next_step)
        self.choices.append((rule, next_step, fields))

    def default_choice(self, next_step: Step) -> None:
        """Where to continue if no rule matches."""
        refuse_no_step(f"{self._label()}: the default", next_step)
        self.default = next_step

    def next(self, next_step: _Next) -> _Next:
        """In a chain, the state after a Choice is its default."""
        before = self.default
        self.default_choice(next_step)
        if before is not None and before is not next_step:
            log.warning(
                "%s: its default '%s' is replaced by '%s'",
                self._label(),
                before.first.state_id,
                next_step.first.state_id,
            )
        return next_step

    def targets(self) -> Iterator[Step]:
        yield from (next_step for _, next_step, _ in self.choices)
        if self.default is not None:
            yield self.default

    def document(self, *, jsonata: bool) -> dict[str, Any]:
        result = super().document(jsonata=jsonata)
        result["Choices"] = [
            self._rule(rule, next_step, fields, jsonata=jsonata)
            for rule, next_step, fields in self.choices
        ]
        if self.default is not None:
            result["Default"] = self.default.first.state_id
        return result

    def _rule(
        self, rule: BaseRule, next_step: Step, fields: Mapping[str, Any], *, jsonata: bool
    ) -> dict[str, Any]:
        try:
            document = rule.document(jsonata=jsonata)
        except ValueError as error:
            raise ValueError(f"{self._label()}: {error}") from error
        for name, value in fields.items():
            document |= self.written(name, value, jsonata=jsonata)
        return document | {"Next": next_step.first.state_id}


def _made_of(rule: Any) -> str:
    """How to make a rule of a bare condition."""
    alone = isinstance(rule, str | bool | Dynamic)
    return "; a JSONata condition is ChoiceRule.Condition(...)" if alone else ""


class Parallel(State):
    """Runs branches in parallel; its output is the list of their outputs."""

    def __init__(
        self,
        state_id: str,
        retry: Retry | list[Retry] | None = None,
        catch: Catch | list[Catch] | None = None,
        **fields: Any,
    ) -> None:
        branches = fields.pop("branches", ())
        super().__init__(state_id, "Parallel", retry=retry, catch=catch, **fields)
        self.branches: list[Step] = []
        for branch in branches:
            self.add_branch(branch)

    def add_branch(self, branch: Step) -> None:
        """Add a flow to run in parallel."""
        refuse_no_step(f"{self._label()}: a branch", branch)
        self.branches.append(branch)

    def allowed_fields(self) -> tuple[str, ...]:
        return tuple(name for name in super().allowed_fields() if name != "branches")

    def inner_flows(self) -> Iterable[Step]:
        return self.branches

    def document(self, *, jsonata: bool) -> dict[str, Any]:
        return super().document(jsonata=jsonata) | {
            "Branches": [flow_document(branch, jsonata=jsonata) for branch in self.branches]
        }

    def in_flow(self, *, jsonata: bool) -> dict[str, Any]:
        return _with_flows(self, jsonata=jsonata)


class Map(State):
    """Runs a flow for each item. `iterator` and `item_processor` are a state, a chain or ASL.

    `processor_config` is ItemProcessor's: {'Mode': 'DISTRIBUTED', 'ExecutionType': 'STANDARD'}.
    """

    def __init__(
        self,
        state_id: str,
        retry: Retry | list[Retry] | None = None,
        catch: Catch | list[Catch] | None = None,
        *,
        processor_config: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        super().__init__(state_id, "Map", retry=retry, catch=catch, **fields)
        self.processor_config = processor_config

    def attach_iterator(self, iterator: Step) -> None:
        """Set the flow that runs for each item."""
        self.fields.pop("item_processor", None)
        self.fields["iterator"] = iterator

    def attach_processor(self, processor: Step) -> None:
        """Set the flow that runs for each item, as ItemProcessor, its current name in ASL."""
        self.fields.pop("iterator", None)
        self.fields["item_processor"] = processor

    @property
    def flow(self) -> Any:
        return self.fields.get("item_processor") or self.fields.get("iterator")

    def inner_flows(self) -> Iterable[Step]:
        flow = self.flow
        return () if flow is None or isinstance(flow, Mapping) else (_branch(self, flow),)

    def document(self, *, jsonata: bool) -> dict[str, Any]:
        result = super().document(jsonata=jsonata)
        if self.flow is None:
            raise ValueError(f"{self._label()} needs item_processor: the flow to run for each item")
        return result

    def written(self, name: str, value: Any, *, jsonata: bool) -> dict[str, Any]:
        if name not in ("iterator", "item_processor"):
            return super().written(name, value, jsonata=jsonata)
        key = "Iterator" if name == "iterator" and not jsonata else "ItemProcessor"
        key = "ItemProcessor" if self.processor_config else key
        config = {"ProcessorConfig": dict(self.processor_config)} if self.processor_config else {}
        if isinstance(value, Mapping):
            return {key: config | dict(value)}
        return {key: config | flow_document(_branch(self, value), jsonata=jsonata)}

    def in_flow(self, *, jsonata: bool) -> dict[str, Any]:
        return _with_flows(self, jsonata=jsonata)


def _branch(state: State, flow: Any) -> Step:
    branch = flow.branch if isinstance(flow, Definition) else flow
    if not isinstance(branch, Step):
        raise TypeError(
            f"{state!r}: the flow inside must be a State or a Chain, not {type(flow).__name__}"
        )
    return branch


def _with_flows(state: State, *, jsonata: bool) -> dict[str, Any]:
    """A state in a query language other than the machine's; the flows inside keep the machine's."""
    own = state.is_jsonata(machine=jsonata)
    document = state.document(jsonata=own)
    if own == jsonata:
        return document
    flows = [flow_document(flow, jsonata=jsonata) for flow in state.inner_flows()]
    if "Branches" in document:
        return document | {"Branches": flows}
    key = "ItemProcessor" if "ItemProcessor" in document else "Iterator"
    return document | ({key: document[key] | flows[0]} if flows else {})


class Task(State):
    """Calls a function, a job or any AWS API; `resource` names it."""

    def __init__(
        self,
        state_id: str,
        retry: Retry | list[Retry] | None = None,
        catch: Catch | list[Catch] | None = None,
        **fields: Any,
    ) -> None:
        super().__init__(state_id, "Task", retry=retry, catch=catch, **fields)
        for name in ("timeout_seconds", "heartbeat_seconds"):
            if fields.get(name) is not None and fields.get(f"{name}_path") is not None:
                raise ValueError(f"{self._label()}: {name} and {name}_path exclude each other")


_SPELT = {
    name: f"from ratchet.workflow.steps import {name}" for name in ("Chain", "FrozenGraph", "Graph")
}


def __getattr__(name: str) -> NoReturn:
    refuse(__name__, name, _SPELT)
