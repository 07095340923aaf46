"""The training section: an algorithm of SageMaker's, or the pipeline's own workflow."""

from __future__ import annotations

import difflib
import json
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    Tag,
    model_validator,
)

from retraining.algorithms.catalog import ALGORITHMS, DEFAULT
from retraining.algorithms.hyperparameters import STOPS_EARLY
from retraining.rules.instance_types import TRAINING, TRANSFORM
from retraining.rules.metrics import Metric
from retraining.rules.sections.section import Duration, OneOf, Section, between, in_a_row, in_words

MOST_BYTES: Final = 200_000  # the ledger keeps the whole definition in one item of at most 400 KB

LONGEST_RUNTIME: Final = "5d"
Runtime = Annotated[Duration, between("60s", LONGEST_RUNTIME)]


def _one_of(types: frozenset[str], job: str) -> AfterValidator:
    """A validator of the instance types of a kind of job; the message names the nearest."""

    def check(given: str) -> str:
        if given not in types:
            near = difflib.get_close_matches(given, sorted(types), n=3, cutoff=0.5)
            raise ValueError(
                f"{given} is not an instance type of SageMaker's {job} jobs"
                f"{'; near it are ' + in_a_row(near) if near else ''}"
            )
        return given

    return AfterValidator(check)


_Type = Annotated[
    StrictStr,
    Field(
        pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$",
        json_schema_extra=in_words("an instance type, such as ml.m5.large"),
    ),
]
Instance = Annotated[_Type, _one_of(TRAINING, "training")]
ScoreInstance = Annotated[_Type, _one_of(TRANSFORM, "batch transform")]
WorkflowFile = Annotated[
    StrictStr,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.asl\.(yaml|yml|json)$",
        examples=["training.asl.yaml"],
        json_schema_extra=in_words("a file of this folder: NAME.asl.yaml, .asl.yml or .asl.json"),
    ),
]

TITLES: Final = ", ".join(f"{row.name}: {row.title}" for row in ALGORITHMS.values())


class _Jobs(Section):
    """Where both kinds of training train and score."""

    instance: Instance = "ml.m5.large"
    score_instance: ScoreInstance | None = Field(
        default=None, description="Scores the holdouts; null: the same as `instance`"
    )
    refit: StrictBool = Field(
        default=False,
        description="The judged settings are trained again on train, validation and holdout,"
        " and that model serves",
    )

    @model_validator(mode="after")
    def _something_scores(self) -> Self:
        if self.score_instance is None and self.instance not in TRANSFORM:
            raise ValueError(
                f"{self.instance} trains, but SageMaker scores no holdouts (batch transform) on"
                " it: set score_instance as well, such as ml.m5.large"
            )
        return self


class BuiltInTraining(_Jobs):
    """The challenger is trained by a built-in algorithm of SageMaker's."""

    algorithm: Annotated[str, OneOf(ALGORITHMS)] = Field(default=DEFAULT, description=TITLES)
    hyperparameters: dict[str, StrictBool | StrictInt | StrictFloat | StrictStr] = Field(
        description="The algorithm's, by the names SageMaker gives them"
    )
    max_runtime: Runtime = "1h"

    @model_validator(mode="after")
    def _rounds_are_known(self) -> Self:
        if self.refit and STOPS_EARLY in self.hyperparameters:
            raise ValueError(
                "refit: true needs a fixed number of rounds: how many early_stopping_rounds chose"
                " can only be read inside the model, and a refit has no rows left to stop on;"
                " remove early_stopping_rounds and set num_round"
            )
        return self

    def problems(self, metric: Metric) -> list[str]:
        """What is wrong with the hyperparameters of a pipeline whose gate reads `metric`."""
        algorithm = ALGORITHMS[self.algorithm]
        return [
            *algorithm.problems(self.hyperparameters),
            *algorithm.score_problems(self.hyperparameters, metric.name, metric.reads),
        ]


class OwnTraining(_Jobs):
    """The challenger is trained by your own workflow, a Step Functions state machine.

    Its input: `train` and `validation`, S3 prefixes of headerless CSV files, the label first;
    `output`, the S3 prefix (no slash at its end) under which this run may write its model;
    `name`, which begins the name of every job it makes; `role`, `image` and `tags` for them:
    SageMaker's role, the built-in XGBoost image, the stack's tags; `instance`; `pipeline`,
    `run` and `token`, which identify the run.

    Its output: `artifact`, the S3 URI of a model.tar.gz below `output`; `image`, the image that
    serves it, if that is not the built-in XGBoost. It reads and answers text/csv.
    """

    max_runtime: Runtime = Field(default="1h", description="Of the whole workflow")

    @model_validator(mode="before")
    @classmethod
    def _nothing_built_in(cls, given: Any) -> Any:
        for key in ("algorithm", "hyperparameters"):
            if isinstance(given, dict) and key in given:
                raise ValueError(f"workflow and {key} are mutually exclusive: keep one")
        return given


class WorkflowOfFolder(OwnTraining):
    __doc__ = OwnTraining.__doc__

    workflow: WorkflowFile = Field(
        description="A state machine in Amazon States Language, in the pipeline's folder"
    )


def _is_a_machine(definition: dict[str, Any]) -> dict[str, Any]:
    """Push lints it and Step Functions validates it; this refuses what neither would."""
    if not isinstance(definition.get("States"), dict) or "StartAt" not in definition:
        raise ValueError("not a state machine: it needs StartAt and States")
    size = len(json.dumps(definition, ensure_ascii=False).encode())
    if size > MOST_BYTES:
        raise ValueError(f"{size:,} bytes, at most {MOST_BYTES:,} are kept: nest executions")
    return definition


class WorkflowOfDefinition(OwnTraining):
    """The same, with the state machine inlined."""

    workflow: Annotated[dict[str, Any], AfterValidator(_is_a_machine)]


def _kind(given: Any) -> str:
    """The tag of the union's member; `algorithm` is the default."""
    own = "workflow" in given if isinstance(given, dict) else isinstance(given, OwnTraining)
    return "OwnTraining" if own else "BuiltInTraining"


_BuiltIn = Annotated[BuiltInTraining, Tag("BuiltInTraining")]
Training = BuiltInTraining | OwnTraining
TrainingOfFolder = Annotated[
    _BuiltIn | Annotated[WorkflowOfFolder, Tag("OwnTraining")], Discriminator(_kind)
]
TrainingOfDefinition = Annotated[
    _BuiltIn | Annotated[WorkflowOfDefinition, Tag("OwnTraining")], Discriminator(_kind)
]
