"""The tables of a pipeline's keys say every key of its section, and the default that it has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from retraining.rules.csv_dialect import CsvDialect
from retraining.rules.sections.checks import Checks
from retraining.rules.sections.gate import Gate
from retraining.rules.sections.trigger import Trigger

PAGE = Path(__file__).parents[2] / "pipelines" / "README.md"
SECTIONS: dict[str, type[BaseModel]] = {
    "checks": Checks,
    "data.csv": CsvDialect,
    "gate": Gate,
    "trigger": Trigger,
}
WITH_ANOTHER = {"data.csv": {"names"}}
"""Keys that the row of another one explains."""
TABLE = re.compile(r"\| key of `(?P<section>[a-z.]+)` \| default \|[^\n]*\n\|[-|]+\n((?:\|.*\n)+)")


def told(section: str) -> dict[str, str]:
    """The default of each key as the page's tables of a section give it."""
    found: dict[str, str] = {}
    for table in TABLE.finditer(PAGE.read_text()):
        if table["section"] == section:
            for row in table[2].splitlines():
                keys, defaults, *_ = (cell.strip() for cell in row.split(" | ")[:2])
                names = re.findall(r"`([a-z_.]+)`", keys)
                found |= dict(zip(names, defaults.split(", "), strict=True))
    return found


def defaults(section: type[BaseModel], before: str = "") -> dict[str, Any]:
    """The default of each key; of a section in a section, under both names."""
    found: dict[str, Any] = {}
    for name, key in section.model_fields.items():
        if isinstance(key.default, BaseModel):
            found |= defaults(type(key.default), f"{name}.")
        else:
            found[f"{before}{name}"] = key.default
    return found


def written(default: Any) -> str:
    """A default as the page writes it."""
    if default is PydanticUndefined:
        return "required"
    if default == {}:
        return "none"
    plain = {None: "null", True: "true", False: "false"}
    return plain[default] if default is None or isinstance(default, bool) else str(default)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_table_has_every_key_of_its_section_with_its_default(section: str) -> None:
    expected = {name: written(value) for name, value in defaults(SECTIONS[section]).items()}
    for name in WITH_ANOTHER.get(section, ()):
        del expected[name]
    assert {key: default.strip("`") for key, default in told(section).items()} == expected
