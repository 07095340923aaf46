"""What all states share, and what happens when one fails: Retry and Catch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from ratchet.workflow.inputs import StepInput
from ratchet.workflow.steps import fields as names
from ratchet.workflow.steps.block import Block

_TERMINAL = ("Succeed", "Fail")
_Next = TypeVar("_Next", bound="Step")


class Step:
    """What a state may lead to, and a flow begin with: a state or a chain of states."""

    @property
    def first(self) -> State:
        """The state where it begins. Raises ValueError for an empty chain."""
        raise NotImplementedError


def refuse_no_step(where: str, given: Any) -> None:
    """Raise TypeError for what is neither a state nor a chain: most often a state's name."""
    if not isinstance(given, Step):
        hint = "; give the state itself, not its name" if isinstance(given, str) else ""
        raise TypeError(f"{where} must be a state or a chain, not {given!r}{hint}")


class Retry(Block):
    """Retry after these errors: error_equals, interval_seconds, max_attempts, backoff_rate,
    max_delay_seconds, jitter_strategy ('FULL' or 'NONE').
    """

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)

    def allowed_fields(self) -> tuple[str, ...]:
        return names.RETRY


class Catch(Block):
    """Continue at `next_step` after these errors: error_equals, result_path, assign, output."""

    def __init__(self, next_step: Step, **fields: Any) -> None:
        super().__init__(**fields)
        refuse_no_step("Catch: next_step", next_step)
        self.next_step = next_step

    def allowed_fields(self) -> tuple[str, ...]:
        return names.CATCH

    def document(self, *, jsonata: bool) -> dict[str, Any]:
        return super().document(jsonata=jsonata) | {"Next": self.next_step.first.state_id}


class State(Step, Block):
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
        self.next_step: Step | None = None
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
    def first(self) -> State:
        return self

    @property
    def type(self) -> str:
        return self.state_type

    def _label(self) -> str:
        return f"{self.state_type} state '{self.state_id}'"

    def allowed_fields(self) -> tuple[str, ...]:
        return names.FIELDS[self.state_type]

    def next(self, next_step: _Next) -> _Next:
        """Continue with another state or chain; returns it, so that calls can be chained."""
        refuse_no_step(f"{self._label()}: the next step", next_step)
        if self.state_type in _TERMINAL:
            name = next_step.first.state_id
            raise ValueError(f"{self._label()} ends the execution: it cannot lead to '{name}'")
        self.next_step = next_step
        return next_step

    def output(self) -> StepInput:
        """The placeholder of this state's output, for the state after it."""
        return self.step_output

    def update_parameters(self, params: Any) -> None:
        """Replace the parameters. Raises ValueError if this state has none."""
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

    def targets(self) -> Iterator[Step]:
        """Where this state may lead, the normal next step first."""
        if self.next_step is not None:
            yield self.next_step
        for catch in self.catches:
            yield catch.next_step

    def is_jsonata(self, *, machine: bool) -> bool:
        """Whether the state is in JSONata, by its own query_language or else the machine's."""
        own = self.fields.get("query_language")
        return machine if own is None else own == "JSONata"

    def in_flow(self, *, jsonata: bool) -> dict[str, Any]:
        """The state as ASL inside a machine that is in JSONata or not."""
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
        if self.next_step is None:
            return {"End": True}
        return {"Next": self.next_step.first.state_id}

    def written(self, name: str, value: Any, *, jsonata: bool) -> dict[str, Any]:
        renamed = names.JSONATA_NAMES.get((self.state_type, name)) if jsonata else None
        if renamed is None:
            return super().written(name, value, jsonata=jsonata)
        return {renamed: next(iter(super().written(name, value, jsonata=jsonata).values()))}

    def inner_flows(self) -> Iterable[Step]:
        """Where the flows inside this state begin."""
        return ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.state_id!r})"
