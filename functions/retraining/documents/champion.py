"""The model that serves, and all that a later run must know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from retraining.documents.document import Document
from retraining.documents.verdict import Promise


@dataclass(frozen=True, kw_only=True)
class Champion(Document):
    """The serving model of a pipeline."""

    title = "champion"
    place = "the ledger's item `champion` of the pipeline"
    written_by = "RecordChampion"
    read_by = "ClaimData, DecidePromotion, FinishRun, `ratchet info` and `ratchet invoke`"

    package: Annotated[str, "ARN of its model package"]
    version: Annotated[int, "Version number of the package"]
    model: Annotated[str, "Name of the SageMaker model"]
    image: Annotated[str, "Image of its container"]
    artifact: Annotated[str, "S3 URI of its model.tar.gz"]
    artifact_sha256: Annotated[str, "SHA-256 of the artifact"]
    token: Annotated[int, "Fencing token of the run that trained it"]
    run: Annotated[str, "Id of that run"]
    features: Annotated[tuple[str, ...], "Its features, in the order in which it takes them"]
    hyperparameters: Annotated[
        dict[str, str], "What it was trained with, as text; none by a workflow"
    ]
    refit: Annotated[bool, "Whether the rows that judged it were then trained on as well"]
    promise: Annotated[Promise | None, "What it did where it was judged; null: not defined"]
    features_sha256: Annotated[str, "SHA-256 of the features as a JSON list"]
    golden: Annotated[str, "S3 URI of its golden rows"]
    config: Annotated[str | None, "Its endpoint config; null without an endpoint"]
    endpoint: Annotated[str | None, "Its endpoint; null without one"]
    since: Annotated[str, "When it was named, ISO 8601 in UTC"]
    raw: Annotated[
        tuple[str, ...] | None, "The landed columns that it takes, in order; null: its features"
    ] = None
    training_image: Annotated[str | None, "Image that trained it; null: not known"] = None
    code: Annotated[str | None, "S3 URI of the archive with its training script, if any"] = None
