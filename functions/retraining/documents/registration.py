"""A pipeline as it was pushed last."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated

from retraining.documents.definition import PushedDefinition
from retraining.documents.document import Document


@dataclass(frozen=True, kw_only=True)
class Registration(Document):
    """What the next run of a pipeline uses."""

    title = "registration"
    place = "the ledger's item `<pipeline>` under `#registrations`"
    written_by = "register_pipeline"
    read_by = "record_arrivals, start_retraining, sweep_ledger, ClaimData and the command line"

    definition: Annotated[str, "definition.json as text, every default written out"]
    hash: Annotated[str, "Content hash of the pushed folder"]
    uri: Annotated[str, "S3 URI of the pushed folder"]
    version_id: Annotated[str | None, "Version of its definition.json"] = None
    sha256: Annotated[str, "SHA-256 of its definition.json"]
    registered_at: Annotated[str, "When it was pushed, ISO 8601 in UTC"]
    recipe_version: Annotated[
        str | None, "Newest version of the DataBrew recipe; null: never had one"
    ] = None
    markers: Annotated[tuple[str, ...], "Every name that `trigger.marker` has had"]

    baseline: Annotated[int | None, "First token whose batch is trained on; null: all"] = None

    def parsed(self) -> PushedDefinition:
        """The definition itself."""
        return PushedDefinition.from_json(json.loads(self.definition))
