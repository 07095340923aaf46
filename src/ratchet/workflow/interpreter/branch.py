"""One line of an execution: the machine itself, a branch of a Parallel, an iteration of a Map."""

from __future__ import annotations

from typing import Any

from ratchet.workflow.asl.errors import too_large
from ratchet.workflow.asl.model import State
from ratchet.workflow.asl.payload import MAX_PAYLOAD_BYTES, Payload
from ratchet.workflow.interpreter.checkpoint import Checkpoint, Progress
from ratchet.workflow.interpreter.context import Item
from ratchet.workflow.interpreter.environment import Environment
from ratchet.workflow.interpreter.recorder import Recorder
from ratchet.workflow.interpreter.visit import Visit

MAX_VARIABLES_BYTES = 10 * 1024 * 1024  # AWS quota for all variables of an execution

_ABORTABLE = ("Task", "Wait", "Map", "Parallel")


class Branch:
    """A branch goes from state to state.

    It joins what it records (`recorder`), what it knows (its visit, variables and item), and how
    far the containers in it have come (`progress`).

    `place` is its number in the container, `iterates` the Map it is an iteration of. With a
    `checkpoint` it continues there.
    """

    __slots__ = (
        "_progress",
        "_visit",
        "checkpoint",
        "children",
        "continues",
        "environment",
        "item",
        "iterates",
        "place",
        "recorder",
        "variables",
    )

    def __init__(
        self, environment: Environment, recorder: Recorder, checkpoint: Checkpoint | None = None
    ) -> None:
        self.environment = environment
        self.recorder = recorder
        self.checkpoint = checkpoint
        self.continues = False
        self.variables: dict[str, Payload] = {}
        self.item: Item | None = None
        self._progress: Progress | None = None
        self.children: list[Branch] = []
        self.place = 0
        self.iterates: str | None = None
        self._visit: Visit | None = None

    def child(self, previous: int, place: int) -> Branch:
        """A branch inside, after the event `previous`; after a redrive, from where it stopped.

        It sees the variables as they are now; those it sets stay in it.
        """
        child = Branch(
            self.environment, self.recorder.fork(previous), self.progress.stopped.pop(place, None)
        )
        child.place = place
        child.item = self.item
        child.variables = dict(self.variables)
        self.children.append(child)
        return child

    @property
    def progress(self) -> Progress:
        """What the state's branches or iterations have done."""
        if self._progress is None:
            self._progress = Progress()
        return self._progress

    @property
    def visit(self) -> Visit:
        """The visit of the state that the branch is in."""
        if self._visit is None:
            raise LookupError("The branch is not in a state")
        return self._visit

    def enter(self, state: State, payload: Payload) -> None:
        """Begin a state. One that a redrive continues was entered before: no event again."""
        before, since = self.recorder.previous, self.environment.clock.now()
        if self.checkpoint is not None:
            entered = self._continue(self.checkpoint)
        else:
            self._progress, self.continues = None, False
            details = {"name": state.name, "input": payload}
            entered = self.recorder.record(f"{state.type}StateEntered", details)
        self._visit = Visit(
            self.environment, state, payload, self.variables, self.item, since, before, entered
        )

    def _continue(self, checkpoint: Checkpoint) -> int:
        self.variables.update(checkpoint.variables)
        self._progress = checkpoint.progress
        self.checkpoint, self.continues = None, True
        return checkpoint.entered

    def begins(self) -> bool:
        """Whether an attempt starts from the beginning; False for the first after a redrive."""
        continues, self.continues = self.continues, False
        if not continues:
            self.start_over()
        return not continues

    def start_over(self) -> None:
        """Forget what branches, iterations and children have done."""
        self._progress = None

    def exit(
        self, payload: Payload, output: Payload, assigned: dict[str, Payload] | None
    ) -> Payload:
        """Leave the state: set its variables and record its output, which is given back.

        `payload` is what the state was entered with or selected from it, whose size is known.
        """
        state = self.visit.state
        if output is not payload and output.is_too_large:
            raise too_large(state.name)
        details: dict[str, Any] = {"name": state.name, "output": output}
        if assigned:
            self._assign(state.name, assigned)
            details["assignedVariables"] = assigned
        self.recorder.record(f"{state.type}StateExited", details)
        return output

    def _assign(self, state: str, assigned: dict[str, Payload]) -> None:
        """Set variables, unless they are more than AWS keeps."""
        if sum(payload.size for payload in assigned.values()) > MAX_PAYLOAD_BYTES:
            raise too_large(state)
        variables = {**self.variables, **assigned}
        if sum(payload.size for payload in variables.values()) > MAX_VARIABLES_BYTES:
            raise too_large(state)
        self.variables = variables

    def end(self) -> None:
        """The branch has left its last state."""
        self._visit = None

    def abort(self, previous: int) -> None:
        """A sibling failed: record what was aborted, innermost first, and close.

        All these events follow the one that failed (`previous`).
        """
        for child in [branch for branch in self.children if not branch.recorder.is_closed]:
            child.abort(previous)
            child.record_iteration("MapIterationAborted", self.recorder, previous)
        if self._visit is not None and self._visit.state.type in _ABORTABLE:
            type_ = f"{self._visit.state.type}StateAborted"
            self.recorder.record(type_, previous=previous, chain=False)
        self.recorder.close()

    def record_iteration(self, type_: str, recorder: Recorder, previous: int) -> None:
        """If this is a Map iteration, record by another recorder what became of it."""
        if self.iterates is not None:
            details = {"name": self.iterates, "index": self.place}
            recorder.record(type_, details, previous=previous, chain=False)

    def close(self) -> None:
        """The execution is over: nothing that is still winding down adds events."""
        for child in self.children:
            child.close()
        self.recorder.close()

    def save_children(self) -> None:
        """Save the checkpoints of the branches inside that have not succeeded."""
        for child in self.children:
            inner = None if child.place in self.progress.done else child.saved()
            if inner is not None:
                self.progress.stopped[child.place] = inner

    def saved(self) -> Checkpoint | None:
        """Where this branch is, for a redrive; None if it has not begun."""
        self.save_children()
        if self._visit is None:
            return self.checkpoint
        return Checkpoint(
            self._visit.state.name,
            self._visit.payload,
            self._visit.entered,
            dict(self.variables),
            self.progress,
        )
