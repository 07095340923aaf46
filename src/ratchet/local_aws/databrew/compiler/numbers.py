"""Operations that compute: arithmetic, rounding, binning and encoding for training.

A result is an integer if its operands are written as integers, else a double.
"""

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

_MOST_HOT_VALUES = 10  # documented limit of ONE_HOT_ENCODING


def _operand(step: Step, table: Table, position: str) -> str | None:
    column, value = f"sourceColumn{position}", f"value{position}"
    if column in step.parameters:
        return table.column(step.get(column))
    if value in step.parameters:
        step.number(value)
        return sql.text(step.get(value))
    return None


def _operands(step: Step, table: Table) -> tuple[str, str]:
    """Left and right; `sourceColumn1` with `value1` is documented as column then value."""
    left, right = _operand(step, table, "1"), _operand(step, table, "2")
    if right is None and {"sourceColumn1", "value1"} <= step.parameters.keys():
        step.number("value1")
        right = sql.text(step.get("value1"))
    if left is None or right is None:
        raise RecipeError("give two operands: sourceColumn1 or value1, and sourceColumn2 or value2")
    return left, right


def _arithmetic(sign: str) -> Operation:
    def expression(step: Step, table: Table) -> str:
        left, right = _operands(step, table)
        whole = f"{sql.whole(left)} AND {sql.whole(right)}"
        exact = f"TRY_CAST({left} AS HUGEINT) {sign} TRY_CAST({right} AS HUGEINT)"
        computed = sql.as_text(f"{sql.number(left)} {sign} {sql.number(right)}")
        return f"CASE WHEN {whole} THEN {sql.as_text(exact)} ELSE {computed} END"

    return adds(expression, "", "sourceColumn1 value1 sourceColumn2 value2", doubt=_WHOLE)


def _divide(step: Step, table: Table) -> str:
    left, right = _operands(step, table)
    return f"{sql.number(left)} / nullif({sql.number(right)}, 0)"


def _round(step: Step, table: Table) -> str:
    """To the nearest integer, up if the fraction is 0.5 or more, as documented."""
    return f"TRY_CAST(floor({sql.number(source(step, table))} + 0.5) AS BIGINT)"


def _binarization(step: Step, table: Table) -> str:
    """1 above the threshold; with flip 1 at or below it, as documented; null stays null."""
    column, threshold = sql.number(source(step, table)), step.number("threshold")
    above, below = ("0", "1") if step.flag("flip") else ("1", "0")
    return (
        f"CASE WHEN {column} > {threshold!r} THEN '{above}'"
        f" WHEN {column} IS NOT NULL THEN '{below}' END"
    )


def _bound(text: str) -> float:
    try:
        return sql.parsed(text)
    except ValueError as error:
        raise RecipeError(f"splits holds {text!r}, which is not a number") from error


def _bucketization(step: Step, table: Table) -> str:
    """Buckets include their lower bound, the last one its upper bound too, as in Spark."""
    if "percentage" in step.parameters:
        raise NotSupportedError(
            "percentage exists in DataBrew but is not supported on local AWS; give splits"
        )
    column = sql.number(source(step, table))
    labels, splits = step.items("bucketNames"), [_bound(t) for t in step.items("splits")]
    if len(splits) != len(labels) + 1 or sorted(set(splits)) != splits:
        raise RecipeError(
            f"{len(labels)} bucketNames need {len(labels) + 1} increasing splits, not {splits}"
        )
    cases = []
    for label, low, high in zip(labels, splits[:-1], splits[1:], strict=True):
        end = "<=" if high == splits[-1] else "<"
        inside = f"{column} >= {_literal(low)} AND {column} {end} {_literal(high)}"
        cases.append(f"WHEN {inside} THEN {sql.text(label)}")
    return f"CASE {' '.join(cases)} END"


def _literal(bound: float) -> str:
    return f"CAST('{bound!r}' AS DOUBLE)"


def _categorical_mapping(step: Step, table: Table) -> Select:
    """Values outside the map: kept, replaced by `other`, deleted with their row, or null."""
    target, column = table.absent(step.get("targetColumn")), source(step, table)
    mapping, where = step.mapping("categoryMap"), step.where(table)
    numeric = _map_is_numeric(step, mapping)
    cases = " ".join(
        f"WHEN {column} = {sql.text(old)} THEN {sql.text(new)}" for old, new in mapping.items()
    )
    value = f"CASE {cases} ELSE {_others(step, column, numeric)} END"
    if where:
        value = f"CASE WHEN {where} THEN {value} END"
    kept = f"coalesce({column} IN ({sql.texts(mapping)}), false)"
    kept = f"NOT ({where}) OR {kept}" if where else kept
    return select(
        table,
        {**unchanged(table), target: value},
        where=kept if step.flag("deleteOtherRows") else "",
    )


def _map_is_numeric(step: Step, mapping: dict[str, str]) -> bool:
    kind = step.get("mapType", "TEXT")
    if kind not in ("NUMERIC", "TEXT"):
        raise RecipeError(f"mapType must be NUMERIC or TEXT, not {kind!r}")
    made = [*mapping.values(), *([step.get("other")] if step.get("other") else [])]
    for value in made if kind == "NUMERIC" else []:
        try:
            sql.parsed(value)
        except ValueError as error:
            raise RecipeError(f"mapType NUMERIC, but {value!r} is not a number") from error
    return kind == "NUMERIC"


def _others(step: Step, column: str, numeric: bool) -> str:
    if step.flag("keepOthers"):
        return (
            f"CASE WHEN {sql.number(column)} IS NOT NULL THEN {column} END" if numeric else column
        )
    return sql.text(step.get("other")) if step.get("other") else "NULL"


def _one_hot(step: Step, table: Table) -> Select:
    """A column of 0 and 1 named <source>_<value> for each distinct value, in their order."""
    name, column = step.get("sourceColumn"), source(step, table)
    values = table.distinct(name)
    if len(values) > _MOST_HOT_VALUES:
        raise RecipeError(
            f"column {name!r} has {len(values)} distinct values;"
            f" ONE_HOT_ENCODING takes at most {_MOST_HOT_VALUES}"
        )
    expressions = unchanged(table)
    for value in values:
        target = table.absent(f"{name}_{value}")
        test = f"coalesce({column} = {sql.text(value)}, false)"
        expressions[target] = f"CASE WHEN {test} THEN '1' ELSE '0' END"
    return select(table, expressions)


_WHOLE = "An integer if both operands are written as integers, else a double."

OPERATIONS: dict[str, Operation] = {
    "ADD": _arithmetic("+"),
    "SUBTRACT": _arithmetic("-"),
    "MULTIPLY": _arithmetic("*"),
    "DIVIDE": adds(
        _divide,
        "",
        "sourceColumn1 value1 sourceColumn2 value2",
        doubt="A double; what is divided by zero is missing.",
    ),
    "ROUND": adds(_round, "sourceColumn", doubt="Halves are rounded up, as documented."),
    "BINARIZATION": adds(
        _binarization, "sourceColumn threshold", "flip", doubt="What is not a number is missing."
    ),
    "BUCKETIZATION": adds(
        _bucketization,
        "sourceColumn bucketNames",
        "splits percentage",
        doubt=(
            "A bucket has its lower bound, the last one its upper bound too, as in Spark; the"
            " reference does not say. percentage is refused."
        ),
    ),
    "CATEGORICAL_MAPPING": Operation(
        _categorical_mapping,
        keys("sourceColumn targetColumn categoryMap"),
        keys("mapType deleteOtherRows keepOthers other"),
        doubt=(
            "Other values are missing unless keepOthers, other or deleteOtherRows says what to do."
            " Mapped numbers are written as the map writes them."
        ),
    ),
    "ONE_HOT_ENCODING": Operation(
        _one_hot,
        keys("sourceColumn"),
        conditional=False,
        columns_of_data=True,
        doubt="Columns in the order of their values' text; a missing value is 0 in all of them.",
    ),
}
