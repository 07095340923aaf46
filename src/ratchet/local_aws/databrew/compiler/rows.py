"""Operations that remove rows, whose order stays as it is, or sort them."""

from collections.abc import Mapping
from typing import Any

from ratchet.local_aws.databrew.compiler import sql
from ratchet.local_aws.databrew.compiler.errors import RecipeError
from ratchet.local_aws.databrew.compiler.step import (
    Operation,
    Select,
    Step,
    Table,
    keys,
    numbered,
    select,
    source,
    unchanged,
)


def _remove_values(step: Step, table: Table) -> Select:
    """Removes the rows that satisfy the conditions."""
    if "sourceColumn" in step.parameters:
        source(step, table)
    where = step.where(table)
    if not where:
        raise RecipeError("REMOVE_VALUES needs ConditionExpressions that select the rows to remove")
    return select(table, unchanged(table), where=f"NOT ({where})")


def _remove_missing(step: Step, table: Table) -> Select:
    return select(table, unchanged(table), where=f"NOT {sql.missing(source(step, table))}")


def _delete_duplicate_rows(_step: Step, table: Table) -> Select:
    return numbered(table, unchanged(table), first_of=sql.names(table.columns or ("any",)))


def _remove_duplicates(step: Step, table: Table) -> Select:
    return numbered(table, unchanged(table), first_of=source(step, table))


_SORT_KEYS = frozenset(
    {"sourceColumn", "ordering", "nullsOrdering", "customOrder", "isCustomOrderCaseSensitive"}
)


def _sort(step: Step, table: Table) -> Select:
    """Rows that are alike in all expressions keep their order."""
    orders = [_order(expression, table) for expression in step.objects("expressions", _SORT_KEYS)]
    listed = ", ".join(order for pair in orders for order in pair)
    return numbered(table, unchanged(table), order=f"{listed}, {sql.PLACE}")


def _order(expression: Mapping[str, Any], table: Table) -> tuple[str, ...]:
    """Where missing values come, then the values in a list given, or as numbers, or as text."""
    column = table.column(str(expression.get("sourceColumn", "")))
    ordering = expression.get("ordering", "ASCENDING")
    if ordering not in ("ASCENDING", "DESCENDING"):
        raise RecipeError(f"ordering must be ASCENDING or DESCENDING, not {ordering!r}")
    default = "NULLS_TOP" if ordering == "ASCENDING" else "NULLS_BOTTOM"
    nulls = expression.get("nullsOrdering", default)
    if nulls not in ("NULLS_TOP", "NULLS_BOTTOM"):
        raise RecipeError(f"nullsOrdering must be NULLS_TOP or NULLS_BOTTOM, not {nulls!r}")
    missing = f"{sql.missing(column)} {'DESC' if nulls == 'NULLS_TOP' else 'ASC'}"
    down = " DESC" if ordering == "DESCENDING" else ""
    wanted = expression.get("customOrder")
    if wanted:
        return missing, _place_in(wanted, expression, column) + down, column + down
    numeric = sql.numeric(column, table.name)
    return missing, f"CASE WHEN {numeric} THEN {sql.number(column)} END{down}", column + down


def _place_in(wanted: Any, expression: Mapping[str, Any], column: str) -> str:
    """A value's place in a list; what is not in it comes after it."""
    if not isinstance(wanted, list):
        raise RecipeError(f'customOrder must be a list such as ["low","high"], not {wanted!r}')
    exact = str(expression.get("isCustomOrderCaseSensitive", False)).lower() == "true"
    texts = [str(value) if exact else str(value).lower() for value in wanted]
    value = column if exact else f"lower({column})"
    place = f"list_position([{sql.texts(texts)}], {value})"
    return f"coalesce(nullif({place}, 0), {len(texts) + 1})"


_FIRST = "The first of the rows that are alike stays."

OPERATIONS: dict[str, Operation] = {
    "REMOVE_VALUES": Operation(_remove_values, frozenset(), keys("sourceColumn")),
    "REMOVE_MISSING": Operation(_remove_missing, keys("sourceColumn"), conditional=False),
    "DELETE_DUPLICATE_ROWS": Operation(
        _delete_duplicate_rows, frozenset(), conditional=False, doubt=_FIRST
    ),
    "REMOVE_DUPLICATES": Operation(
        _remove_duplicates, keys("sourceColumn"), conditional=False, doubt=_FIRST
    ),
    "SORT": Operation(
        _sort,
        keys("expressions"),
        conditional=False,
        doubt=(
            "A column of nothing but numbers is sorted by number, any other by the code points of"
            " its text. Without nullsOrdering, missing values come first if ascending and last if"
            " descending, as in Spark. With customOrder, values outside the list come after it."
        ),
    ),
}
