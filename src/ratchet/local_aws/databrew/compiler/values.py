"""Operations that retype or flag the values of one column."""

from ratchet.local_aws.databrew.compiler import sql
from ratchet.local_aws.databrew.compiler.errors import RecipeError
from ratchet.local_aws.databrew.compiler.step import Operation, Step, Table, adds, changes, source

_INTEGERS = {
    "byte": "TINYINT",
    "short": "SMALLINT",
    "int": "INTEGER",
    "integer": "INTEGER",
    "long": "BIGINT",
}
_FRACTIONS = {"float": "FLOAT", "double": "DOUBLE", "decimal": "DECIMAL(38, 18)"}
_TYPES = (*_INTEGERS, *_FRACTIONS, "string", "boolean", "timestamp", "date")


def _change_data_type(step: Step, table: Table) -> str:
    """A value that cannot be converted becomes null, as documented."""
    column, kind = source(step, table), step.one_of("columnDataType", _TYPES)
    if kind in _INTEGERS:
        exact = f"TRY_CAST({column} AS {_INTEGERS[kind]})"
        cut = f"TRY_CAST(trunc({sql.number(column)}) AS {_INTEGERS[kind]})"
        return f"CASE WHEN {sql.whole(column)} THEN {exact} ELSE {cut} END"
    if kind in _FRACTIONS:
        return sql.cast(column, _FRACTIONS[kind])
    if kind == "boolean":
        lowered = f"lower(trim({column}))"
        return (
            f"CASE WHEN {lowered} IN ('true', 'yes', 't', 'y', '1') THEN 'true'"
            f" WHEN {lowered} IN ('false', 'no', 'f', 'n', '0') THEN 'false' END"
        )
    if kind == "timestamp":
        return f"strftime({sql.moment(column)}, '%Y-%m-%d %H:%M:%S')"
    return f"strftime({sql.moment(column)}, '%Y-%m-%d')" if kind == "date" else column


def _flag(step: Step, test: str) -> str:
    true, false = step.get("trueString", "True"), step.get("falseString", "False")
    return f"CASE WHEN {test} THEN {sql.text(true)} ELSE {sql.text(false)} END"


def _flag_from_null(step: Step, table: Table) -> str:
    if step.get("flagType", "Null values") != "Null values":
        raise RecipeError(f"flagType must be 'Null values', not {step.get('flagType')!r}")
    return _flag(step, sql.missing(source(step, table)))


def _flag_from_pattern(step: Step, table: Table) -> str:
    if step.get("flagType", "Pattern") != "Pattern":
        raise RecipeError(f"flagType must be 'Pattern', not {step.get('flagType')!r}")
    found = f"regexp_matches({source(step, table)}, {step.pattern('pattern')})"
    return _flag(step, f"coalesce({found}, false)")


_FLAGS = "flagType trueString falseString"

OPERATIONS: dict[str, Operation] = {
    "CHANGE_DATA_TYPE": changes(
        _change_data_type,
        "columnDataType",
        doubt="Integer types cut fractions off. What cannot be converted is missing.",
    ),
    "FLAG_COLUMN_FROM_NULL": adds(_flag_from_null, "sourceColumn", _FLAGS),
    "FLAG_COLUMN_FROM_PATTERN": adds(
        _flag_from_pattern,
        "sourceColumn pattern",
        _FLAGS,
        doubt="A missing value does not match. Regular expressions are RE2's.",
    ),
}
