"""Where a broken-off execution stood: what a redrive goes on from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ratchet.workflow.asl.payload import Payload

if TYPE_CHECKING:
    from ratchet.workflow.interpreter.map_run import MapRun


@dataclass(slots=True)
class Standing:
    """One lane: the state it was in, with what input and variables, since which event.

    For a Parallel or an inline Map, `done` holds the outputs of the branches or iterations that
    succeeded, `inner` where the others stood; for a distributed Map, `map_run` its run.
    """

    state: str
    payload: Payload
    entered: int
    variables: dict[str, Payload]
    done: dict[int, Payload] = field(default_factory=dict)
    inner: dict[int, Standing] = field(default_factory=dict)
    map_run: MapRun | None = None
