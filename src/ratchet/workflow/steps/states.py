"""The eight kinds of states, and what happens when one fails: Retry and Catch."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from ratchet.workflow.dynamic import Dynamic
from ratchet.workflow.inputs import StepInput
from ratchet.workflow.steps import fields as names
from ratchet.workflow.steps.block import Block
from ratchet.workflow.steps.choice_rule import BaseRule
from ratchet.workflow.steps.flow import flow_document, head, refuse_no_step

if TYPE_CHECKING:
    from ratchet.workflow.steps.chain import Chain

log = logging.getLogger("ratchet.workflow")

_TERMINAL = ("Succeed", "Fail")
_Next = TypeVar("_Next", bound="State | Chain")


class Retry(Block):
    """Try again after these errors: error_equals, interval_seconds, max_attempts, backoff_rate,
    max_delay_seconds, jitter_strategy ('FULL' or 'NONE').
    """

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)

    def allowed_fields(self) -> tuple[str, ...]:
        return names.RETRY


class Catch(Block):
    """Go on at `next_step` after these errors: error_equals, result_path, assign, output."""

    def __init__(self, next_step: State | Chain, **fields: Any) -> None:
        super().__init__(**fields)
        refuse_no_step("Catch: next_step", next_step)
        self.next_step = next_step

    def allowed_fields(self) -> tuple[str, ...]:
        return names.CATCH

    def document(self, *, jsonata: bool) -> dict[str, Any]:
        return super().document(jsonata=jsonata) | {"Next": head(self.next_step).state_id}


class State(Block):
    """What all states share. `output_schema` types the placeholder that `output()` gives."""

    def __init__(
        self,
        state_id: str,
        state_type: str,
        output_schema: dict[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        if not isinstance(state_id, str) or not state_id:
            raise ValueError(f"A state needs a name, not {state_id!r}")
        self.state_id, self.state_type = state_id, state_type
        super().__init__(**fields)
        self.next_step: State | Chain | None = None
        self.retries: list[Retry] = []
        self.catches: list[Catch] = []
        self.step_output = StepInput(schema=output_schema)
        for name in ("retry", "catch"):
            given = self.fields.pop(name, None)
            if given is not None:
                self._add(name, given)
        self._refuse_plain(self.fields.get("parameters"))

    def _refuse_plain(self, parameters: Any) -> None:
        if isinstance(parameters, str | int | float):
            raise TypeError(f"{self._label()}: parameters must be an object, not {parameters!r}")

    @property
    def type(self) -> str:
        return self.state_type

    def _label(self) -> str:
        return f"{self.state_type} state '{self.state_id}'"

    def allowed_fields(self) -> tuple[str, ...]:
        return names.FIELDS[self.state_type]

    def next(self, next_step: _Next) -> _Next:
        """Go on with another state or chain; returns it, so that calls can be strung together."""
        refuse_no_step(f"{self._label()}: the next step", next_step)
        if self.state_type in _TERMINAL:
            raise ValueError(
                f"{self._label()} ends the execution: it cannot lead to '{next_step.state_id}'"
            )
        self.next_step = next_step
        return next_step

    def output(self) -> StepInput:
        """The placeholder of this state's output, for the state after it."""
        return self.step_output

    def update_parameters(self, params: Any) -> None:
        """Replace what the state passes on. Raises ValueError if this state has no parameters."""
        if not self.is_field_allowed("parameters"):
            raise ValueError(f"{self._label()} has no field 'parameters'")
        self._refuse_plain(params)
        self.fields["parameters"] = params

    def add_retry(self, retry: Retry | list[Retry]) -> None:
        self._add("retry", retry)

    def add_catch(self, catch: Catch | list[Catch]) -> None:
        self._add("catch", catch)

    def _add(self, name: str, given: Any) -> None:
        if not self.is_field_allowed(name):
            raise ValueError(f"{self._label()} does not support {name}: it never fails by itself")
        kind, target = (Retry, self.retries) if name == "retry" else (Catch, self.catches)
        for entry in given if isinstance(given, list | tuple) else [given]:
            if not isinstance(entry, kind):
                raise TypeError(f"{self._label()}: {name} takes {kind.__name__}, not {entry!r}")
            target.append(entry)  # type: ignore[arg-type]

    def targets(self) -> Iterator[State | Chain]:
        """Where this state may lead, the usual way first."""
        if self.next_step is not None:
            yield self.next_step
        for catch in self.catches:
            yield catch.next_step

    def is_jsonata(self, *, machine: bool) -> bool:
        """Whether the state is in JSONata, by its own word or else by the machine's."""
        own = self.fields.get("query_language")
        return machine if own is None else own == "JSONata"

    def in_flow(self, *, jsonata: bool) -> dict[str, Any]:
        """The state as ASL inside a machine whose query language is, or is not, JSONata."""
        return self.document(jsonata=self.is_jsonata(machine=jsonata))

    def document(self, *, jsonata: bool) -> dict[str, Any]:
        result = {"Type": self.state_type} | super().document(jsonata=jsonata)
        if self.retries:
            result["Retry"] = [retry.document(jsonata=jsonata) for retry in self.retries]
        if self.catches:
            result["Catch"] = [catch.document(jsonata=jsonata) for catch in self.catches]
        return result | self._ending()

    def _ending(self) -> dict[str, Any]:
        if self.state_type in (*_TERMINAL, "Choice"):
            return {}
        return {"Next": self.next_step.state_id} if self.next_step is not None else {"End": True}

    def written(self, name: str, value: Any, *, jsonata: bool) -> dict[str, Any]:
        renamed = names.JSONATA_NAMES.get((self.state_type, name)) if jsonata else None
        if renamed is None:
            return super().written(name, value, jsonata=jsonata)
        return {renamed: next(iter(super().written(name, value, jsonata=jsonata).values()))}

    def inner_flows(self) -> Iterable[State | Chain]:
        """Where the flows inside this state begin."""
        return ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.state_id!r})"


class Pass(State):
    """Hands its input on, or a result of its own."""

    def __init__(self, state_id: str, **fields: Any) -> None:
        super().__init__(state_id, "Pass", **fields)


class Succeed(State):
    """Ends the flow well."""

    def __init__(self, state_id: str, **fields: Any) -> None:
        super().__init__(state_id, "Succeed", **fields)


class Fail(State):
    """Ends the execution with an error and a cause."""

    def __init__(self, state_id: str, **fields: Any) -> None:
        super().__init__(state_id, "Fail", **fields)


class Wait(State):
    """Waits a number of seconds or until a time; exactly one of the four fields says which."""

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
    """Goes where the first rule that holds points, else to the default."""

    def __init__(self, state_id: str, **fields: Any) -> None:
        super().__init__(state_id, "Choice", **fields)
        self.choices: list[tuple[BaseRule, State | Chain, Mapping[str, Any]]] = []
        self.default: State | Chain | None = None

    def add_choice(self, rule: BaseRule, next_step: State | Chain, **fields: Any) -> None:
        """Add a rule and where it leads. `assign`, `output` and `comment` go into the rule."""
        if not isinstance(rule, BaseRule):
            raise TypeError(
                f"{self._label()}: a rule is made by ChoiceRule, not {rule!r}{_made_of(rule)}"
            )
        unknown = fields.keys() - {"assign", "output", "comment"}
        if unknown:
            raise TypeError(f"{self._label()}: a rule has no field '{min(unknown)}'")
        refuse_no_step(f"{self._label()}: the step of a rule", next_step)
        self.choices.append((rule, next_step, fields))

    def default_choice(self, next_step: State | Chain) -> None:
        """Where to go when no rule holds."""
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
                before.state_id,
                next_step.state_id,
            )
        return next_step

    def targets(self) -> Iterator[State | Chain]:
        yield from (next_step for _, next_step, _ in self.choices)
        if self.default is not None:
            yield self.default

    def document(self, *, jsonata: bool) -> dict[str, Any]:
        result = super().document(jsonata=jsonata)
        result["Choices"] = [
            self._rule(rule, next_step, fields, jsonata=jsonata)
            for rule, next_step, fields in self.choices
        ]
        return result | ({"Default": self.default.state_id} if self.default is not None else {})

    def _rule(
        self, rule: BaseRule, next_step: State | Chain, fields: Mapping[str, Any], *, jsonata: bool
    ) -> dict[str, Any]:
        try:
            document = rule.document(jsonata=jsonata)
        except ValueError as error:
            raise ValueError(f"{self._label()}: {error}") from error
        for name, value in fields.items():
            document |= self.written(name, value, jsonata=jsonata)
        return document | {"Next": head(next_step).state_id}


def _made_of(rule: Any) -> str:
    """How a condition that stands alone becomes a rule."""
    alone = isinstance(rule, str | bool | Dynamic)
    return "; a JSONata condition is ChoiceRule.Condition(...)" if alone else ""


class Parallel(State):
    """Runs branches at the same time; its output is the list of theirs."""

    def __init__(
        self,
        state_id: str,
        retry: Retry | list[Retry] | None = None,
        catch: Catch | list[Catch] | None = None,
        **fields: Any,
    ) -> None:
        branches = fields.pop("branches", ())
        super().__init__(state_id, "Parallel", retry=retry, catch=catch, **fields)
        self.branches: list[State | Chain] = []
        for branch in branches:
            self.add_branch(branch)

    def add_branch(self, branch: State | Chain) -> None:
        """Run one more flow at the same time."""
        refuse_no_step(f"{self._label()}: a branch", branch)
        self.branches.append(branch)

    def allowed_fields(self) -> tuple[str, ...]:
        return tuple(name for name in super().allowed_fields() if name != "branches")

    def inner_flows(self) -> Iterable[State | Chain]:
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

    def attach_iterator(self, iterator: State | Chain) -> None:
        """Set the flow that runs for each item."""
        self.fields.pop("item_processor", None)
        self.fields["iterator"] = iterator

    def attach_processor(self, processor: State | Chain) -> None:
        """Set the flow that runs for each item, under the name it has in ASL today."""
        self.fields.pop("iterator", None)
        self.fields["item_processor"] = processor

    @property
    def flow(self) -> Any:
        return self.fields.get("item_processor") or self.fields.get("iterator")

    def inner_flows(self) -> Iterable[State | Chain]:
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


def _branch(state: State, flow: Any) -> State | Chain:
    from ratchet.workflow.steps.chain import Chain
    from ratchet.workflow.steps.graph import Graph

    branch = flow.branch if isinstance(flow, Graph) else flow
    if not isinstance(branch, State | Chain):
        raise TypeError(
            f"{state!r}: the flow inside must be a State or a Chain, not {type(flow).__name__}"
        )
    return branch


def _with_flows(state: State, *, jsonata: bool) -> dict[str, Any]:
    """A state of another query language than the machine's; the flows inside keep the machine's."""
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
    """Has work done: by a function, a job, any AWS call. `resource` says which."""

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
