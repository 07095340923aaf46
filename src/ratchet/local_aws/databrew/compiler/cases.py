"""Operations that make a column by conditions of their own: case and if."""

import re

from ratchet.local_aws.databrew.compiler import sql
from ratchet.local_aws.databrew.compiler.documented_names import did_you_mean
from ratchet.local_aws.databrew.compiler.errors import NotSupportedError, RecipeError
from ratchet.local_aws.databrew.compiler.expressions import Reader
from ratchet.local_aws.databrew.compiler.step import Operation, Step, Table, adds

_AGGREGATE = re.compile(r"(\w+)\(\s*(distinct\s+)?`([^`]+)`\s*\)", re.IGNORECASE)
_FUNCTIONS = {
    "sum": "fsum",
    "avg": "favg",
    "median": "median",
    "product": "product",
    "stddev": "stddev_samp",
    "variance": "var_samp",
    "standard_error_of_mean": "sem",
    "min": "min",
    "max": "max",
}
_REFUSED = ("mean_absolute_deviation", "skewness", "kurtosis")


def _aggregates(step: Step, table: Table) -> dict[str, str]:
    """withExpressions as SQL by name."""
    if not step.get("withExpressions"):
        return {}
    found = step.objects("withExpressions", ("name", "value", "type"))
    return {str(one.get("name")): _aggregate(str(one.get("value")), table) for one in found}


def _aggregate(value: str, table: Table) -> str:
    found = _AGGREGATE.fullmatch(value.strip())
    if not found:
        raise RecipeError(f"withExpressions: {value!r} is not an aggregate such as avg(`column`)")
    function, distinct, column = found[1].lower(), found[2] or "", table.column(found[3])
    if function == "count":
        counted = f"count({distinct}{column}) FILTER (NOT {sql.missing(column)})"
        return sql.as_text(f"(SELECT {counted} FROM {sql.name(table.name)})")  # noqa: S608
    if function in _REFUSED:
        raise NotSupportedError(f"withExpressions: {function} is not supported on local AWS")
    if function not in _FUNCTIONS:
        hint = did_you_mean(function, (*_FUNCTIONS, "count", *_REFUSED))
        raise RecipeError(f"withExpressions: {function!r} does not exist{hint}")
    return sql.as_text(sql.statistic(_FUNCTIONS[function], column, table.name))


def _case(step: Step, table: Table) -> str:
    reader = Reader(step.get("valueExpression"), table.column, _aggregates(step, table))
    return reader.case()


def _boolean(step: Step, table: Table) -> str:
    aggregates = _aggregates(step, table)
    reader = Reader(step.get("valueExpression"), table.column, aggregates)
    test = reader.condition()
    reader.finish()
    met, unmet = (
        _result(step.get(key), table, aggregates)
        for key in ("trueValueExpression", "falseValueExpression")
    )
    return f"CASE WHEN {test} THEN {met} ELSE {unmet} END"


def _result(text: str, table: Table, aggregates: dict[str, str]) -> str:
    """A column, an aggregate, a quoted text, or else the text itself."""
    if not text.startswith(("`", ":", "'")):
        return sql.text(text)
    reader = Reader(text, table.column, aggregates)
    made = reader.operand().sql
    reader.finish()
    return made


_READ = (
    "Comparisons go by number if a side is one, by date if both are, else by the code points of"
    " text. and, or, brackets, is null and plain names of columns are understood; the reference"
    " shows none. Of the aggregates,"
    " mean_absolute_deviation, skewness and kurtosis are refused."
)

OPERATIONS: dict[str, Operation] = {
    "CASE_OPERATION": adds(_case, "valueExpression", "withExpressions", doubt=_READ),
    "BOOLEAN_OPERATION": adds(
        _boolean,
        "valueExpression trueValueExpression falseValueExpression",
        "withExpressions",
        doubt=_READ,
    ),
}
