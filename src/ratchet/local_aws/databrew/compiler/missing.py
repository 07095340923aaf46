# ruff: noqa: S608 - every name and value in the SQL is quoted by sql.py
"""Operations that fill missing values, from what is given or from the rest of the column."""

from dataclasses import replace

from ratchet.local_aws.databrew.compiler import sql
from ratchet.local_aws.databrew.compiler.step import (
    Expression,
    Operation,
    Select,
    Step,
    Table,
    changes,
    keys,
    numbered,
    source,
    unchanged,
)

_TYPES = ("date", "number", "boolean", "unsupported", "string", "timestamp")
_ALL_ROWS = "Taken from the numbers of all rows, whichever the conditions select."


def _filled(value: str, column: str) -> str:
    return f"CASE WHEN {sql.missing(column)} THEN {value} ELSE {column} END"


def _fill_with_custom(step: Step, table: Table) -> str:
    if step.get("columnDataType"):
        step.one_of("columnDataType", _TYPES)
    if step.get("columnDataType") == "number":
        step.number("value")
    return _filled(sql.text(step.get("value")), source(step, table))


def _fill_with(aggregate: str) -> Expression:
    def expression(step: Step, table: Table) -> str:
        column = source(step, table)
        made = sql.statistic(aggregate, column, table.name)
        return _filled(sql.as_text(made), column)

    return expression


def mode(column: str, table: str, ties: str) -> str:
    """The most frequent number of a column, as it is written; what several make of a tie."""
    picked = {
        "MINIMUM": "arg_min(written, value)",
        "MAXIMUM": "arg_max(written, value)",
        "AVERAGE": f"CASE WHEN count(*) = 1 THEN min(written) ELSE {sql.as_text('avg(value)')} END",
        "NONE": "CASE WHEN count(*) = 1 THEN min(written) END",
    }[ties]
    number = sql.number(column)
    counted = (
        f"SELECT {number} AS value, min({column}) AS written, count(*) AS times"
        f" FROM {sql.name(table)} WHERE isfinite({number}) GROUP BY 1"
    )
    most = "times = (SELECT max(times) FROM counted)"
    return f"(WITH counted AS ({counted}) SELECT {picked} FROM counted WHERE {most})"


def _fill_with_mode(step: Step, table: Table) -> str:
    ties = step.one_of("modeType", ("MINIMUM", "NONE", "AVERAGE", "MAXIMUM"))
    column = source(step, table)
    return _filled(mode(column, table.name, ties), column)


def _fill_with_most_frequent(step: Step, table: Table) -> str:
    column = source(step, table)
    frequent = (
        f"SELECT {column} AS value, count(*) AS times FROM {sql.name(table.name)}"
        f" WHERE NOT {sql.missing(column)} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"
    )
    return _filled(f"(SELECT value FROM ({frequent}))", column)


def _fill_with_last_valid(step: Step, table: Table) -> Select:
    """Row by row, in order; what is not of the column's type is passed over."""
    name, column = step.get("sourceColumn"), source(step, table)
    valid = {
        "number": sql.number(column),
        "boolean": f"CASE WHEN lower({column}) IN ('true', 'false') THEN {column} END",
        "date": sql.moment(column),
        "timestamp": sql.moment(column),
    }.get(step.one_of("columnDataType", _TYPES), column)
    place = f"CASE WHEN {valid} IS NOT NULL AND NOT {sql.missing(column)} THEN {sql.PLACE} END"
    last = f"arg_max({column}, {place}) OVER (ROWS UNBOUNDED PRECEDING)"
    where = step.where(table)
    filled = f"CASE WHEN {where} THEN {_filled(last, column)} ELSE {column} END"
    made = {**unchanged(table), name: filled if where else _filled(last, column)}
    return numbered(table, made)


def _fitted(expression: Expression, required: str = "", *, doubt: str) -> Operation:
    return replace(changes(expression, required, doubt=doubt), fitted=True)


OPERATIONS: dict[str, Operation] = {
    "FILL_WITH_CUSTOM": changes(_fill_with_custom, "value", "columnDataType"),
    "FILL_WITH_AVERAGE": _fitted(_fill_with("favg"), doubt=f"A double. {_ALL_ROWS}"),
    "FILL_WITH_MEDIAN": _fitted(
        _fill_with("median"),
        doubt=f"A double; of an even number the mean of the middle two. {_ALL_ROWS}",
    ),
    "FILL_WITH_MODE": _fitted(
        _fill_with_mode,
        "modeType",
        doubt=(f"With modeType NONE a tie fills nothing; the reference does not say. {_ALL_ROWS}"),
    ),
    "FILL_WITH_MOST_FREQUENT": _fitted(
        _fill_with_most_frequent,
        doubt="Of values that are as frequent, the first in the order of their text.",
    ),
    "FILL_WITH_LAST_VALID": Operation(
        _fill_with_last_valid,
        keys("sourceColumn columnDataType"),
        doubt=(
            "In the order of the files and their rows; DataBrew's is not documented. Values before"
            " the first valid one stay missing."
        ),
    ),
}
