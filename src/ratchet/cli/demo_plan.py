"""What `ratchet demo` shows of a pipeline: the file demo.yaml in the pipeline's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

PLAN = "demo.yaml"
GENERATOR = "sample_data.py"
CONVERTER = "convert.py"


@dataclass(frozen=True)
class PublishedFile:
    """The real file: under which name it is cached, where it is published, and its bytes."""

    title: str
    name: str
    url: str | None  # null: it has to be given with --data
    sha256: str | None  # null: known by its name alone


@dataclass(frozen=True)
class Expected:
    """What the second drop's challenger reaches on the fresh holdout."""

    metric: str
    at_least: float | None = None
    at_most: float | None = None

    def holds(self, value: float) -> bool:
        """Whether a figure is within the bounds."""
        return (self.at_least is None or value >= self.at_least) and (
            self.at_most is None or value <= self.at_most
        )

    def __str__(self) -> str:
        bound = "at most" if self.at_least is None else "at least"
        return f"{self.metric} {bound} {self.at_most if self.at_least is None else self.at_least}"


@dataclass(frozen=True)
class DemoPlan:
    """One pipeline's demo."""

    pipeline: str
    folder: Path
    shows: str
    rows: int  # made up where the real file cannot be had
    expected: Expected
    published: PublishedFile | None
    made: str = "made-up rows"

    @classmethod
    def find(cls, folder: Path) -> Self | None:
        """The plan in a pipeline's folder; None where there is none."""
        path = folder / PLAN
        if not path.is_file():
            return None
        plan: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        file = plan.get("file")
        return cls(
            pipeline=folder.name,
            folder=folder,
            shows=plan["shows"],
            rows=int(plan["rows"]),
            expected=Expected(**plan["expect"]),
            published=PublishedFile(**file) if file else None,
            made=plan.get("made", cls.made),
        )

    @property
    def generator(self) -> Path:
        """The script that makes rows up: --rows N --out FILE."""
        return self.folder / GENERATOR

    @property
    def converter(self) -> Path | None:
        """The script that makes a drop of the published file, if it is not one: FILE OUT."""
        path = self.folder / CONVERTER
        return path if path.is_file() else None


def plans(pipelines: Path) -> list[DemoPlan]:
    """The demos of a folder of pipelines, by name."""
    found = (DemoPlan.find(path.parent) for path in sorted(pipelines.glob(f"*/{PLAN}")))
    return [plan for plan in found if plan is not None]
