"""Operations that scale numbers, or remove and replace outliers."""

from dataclasses import replace

from ratchet.local_aws.databrew.compiler import missing, sql
from ratchet.local_aws.databrew.compiler.errors import NotSupportedError, RecipeError
from ratchet.local_aws.databrew.compiler.step import (
    Operation,
    Select,
    Step,
    Table,
    adds,
    changes,
    keys,
    select,
    source,
    unchanged,
)

_STRATEGIES = ("MIN_MAX", "SCALE_BETWEEN", "MEAN_NORMALIZATION", "Z_SCORE")
_OUTLIERS = ("Z_SCORE", "MODIFIED_Z_SCORE", "IQR")
_TRIMMED = ("REPLACE_WITH_NULL", "REPLACE_WITH_MODE", "WINSORIZE_VALUES")
_AGGREGATES = {
    "REPLACE_WITH_AVERAGE": "favg",
    "REPLACE_WITH_MEDIAN": "median",
    "REPLACE_WITH_SUM": "fsum",
    "REPLACE_WITH_MAX": "max",
}
_TIES = {"MIN": "MINIMUM", "MAX": "MAXIMUM", "AVERAGE": "AVERAGE"}
_MODIFIED = 0.6745
"""Makes a median absolute deviation of normal data a standard deviation (Iglewicz and Hoaglin)."""


def _normalization(step: Step, table: Table) -> str:
    column, strategy = source(step, table), step.one_of("strategy", _STRATEGIES)

    def of_all(aggregate: str) -> str:
        return sql.statistic(aggregate, column, table.name)

    number, span = sql.number(column), f"({of_all('max')} - {of_all('min')})"
    if strategy == "SCALE_BETWEEN":
        raise NotSupportedError(
            "strategy SCALE_BETWEEN is not supported on local AWS: the reference does not name the"
            " parameters of its two values; use MIN_MAX with MULTIPLY and ADD"
        )
    if strategy == "MIN_MAX":
        return f"({number} - {of_all('min')}) / nullif({span}, 0)"
    spread = span if strategy == "MEAN_NORMALIZATION" else of_all("stddev_samp")
    return f"({number} - {of_all('favg')}) / nullif({spread}, 0)"


def _percentile(step: Step, key: str, table: Table) -> str:
    percent = step.number(key)
    if not 0 <= percent <= 100:
        raise RecipeError(f"{key} must be a percentile from 0 to 100, not {step.get(key)!r}")
    return sql.statistic(f"quantile_cont:{percent / 100!r}", source(step, table), table.name)


def _outlier(step: Step, table: Table, *, trimmed: bool) -> str:
    """True for an outlier; if trimmed, only outside of the two percentiles."""
    column, strategy = source(step, table), step.one_of("outlierStrategy", _OUTLIERS)
    number, threshold = sql.number(column), step.number("threshold", default="3")

    def of_all(aggregate: str) -> str:
        return sql.statistic(aggregate, column, table.name)

    if strategy == "IQR":
        low, high = of_all("quantile_cont:0.25"), of_all("quantile_cont:0.75")
        margin = f"{threshold!r} * ({high} - {low})"
        test = f"({number} < {low} - {margin} OR {number} > {high} + {margin})"
    elif strategy == "Z_SCORE":
        score = f"abs({number} - {of_all('favg')}) / nullif({of_all('stddev_samp')}, 0)"
        test = f"{score} > {threshold!r}"
    else:
        score = f"{_MODIFIED} * abs({number} - {of_all('median')}) / nullif({of_all('mad')}, 0)"
        test = f"{score} > {threshold!r}"
    if trimmed:
        low, high = _percentile(step, "minValue", table), _percentile(step, "maxValue", table)
        test = f"{test} AND ({number} < {low} OR {number} > {high})"
    return f"coalesce(isfinite({number}) AND {test}, false)"


def _remove_outliers(step: Step, table: Table) -> Select:
    way = step.one_of("removeType", ("DELETE_ROWS", "CLEAR"))
    test = _outlier(step, table, trimmed=step.flag("trimValue"))
    if way == "DELETE_ROWS":
        return select(table, unchanged(table), where=f"NOT {test}")
    column = source(step, table)
    cleared = f"CASE WHEN NOT {test} THEN {column} END"
    return select(table, {**unchanged(table), step.get("sourceColumn"): cleared})


def _replace_outliers(step: Step, table: Table) -> str:
    kinds = ("REPLACE_WITH_CUSTOM", "REPLACE_WITH_EMPTY", *_TRIMMED, *_AGGREGATES)
    kind = step.one_of("replaceType", kinds)
    trimmed = step.flag("trimValue") if step.get("trimValue") else kind in _TRIMMED
    column, test = source(step, table), _outlier(step, table, trimmed=trimmed)
    return f"CASE WHEN {test} THEN {_replacement(step, table, kind)} ELSE {column} END"


def _replacement(step: Step, table: Table, kind: str) -> str:
    column = source(step, table)
    if kind in _AGGREGATES:
        return sql.as_text(sql.statistic(_AGGREGATES[kind], column, table.name))
    if kind == "REPLACE_WITH_MODE":
        return missing.mode(column, table.name, _TIES[step.one_of("modeType", _TIES)])
    if kind == "WINSORIZE_VALUES":
        low, high = _percentile(step, "minValue", table), _percentile(step, "maxValue", table)
        return sql.as_text(f"greatest({low}, least({high}, {sql.number(column)}))")
    if kind == "REPLACE_WITH_CUSTOM":
        if not step.get("value"):
            raise RecipeError("replaceType REPLACE_WITH_CUSTOM needs a value")
        return sql.text(step.get("value"))
    return "NULL"


_SCORES = (
    "Standard deviations are those of a sample; a modified z-score is 0.6745 times the distance"
    " from the median over the median absolute deviation; percentiles are interpolated. The"
    " reference gives no formulas. What is missing or not a number never is one."
)

_ROWS: dict[str, Operation] = {
    "NORMALIZATION": adds(
        _normalization,
        "sourceColumn strategy",
        doubt=(
            "From the numbers of all rows. MEAN_NORMALIZATION is the distance from the mean over"
            " that from minimum to maximum, Z_SCORE over the standard deviation of a sample; if all"
            " numbers are the same, the result is missing. The reference gives no formulas, nor the"
            " parameters of SCALE_BETWEEN, which is refused."
        ),
    ),
    "REMOVE_OUTLIERS": Operation(
        _remove_outliers,
        keys("sourceColumn outlierStrategy removeType"),
        keys("threshold trimValue minValue maxValue"),
        conditional=False,
        doubt=_SCORES,
    ),
    "REPLACE_OUTLIERS": changes(
        _replace_outliers,
        "outlierStrategy replaceType",
        "threshold modeType minValue maxValue value trimValue",
        doubt=f"Averages and the like are those of all rows, outliers too. {_SCORES}",
    ),
}

OPERATIONS = {name: replace(row, fitted=True) for name, row in _ROWS.items()}
