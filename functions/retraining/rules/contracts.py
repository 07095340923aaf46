"""The contract of a pipeline: the one model behind push, its JSON Schemas and every run.

`Pipeline` is pipeline.yaml as its author writes it. `Definition` is definition.json as push
sends it: the same document with `data.columns` replaced by the columns themselves,
`etl.recipe` by the list of DataBrew steps, `etl.transform` by the SHA-256 of transform.py,
`etl.features` by the SHA-256 of features.py and of its archive with what comes out of it, and
`training.workflow` by the state machine's definition.

    python -m retraining.rules.contracts          (in functions/) writes the committed JSON Schemas
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    Field,
    StrictInt,
    StrictStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from retraining.errors import PipelineRejected
from retraining.rules.belonging import BY_COLUMN, CALENDAR, NUMERIC, TIME
from retraining.rules.columns import Column, ColumnMap, ColumnsFile
from retraining.rules.csv_dialect import CsvDialect
from retraining.rules.durations import seconds
from retraining.rules.explain import Several, sentences
from retraining.rules.metrics import METRICS
from retraining.rules.names import LONGEST_PIPELINE, PIPELINE_PATTERN, SHORTEST_PIPELINE
from retraining.rules.sections import Duration, OneOf, Section, between, in_a_row, in_words
from retraining.rules.training import (
    BuiltInTraining,
    Training,
    TrainingOfDefinition,
    TrainingOfFolder,
)

LOWER_IS_BETTER: Final = [row.name for row in METRICS.values() if not row.higher_is_better]

Number = Annotated[float, Field(strict=True)]
Share = Annotated[Number, Field(gt=0, lt=1)]


class Data(Section):
    """What lands, and what a row is."""

    format: Literal["csv", "jsonl", "parquet"] = Field(
        default="csv", description="Of the files; CSV and JSON lines may be packed (gzip, zip)"
    )
    csv: CsvDialect = Field(default=CsvDialect(), description="How the CSV files are written")
    label: StrictStr = Field(description="The column to predict")
    key: StrictStr | Annotated[list[StrictStr], Field(min_length=1)] | None = Field(
        default=None, description="Column or columns that identify a row; null: the whole row does"
    )
    duplicates: Literal["refuse", "last"] = Field(
        default="refuse",
        description="Two rows of one drop with the same key that differ: refuse the drop, or take"
        " the row that came last",
    )
    history: Literal["all"] = Field(
        default="all", description="Which earlier batches are trained on"
    )

    @model_validator(mode="after")
    def _dialect_of_csv(self) -> Data:
        if self.format != "csv" and self.csv != CsvDialect():
            raise ValueError(f"csv applies to format csv, not to format {self.format}")
        return self


class DataOfFolder(Data):
    """The same, with the columns in a separate file."""

    columns: Literal["columns.yaml"] = "columns.yaml"


class DataOfDefinition(Data):
    """The same, with the columns inlined."""

    columns: ColumnMap


Schedule = Annotated[
    StrictStr,
    Field(
        pattern=r"^(cron|rate)\([A-Za-z0-9 ,*/?#-]{1,200}\)$",
        examples=["cron(0 3 * * ? *)", "rate(1 day)"],
        json_schema_extra=in_words("EventBridge Scheduler's cron(...) or rate(...), in UTC"),
    ),
]


class Trigger(Section):
    """When landed data starts a run."""

    quiet_period: Annotated[Duration, between("1s", "12h")] = Field(
        default="60s", description="A run starts when nothing has landed for this long"
    )
    max_wait: Annotated[Duration, between("1s", "7d")] = Field(
        default="12h", description="A drop that never gets quiet starts when its oldest is this old"
    )
    min_interval: Annotated[Duration, between("0s", "30d")] = Field(
        default="0s", description="No run starts sooner after the start of the one before"
    )

    min_new_rows: Annotated[StrictInt, Field(ge=1)] = Field(
        default=1, description="Fewer accepted rows wait, and count towards the next run"
    )
    schedule: Schedule | None = Field(
        default=None, description="When what has landed until then starts; null: when it is quiet"
    )
    marker: Annotated[StrictStr, Field(pattern=r"^[^/\s]{1,255}$")] | None = Field(
        default=None,
        description="Name of a file, such as _SUCCESS or manifest.json, that comes last and starts"
        " what landed before it",
    )

    @model_validator(mode="after")
    def _called_by_one(self) -> Trigger:
        if self.schedule is not None and self.marker is not None:
            raise ValueError(
                "schedule and marker are mutually exclusive: each says when runs start"
            )
        return self

    @model_validator(mode="after")
    def _quiet_within_the_wait(self) -> Trigger:
        if seconds(self.max_wait) < seconds(self.quiet_period):
            raise ValueError(
                f"max_wait {self.max_wait} must not be shorter than quiet_period"
                f" {self.quiet_period}: no drop could get quiet"
            )
        return self


class Drift(Section):
    """How far a batch may be from what the champion was trained on."""

    psi: Annotated[Number, Field(gt=0)] = Field(
        default=0.25,
        description="Population stability index of a column from which on it has changed",
    )
    action: Literal["warn", "reject"] = Field(
        default="warn",
        description="What follows: the run says so, or the batch is set aside until a person"
        " releases it",
    )


class Tolerate(Section):
    """How many rows of an object may be bad: they are set aside alone, and the others accepted."""

    share: Annotated[Number, Field(gt=0, lt=1)] | None = Field(
        default=None, description="At most this share of its rows"
    )
    rows: Annotated[StrictInt, Field(ge=1)] | None = Field(
        default=None, description="At most so many of its rows"
    )

    @model_validator(mode="after")
    def _bounded(self) -> Tolerate:
        if self.share is None and self.rows is None:
            raise ValueError("set share, rows or both: without either nothing is tolerated")
        return self


class Checks(Section):
    """What the data check lets pass, and what is asked of a batch beyond its single values."""

    tolerate: Tolerate | None = Field(
        default=None, description="Bad rows that do not spoil their object; null: none"
    )
    on_rejected_object: Literal["proceed", "stop"] = Field(
        default="proceed",
        description="What becomes of the other objects of a drop; stop: none is trained on",
    )
    unknown_columns: Literal["reject", "ignore"] = Field(
        default="reject", description="Of a file with columns that columns.yaml does not list"
    )
    missing_columns: Literal["reject", "fill"] = Field(
        default="reject",
        description="Of a file without a nullable column; fill: it counts as missing in every row",
    )
    max_null_share: Annotated[Number, Field(ge=0, le=1)] | None = Field(
        default=None, description="The greatest share of rows in which a column may be missing"
    )
    drift: Drift = Drift()


class Etl(Section):
    """What happens between accepted and prepared data."""

    @model_validator(mode="after")
    def _features_alone(self) -> Etl:
        given = self.model_dump(exclude_none=True)
        others = [name for name in ("recipe", "transform") if name in given]
        if "features" in given and others:
            raise ValueError(
                f"features and {others[0]} are mutually exclusive: features.py takes rows as they"
                " land, so that the endpoint can take them too"
            )
        return self


class EtlOfFolder(Etl):
    """The same, by the names of files."""

    recipe: Literal["recipe.json"] | None = Field(default=None, description="A DataBrew recipe")
    transform: Literal["transform.py"] | None = Field(
        default=None, description="def transform(data: DataFrame) -> DataFrame, run on Glue"
    )
    features: Literal["features.py"] | None = Field(
        default=None,
        description="def features(rows: pandas.DataFrame) -> pandas.DataFrame, row by row; run on"
        " Glue and in the endpoint, which then takes rows as they land",
    )


class RecipeAction(Section):
    """What a DataBrew recipe step does; parameters are text, as DataBrew requires."""

    Operation: Annotated[StrictStr, Field(pattern=r"^[A-Z_]+$", max_length=128)]
    Parameters: dict[str, Annotated[StrictStr, Field(max_length=32768)]] = Field(default={})


class RecipeCondition(Section):
    """A condition of a DataBrew recipe step."""

    Condition: Annotated[StrictStr, Field(pattern=r"^[A-Z_]+$", max_length=128)]
    Value: StrictStr | None = None
    TargetColumn: StrictStr


class RecipeStep(Section):
    """One step of a DataBrew recipe."""

    Action: RecipeAction
    ConditionExpressions: list[RecipeCondition] | None = None


Sha256 = Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{64}$")]


class FeaturesModule(Section):
    """A features.py, the archive that carries it into the containers, and what it makes."""

    sha256: Sha256 = Field(description="Of features.py")
    code: Sha256 = Field(description="Of the archive, which is named by it")
    columns: Annotated[list[StrictStr], Field(min_length=1, max_length=2000)] = Field(
        description="The features in order"
    )


class EtlOfDefinition(Etl):
    """The same, with the recipe inlined, the transform by its hash and features.py by two."""

    recipe: Annotated[list[RecipeStep], Field(min_length=1, max_length=100)] | None = None
    transform: Sha256 | None = None
    features: FeaturesModule | None = None


class Split(Section):
    """Shares of the rows, and what permanently decides which side a row is on."""

    train: Share = 0.7
    validation: Share = 0.15
    holdout: Share = 0.15
    by: Literal["row", "key", "group", "time"] = Field(
        default="row",
        description="row and key: a hash of the row or of data.key; group: a hash of a column, so"
        " that all rows of a customer or a day are on one side; time: the newest rows of each batch"
        " are held out",
    )
    column: StrictStr | None = Field(
        default=None, description="By group its column; by time a date, timestamp or ordered number"
    )
    gap: Duration | Annotated[Number, Field(ge=0)] | None = Field(
        default=None,
        description="By time: what is left out before validation and before the holdout, such as"
        " 2d, or a number where the column holds numbers",
    )

    @model_validator(mode="after")
    def _whole(self) -> Split:
        total = self.train + self.validation + self.holdout
        if not math.isclose(total, 1, abs_tol=1e-9):
            raise ValueError(f"train + validation + holdout must be 1, not {total:g}")
        return self

    @model_validator(mode="after")
    def _column_and_gap_fit(self) -> Split:
        if self.by in BY_COLUMN and self.column is None:
            raise ValueError(
                f"by: {self.by} requires column: name the column that holds the {self.by}"
            )
        if self.by not in BY_COLUMN and self.column is not None:
            raise ValueError(f"column applies to by: group and by: time, not to by: {self.by}")
        if self.by != TIME and self.gap is not None:
            raise ValueError(f"gap applies to by: time, not to by: {self.by}")
        return self


class Gate(Section):
    """What a challenger must prove before it serves."""

    metric: Annotated[str, OneOf(METRICS)]
    minimum: Number = Field(
        description=f"The least acceptable value; for {in_a_row(LOWER_IS_BETTER)} the greatest"
    )
    rule: Literal["guard", "improve", "superior"] = Field(
        default="guard",
        description="guard refuses only what is clearly worse than the champion; improve asks for a"
        " better value that is proven not to be worse by the margin; superior asks for a proof that"
        " it is better",
    )
    margin: Annotated[Number, Field(ge=0)] = 0.01
    confidence: Annotated[Number, Field(ge=0.5, lt=1)] = 0.95
    min_holdout_rows: Annotated[StrictInt, Field(ge=30)] = 1000
    reference_batches: Annotated[StrictInt, Field(ge=1, le=100)] = Field(
        default=6,
        description="The holdouts of so many earlier batches are judged on beside that of the new"
        " one; those of older batches are trained on",
    )
    approval: Literal["auto", "manual"] = Field(
        default="auto",
        description="Who promotes a challenger that has proven itself: the run, or a person who"
        " approves its package",
    )
    cluster: StrictStr | None = Field(
        default=None,
        description="Column whose equal values make rows depend on each other, such as a day or a"
        " customer; null: the split's group, or the day of its time column, or none",
    )
    undecided_settings: Literal["keep", "take"] = Field(
        default="keep", description="Changed settings about which the backtest does not decide"
    )

    @field_validator("minimum")
    @classmethod
    def _minimum_is_possible(cls, minimum: float, info: ValidationInfo) -> float:
        metric = METRICS.get(info.data.get("metric", ""))
        if metric and minimum not in metric.range:
            raise ValueError(
                f"{minimum:g} is not a possible value of {metric.name}; allowed: {metric.range}"
            )
        return minimum


class ServerlessEndpoint(Section):
    """A serverless endpoint; ranges as SageMaker's API states them."""

    kind: Literal["serverless"]
    memory_mb: Literal[1024, 2048, 3072, 4096, 5120, 6144] = 2048
    max_concurrency: Annotated[StrictInt, Field(ge=1, le=200)] = 1


class NoEndpoint(Section):
    """No endpoint: the champion is registered and approved, and nothing serves it."""

    kind: Literal["none"]


Endpoint = Annotated[ServerlessEndpoint | NoEndpoint, Field(discriminator="kind")]


class Contract(Section):
    """What pipeline.yaml and definition.json have in common."""

    name: Annotated[
        StrictStr,
        Field(
            pattern=PIPELINE_PATTERN,
            max_length=LONGEST_PIPELINE,
            json_schema_extra=in_words(
                f"{SHORTEST_PIPELINE} to {LONGEST_PIPELINE} lower-case letters, digits and single"
                " hyphens, a letter first, no hyphen last"
            ),
        ),
    ]
    trigger: Trigger = Trigger()
    checks: Checks = Checks()
    split: Split = Split()
    training: Training
    gate: Gate
    endpoint: Endpoint = ServerlessEndpoint(kind="serverless")

    @model_validator(mode="after")
    def _hyperparameters_are_known(self) -> Contract:
        if not isinstance(self.training, BuiltInTraining):
            return self
        found = self.training.problems(METRICS[self.gate.metric])
        if found:
            raise Several([f"training.hyperparameters.{problem}" for problem in found])
        return self


class Pipeline(Contract):
    """pipeline.yaml: everything about one model."""

    data: DataOfFolder
    etl: EtlOfFolder = EtlOfFolder()
    training: TrainingOfFolder


class Definition(Contract):
    """definition.json: a pipeline's whole folder in one document."""

    data: DataOfDefinition
    etl: EtlOfDefinition = EtlOfDefinition()
    training: TrainingOfDefinition

    @model_validator(mode="after")
    def _columns_fit(self) -> Definition:
        found = [
            *_label_problems(self),
            *_key_problems(self),
            *_split_problems(self),
            *_type_problems(self),
        ]
        if found:
            raise Several(found)
        return self


def _label_problems(definition: Definition) -> list[str]:
    columns, label = definition.data.columns.root, definition.data.label
    made = definition.etl.recipe or definition.etl.transform
    if label not in columns and not definition.etl.transform:
        return [f"data.label: {label!r} is not a column; the columns are {', '.join(columns)}"]
    if label not in columns:
        return []
    column, found = columns[label], []
    if column.type in CALENDAR and not made:
        found.append(f"data.label: column {label!r} is a {column.type}, which cannot be predicted")
    if column.type == "category" and column.values is None:
        found.append(
            f"data.columns.{label}: the label is a category without values: list them, such as"
            ' values: ["no", "yes"], so that no other spelling counts as another class'
        )
    return found


def _key_problems(definition: Definition) -> list[str]:
    columns, keys = definition.data.columns.root, key_columns(definition.data.key)
    found = [
        f"data.key: {key!r} is not a column; the columns are {', '.join(columns)}"
        for key in keys
        if key not in columns
    ]
    found += [
        f"data.key: column {key!r} must not be nullable"
        for key in keys
        if key in columns and columns[key].nullable
    ]
    if definition.data.label in keys:
        found.append(f"data.key: the label {definition.data.label!r} cannot identify a row")
    if definition.split.by == "key" and not keys:
        found.append("split.by: key requires data.key: name the column that identifies a row")
    return found


def _split_problems(definition: Definition) -> list[str]:
    columns, split, cluster = (
        definition.data.columns.root,
        definition.split,
        definition.gate.cluster,
    )
    found = [
        f"{name}: {column!r} is not a column; the columns are {', '.join(columns)}"
        for name, column in (("split.column", split.column), ("gate.cluster", cluster))
        if column is not None and column not in columns
    ]
    column = columns.get(split.column or "")
    if column is None:
        return found
    if split.column == definition.data.label:
        found.append(
            f"split.column: the label {split.column!r} cannot decide which side a row is on"
        )
    if column.nullable:
        found.append(
            f"split.column: column {split.column!r} must not be nullable: a row without it would be"
            " on no side"
        )
    return found + (_time_problems(split, column.type) if split.by == TIME else [])


def _time_problems(split: Split, kind: str) -> list[str]:
    if kind not in (*CALENDAR, *NUMERIC):
        what = f"column {split.column!r} is of type {kind}, which has no order in time"
        return [f"split.column: {what}: name a date, a timestamp or a number that grows with time"]
    if kind in CALENDAR and not isinstance(split.gap, str | None):
        return [f"split.gap: of a {kind} it must be a duration such as 2d, not {split.gap:g}"]
    if kind in NUMERIC and isinstance(split.gap, str):
        what = f"column {split.column!r} holds numbers"
        return [f"split.gap: {what}, so it must be a number, not {split.gap}"]
    return []


def _type_problems(definition: Definition) -> list[str]:
    """Without ETL every column must already be numeric: training reads only numbers.

    features.py makes the features alone, so there the label must be a number as it lands.
    """
    etl, columns = definition.etl, definition.data.columns.root
    if etl.recipe or etl.transform:
        return []
    wanted = [definition.data.label] if etl.features else list(columns)
    add = "etl.recipe or etl.transform" if etl.features else "etl.recipe, transform or features"
    return [
        f"data.columns.{name}: type {columns[name].type}, and nothing converts it to a number:"
        f" add {add}"
        for name in wanted
        if name in columns and not _numeric(columns[name])
    ]


def _numeric(column: Column) -> bool:
    if column.type in ("integer", "number", "boolean"):
        return True
    pattern = re.compile(r"-?[0-9]+(\.[0-9]+)?")
    return column.type == "category" and all(pattern.fullmatch(v) for v in column.values or ["x"])


def key_columns(key: str | list[str] | None) -> list[str]:
    """The columns of `data.key`, as a list."""
    if key is None:
        return []
    return [key] if isinstance(key, str) else list(key)


def parse_definition(document: str | bytes) -> Definition:
    """The definition in `document` (JSON); raises PipelineRejected with every problem."""
    try:
        return Definition.model_validate_json(document)
    except ValidationError as error:
        raise PipelineRejected(sentences(error, Definition)) from error


def as_document(definition: Definition) -> dict[str, Any]:
    """The whole contract as plain JSON values, every default written out."""
    return definition.model_dump(mode="json", exclude_none=False)


FROZEN: Final = ("data.label", "data.key", "split", "gate.cluster")


def frozen_changes(former: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What a push may not change once data is accepted: rows were identified and split by it."""
    pairs = {
        "data.label": [d["data"]["label"] for d in (former, new)],
        "data.key": [key_columns(d["data"]["key"]) for d in (former, new)],
        "split": [d["split"] for d in (former, new)],
        "gate.cluster": [d["gate"]["cluster"] for d in (former, new)],
    }
    return [name for name in FROZEN if pairs[name][0] != pairs[name][1]]


def champion_problems(former: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Why a champion could not be scored on the rows of this definition; nothing if it can."""
    if bool(former["etl"]["features"]) == bool(new["etl"]["features"]):
        return []
    takes = "rows as they land" if former["etl"]["features"] else "prepared rows"
    why = (
        f"etl.features: the champion takes {takes}, so it could not be compared with a model that"
        " does not: push under another name"
    )
    return [why]


def column_problems(former: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Why earlier batches could not follow these columns; nothing if they can.

    Rows are prepared again in every run, by name: what an earlier batch has not is missing there. A
    recipe reads all batches as one table, and without any ETL the columns are the features.
    """
    before, after = former["data"]["columns"], new["data"]["columns"]
    if list(before) == list(after):
        return []
    following = [name for name in ("transform", "features") if new["etl"][name]]
    if new["etl"]["recipe"] or former["etl"]["recipe"] or not following:
        why = (
            "data.columns: they can change with etl.features or etl.transform, not with a recipe,"
            " and not without any: earlier rows were read by the former ones"
        )
        return [why]
    return [
        f"data.columns.{name}: earlier batches have no such column: make it nullable, or give it a"
        " default"
        for name, column in after.items()
        if name not in before and not column["nullable"] and column["default"] is None
    ]


def changes(former: dict[str, Any] | None, new: dict[str, Any]) -> list[str]:
    """The sections in which two definitions differ."""
    return [key for key in new if former is None or former.get(key) != new[key]]


def schemas() -> dict[str, dict[str, Any]]:
    """The committed JSON Schemas by file name."""
    heads: dict[str, type[BaseModel]] = {
        "pipeline.schema.json": Pipeline,
        "columns.schema.json": ColumnsFile,
    }
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {name: {**dialect, **model.model_json_schema()} for name, model in heads.items()}


def main() -> None:
    """Write the schemas into the package: `ratchet push` and editors read them there."""
    folder = Path(__file__).resolve().parents[3] / "src" / "ratchet" / "cli" / "schemas"
    for name, schema in schemas().items():
        text = json.dumps(schema, indent=2, ensure_ascii=False)
        (folder / name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
