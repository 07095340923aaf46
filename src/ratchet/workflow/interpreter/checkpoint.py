"""Where a failed execution stopped: what a redrive continues from."""

from __future__ import annotations

from dataclasses import dataclass, field

from ratchet.workflow.asl.payload import Payload
from ratchet.workflow.interpreter.map_run import MapRun


@dataclass(slots=True)
class Progress:
    """How far a Parallel or a Map has come.

    By their places: the outputs of the branches or iterations that succeeded (`done`), and where
    the others stopped (`stopped`). A distributed Map has its run instead.
    """

    done: dict[int, Payload] = field(default_factory=dict)
    stopped: dict[int, Checkpoint] = field(default_factory=dict)
    map_run: MapRun | None = None

    @property
    def is_any(self) -> bool:
        """Whether any branch or iteration has made progress."""
        return bool(self.done or self.stopped)


@dataclass(slots=True)
class Checkpoint:
    """The state that a branch was in, its input, its variables, and the event of its entry."""

    state: str
    payload: Payload
    entered: int
    variables: dict[str, Payload]
    progress: Progress
