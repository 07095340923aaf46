"""Operations on dates."""

import re
from zoneinfo import ZoneInfo, available_timezones

from ratchet.local_aws.databrew.compiler import sql
from ratchet.local_aws.databrew.compiler.documented_names import did_you_mean
from ratchet.local_aws.databrew.compiler.errors import RecipeError
from ratchet.local_aws.databrew.compiler.step import Operation, Step, Table, adds, changes, source

_TOKENS = {
    "month": "%B",
    "yyyy": "%Y",
    "yy": "%y",
    "mm": "%m",
    "dd": "%d",
    "HH": "%H",
    "MM": "%M",
    "SS": "%S",
}
_FORMATS = ("mm/dd/yyyy", "mm-dd-yyyy", "dd month yyyy", "month yyyy", "dd month")
_OF_THE_CONSOLE = {
    "MM/dd/yyyy": "mm/dd/yyyy",
    "MM-dd-yyyy": "mm-dd-yyyy",
    "dd MMMM yyyy": "dd month yyyy",
    "MMMM yyyy": "month yyyy",
    "dd MMMM": "dd month",
}
"""The same formats as recipes have them that the console wrote."""
_WRITTEN = (
    "Dates are read in the forms yyyy-mm-dd, yyyy/mm/dd, mm/dd/yyyy, mm-dd-yyyy and dd month yyyy,"
    " the first three with a time too; others are missing. Which forms DataBrew reads is not"
    " documented."
)


def _date_text(expression: str, layout: str) -> str:
    """A date in DataBrew's spelling of formats: month, yyyy, yy, mm, dd, HH, MM, SS."""
    tokens = re.split("(" + "|".join(_TOKENS) + ")", layout.replace("%", "%%"))
    odd = [t for t in tokens if t not in _TOKENS and re.search("[A-Za-z]", t)]
    if odd:
        hint = did_you_mean(odd[0], list(_TOKENS))
        raise RecipeError(f"date format {layout!r}: {odd[0]!r} does not exist{hint}")
    return f"strftime({expression}, {sql.text(''.join(_TOKENS.get(t, t) for t in tokens))})"


def _format_date(step: Step, table: Table) -> str:
    layout = step.one_of("targetDateFormat", (*_FORMATS, *_OF_THE_CONSOLE))
    return _date_text(sql.moment(source(step, table)), _OF_THE_CONSOLE.get(layout, layout))


def _moment(step: Step, table: Table) -> str:
    """The date in a column, or in a value given for all rows: one of the two, as documented."""
    if ("sourceColumn" in step.parameters) == ("value" in step.parameters):
        raise RecipeError("give either sourceColumn or value")
    written = source(step, table) if step.get("sourceColumn") else sql.text(step.get("value"))
    return sql.moment(written)


def _date_format(step: Step, table: Table) -> str:
    layout = step.get("dateTimeFormat") or "yyyy-mm-dd HH:MM:SS"
    return _date_text(_moment(step, table), layout)


def _week_number(step: Step, table: Table) -> str:
    return f"weekofyear({_moment(step, table)})"


def _today(step: Step, table: Table) -> str:
    zone = step.get("timeZone") or "UTC"
    known = available_timezones()
    if zone not in known:
        raise RecipeError(f"timeZone {zone!r} does not exist{did_you_mean(zone, known)}")
    return sql.text(table.now.astimezone(ZoneInfo(zone)).date().isoformat())


OPERATIONS: dict[str, Operation] = {
    "FORMAT_DATE": changes(
        _format_date,
        "targetDateFormat",
        doubt=f"Formats may be written as the console does, too: MM-dd-yyyy. {_WRITTEN}",
    ),
    "DATE_FORMAT": adds(_date_format, "", "sourceColumn value dateTimeFormat", doubt=_WRITTEN),
    "WEEK_NUMBER": adds(
        _week_number,
        "",
        "sourceColumn value",
        doubt=f"ISO weeks, 1 to 53; the reference says 1 to 52. {_WRITTEN}",
    ),
    "TODAY": adds(_today, "", "timeZone", doubt="The day on which the run started."),
}
