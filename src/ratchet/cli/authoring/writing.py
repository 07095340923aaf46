"""The texts of a new pipeline's files."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import yaml

from ratchet.cli.authoring.guessing import Column, Guess

_PLAIN = re.compile(r"[^\W\d_][\w .+/%-]*")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""What some version of YAML does not read as text."""

_PIPELINE = """\
# yaml-language-server: $schema={schema}
# {title} Every key: pipelines/README.md and the schema above.
name: {name}

data:
  format: {format}
{csv}  label: {label}
  key: {key}
  columns: columns.yaml

trigger:
  quiet_period: 5s        # a drop is one file here; for drops of many files, use 60s

checks:
  tolerate: {{share: 0.001}}    # so many bad rows of a file are set aside alone

etl:{etl}

split:
  train: 0.7
  validation: 0.15
  holdout: 0.15
{split}

training:
  algorithm: xgboost
  hyperparameters:
{hyperparameters}
  instance: ml.m5.large
  max_runtime: 1h
{refit}
gate:
  metric: {metric}
  minimum: {minimum}  # {meaning}
  min_holdout_rows: {min_holdout_rows}

endpoint:
  kind: serverless
  memory_mb: 2048
  max_concurrency: 1
"""

_COLUMNS = """\
# yaml-language-server: $schema={schema}
# What a row must look like, inferred from the {rows:,} rows of {file}. A drop that breaks a rule
# is quarantined: add min and max where you know them, and values that this file does not have.
columns:
{columns}
"""

_FEATURES = '''\
"""What the model sees of a row, on Glue and in the endpoint.

Written by `ratchet new`, and yours to change. Row by row: what comes out for a row depends on that
row alone, and `ratchet push` checks it.
"""

import pandas as pd

# A text becomes its place in its list, from 0. Add new values at the end: models know the places.
CODES: dict[str, list[str]] = {codes}

{units}{clocks}# Not features.
LEFT_OUT: list[str] = {left_out}


def features(rows: pd.DataFrame) -> pd.DataFrame:
    made = rows.drop(columns=LEFT_OUT)
    for name, values in CODES.items():
        places = {{value: place for place, value in enumerate(values)}}
        made[name] = rows[name].map(places)  # missing where the value is not in the list
{numbers}{seconds}    return made
'''

_UNITS = """\
# Numbers with a unit, which is taken off, and the mark of their decimals.
UNITS: dict[str, tuple[str, str]] = {units}

"""
_NUMBERS = """\
    for name, (unit, decimal) in UNITS.items():
        digits = rows[name].str.replace(unit, "").str.replace("," if decimal == "." else ".", "")
        number = digits.str.strip().str.replace(decimal, ".")
        made[name] = pd.to_numeric(number, errors="coerce")  # missing with another unit
"""

_CLOCKS = """\
# Durations and times of day, which become seconds: 1:02:03 is 3723, and 2:03 is 123.
CLOCKS: list[str] = {clocks}

"""
_SECONDS = """\
    for name in CLOCKS:
        whole = rows[name].where(rows[name].str.count(":") == 2, "0:" + rows[name])
        made[name] = pd.to_timedelta(whole, errors="coerce").dt.total_seconds()
"""

_REFIT = """\
  refit: true             # the model that serves is trained on all rows, with the judged settings
"""


def files(guess: Guess, folder: Path) -> dict[str, str]:
    """The text of each file by its name."""
    made = {"pipeline.yaml": _pipeline(guess, folder), "columns.yaml": _columns(guess, folder)}
    if not guess.plain:
        made["features.py"] = _features(guess)
    return made


def _pipeline(guess: Guess, folder: Path) -> str:
    task = guess.task
    settings = {
        **task.hyperparameters,
        **_rounds(guess),
        "eta": 0.1,
        "max_depth": 5,
        "subsample": 0.8,
        "seed": 42,
    }
    return _PIPELINE.format(
        schema=_schema("pipeline", folder),
        title=task.title[:1].upper() + task.title[1:],
        name=guess.name,
        format=guess.look.format or "csv",
        csv=_csv(guess.look.dialect),
        label=yaml_text(guess.label),
        key=_key(guess.keys),
        etl=_etl(guess),
        split=_split(guess),
        refit=_REFIT if guess.time else "",
        hyperparameters="\n".join(f"    {name}: {value}" for name, value in settings.items()),
        metric=task.metric,
        minimum=json.dumps(task.minimum),
        meaning=task.meaning,
        min_holdout_rows=guess.min_holdout_rows,
    )


def _rounds(guess: Guess) -> dict[str, int]:
    """A refit has no rows left to stop on, so its rounds are fixed."""
    if guess.time:
        return {"num_round": 100}
    return {"num_round": 200, "early_stopping_rounds": 20}


def _csv(dialect: dict[str, Any]) -> str:
    """How the files are written, where that is not the plain way."""
    plain = {"delimiter": ","}
    given = {name: value for name, value in dialect.items() if plain.get(name) != value}
    if not given:
        return ""
    lines = [
        f"    {name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in given.items()
    ]
    return "  csv:\n" + "".join(lines)


def _etl(guess: Guess) -> str:
    if guess.plain:
        return " {}                   # the columns are numbers already"
    return "\n  features: features.py  # in the endpoint too, which takes rows as they land"


def _split(guess: Guess) -> str:
    if guess.time:
        return (
            f"  by: time                # the newest rows of each drop are held out\n"
            f"  column: {yaml_text(guess.time)}"
        )
    return f"  by: {'key' if guess.keys else 'row'}"


def _key(keys: tuple[str, ...]) -> str:
    if not keys:
        return "null               # no column identifies a row: its whole text does"
    words = [yaml_text(key) for key in keys]
    return words[0] if len(words) == 1 else f"[{', '.join(words)}]"


def _columns(guess: Guess, folder: Path) -> str:
    names = [yaml_text(column.name) + ":" for column in guess.columns]
    width = min(max(map(len, names)), 30)
    lines = [
        f"  {name:{width}} {_contract(column, guess)}"
        for name, column in zip(names, guess.columns, strict=True)
    ]
    return _COLUMNS.format(
        schema=_schema("columns", folder),
        rows=guess.look.rows,
        file=guess.look.path.name,
        columns="\n".join(lines),
    )


def _contract(column: Column, guess: Guess) -> str:
    parts = [f"type: {column.kind}"]
    if column.seen.empty and column.name not in guess.keys:
        parts.append("nullable: true")
    if column.seen.format:
        parts.append(f"format: {yaml_text(column.seen.format)}")
    if column.values and column.kind == "category":
        parts.append(f"values: [{', '.join(map(yaml_text, column.values))}]")
    remark = f"   # {column.why}" if column.why else ""
    return f"{{{', '.join(parts)}}}{remark}"


def _features(guess: Guess) -> str:
    codes = {column.name: column.values or [] for column in guess.columns if column.use == "code"}
    left_out = [column.name for column in guess.columns if column.use == "left out"]
    units = "".join(map(_unit, guess.columns))
    clocks = [column.name for column in guess.columns if column.use == "clock"]
    return _FEATURES.format(
        codes=_mapping(codes),
        left_out=_listed(left_out),
        units=_UNITS.replace("{units}", f"{{\n{units}}}") if units else "",
        numbers=_NUMBERS if units else "",
        clocks=_CLOCKS.format(clocks=_listed(clocks)) if clocks else "",
        seconds=_SECONDS if clocks else "",
    )


def _unit(column: Column) -> str:
    if column.use != "unit":
        return ""
    unit, decimal = _word(column.seen.unit or ""), _word(column.seen.decimal)
    return f"    {_word(column.name)}: ({unit}, {decimal}),\n"


def _mapping(codes: dict[str, list[str]]) -> str:
    lines = [f"    {_word(name)}: {_listed(values)},\n" for name, values in codes.items()]
    return "{\n" + "".join(lines) + "}" if lines else "{}"


def _listed(words: list[str]) -> str:
    return f"[{', '.join(map(_word, words))}]"


def _word(text: str) -> str:
    """A Python literal, in double quotes where that is possible."""
    plain = text.isprintable() and "\\" not in text and '"' not in text
    return f'"{text}"' if plain else repr(text)


def yaml_text(text: str) -> str:
    """A scalar that every YAML reader takes for this text, in a list as well."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS and text.strip() == text:
        return text
    return yaml.safe_dump(text, default_style='"', allow_unicode=True, width=1 << 20).strip()


def _schema(kind: str, folder: Path) -> str:
    """Where editors find the schema, from the folder's files."""
    schema = Path(__file__).resolve().parents[1] / "schemas" / f"{kind}.schema.json"
    return Path(os.path.relpath(schema, folder.resolve())).as_posix()
