"""The contract of a pipeline: the one model behind push, its JSON Schemas and every run.

`Pipeline` is pipeline.yaml as its author writes it. `Definition` is definition.json as push
sends it: the same document with `data.columns` replaced by the columns themselves,
`etl.recipe` by the list of DataBrew steps, `etl.transform` by the SHA-256 of transform.py,
`etl.features` by the SHA-256 of features.py and of its archive with what comes out of it,
`training.script` by its name and the SHA-256 of its archive, and `training.workflow` by the state
machine's definition.

    python -m retraining.rules.contracts          (in functions/) writes the committed JSON Schemas
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field, StrictStr, ValidationError, model_validator

from retraining.algorithms.catalog import counts_classes
from retraining.errors import PipelineRejected
from retraining.rules import classes, fitting
from retraining.rules.columns import ColumnsFile
from retraining.rules.explain import Several, sentences
from retraining.rules.metrics import METRICS
from retraining.rules.names import LONGEST_PIPELINE, PIPELINE_PATTERN, SHORTEST_PIPELINE
from retraining.rules.sections.checks import Checks
from retraining.rules.sections.data import DataOfDefinition, DataOfFolder
from retraining.rules.sections.endpoint import Endpoint, ServerlessEndpoint
from retraining.rules.sections.etl import EtlOfDefinition, EtlOfFolder
from retraining.rules.sections.gate import Gate
from retraining.rules.sections.section import Section, in_words
from retraining.rules.sections.split import Split
from retraining.rules.sections.training import (
    OwnTraining,
    ScriptTraining,
    Training,
    TrainingOfDefinition,
    TrainingOfFolder,
)
from retraining.rules.sections.trigger import Trigger

MOST_BYTES: Final = 390_000
"""Of a definition with every default: the ledger keeps it in one item, of at most 400 KB with its
names (DynamoDB developer guide, "Quotas").
"""


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
    def _training_fits(self) -> Contract:
        if isinstance(self.training, OwnTraining):
            return self
        found = self.training.problems(METRICS[self.gate.metric])
        if found:
            raise Several([f"training.{problem}" for problem in found])
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

    @model_validator(mode="before")
    @classmethod
    def _label_counts_its_classes(cls, given: Any) -> Any:
        return with_classes(given)

    @model_validator(mode="after")
    def _columns_fit(self) -> Definition:
        found = fitting.problems(self.data, self.etl, self.split, self.gate)
        if self.etl.features is not None and isinstance(self.training, ScriptTraining):
            found += self.training.problems_beside_features(self.etl.files)
        if not found:
            found = classes.problems(self.model_dump(mode="json"))
        if found:
            raise Several(found)
        return self

    @model_validator(mode="after")
    def _fits_into_the_ledger(self) -> Definition:
        sizes = {name: _bytes(value) for name, value in as_document(self).items()}
        if (size := sum(sizes.values())) > MOST_BYTES:
            largest = max(sizes, key=lambda name: sizes[name])
            section = "data.columns" if largest == "data" else largest
            what = f"the largest part of a definition of {size:,} bytes with every default"
            remedy = "leave out what is not needed, or shorten its names"
            raise Several([f"{section}: {what}, and {MOST_BYTES:,} are kept: {remedy}"])
        return self


def _bytes(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())


def with_classes(given: Any) -> Any:
    """A definition whose objective of several classes knows how many the label has."""
    try:
        training, data = given["training"], given["data"]
        chosen, label = training["hyperparameters"], data["columns"][data["label"]]
        name, found = counts_classes(training), classes.count(label)
    except (KeyError, TypeError, AttributeError, ValueError):
        return given  # what is wrong with it the contract says
    if name is None or found is None or name in chosen:
        return given
    return {**given, "training": {**training, "hyperparameters": {**chosen, name: found}}}


def parse_definition(document: str | bytes) -> Definition:
    """The definition in `document` (JSON); raises PipelineRejected with every problem."""
    try:
        return Definition.model_validate_json(document)
    except ValidationError as error:
        raise PipelineRejected(sentences(error, Definition)) from error


def as_document(definition: Definition) -> dict[str, Any]:
    """The whole contract as plain JSON values, every default written out."""
    return definition.model_dump(mode="json", exclude_none=False)


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
