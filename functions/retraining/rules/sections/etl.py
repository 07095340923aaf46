"""`etl`: what happens between accepted and prepared data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictStr, model_validator

from retraining.rules.sections.section import Section, Sha256


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
