"""A whole definition: a first state and all it leads to, ready to be checked and written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ratchet.workflow.dynamic import dynamic_parts
from ratchet.workflow.inputs import Placeholder, StepInput
from ratchet.workflow.steps import fields as names
from ratchet.workflow.steps.block import Block
from ratchet.workflow.steps.flow import Definition, flow_document, reachable
from ratchet.workflow.steps.state import State, Step
from ratchet.workflow.steps.states import Choice, Pass, Wait

if TYPE_CHECKING:
    from ratchet.workflow.asl.findings import Finding


class Graph(Definition):
    """The graph that begins at `branch`: timeout_seconds, comment, version, query_language.

    Building it finds structural errors (two states of one name, a placeholder of a
    step that does not come before); `check()` finds everything else.
    """

    placeholders = False  # whether `${Name}` is a substitution of a template

    def __init__(self, branch: Step, **fields: Any) -> None:
        if not isinstance(branch, Step):
            raise ValueError(  # noqa: TRY004 - what users of the old package catch
                f"A graph begins at a State or a Chain, not {branch!r}{_instead(branch)}"
            )
        super().__init__(**fields)
        self.branch = branch
        self.states: dict[str, dict[str, Any]] = {}
        self.build_graph(branch)

    def allowed_fields(self) -> tuple[str, ...]:
        return names.GRAPH

    def build_graph(self, state: Step) -> None:
        """Collect the states again, after they were changed."""
        _refuse_repeated_names(state)
        jsonata = self.fields.get("query_language") == "JSONata"
        self.states = flow_document(state, jsonata=jsonata)["States"]

    def contains(self, state: State) -> bool:
        """Whether the graph has a state of this name at its outer level."""
        return state.state_id in self.states

    def to_dict(self) -> dict[str, Any]:
        return super().to_dict() | {"StartAt": self.branch.first.state_id, "States": self.states}

    def check(self) -> tuple[Finding, ...]:
        """Everything the checks find in the definition; errors and warnings alike."""
        return check_document(self.to_dict(), placeholders=self.placeholders)

    def _repr_svg_(self) -> str | None:
        # authoring alone loads no drawing
        from ratchet.workflow.drawing.draw import draw
        from ratchet.workflow.drawing.pages import for_notebook

        return for_notebook(draw(self.to_dict())) if self.states else None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.states)})"


def _instead(given: Any) -> str:
    """How to make a graph of what was given."""
    if isinstance(given, list | tuple):
        return "; put the steps into a Chain"
    return "; to read text, use FrozenGraph.from_json" if isinstance(given, str) else ""


class FrozenGraph(Graph):
    """A definition as it was read. To edit one, use `ratchet.workflow.Definition`."""

    def __init__(self, definition: Mapping[str, Any], *, placeholders: bool = False) -> None:
        if not isinstance(definition, Mapping):
            raise ValueError(  # noqa: TRY004 - what users of the old package catch
                f"A definition is an object, not {type(definition).__name__}"
            )
        Block.__init__(self)
        self.definition, self.placeholders = dict(definition), placeholders
        states = definition.get("States")
        self.states = dict(states) if isinstance(states, Mapping) else {}

    def to_dict(self) -> dict[str, Any]:
        return self.definition

    @classmethod
    def from_json(cls, json_definition: str) -> FrozenGraph:
        """Read JSON (or YAML) text. Raises InvalidDefinition with the place of what is wrong."""
        from ratchet.workflow.asl.source import read

        return cls(read(json_definition).document)


def check_document(
    document: Mapping[str, Any], *, placeholders: bool = False
) -> tuple[Finding, ...]:
    """Findings about a definition, by state and field: its author has not seen text with lines."""
    from ratchet.workflow.asl.building import build
    from ratchet.workflow.asl.findings import NOTE
    from ratchet.workflow.asl.source import Source, read
    from ratchet.workflow.checks import check

    # Written as text and read back, to find what JSON cannot represent.
    whole = read(json.dumps(document, ensure_ascii=False)).document
    findings = check(build(Source(whole)), placeholders=placeholders)
    return tuple(found for found in findings if found.severity != NOTE)


def _refuse_repeated_names(start: Step) -> None:
    """AWS requires unique names in the whole machine, including branches and processors."""
    seen: dict[str, str] = {}
    waiting: list[tuple[str, Step]] = [("the workflow", start)]
    while waiting:
        where, branch = waiting.pop()
        flow = reachable(branch)
        _refuse_strange_outputs(flow)
        for state in flow:
            if state.state_id in seen:
                raise ValueError(
                    f"State name '{state.state_id}' is used in {seen[state.state_id]} "
                    f"and in {where}; state names are unique in the whole workflow"
                )
            seen[state.state_id] = where
            waiting += [(f"{state!r}", inner) for inner in state.inner_flows()]


def _refuse_strange_outputs(flow: list[State]) -> None:
    """Only the next step can use a step's output, unless the states in between pass it on."""
    owners = {id(state.step_output): state for state in flow}
    before = _predecessors(flow)
    for state in flow:
        for name, root in _outputs_used(state):
            owner = owners.get(id(root))
            if owner is not None and not _hands_to(owner, state, before):
                raise ValueError(
                    f"{state!r}: {name} uses the output of '{owner.state_id}', which does not come "
                    f"directly before it; keep it with result_path or assign"
                )


def _predecessors(flow: list[State]) -> dict[str, list[State]]:
    before: dict[str, list[State]] = {}
    for state in flow:
        for target in state.targets():
            before.setdefault(target.first.state_id, []).append(state)
    return before


def _outputs_used(state: State) -> Iterator[tuple[str, Placeholder]]:
    values: Iterable[tuple[str, Any]] = state.fields.items()
    for name, value in values:
        if name in ("iterator", "item_processor"):
            continue
        for part in dynamic_parts(value):
            if isinstance(part, StepInput):
                yield name, part.root


def _hands_to(owner: State, state: State, before: dict[str, list[State]]) -> bool:
    waiting, seen = list(before.get(state.state_id, ())), set()
    while waiting:
        here = waiting.pop()
        if here is owner:
            return True
        if here.state_id not in seen and _keeps_input(here):
            seen.add(here.state_id)
            waiting += before.get(here.state_id, ())
    return False


def _keeps_input(state: State) -> bool:
    """Whether a state passes its input on, unchanged or with something added."""
    fields = state.fields
    if fields.get("output") is not None or "output_path" in fields:
        return False
    if "result_path" in fields:
        return bool(fields["result_path"] != "$")
    if isinstance(state, Pass):
        return fields.keys().isdisjoint(("result", "parameters"))
    return isinstance(state, Choice | Wait)
