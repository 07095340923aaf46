"""What one run stands for: its object versions, its definition and the champion of that moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from retraining.documents.champion import Champion
from retraining.documents.definition import PushedDefinition
from retraining.documents.document import Part, RunDocument
from retraining.documents.prepared import Cut


@dataclass(frozen=True, kw_only=True)
class ClaimedObject(Part):
    """One object version that the run claimed."""

    id: Annotated[str, "Its id in the ledger and in quarantine"]
    bucket: Annotated[str, "The landing bucket"]
    key: Annotated[str, "Its key, as S3 knows it"]
    version: Annotated[str, "Its version id; empty in a bucket without versioning"]
    etag: Annotated[str, "Its ETag, which identifies the content where there is no version"]
    size: Annotated[int, "Bytes"]
    chunk: Annotated[int, "Number of the chunk that checks it, from 0"]
    released: Annotated[bool, "Whether a person released it"] = False


@dataclass(frozen=True, kw_only=True)
class DefinitionRef(Part):
    """Which pushed definition the run uses; the claim verifies that it is unchanged."""

    uri: Annotated[str, "S3 URI of the pushed folder"]
    version_id: Annotated[str | None, "Version of its definition.json"] = None
    sha256: Annotated[str, "SHA-256 of its definition.json"]
    recipe_version: Annotated[
        str | None, "Newest version of the DataBrew recipe; null: never had one"
    ] = None


@dataclass(frozen=True, kw_only=True)
class ChampionsWay(Part):
    """How the champion's rows are prepared, where that is not the way of this run."""

    definition: Annotated[PushedDefinition, "The definition that it was trained with"]
    definition_ref: Annotated[DefinitionRef, "Where that definition was pushed to"]
    lacks: Annotated[
        tuple[str, ...],
        "Columns that no row has since a new baseline and that it needs: it is not scored",
    ] = ()


@dataclass(frozen=True, kw_only=True)
class EarlierArrival(Part):
    """How a champion did on an earlier batch, which it had not seen."""

    run: Annotated[str, "The run that brought the batch"]
    promised: Annotated[float | None, "What the champion of that time had promised"]
    promised_lift: Annotated[float | None, "How much better that is than a model without skill"]
    arrival: Annotated[float | None, "What it did on the new rows"]
    arrival_lift: Annotated[float | None, "How much better that is than a model without skill"]
    arrival_rows: Annotated[int, "How many they were"]


@dataclass(frozen=True, kw_only=True)
class Learned(Part):
    """What the champion was trained with."""

    batches: Annotated[tuple[str, ...], "The batches of its own run"]
    judged: Annotated[tuple[str, ...], "Those of them whose held-out rows judged it"]

    @property
    def trained_on(self) -> set[str]:
        """The batches whose held-out rows it was trained on like all others."""
        return set(self.batches) - set(self.judged)


@dataclass(frozen=True, kw_only=True)
class Manifest(RunDocument):
    """The claim of a run. Written once; a retry of ClaimData reads it back."""

    title = "manifest"
    file = "manifest.json"
    written_by = "ClaimData"
    read_by = "every function of the run, PrepareDataset, `ratchet info` and `ratchet upload`"

    pipeline: Annotated[str, "Name of the pipeline"]
    token: Annotated[int, "Fencing token of the run"]
    name: Annotated[str, "Name of the model that it trains, with which its jobs' names begin"]
    batch: Annotated[str, "Value of the reserved column `batch` in the rows it brings, or judges"]
    history: Annotated[tuple[str, ...], "Earlier batches that are trained on, oldest first"]
    reference: Annotated[tuple[str, ...], "The last of them, whose holdouts are judged on"]
    again: Annotated[bool, "Whether `batch` is an earlier run's, judged again"]
    asked: Annotated[int, "How often a run had been asked for, without new objects if need be"]
    earlier: Annotated[tuple[EarlierArrival, ...], "What champions promised and did, oldest first"]
    cuts: Annotated[dict[str, Cut], "Where earlier batches were cut, if the split is by time"]
    gap: Annotated[float, "How far apart two sides are, in units of the column `moment`"]
    reserved: Annotated[tuple[str, ...], "The reserved columns of the accepted copies"]
    objects: Annotated[tuple[ClaimedObject, ...], "The object versions it claimed, as they arrived"]
    definition: Annotated[PushedDefinition, "The whole definition.json, every default written out"]
    definition_ref: Annotated[DefinitionRef, "Where that definition was pushed to"]
    image: Annotated[str, "Image that trains"]
    serving_image: Annotated[str, "Image that serves what was trained"]
    champion: Annotated[Champion | None, "The champion when the run claimed; null without one"]
    learned: Annotated[Learned | None, "What that champion was trained with; null: not known"] = (
        None
    )
    champions_way: Annotated[
        ChampionsWay | None, "How its rows are prepared; null: as those of this run"
    ] = None
    incomparable: Annotated[
        str | None, "Why the champion's answers say nothing by this run's metric; null: they do"
    ] = None
    fingerprint: Annotated[str | None, "Equal for runs of the same data and parameters"] = None
    repeats: Annotated[str | None, "The run that this one would repeat, if there is one"] = None
    least_label: Annotated[float | None, "What the objective takes at least; null: any"] = None
    greatest_label: Annotated[float | None, "What the objective takes at most; null: any"] = None
    classes: Annotated[
        tuple[str, ...] | None, "The label's texts in the order of their numbers; null: numbers"
    ] = None
    claimed_at: Annotated[str | None, "When, ISO 8601 in UTC"] = None

    @property
    def code(self) -> str | None:
        """S3 URI of the archive that carries features.py into the containers, if there is one."""
        name = self.definition.code
        return f"{self.definition_ref.uri}/{name}" if name else None

    @property
    def script(self) -> str | None:
        """S3 URI of the archive with the training script, if there is one."""
        script = self.definition.script
        return f"{self.definition_ref.uri}/{script['code']}.tar.gz" if script else None

    @property
    def compared(self) -> Champion | None:
        """The champion, if it can be scored on the rows of this run and be judged by its metric."""
        return None if self.not_compared else self.champion

    @property
    def not_compared(self) -> str | None:
        """Why the champion is not judged, to follow "a champion that"; None: it is, or none is."""
        way = self.champions_way
        if way is not None and way.lacks:
            return f"needs {', '.join(way.lacks)}, which no row has since the new baseline"
        return self.incomparable

    @property
    def repeats_champion(self) -> bool:
        """Whether the champion's settings would make the champion again of these batches."""
        champion, learned = self.compared, self.learned
        if champion is None or learned is None or self.champions_way is not None:
            return False
        same = (champion.image, champion.refit) == (self.serving_image, self.definition.refit)
        rows = Learned(batches=(*self.history, self.batch), judged=(*self.reference, self.batch))
        return same and learned == rows

    @property
    def knows_reference(self) -> bool:
        """Whether the champion was trained on held-out rows that are a reference, or may have been.

        Batches that are none of this run's, as after a new baseline, may have had the same rows.
        """
        champion, learned = self.compared, self.learned
        if champion is None:
            return False
        others = set(learned.batches if learned else ()) - {*self.history, self.batch}
        return champion.refit or bool(others)

    @property
    def own_rows(self) -> bool:
        """Whether the champion scores rows that are prepared its own way.

        With features.py a model takes rows as they landed, so other features need no other rows;
        columns of other types do, as it may not take every value.
        """
        way = self.champions_way
        if way is None or self.not_compared:
            return False
        theirs, ours = way.definition, self.definition
        if theirs.raw is None or theirs.raw != ours.raw:
            return True
        return theirs.raw_types != ours.raw_types

    @property
    def released(self) -> bool:
        """Whether a person released what it claims, so that none of it is set aside again."""
        return any(item.released for item in self.objects)

    @property
    def chunks(self) -> list[int]:
        """The numbers of its chunks, in order."""
        return sorted({item.chunk for item in self.objects})
