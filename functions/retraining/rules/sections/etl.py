"""`etl`: what happens between accepted and prepared data."""

from __future__ import annotations

import sys
from collections.abc import Collection, Container
from typing import Annotated, Final, Literal

from pydantic import Field, StrictStr, model_validator

from retraining.algorithms.catalog import ALGORITHMS
from retraining.rules.sections.section import Section, Sha256

MOST_FILES: Final = 20
MODULES: Final = ("contract", "features", "inference", "transform")
"""What the service puts beside the files of a pipeline."""
LIBRARIES: Final = ("awsglue", "boto3", "botocore", "numpy", "pandas", "py4j", "pyarrow", "pyspark",
                    "sagemaker_inference", "scipy", "sklearn", *ALGORITHMS)  # fmt: skip
"""What a module of the same name would hide from whoever imports it; an algorithm's library too."""

PACKAGING: Final = ("MANIFEST.in", "pyproject.toml", "requirements.txt", "setup.cfg", "setup.py")
"""What `pip install .` reads, by which the container takes its code (docs/verified.md)."""

FileName = Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$")]


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

    @model_validator(mode="after")
    def _files_are_read(self) -> Etl:
        given = self.model_dump(exclude_none=True)
        names = list(given.get("files") or ())
        if names and not given.keys() & {"transform", "features"}:
            raise ValueError("files are read by transform.py or features.py, and there is neither")
        for name in names:
            if problem := file_problem(name):
                raise ValueError(f"files: {name} {problem}")
        if len(set(names)) < len(names):
            raise ValueError("files: each may be named once")
        return self


def file_problem(
    name: str, modules: Container[str] = MODULES, libraries: Collection[str] = ()
) -> str | None:
    """Why no file of this name can lie beside the code of a pipeline.

    `modules` are what the service puts there, `libraries` more than those of every image.
    """
    if name in PACKAGING:
        return "is a file of pip, which the container calls on what lies beside the code"
    stem, dot, ending = name.rpartition(".")
    if not dot or ending != "py":
        return None
    if not stem.isidentifier():
        return "cannot be imported: a module is named in letters, digits and underscores"
    if stem in modules:
        return "is what the service itself puts there"
    hidden = stem in (*LIBRARIES, *libraries) or stem in sys.stdlib_module_names
    return "would hide the library of that name" if hidden else None


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
    files: Annotated[list[FileName], Field(max_length=MOST_FILES)] = Field(
        default=[],
        description="Tables and modules of the folder that transform.py or features.py reads from"
        " beside itself",
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
    files: Annotated[dict[FileName, Sha256], Field(max_length=MOST_FILES)] = Field(
        default={}, description="Of what lies beside transform.py or features.py"
    )
