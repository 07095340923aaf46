"""What a pipeline for a file looks like: each column's contract and use, the task, the doubts."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Literal

from ratchet.cli.authoring import hints
from ratchet.cli.authoring.looking import AMBIGUOUS, Look
from ratchet.cli.authoring.seen import Seen
from ratchet.cli.errors import CliError
from ratchet.cli.screen import in_one_line, plural

Kind = Literal["integer", "number", "category", "date", "timestamp", "text"]
Use = Literal["label", "number", "unit", "clock", "code", "left out"]

CALENDAR = ("date", "timestamp")
MOST_CATEGORIES = 50
FEW_VALUES = 10
"""A column with no more values is taken to have no others, however rare some are."""
RARE = 3
_OPEN = "another value is missing to the model: the rarest here have 1 or 2 rows"
"""A column of texts with more values than this is text."""
OFTEN = 5
"""How often each value of a category comes on average, at least."""
MOST_CLASSES = 50
FEW = range(3, 21)
"""So many whole numbers from 0 may be classes."""
LIKELY = re.compile(r"(?i)^(label|target|y|class|outcome|churn.*|.*_?(label|target|flag|class))$")
"""How columns are called that are to be predicted."""
MOST_CANDIDATES = 8
POSITIVE = frozenset({
    "1", "yes", "y", "true", "t", "positive", "success", "good", "won", "late",
    "ja", "oui", "si", "sí", "sim", "tak",
})  # fmt: skip
"""Texts of a label's positive class; of two others the rarer one is."""
HOLDOUT = 0.15
FEWEST, ENOUGH = 30, 1000
"""The bounds of `gate.min_holdout_rows` that is written."""
SURELY_HELD_OUT = 0.8 * HOLDOUT  # what chance leaves of it
FEWEST_OF_ONE = 3
"""Rows of a label's rarer value, for some to be held out."""


@dataclass(frozen=True)
class Column:
    """A column's contract, and what the model makes of it."""

    seen: Seen
    kind: Kind
    use: Use
    why: str = ""
    classes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name in the file."""
        return self.seen.name

    @property
    def values(self) -> list[str] | None:
        """Every value of a category, or of a text that the model reads as a code, in order.

        The order of a label's is that of their numbers.
        """
        if self.kind != "category" and self.use != "code":
            return None
        return list(self.classes) or sorted(value for value, _ in self.seen.values)


@dataclass(frozen=True)
class Task:
    """What is learnt: the hyperparameters and the gate that go with the label.

    `classes` are the label's values in the order of their numbers, where they are not numbers.
    """

    title: str
    hyperparameters: dict[str, str | int]
    metric: str
    minimum: float
    meaning: str
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Guess:
    """All that is written; `doubts` are what a person should look at."""

    name: str
    look: Look
    columns: tuple[Column, ...]
    label: str
    time: str | None
    keys: tuple[str, ...]
    task: Task
    doubts: tuple[str, ...] = field(default=())

    @property
    def plain(self) -> bool:
        """True when the rows can be trained on as they land; else features.py makes numbers."""
        return all(column.use in ("number", "label") for column in self.columns)

    @property
    def min_holdout_rows(self) -> int:
        """What the gate asks for: less than its default where this file could never bring it."""
        brought = int(self.look.rows * SURELY_HELD_OUT)
        return max(FEWEST, min(ENOUGH, brought // 10 * 10))


def guess(name: str, look: Look, label: str, time: str | None, keys: tuple[str, ...]) -> Guess:
    """The pipeline that fits the file; CliError where nothing could be learnt."""
    task = task_of(look.column(label))
    if time is not None:
        _require_order(look.column(time))
    columns = tuple(_column(seen, label, time, keys, task.classes) for seen in look.columns)
    without = tuple(map(_without_counter, columns))
    columns = without if any(map(_is_used, without)) else columns
    if not any(map(_is_used, columns)):
        left = ", ".join(f"{column.name} ({column.why})" for column in columns if column.why)
        raise CliError(f"no column is left to learn from; left out: {left}")
    doubts = tuple(_doubts(look, columns, label, time, keys, task))
    return Guess(name, look, columns, label, time, keys, task, doubts)


def candidates(look: Look) -> list[tuple[str, str]]:
    """Columns that could be the label with what they hold, the likeliest first."""
    found = []
    for place, seen in enumerate(look.columns):
        try:
            task = task_of(seen)
        except CliError:
            continue
        comes_again = seen.distinct < seen.rows or seen.distinct <= 2
        if comes_again and not hints.is_id(seen):
            few = 0 if task.metric == "auc" else 1 if task.metric == "accuracy" else 2
            rank = not LIKELY.match(seen.name), few, -place
            found.append((rank, seen.name, _holds(seen, task)))
    return [(name, holds) for _, name, holds in sorted(found)[:MOST_CANDIDATES]]


def _holds(seen: Seen, task: Task) -> str:
    if task.metric == "auc":
        return in_one_line(" or ".join(sorted(value for value, _ in seen.values)))
    if task.metric == "accuracy":
        return f"{seen.distinct} classes"
    return f"{seen.low:g} to {seen.high:g}"


def _require_order(time: Seen) -> None:
    kind = kind_of(time)
    if kind not in (*CALENDAR, "integer", "number"):
        raise CliError(
            f"--time {time.name} holds {kind}, which has no order in time",
            "Name a column of dates, or of numbers that grow with time.",
        )
    if time.empty:
        raise CliError(
            f"--time {time.name} is empty in {plural(time.empty, 'row')}, which would be on no"
            " side",
            "Leave those rows out, or name another column.",
        )


def kind_of(seen: Seen) -> Kind:
    """The type of columns.yaml that every filled field fits."""
    if seen.filled and seen.integers == seen.filled:
        return "integer"
    if seen.filled and seen.numbers == seen.filled:
        return "number"
    if seen.filled and seen.dates == seen.filled:
        return "date"
    if seen.filled and seen.stamps == seen.filled:
        return "timestamp"
    few = seen.distinct <= MOST_CATEGORIES and seen.distinct * OFTEN <= max(seen.filled, OFTEN)
    return "category" if seen.filled and few else "text"


def task_of(label: Seen) -> Task:
    """What can be learnt of a label."""
    if label.distinct < 2:
        only = f"the value {label.values[0][0]!r}" if label.values else "no value"
        raise CliError(
            f"the label {label.name} has {only} in every row: nothing could be learnt",
            "Give a file with more rows, or another --label.",
        )
    kind = kind_of(label)
    if label.distinct == 2:
        return _two_classes(label)
    if kind in ("integer", "number"):
        return _regression(label)
    if label.distinct <= min(MOST_CLASSES, max(label.filled // OFTEN, 2)) and kind not in CALENDAR:
        return _classes(label)
    raise CliError(
        f"the label {label.name} holds {label.distinct:,} different texts, such as"
        f" {label.values[0][0]!r}: a model predicts a number or one of a few classes",
        _other_label(label),
    )


def _other_label(label: Seen) -> str:
    if label.unit:
        return f"Export it as a number, without {label.unit}, or name another column in --label."
    if label.clock:
        return "Export it as a number of seconds, or name another column in --label."
    return "Name another column in --label."


def _two_classes(label: Seen) -> Task:
    values = [value for value, _ in label.values]
    positive = next((v for v in values if v.strip().lower() in POSITIVE), values[-1])
    if label.numbers == label.filled:
        positive = max(values, key=lambda value: float(value.replace(",", ".")))
    negative = next(value for value in values if value != positive)
    as_landed = label.numbers == label.filled and (label.low, label.high) == (0, 1)
    classes = () if as_landed else (negative, positive)
    return Task(
        title=f"will {label.name} be {positive}?",
        hyperparameters={"objective": "binary:logistic", "eval_metric": "auc"},
        metric="auc",
        minimum=0.5,
        meaning="0.5 is what guessing earns: raise it to what would be worth serving",
        classes=classes,
    )


def _classes(label: Seen) -> Task:
    values = tuple(sorted(value for value, _ in label.values))
    return Task(
        title=f"which of {len(values)} values is {label.name}?",
        hyperparameters={
            "objective": "multi:softprob",
            "eval_metric": "mlogloss",
        },
        metric="accuracy",
        minimum=math.floor(1000 * label.values[0][1] / label.filled) / 1000,
        meaning=f"what answering {label.values[0][0]!r} always earns",
        classes=values,
    )


def _regression(label: Seen) -> Task:
    digits = 3 - math.floor(math.log10(label.spread)) if label.spread else 3
    return Task(
        title=f"what is {label.name}?",
        hyperparameters={"objective": "reg:squarederror", "eval_metric": "rmse"},
        metric="rmse",
        minimum=round(label.spread, digits) if label.spread else 1e30,
        meaning="what answering the mean earns (rmse: less is better): lower it",
    )


def _column(
    seen: Seen, label: str, time: str | None, keys: tuple[str, ...], classes: tuple[str, ...]
) -> Column:
    kind = kind_of(seen)
    if seen.name == label:
        return Column(seen, "category" if classes else kind, "label", classes=classes)
    if why := _why_left_out(seen, kind, time, keys):
        return Column(seen, kind, "left out", why)
    if seen.unit is not None:
        return Column(seen, "text", "unit", f"a number with {seen.unit}")
    if seen.clock:
        return Column(seen, "text", "clock", "a duration or a time of day")
    if kind == "category" and _open(seen):
        return Column(seen, "text", "code", _OPEN)
    return Column(seen, kind, "code" if kind == "category" else "number")


def _why_left_out(seen: Seen, kind: Kind, time: str | None, keys: tuple[str, ...]) -> str | None:
    """Why a model should not see this column; None where it may."""
    if not seen.filled:
        return "empty in every row"
    if seen.name == time:
        return "the time: a model would learn days by heart"
    if seen.name in keys:
        return "the key"
    if seen.distinct == 1 and not seen.empty:
        return "the same in every row"
    if seen.unit is not None or seen.clock:
        return None
    return _why_nothing_to_learn(seen, kind)


def _why_nothing_to_learn(seen: Seen, kind: Kind) -> str | None:
    """Of dates, texts and ids."""
    if kind in CALENDAR:
        return f"a {kind}"
    if hints.looks_dated(seen):
        return "a date, by its looks"
    if kind == "text":
        return _text(seen)
    if hints.is_serial(seen):
        return "a date in Excel's days"
    if kind in ("integer", "number") and hints.is_id(seen):
        return "different in every row" if _counts(seen) else "an id, whose size says nothing"
    return None


def _text(seen: Seen) -> str:
    """What kind of text."""
    if not hints.is_word(seen):
        return "free text"
    return "different in every row" if _counts(seen) else "a text of many values"


def _open(seen: Seen) -> bool:
    """Many values, some of them rare: the next file is likely to bring another."""
    return seen.distinct > FEW_VALUES and min(rows for _, rows in seen.values) < RARE


def _is_used(column: Column) -> bool:
    return column.use in ("number", "unit", "clock", "code")


def _without_counter(column: Column) -> Column:
    """What counts the rows of this file without a gap would count on in the next."""
    seen = column.seen
    if column.use != "number" or column.kind != "integer" or not _counts(seen):
        return column
    if seen.low is None or seen.high is None or seen.high - seen.low + 1 != seen.rows:
        return column
    return Column(seen, column.kind, "left out", "it counts the rows")


def _doubts(
    look: Look,
    columns: tuple[Column, ...],
    label: str,
    time: str | None,
    keys: tuple[str, ...],
    task: Task,
) -> list[str]:
    found = [_last_row(look.total)] if look.total else []
    if task.classes:
        numbers = ", ".join(f"{value} = {place}" for place, value in enumerate(task.classes))
        found.append(f"{label}: the model learns {in_one_line(numbers)}")
    found += _may_be_classes(look.column(label), task)
    dates = [one.name for one in columns if _is_date(one)]
    if time is None and dates:
        found.append(
            f"{dates[0]} is a time: where drops come one after the other, --time {dates[0]} judges"
            " a model on the newest rows, as it will be used"
        )
    for column in columns:
        found += _doubts_about(column, label, keys)
        found += _odd(column.seen, typed=bool(look.format))
        if not look.format and column.use == "number" and (filler := hints.filler(column.seen)):
            found.append(_filled_with(column.name, *filler))
    found += look.leaks
    for seen in hints.groups(look.columns, (label, *keys, *([time] if time else []))):
        found.append(
            f"{seen.name} repeats: {seen.distinct:,} values in {seen.rows:,} rows. If rows of one"
            f" are alike, keep them on one side: split: {{by: group, column: {seen.name}}}"
            + (f", or with --time gate.cluster: {seen.name}" if time else "")
        )
    found += _rare(look.column(label), task)
    if look.rows * HOLDOUT < ENOUGH:
        found.append(_few(look.rows))
    return found


def _few(rows: int) -> str:
    if rows * SURELY_HELD_OUT < FEWEST:
        return (
            f"{rows:,} rows are few: about {round(rows * HOLDOUT)} of them are held out, and a run"
            f" with fewer than {FEWEST} (gate.min_holdout_rows) promotes nothing: make the first"
            f" drop {math.ceil(FEWEST / SURELY_HELD_OUT)} rows or more"
        )
    return (
        f"{rows:,} rows are few: gate.min_holdout_rows is lowered to what they bring;"
        " a verdict on so few rows is wide"
    )


def _rare(label: Seen, task: Task) -> list[str]:
    """A value of two that the held-out rows may lack: then there is nothing to tell apart."""
    value, rows = label.values[-1]
    if task.metric != "auc" or rows * SURELY_HELD_OUT >= FEWEST_OF_ONE:
        return []
    none = f"where the held-out rows have none of them, there is no {task.metric}"
    alone = f"{label.name} is {in_one_line(value)} in {plural(rows, 'row')} alone"
    return [f"{alone}: {none}, and a run promotes nothing: give more such rows"]


def _last_row(total: str) -> str:
    return (
        f"the last row looks like a total ({total}), not a row, and was not looked at: leave it out"
        " of the files"
    )


def _is_date(column: Column) -> bool:
    return column.use != "label" and (column.kind in CALENDAR or hints.is_serial(column.seen))


def _may_be_classes(label: Seen, task: Task) -> list[str]:
    """A few whole numbers are amounts or classes: the file does not say."""
    numbers = label.integers == label.filled and label.distinct in FEW
    if task.metric != "rmse" or not numbers or label.distinct * OFTEN > label.filled:
        return []
    if (label.low, label.high) != (0, label.distinct - 1):
        values = ", ".join(f'"{value}"' for value, _ in sorted(label.values))
        what = f"{label.name} holds {label.distinct} whole numbers, and is predicted as an amount"
        settings = "objective: multi:softprob, eval_metric: mlogloss and gate.metric: accuracy"
        advice = f"make it type: category, values: [{values}], and set {settings}"
        return [f"{what}; if they are classes, {advice}"]
    what = f"{label.name} holds the whole numbers from 0 to {label.high:g}"
    settings = f"objective: multi:softprob, eval_metric: mlogloss and num_class: {label.distinct}"
    advice = f"set {settings}, and judge by gate.metric: accuracy"
    return [f"{what}, and is predicted as an amount; if they are classes, {advice}"]


def _filled_with(name: str, value: str, rows: int) -> str:
    return (
        f"{name} is {value} in {plural(rows, 'row')}: if that stands for a missing value, say so"
        f' with data: {{csv: {{null_values: ["{value}"]}}}}'
    )


def _doubts_about(column: Column, label: str, keys: tuple[str, ...]) -> list[str]:
    seen, name, found = column.seen, column.name, []
    if seen.empty and name in keys:
        found.append(
            f"{name} is empty in {plural(seen.empty, 'row')}, and must not be: the data check"
            " rejects them"
        )
    if seen.empty and name == label:
        found.append(
            f"{name} is empty in {plural(seen.empty, 'row')}, counted and not trained on; where a"
            " label comes late, drop the row again with it"
        )
    if (seen.format or "")[:8] in AMBIGUOUS:
        found.append(f"{name} is read as {seen.format}: is the month where that says?")
    if column.use == "number" and column.kind == "integer" and _counts(seen):
        found.append(
            f"{name} is different in every row: if it is an id, it is --key, not a feature"
        )
    return found + _doubts_about_text(column, keyed=bool(keys))


def _doubts_about_text(column: Column, *, keyed: bool) -> list[str]:
    """What the spelling of a column leaves open."""
    seen, name, found = column.seen, column.name, []
    if seen.either:
        found.append(_either(column, seen.either))
    if column.use == "left out" and hints.looks_dated(seen):
        found.append(_dated(seen))
    if column.values is not None and (pair := hints.alike(seen)):
        found.append(
            f"{name} holds {pair[0]!r} and {pair[1]!r}, which differ by case or spaces alone and"
            " are two values: where they mean the same, write them alike in the files"
        )
    if not keyed and column.kind == "text" and _counts(seen) and hints.is_word(seen):
        found.append(
            f"{name} is different in every row: if it says which row it is, --key {name} lets a row"
            " that lands again replace it"
        )
    return found


def _dated(seen: Seen) -> str:
    """Dates that have no format, or several."""
    if seen.dates or seen.stamps:
        return f"{seen.name} holds dates in several formats: export them all as 2024-01-31"
    return (
        f"{seen.name} looks like a date in no format that is known: export it as 2024-01-31, or"
        " give it type: date and a format in columns.yaml"
    )


def _odd(seen: Seen, *, typed: bool) -> list[str]:
    """A text where the others are numbers or dates."""
    if not seen.odd or not (seen.numbers or not hints.is_dated(seen.odd[0])):
        return []
    text, rows = seen.odd
    kind = "numbers" if seen.numbers else "dates"
    what = f"{seen.name} holds {kind}, but in {plural(rows, 'row')} texts such as {text!r}"
    null = "write null" if typed else f'say so with data: {{csv: {{null_values: ["{text}"]}}}}'
    return [f"{what}: if that stands for a missing value, {null}, and set the type"]


def _either(column: Column, value: str) -> str:
    """One of the numbers that may be a thousand times what they are read as."""
    as_decimals = column.seen.decimal in value if column.seen.unit else "." in value
    read = value.replace(",", ".") if as_decimals else re.sub("[.,]", "", value)
    other = re.sub("[.,]", "", value) if as_decimals else value.replace(",", ".")
    return (
        f"{column.name}: {value} is read as {read}; if it is {other}, {_other_mark(column, value)}"
    )


def _other_mark(column: Column, value: str) -> str:
    if column.seen.unit:
        mark = "," if column.seen.decimal == "." else "."
        return f'set the mark of its decimals to "{mark}" in UNITS of features.py'
    if "." in value:
        return 'say so with data: {csv: {decimal: ",", thousands: "."}}'
    return 'say so with data: {csv: {decimal: ","}}'


def _counts(seen: Seen) -> bool:
    return seen.distinct == seen.rows and seen.rows >= FEWEST
