"""What the data check of a chunk is at work on, so that its end can be told from its death."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from retraining.documents.document import Document


@dataclass(frozen=True, kw_only=True)
class CheckAttempt(Document):
    """Written before objects are checked; a function that is called again sees what the last met.

    Objects are named by their places in the manifest.
    """

    title = "check attempt"
    place = "runs/<pipeline>/<token>/check/chunk-<chunk>-attempt.json"
    written_by = "CheckData"
    read_by = "CheckData when it is called again for the chunk"

    chunk: Annotated[int, "Number of the chunk, from 0"]
    checking: Annotated[tuple[int, ...], "The objects under check: one, or several small ones"]
    suspects: Annotated[tuple[int, ...], "Objects that the check before this one died among"]
    set_aside: Annotated[tuple[int, ...], "Objects that the check died on twice"]
