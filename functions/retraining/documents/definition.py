"""What the steps read of a definition.json; its whole contract is rules/contracts.py.

Apart from the contract, whose models take longer to load than most functions to run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from retraining.documents.document import Part, require


@dataclass(frozen=True, kw_only=True)
class PushedDefinition(Part):
    """A pushed definition.json, every default written out, as pipeline.schema.json describes it.

    A run, a verdict and a registration carry it whole, so that they explain themselves later.
    """

    json: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The definition itself."""
        return self.json

    @classmethod
    def _decoded(cls, value: Any, where: str) -> Self:
        require(isinstance(value, dict), where, "an object", value)
        return cls(json=value)

    def section(self, name: str) -> dict[str, Any]:
        """A section as it was pushed, for the rules that read it."""
        found: dict[str, Any] = self.json[name]
        return found

    @property
    def name(self) -> str:
        """The pipeline's name."""
        return str(self.json["name"])

    @property
    def label(self) -> str:
        """The column to predict."""
        return str(self.section("data")["label"])

    @property
    def quiet_period(self) -> str:
        """How long nothing must land before a run starts, such as `60s`."""
        return str(self.section("trigger")["quiet_period"])

    @property
    def marker(self) -> str | None:
        """Name of the file whose arrival calls for a run, if there is one."""
        found: str | None = self.section("trigger")["marker"]
        return found

    @property
    def min_new_rows(self) -> int:
        """How many accepted rows a run needs to train."""
        return int(self.section("trigger")["min_new_rows"])

    @property
    def schedule(self) -> str | None:
        """The schedule that calls for runs, if there is one."""
        found: str | None = self.section("trigger")["schedule"]
        return found

    @property
    def recipe(self) -> list[dict[str, Any]] | None:
        """The DataBrew steps, if there are any."""
        found: list[dict[str, Any]] | None = self.section("etl")["recipe"]
        return found

    @property
    def transform(self) -> str | None:
        """SHA-256 of the pipeline's transform.py, if it has one."""
        found: str | None = self.section("etl")["transform"]
        return found

    @property
    def features(self) -> dict[str, Any] | None:
        """The pipeline's features.py: `sha256`, `code` (of its archive) and `columns`, if any."""
        found: dict[str, Any] | None = self.section("etl")["features"]
        return found

    @property
    def files(self) -> dict[str, str]:
        """SHA-256 of the files that transform.py or features.py reads, by name."""
        found: dict[str, str] = self.section("etl").get("files") or {}
        return found

    @property
    def preparation(self) -> dict[str, Any]:
        """All that decides which features a landed row has; equal where they are."""
        columns: dict[str, Any] = self.section("data")["columns"]
        return {
            "label": self.label,
            "columns": [
                (name, column.get("type"), column.get("default"))
                for name, column in columns.items()
            ],
            "recipe": self.recipe,
            "transform": self.transform,
            "features": self.features["sha256"] if self.features else None,
            "files": self.files,
        }

    @property
    def columns(self) -> set[str]:
        """The names of the columns that land."""
        return set(self.section("data")["columns"])

    @property
    def raw(self) -> tuple[str, ...] | None:
        """The landed columns that a model takes, in order; None: it takes prepared rows."""
        columns: dict[str, Any] = self.section("data")["columns"]
        names = tuple(name for name in columns if name != self.label)
        return names if self.features else None

    @property
    def raw_types(self) -> dict[str, str]:
        """The types in which a model takes landed columns; none where it takes prepared rows."""
        columns: dict[str, Any] = self.section("data")["columns"]
        return {name: columns[name]["type"] for name in self.raw or ()}

    @property
    def code(self) -> str | None:
        """Name of the archive that carries features.py into the containers, if there is one."""
        return f"{self.features['code']}.tar.gz" if self.features else None

    @property
    def keyed(self) -> bool:
        """Whether a later row replaces an earlier one of the same key."""
        return bool(self.section("data")["key"])

    @property
    def metric(self) -> str:
        """The metric that the gate reads."""
        return str(self.section("gate")["metric"])

    @property
    def reference_batches(self) -> int:
        """How many earlier batches' holdouts are judged on."""
        return int(self.section("gate")["reference_batches"])

    @property
    def endpoint_kind(self) -> str:
        """`serverless` or `none`."""
        return str(self.section("endpoint")["kind"])

    @property
    def workflow(self) -> dict[str, Any] | None:
        """The state machine that trains in place of an algorithm, if there is one."""
        return self.section("training").get("workflow")

    @property
    def algorithm(self) -> str | None:
        """The algorithm that trains; None with a workflow or a script."""
        return self.section("training").get("algorithm")

    @property
    def script(self) -> dict[str, Any] | None:
        """The script that trains in place of an algorithm, if any: `program` and `code`."""
        return self.section("training").get("script")

    @property
    def hyperparameters(self) -> dict[str, str | int | float | bool]:
        """The algorithm's hyperparameters; none with a workflow."""
        found: dict[str, str | int | float | bool]
        found = self.section("training").get("hyperparameters", {})
        return found

    @property
    def tuning(self) -> dict[str, Any] | None:
        """What is searched for each challenger, if anything is."""
        found: dict[str, Any] | None = self.section("training").get("tuning")
        return found

    @property
    def refit(self) -> bool:
        """Whether the judged settings are trained again on all rows, and that model serves."""
        return bool(self.section("training").get("refit"))

    @property
    def instance(self) -> str:
        """The instance type that trains."""
        return str(self.section("training")["instance"])

    @property
    def score_instance(self) -> str:
        """The instance type that scores the holdouts."""
        return str(self.section("training").get("score_instance") or self.instance)

    @property
    def max_runtime(self) -> str:
        """How long training may take, such as `1h`."""
        return str(self.section("training")["max_runtime"])
