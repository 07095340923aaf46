"""What a run's end means for its data, written down before any of it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from retraining.documents.document import RunDocument


@dataclass(frozen=True, kw_only=True)
class Settlement(RunDocument):
    """How the data of a run are settled. Written once; whoever settles the run applies this one."""

    title = "settlement"
    file = "settlement.json"
    written_by = "SettleData and recover_run, whichever comes first"
    read_by = "SettleData and recover_run"

    outcome: Annotated[str, "The outcome that the run had come to, such as `PROMOTED`"]
    data_state: Annotated[str, "What its accepted data become, such as `TRAINED`"]
    sentence: Annotated[str, "The reason, for people"]
