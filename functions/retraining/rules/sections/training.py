"""The training section: an algorithm of SageMaker's, the pipeline's own script, or workflow."""

from __future__ import annotations

import difflib
import json
from collections.abc import Container, Mapping
from typing import Annotated, Any, Final, Self, TypeVar

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
from retraining.algorithms.frameworks import (
    ANSWERS,
    FRAMEWORKS,
    LIBRARIES,
    problem_of_answers,
    problem_of_version,
)
from retraining.algorithms.hyperparameters import STOPS_EARLY, as_text
from retraining.rules.durations import LONGEST_RUNTIME
from retraining.rules.instance_types import TRAINING, TRANSFORM
from retraining.rules.metrics import Metric
from retraining.rules.sections.etl import MODULES, MOST_FILES, FileName, file_problem
from retraining.rules.sections.section import (
    Duration,
    OneOf,
    Section,
    Sha256,
    between,
    in_a_row,
    in_words,
)
from retraining.rules.sections.tuning import ScriptTuning, Tuning

MOST_BYTES: Final = 200_000  # the ledger keeps the whole definition in one item of at most 400 KB

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

ScriptFile = Annotated[
    StrictStr,
    Field(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,95}\.py$",
        examples=["train.py"],
        json_schema_extra=in_words("a Python file of this folder, named as a module"),
    ),
]
Hyperparameters = dict[
    Annotated[StrictStr, Field(min_length=1)], StrictBool | StrictInt | StrictFloat | StrictStr
]
PLATFORM: Final = "sagemaker_"
"""What the names of hyperparameters begin with that the toolkit keeps to itself."""
MOST_HYPERPARAMETERS: Final = 90  # of the 100 that CreateTrainingJob takes (API reference)
LONGEST_KEY: Final = 256  # these two: CreateTrainingJob, HyperParameters (API reference)
LONGEST_VALUE: Final = 2500
VERSIONS: Final = [name for versions in FRAMEWORKS.values() for name in versions]
KEEPS_CODE: Final = "keep_code"
"""The module that the service puts beside a script."""
SERVES_FEATURES: Final = "features_first"
"""The one that it puts beside features.py, where a script serves."""

TITLES: Final = ", ".join(f"{row.name}: {row.title}" for row in ALGORITHMS.values())


def _too_long(chosen: Mapping[str, Any]) -> list[str]:
    """Which hyperparameters no job takes, each problem beginning with a name."""
    names = [
        f"{name[:40]}...: the name has {len(name):,} characters, and a job takes {LONGEST_KEY}"
        for name in chosen
        if len(name) > LONGEST_KEY
    ]
    lengths = {name: len(as_text(value)) for name, value in chosen.items()}
    return names + [
        f"{name[:40]}: the value has {length:,} characters, and a job takes {LONGEST_VALUE:,}"
        for name, length in lengths.items()
        if length > LONGEST_VALUE
    ]


SEARCHED: Final = "tuning.ranges"


class _Jobs(Section):
    """Where each kind of training trains and scores."""

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


T = TypeVar("T", bound=_Jobs)


def _within_budget(training: T, tuning: Tuning | None, max_runtime: str) -> T:
    """The training, unless its search could take more than its budget."""
    if tuning and (problem := tuning.budget_problem(max_runtime)):
        raise ValueError(problem)
    return training


class BuiltInTraining(_Jobs):
    """The challenger is trained by a built-in algorithm of SageMaker's."""

    algorithm: Annotated[str, OneOf(ALGORITHMS)] = Field(default=DEFAULT, description=TITLES)
    hyperparameters: Hyperparameters = Field(
        description="The algorithm's, by the names SageMaker gives them"
    )
    max_runtime: Runtime = "1h"
    tuning: Tuning | None = Field(default=None, description="null: nothing is searched")

    @model_validator(mode="after")
    def _search_is_bounded(self) -> Self:
        return _within_budget(self, self.tuning, self.max_runtime)

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
        """What is wrong with the section of a pipeline whose gate reads `metric`."""
        algorithm = ALGORITHMS[self.algorithm]
        found = [
            *_too_long(self.hyperparameters),
            *algorithm.problems(self.hyperparameters),
            *algorithm.score_problems(self.hyperparameters, metric.name, metric.reads),
        ]
        ranges = {} if self.tuning is None else self.tuning.ends
        return [
            *(f"hyperparameters.{problem}" for problem in found),
            *(f"{SEARCHED}.{problem}" for problem in algorithm.range_problems(ranges)),
        ]


class ScriptTraining(_Jobs):
    """The challenger is trained, and served, by your own script in one of SageMaker's framework
    images.

    In training it finds headerless CSV files, the label first, in the folders SM_CHANNEL_TRAIN and
    SM_CHANNEL_VALIDATION, its hyperparameters as arguments, and writes its model to SM_MODEL_DIR.
    To serve, it is imported: model_fn(model_dir), and where the framework's own functions do not
    fit, input_fn, predict_fn and output_fn. It reads text/csv and answers text/csv, one line a
    row, the score last. Training has no network.
    """

    framework: Annotated[str, OneOf(FRAMEWORKS)]
    version: Annotated[str, OneOf(VERSIONS)] | None = Field(
        default=None,
        description="Of the image; the newest if none is named: "
        + "; ".join(f"{name} {', '.join(known)}" for name, known in FRAMEWORKS.items()),
    )
    scores: Annotated[str, OneOf(ANSWERS)] = Field(
        description="What the script answers for a row: the probability of class 1, the class"
        " itself, or an estimate of the label's value"
    )
    files: Annotated[list[FileName], Field(max_length=MOST_FILES)] = Field(
        default=[], description="Modules and tables of the folder that the script reads"
    )
    hyperparameters: Annotated[Hyperparameters, Field(max_length=MOST_HYPERPARAMETERS)] = Field(
        default={}, description="The script's, each given to it as an argument: --name value"
    )
    max_runtime: Runtime = "1h"
    tuning: ScriptTuning | None = Field(default=None, description="null: nothing is searched")

    @model_validator(mode="after")
    def _search_is_bounded(self) -> Self:
        return _within_budget(self, self.tuning, self.max_runtime)

    @model_validator(mode="before")
    @classmethod
    def _newest_version(cls, given: Any) -> Any:
        if isinstance(given, dict) and "algorithm" in given:
            raise ValueError("script and algorithm are mutually exclusive: keep one")
        if not isinstance(given, dict) or given.get("framework") not in FRAMEWORKS:
            return given
        newest = next(iter(FRAMEWORKS[given["framework"]]))
        return {**given, "version": given.get("version") or newest}

    @model_validator(mode="after")
    def _image_is_known(self) -> Self:
        if problem := problem_of_version(self.framework, self.version or ""):
            raise ValueError(problem)
        return self

    @model_validator(mode="after")
    def _files_can_be_imported(self) -> Self:
        own = (KEEPS_CODE,)
        for name in (*self.files, self.program):
            problem = file_problem(name, own, LIBRARIES.values())
            if problem:
                raise ValueError(f"{name} {problem}")
        if len({*self.files, self.program}) <= len(self.files):
            raise ValueError("files: each may be named once, and the script is one of its own")
        return self

    @property
    def program(self) -> str:
        """Name of the script's file."""
        raise NotImplementedError

    def problems_beside_features(self, beside: Container[str]) -> list[str]:
        """Why it cannot serve with features.py, whose own files these are: they share a folder."""
        if not FRAMEWORKS[self.framework][self.version or ""].serves_features:
            why = "its Python is too old for features.py"
            return [f"training.version: {self.framework} {self.version} cannot serve: {why}"]
        taken = [name for name in (self.program, *self.files) if name in beside]
        found = [f"training.files: {name} is one of etl.files too" for name in taken]
        own = (*MODULES, SERVES_FEATURES)
        found += [
            f"training: {name} is what the service puts beside features.py: rename it"
            for name in (self.program, *self.files)
            if file_problem(name, own)
        ]
        return found

    def problems(self, metric: Metric) -> list[str]:
        """What is wrong with the section of a pipeline whose gate reads `metric`."""
        ranges = {} if self.tuning is None else self.tuning.ends
        found = [f"hyperparameters.{problem}" for problem in _too_long(self.hyperparameters)]
        found += [f"{SEARCHED}.{problem}" for problem in _too_long(dict.fromkeys(ranges, ""))]
        found += [
            f"{where}.{name}: names that begin with {PLATFORM} are SageMaker's own"
            for where, names in (("hyperparameters", self.hyperparameters), (SEARCHED, ranges))
            for name in names
            if name.startswith(PLATFORM)
        ]
        count = len({*self.hyperparameters, *ranges})
        if count > MOST_HYPERPARAMETERS:
            found.append(
                f"hyperparameters: {count} with those that are searched, at most"
                f" {MOST_HYPERPARAMETERS}"
            )
        answers = problem_of_answers(self.scores, metric.name, metric.reads)
        return [*found, f"scores: {answers}"] if answers else found


class ScriptOfFolder(ScriptTraining):
    __doc__ = ScriptTraining.__doc__

    script: ScriptFile = Field(description="A Python file in the pipeline's folder")

    @property
    def program(self) -> str:
        return self.script


class PackedScript(Section):
    """A script's name, and the archive of it and its files, which is named by its hash."""

    program: ScriptFile
    code: Sha256


class ScriptOfDefinition(ScriptTraining):
    """The same, with the script by its archive."""

    script: PackedScript

    @property
    def program(self) -> str:
        return self.script.program


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
        for key in ("algorithm", "script", "hyperparameters", "tuning"):
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


KINDS: Final = {"workflow": "OwnTraining", "script": "ScriptTraining"}
"""The union's members by the key that only they have; `algorithm` is the default."""


def _kind(given: Any) -> str:
    """The tag of the union's member."""
    if isinstance(given, OwnTraining):
        return "OwnTraining"
    if isinstance(given, ScriptTraining):
        return "ScriptTraining"
    keys = given if isinstance(given, dict) else {}
    return next((tag for key, tag in KINDS.items() if key in keys), "BuiltInTraining")


_BuiltIn = Annotated[BuiltInTraining, Tag("BuiltInTraining")]
Training = BuiltInTraining | ScriptTraining | OwnTraining
TrainingOfFolder = Annotated[
    _BuiltIn
    | Annotated[ScriptOfFolder, Tag("ScriptTraining")]
    | Annotated[WorkflowOfFolder, Tag("OwnTraining")],
    Discriminator(_kind),
]
TrainingOfDefinition = Annotated[
    _BuiltIn
    | Annotated[ScriptOfDefinition, Tag("ScriptTraining")]
    | Annotated[WorkflowOfDefinition, Tag("OwnTraining")],
    Discriminator(_kind),
]
