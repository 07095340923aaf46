"""What is known of a run, from its start to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from retraining.documents.document import Document, Part
from retraining.documents.prepared import Cut, RowAccount
from retraining.documents.verdict import Promise


@dataclass(frozen=True, kw_only=True)
class Arrival(Part):
    """How the champion of that time did on the new rows, none of which it had seen."""

    champion: Annotated[str, "Id of the run that trained it"]
    rows: Annotated[int, "How many new rows there were"]
    metric: Annotated[str, "The metric"]
    value: Annotated[float | None, "Its value; null where it is not defined"]
    lift: Annotated[float | None, "How much better that is than a model without skill"]
    missed: Annotated[bool, "Whether that misses `gate.minimum`"]
    promised: Annotated[
        float | None, "What it had done where it was judged; null: by another metric, or unknown"
    ]
    promised_lift: Annotated[float | None, "How much better that was than a model without skill"]


@dataclass(frozen=True, kw_only=True)
class RunRecord(Document):
    """A run's record. It grows while the run proceeds: what is not known yet is null."""

    title = "run record"
    place = "the ledger's item `run#<token>` of the pipeline; at the end also runs/.../record.json"
    written_by = (
        "start_retraining, RegisterModel, RecordChampion, ClosePromotion, SettleData, FinishRun"
    )
    read_by = "ClaimData, recover_run, `ratchet runs`, `ratchet show` and people"

    pipeline: Annotated[str, "Name of the pipeline"]
    token: Annotated[int, "Fencing token of the run"]
    run: Annotated[str | None, "Id of the run, which is also the name of its execution"] = None
    execution: Annotated[str | None, "ARN of its execution"] = None
    started: Annotated[str | None, "When it began, ISO 8601 in UTC"] = None
    ended: Annotated[str | None, "When it ended, ISO 8601 in UTC"] = None
    outcome: Annotated[str | None, "How it ended, such as `PROMOTED` or `FAILED`"] = None
    sentence: Annotated[str | None, "How it ended, for people"] = None
    data_state: Annotated[str | None, "What became of its data, such as `TRAINED`"] = None
    promoted: Annotated[bool | None, "Whether its model became the champion"] = None
    package: Annotated[str | None, "ARN of the model package it registered"] = None
    uri: Annotated[str | None, "S3 URI of the run's folder"] = None
    objects: Annotated[int | None, "Object versions it claimed"] = None
    again: Annotated[str | None, "The earlier run whose batch it judged again; null: its own"] = (
        None
    )
    definition: Annotated[
        str | None, "SHA-256 of the definition.json that its rows were checked by"
    ] = None
    fingerprint: Annotated[str | None, "That of its manifest, once its data are settled"] = None
    rows: Annotated[dict[str, int] | None, "Rows accepted, rejected, and prepared by part"] = None
    set_aside: Annotated[
        tuple[str, ...] | None, "What the data check left out of it, or noted, in sentences"
    ] = None
    findings: Annotated[
        tuple[str, ...] | None,
        "What is odd about its data, in sentences; of very many alike in one",
    ] = None
    account: Annotated[RowAccount | None, "What became of every row, once they are prepared"] = None
    cut: Annotated[Cut | None, "Where its batch was cut, if the split is by time"] = None
    metric: Annotated[str | None, "The metric that the gate reads"] = None
    metrics: Annotated[
        dict[str, dict[str, float | None]] | None,
        "The metric by holdout and candidate, but for a champion that was trained on the rows",
    ] = None
    slices: Annotated[
        dict[str, float | None] | None, "The challenger's metric by slice, such as `country=DE`"
    ] = None
    settings: Annotated[dict[str, str] | None, "The hyperparameters of the model it judged"] = None
    arrival: Annotated[Arrival | None, "How the champion did on the new rows"] = None
    promise: Annotated[Promise | None, "What its own model did where it was judged"] = None
    verdict: Annotated[str | None, "S3 URI of the verdict; null when there is none"] = None
    error: Annotated[str | None, "Name of the error that a failed run ended with"] = None
    cause: Annotated[str | None, "Cause of that error, as AWS gave it"] = None
    notified: Annotated[bool | None, "Whether the notice of its end was sent"] = None
