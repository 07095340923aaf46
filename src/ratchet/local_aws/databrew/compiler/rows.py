# ruff: noqa: S608 - every name and value in the SQL is quoted by sql.py
"""Operations that remove rows; the order of the remaining rows never changes."""

from ratchet.local_aws.databrew.compiler import sql
from ratchet.local_aws.databrew.compiler.errors import RecipeError
from ratchet.local_aws.databrew.compiler.step import (
    Operation,
    Select,
    Step,
    Table,
    keys,
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


def _first_of_each(table: Table, columns: str) -> Select:
    """The first row of each value of `columns`, in the table's order."""
    place = sql.name("place of the row")
    numbered = f"SELECT *, row_number() OVER () AS {place} FROM {sql.name(table.name)}"
    first = f"QUALIFY row_number() OVER (PARTITION BY {columns} ORDER BY {place}) = 1"
    statement = f"SELECT * EXCLUDE ({place}) FROM ({numbered}) {first} ORDER BY {place}"
    return Select(statement, tuple(table.columns or ()))


def _delete_duplicate_rows(_step: Step, table: Table) -> Select:
    return _first_of_each(table, sql.names(table.columns or ("any",)))


def _remove_duplicates(step: Step, table: Table) -> Select:
    return _first_of_each(table, source(step, table))


OPERATIONS: dict[str, Operation] = {
    "REMOVE_VALUES": Operation(_remove_values, frozenset(), keys("sourceColumn")),
    "REMOVE_MISSING": Operation(_remove_missing, keys("sourceColumn"), conditional=False),
    "DELETE_DUPLICATE_ROWS": Operation(_delete_duplicate_rows, frozenset(), conditional=False),
    "REMOVE_DUPLICATES": Operation(_remove_duplicates, keys("sourceColumn"), conditional=False),
}
