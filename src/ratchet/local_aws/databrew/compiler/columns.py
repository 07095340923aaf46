"""Operations that rename, drop, copy, move, join and split columns."""

from ratchet.local_aws.databrew.compiler import sql
from ratchet.local_aws.databrew.compiler.errors import NotSupportedError, RecipeError
from ratchet.local_aws.databrew.compiler.step import (
    Operation,
    Select,
    Step,
    Table,
    adds,
    keys,
    select,
    source,
    unchanged,
)


def _rename(step: Step, table: Table) -> Select:
    old, new = step.get("sourceColumn"), step.get("targetColumn")
    table.column(old)
    if new.lower() != old.lower():
        table.absent(new)
    kept = unchanged(table)
    return select(table, {new if column == old else column: e for column, e in kept.items()})


def _delete(step: Step, table: Table) -> Select:
    gone = step.items("sourceColumns")
    for column in gone:
        table.column(column)
    kept = {column: e for column, e in unchanged(table).items() if column not in gone}
    if table.columns is not None and not kept:
        raise RecipeError("DELETE would leave no column")
    return select(table, kept)


def _moved(table: Table, column: str, index: int) -> Select:
    """The table with `column` at `index` of the other columns."""
    table.column(column)
    kept = unchanged(table)
    moved = kept.pop(column, sql.name(column))
    order = list(kept.items())
    order.insert(index, (column, moved))
    return select(table, dict(order))


def _move_to_start(step: Step, table: Table) -> Select:
    return _moved(table, step.get("sourceColumn"), 0)


def _move_to_end(step: Step, table: Table) -> Select:
    return _moved(table, step.get("sourceColumn"), len(table.columns or ()))


def _move_to_index(step: Step, table: Table) -> Select:
    return _moved(table, step.get("sourceColumn"), step.integer("targetIndex", 0, 100_000))


def _move_beside(step: Step, table: Table, offset: int) -> Select:
    column, anchor = step.get("sourceColumn"), step.get("targetColumn")
    table.column(anchor)
    if column == anchor:
        raise RecipeError(f"column {column!r} cannot move beside itself")
    others = [known for known in table.columns or (anchor,) if known != column]
    return _moved(table, column, others.index(anchor) + offset)


def _move_before(step: Step, table: Table) -> Select:
    return _move_beside(step, table, 0)


def _move_after(step: Step, table: Table) -> Select:
    return _move_beside(step, table, 1)


def _merge(step: Step, table: Table) -> str:
    merged = [table.column(column) for column in step.items("sourceColumns")]
    return f"concat_ws({sql.text(step.get('delimiter'))}, {', '.join(merged)})"


def _split(step: Step, table: Table) -> Select:
    """`limit` splits make limit + 1 columns, <source>_1 and so on; the last has the rest."""
    if step.flag("includeInSplit"):
        raise NotSupportedError("includeInSplit true is not supported on local AWS; use false")
    if step.get("isText") and not step.flag("isText"):
        raise NotSupportedError("isText false is not supported on local AWS; use true")
    column, delimiter = source(step, table), sql.text(step.get("pattern"))
    parts, count = f"string_split({column}, {delimiter})", step.integer("limit", 1, 20)
    made = [f"{parts}[{n}]" for n in range(1, count + 1)]
    tail = f"array_to_string({parts}[{count + 1}:], {delimiter})"
    rest = f"CASE WHEN len({parts}) > {count} THEN {tail} END"
    where = step.where(table)
    expressions = unchanged(table)
    for number, part in enumerate([*made, rest], start=1):
        target = table.absent(f"{step.get('sourceColumn')}_{number}")
        expressions[target] = f"CASE WHEN {where} THEN {part} END" if where else part
    return select(table, expressions)


OPERATIONS: dict[str, Operation] = {
    "RENAME": Operation(_rename, keys("sourceColumn targetColumn"), conditional=False),
    "DELETE": Operation(_delete, keys("sourceColumns"), conditional=False),
    "DUPLICATE": adds(source, "sourceColumn"),
    "MOVE_TO_START": Operation(_move_to_start, keys("sourceColumn"), conditional=False),
    "MOVE_TO_END": Operation(_move_to_end, keys("sourceColumn"), conditional=False),
    "MOVE_TO_INDEX": Operation(_move_to_index, keys("sourceColumn targetIndex"), conditional=False),
    "MOVE_BEFORE": Operation(_move_before, keys("sourceColumn targetColumn"), conditional=False),
    "MOVE_AFTER": Operation(_move_after, keys("sourceColumn targetColumn"), conditional=False),
    "MERGE": adds(
        _merge,
        "sourceColumns",
        "delimiter",
        doubt="Missing values are left out, and their delimiters with them.",
    ),
    "SPLIT_COLUMN_SINGLE_DELIMITER": Operation(
        _split,
        keys("sourceColumn pattern limit"),
        keys("includeInSplit isText"),
        doubt=(
            "limit splits make limit + 1 columns, named after the source with _1, _2 and so on; the"
            " last has the rest. includeInSplit true is refused; isText, which the console writes"
            " and the reference does not name, must be true."
        ),
    ),
}
