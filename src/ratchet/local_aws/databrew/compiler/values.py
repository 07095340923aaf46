"""Operations that clean, retype, fill or flag the values of one column."""

import re

from ratchet.local_aws.databrew.compiler import sql
from ratchet.local_aws.databrew.compiler.documented_names import nearest
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
_FILL_TYPES = ("date", "number", "boolean", "unsupported", "string", "timestamp")

_DATE_TOKENS = {
    "month": "%B",
    "yyyy": "%Y",
    "yy": "%y",
    "mm": "%m",
    "dd": "%d",
    "HH": "%H",
    "MM": "%M",
    "SS": "%S",
}
_DATE_FORMATS = ("mm/dd/yyyy", "mm-dd-yyyy", "dd month yyyy", "month yyyy", "dd month")


def _one_of(step: Step, key: str, allowed: tuple[str, ...]) -> str:
    value = step.get(key)
    if value not in allowed:
        raise RecipeError(f"{key} {value!r} is not one of {', '.join(allowed)}")
    return value


def _change_data_type(step: Step, table: Table) -> str:
    """A value that cannot be converted becomes null, as documented."""
    column, kind = source(step, table), _one_of(step, "columnDataType", _TYPES)
    if kind in _INTEGERS:
        exact = f"TRY_CAST({column} AS {_INTEGERS[kind]})"
        cut = f"TRY_CAST(trunc({sql.number(column)}) AS {_INTEGERS[kind]})"
        return f"CASE WHEN {sql.whole(column)} THEN {exact} ELSE {cut} END"
    if kind in _FRACTIONS:
        return f"TRY_CAST({column} AS {_FRACTIONS[kind]})"
    if kind == "boolean":
        lowered = f"lower(trim({column}))"
        return (
            f"CASE WHEN {lowered} IN ('true', 'yes', 't', 'y', '1') THEN 'true'"
            f" WHEN {lowered} IN ('false', 'no', 'f', 'n', '0') THEN 'false' END"
        )
    if kind == "timestamp":
        return f"strftime({sql.moment(column)}, '%Y-%m-%d %H:%M:%S')"
    return f"strftime({sql.moment(column)}, '%Y-%m-%d')" if kind == "date" else column


def _replace_text(step: Step, table: Table) -> str:
    column, value = source(step, table), step.get("value")
    if step.flag("isText"):
        return f"replace({column}, {sql.text(step.get('pattern'))}, {sql.text(value)})"
    groups = re.sub(r"\$(\d)", r"\\\1", value.replace("\\", "\\\\"))
    return f"regexp_replace({column}, {step.pattern('pattern')}, {sql.text(groups)}, 'g')"


def _extract_pattern(step: Step, table: Table) -> str:
    column, pattern = source(step, table), step.pattern("pattern")
    found = f"regexp_extract({column}, {pattern})"
    return f"CASE WHEN regexp_matches({column}, {pattern}) THEN {found} END"


def _fill_with_custom(step: Step, table: Table) -> str:
    column, value = source(step, table), step.get("value")
    if step.get("columnDataType"):
        _one_of(step, "columnDataType", _FILL_TYPES)
    if step.get("columnDataType") == "number":
        step.number("value")
    return f"CASE WHEN {sql.missing(column)} THEN {sql.text(value)} ELSE {column} END"


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


def _date_text(expression: str, layout: str) -> str:
    """A date in DataBrew's spelling of formats: month, yyyy, yy, mm, dd, HH, MM, SS."""
    tokens = re.split("(" + "|".join(_DATE_TOKENS) + ")", layout.replace("%", "%%"))
    odd = [t for t in tokens if t not in _DATE_TOKENS and re.search("[A-Za-z]", t)]
    if odd:
        known = list(_DATE_TOKENS)
        raise RecipeError(f"date format {layout!r}: {odd[0]!r}; use {nearest(odd[0], known)}")
    return f"strftime({expression}, {sql.text(''.join(_DATE_TOKENS.get(t, t) for t in tokens))})"


def _format_date(step: Step, table: Table) -> str:
    layout = _one_of(step, "targetDateFormat", _DATE_FORMATS)
    return _date_text(sql.moment(source(step, table)), layout)


def _date_format(step: Step, table: Table) -> str:
    if ("sourceColumn" in step.parameters) == ("value" in step.parameters):
        raise RecipeError("give either sourceColumn or value")
    written = source(step, table) if step.get("sourceColumn") else sql.text(step.get("value"))
    return _date_text(sql.moment(written), step.get("dateTimeFormat") or "yyyy-mm-dd HH:MM:SS")


OPERATIONS: dict[str, Operation] = {
    "CHANGE_DATA_TYPE": changes(_change_data_type, "columnDataType"),
    "UPPER_CASE": changes(lambda step, table: f"upper({source(step, table)})"),
    "LOWER_CASE": changes(lambda step, table: f"lower({source(step, table)})"),
    "REPLACE_TEXT": changes(_replace_text, "pattern", "value isText"),
    "EXTRACT_PATTERN": adds(_extract_pattern, "sourceColumn pattern"),
    "FILL_WITH_CUSTOM": changes(_fill_with_custom, "value", "columnDataType"),
    "FLAG_COLUMN_FROM_NULL": adds(
        _flag_from_null, "sourceColumn", "flagType trueString falseString"
    ),
    "FLAG_COLUMN_FROM_PATTERN": adds(
        _flag_from_pattern, "sourceColumn pattern", "flagType trueString falseString"
    ),
    "FORMAT_DATE": changes(_format_date, "targetDateFormat"),
    "DATE_FORMAT": adds(_date_format, "", "sourceColumn value dateTimeFormat"),
}
