# ruff: noqa: S608 - every name and value in the SQL is quoted by sql.py
"""Operations that make other rows: groups, pivots, and tables of other files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ratchet.local_aws.databrew.compiler import sql
from ratchet.local_aws.databrew.compiler.documented_names import did_you_mean
from ratchet.local_aws.databrew.compiler.errors import NotSupportedError, RecipeError
from ratchet.local_aws.databrew.compiler.step import (
    Operation,
    Select,
    Step,
    Table,
    keys,
    numbered_rows,
    select,
    source,
)

_MOST_PIVOT_VALUES = 10  # documented limit of PIVOT
_OPTIONS = ("sourceColumnName", "targetColumnName", "targetColumnDataType", "functionName")
_JOINS = {
    "INNER_JOIN": ("JOIN", ""),
    "LEFT_JOIN": ("LEFT JOIN", ""),
    "RIGHT_JOIN": ("RIGHT JOIN", ""),
    "OUTER_JOIN": ("FULL JOIN", ""),
    "LEFT_EXCLUDING_JOIN": ("LEFT JOIN", "r.{place} IS NULL"),
    "RIGHT_EXCLUDING_JOIN": ("RIGHT JOIN", "l.{place} IS NULL"),
    "OUTER_EXCLUDING_JOIN": ("FULL JOIN", "l.{place} IS NULL OR r.{place} IS NULL"),
}
_AGGREGATES = {
    "COUNT": "count({present})",
    "COUNT_DISTINCT": "count(DISTINCT {present})",
    "SUM": (
        "CASE WHEN bool_and({number} IS NULL OR {whole})"
        " THEN CAST(sum(CASE WHEN {whole} THEN TRY_CAST({column} AS HUGEINT) END) AS VARCHAR)"
        " ELSE CAST(fsum({number}) AS VARCHAR) END"
    ),
    "AVERAGE": "favg({number})",
    "MEDIAN": "median({number})",
    "STANDARD_DEVIATION": "stddev_samp({number})",
    "VARIANCE": "var_samp({number})",
    "MIN": (
        "CASE WHEN count({present}) = count({number}) THEN arg_min({present}, {number})"
        " ELSE min({present}) END"
    ),
    "MAX": (
        "CASE WHEN count({present}) = count({number}) THEN arg_max({present}, {number})"
        " ELSE max({present}) END"
    ),
    "ANY": "arg_min({present}, CASE WHEN {present} IS NOT NULL THEN {place} END)",
}


def _aggregate(function: str, column: str) -> str:
    if function not in _AGGREGATES:
        names = (*_AGGREGATES, "COLLECT_LIST", "UNAGGREGATED")
        if function in names:
            raise NotSupportedError(f"{function} makes lists, which are not supported on local AWS")
        raise RecipeError(f"function {function!r} does not exist{did_you_mean(function, names)}")
    return _AGGREGATES[function].format(
        column=column,
        number=sql.number(column),
        whole=sql.whole(column),
        present=f"CASE WHEN NOT {sql.missing(column)} THEN {column} END",
        place=sql.PLACE,
    )


def _refuse_twice(columns: Iterable[str]) -> tuple[str, ...]:
    lowered = set[str]()
    for column in (made := tuple(columns)):
        if column.lower() in lowered:
            raise RecipeError(f"column {column!r} would exist twice; columns differ by their name")
        lowered.add(column.lower())
    return made


def _group_by(step: Step, table: Table) -> Select:
    """Groups in the order of their first rows."""
    groups = step.items("sourceColumns")
    grouping = ", ".join(table.column(group) for group in groups)
    options = step.objects("groupByAggFunctionOptions", _OPTIONS)
    made = {str(one.get("targetColumnName", "")): _option(one, table) for one in options}
    if "" in made:
        raise RecipeError("groupByAggFunctionOptions has an object without targetColumnName")
    _refuse_twice(str(one["targetColumnName"]) for one in options)
    new = ", ".join(f"{sql.as_text(e)} AS {sql.name(c)}" for c, e in made.items())
    rows = numbered_rows(table)
    if not step.get("useNewDataFrame") or step.flag("useNewDataFrame"):
        columns = _refuse_twice([*groups, *made])
        statement = (
            f"SELECT {grouping}, {new} FROM ({rows}) GROUP BY {grouping} ORDER BY min({sql.PLACE})"
        )
        return Select(statement, columns)
    columns = _refuse_twice([*(table.columns or ()), *made])
    alike = " AND ".join(f"l.{sql.name(g)} IS NOT DISTINCT FROM r.{sql.name(g)}" for g in groups)
    joined = f"(SELECT {grouping}, {new} FROM ({rows}) GROUP BY {grouping})"
    old = ", ".join(f"l.{sql.name(c)}" for c in table.columns or ("any",))
    chosen = f"{old}, {', '.join(f'r.{sql.name(c)}' for c in made)}"
    statement = f"SELECT {chosen} FROM ({rows}) l JOIN {joined} r ON {alike} ORDER BY l.{sql.PLACE}"
    return Select(statement, columns)


def _option(option: dict[str, Any], table: Table) -> str:
    column = table.column(str(option.get("sourceColumnName", "")))
    return _aggregate(str(option.get("functionName", "")), column)


def _pivot(step: Step, table: Table) -> Select:
    """A column for each value, named <source>_<value>, in the order of their text."""
    name, column = step.get("sourceColumn"), source(step, table)
    value = table.column(step.get("valueColumn"))
    values = table.distinct(name)
    if len(values) > _MOST_PIVOT_VALUES:
        raise RecipeError(
            f"column {name!r} has {len(values)} distinct values;"
            f" PIVOT takes at most {_MOST_PIVOT_VALUES}"
        )
    used = (name, step.get("valueColumn"))
    groups = [known for known in table.columns or () if known not in used]
    function = step.get("aggregateFunction")
    _aggregate(function, value)
    made = {
        f"{name}_{one}": _aggregate(
            function, f"(CASE WHEN {column} = {sql.text(one)} THEN {value} END)"
        )
        for one in values
    }
    columns = _refuse_twice([*groups, *made])
    grouped = sql.names(groups)
    new = [*map(sql.name, groups)]
    new += [f"{sql.as_text(e)} AS {sql.name(c)}" for c, e in made.items()]
    by = f" GROUP BY {grouped}" if groups else ""
    rows = numbered_rows(table)
    statement = f"SELECT {', '.join(new) or '1'} FROM ({rows}){by} ORDER BY min({sql.PLACE})"
    return Select(statement, columns)


def _unpivot(step: Step, table: Table) -> Select:
    """A row for each of the columns, in their order, after one another for each row."""
    gone = step.items("sourceColumns")
    values = [table.column(column) for column in gone]
    others = [column for column in table.columns or () if column not in gone]
    names, value = step.get("unpivotColumn"), step.get("valueColumn")
    columns = _refuse_twice([*others, names, value])
    listed = ", ".join(map(sql.as_text, values))
    expressions = {column: sql.name(column) for column in others}
    expressions |= {names: f"unnest([{sql.texts(gone)}])", value: f"unnest([{listed}])"}
    return Select(select(table, expressions).statement, columns)


@dataclass(frozen=True)
class Other:
    """A file beside the dataset that a step reads, and the dataset's name that the step gives."""

    location: str
    dataset: str


def others_of(steps: Iterable[Step]) -> Iterator[Other]:
    """The files beside the dataset that these steps read."""
    for step in steps:
        if step.operation == "JOIN":
            yield Other(_s3(step.get("secondInputLocation")), step.get("secondaryDatasetName"))
        elif step.operation == "UNION":
            yield from _union_inputs(step)


def _s3(location: str) -> str:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    if not location.startswith("s3://") or not bucket or not key:
        raise RecipeError(f"{location!r} is not an address such as s3://bucket/key")
    return location


def _union_inputs(step: Step) -> list[Other]:
    inputs = step.objects("secondaryInputs", ("S3InputDefinition",))
    names = step.items("secondaryDatasetNames") if step.get("secondaryDatasetNames") else []
    names += [""] * (len(inputs) - len(names))
    places = [one.get("S3InputDefinition") or {} for one in inputs]
    return [
        Other(_s3(f"s3://{place.get('Bucket', '')}/{place.get('Key', '')}"), name)
        for place, name in zip(places, names, strict=False)
    ]


def _join(step: Step, table: Table) -> Select:
    """Rows in the order of the left table, then of the right one."""
    kind = step.one_of("joinType", _JOINS)
    pairs = step.objects("joinKeys", ("key", "value"))
    other = table.other(_s3(step.get("secondInputLocation")))
    equal = " AND ".join(
        f"l.{table.column(str(pair.get('key', '')))} = r.{other.column(str(pair.get('value', '')))}"
        for pair in pairs
    )
    left, right = step.items("leftColumns"), step.items("rightColumns")
    chosen = [f"l.{table.column(column)}" for column in left]
    chosen += [f"r.{other.column(column)}" for column in right]
    known = {column.lower() for column in left}
    for column in right:
        if column.lower() in known:
            raise NotSupportedError(
                f"column {column!r} is in leftColumns and rightColumns, and the reference does not"
                " say what DataBrew calls the second: leave it out of one, or rename it before"
            )
    join, excluding = _JOINS[kind]
    where = f" WHERE {excluding.format(place=sql.PLACE)}" if excluding else ""
    statement = (
        f"SELECT {', '.join(chosen)} FROM ({numbered_rows(table)}) l {join}"
        f" ({numbered_rows(other)}) r ON {equal}{where}"
        f" ORDER BY l.{sql.PLACE} NULLS LAST, r.{sql.PLACE}"
    )
    return Select(statement, _refuse_twice([*left, *right]))


def _union(step: Step, table: Table) -> Select:
    """All rows of this table, then all of each other; a column that is null there is missing."""
    targets, columns = step.items("targetColumnNames"), step.lists("datasetsColumns")
    inputs = _union_inputs(step)
    tables = [table, *(table.other(one.location) for one in inputs)]
    if len(columns) != len(tables):
        raise RecipeError(
            f"datasetsColumns has {len(columns)} lists for the dataset and {len(inputs)} others"
        )
    if any(len(listed) != len(targets) for listed in columns):
        raise RecipeError(f"each list of datasetsColumns needs {len(targets)} names, one a target")
    parts = []
    for one, listed in zip(tables, columns, strict=True):
        values = [one.column(name) if name else "NULL" for name in listed]
        made = (f"{sql.as_text(v)} AS {sql.name(t)}" for v, t in zip(values, targets, strict=True))
        parts.append(f"SELECT {', '.join(made)} FROM {sql.name(one.name)}")
    return Select(" UNION ALL ".join(parts), _refuse_twice(targets))


_FUNCTIONS = ", ".join(_AGGREGATES)
_FUNCTIONS_OPEN = (
    f"Functions are {_FUNCTIONS}; the reference lists none for this step. SUM of integers is one,"
    " MIN and MAX go by number if all values are, ANY is the first value."
)
_OTHER_FILES = (
    "The other file is CSV, as the dataset of the given name says if there is one, else with commas"
    " and a header."
)

OPERATIONS: dict[str, Operation] = {
    "GROUP_BY": Operation(
        _group_by,
        keys("sourceColumns groupByAggFunctionOptions"),
        keys("useNewDataFrame"),
        conditional=False,
        doubt=(
            "Groups come in the order of their first rows. With useNewDataFrame false, the new"
            " columns are added to every row, as the console describes it. targetColumnDataType is"
            f" of no effect. {_FUNCTIONS_OPEN}"
        ),
    ),
    "PIVOT": Operation(
        _pivot,
        keys("sourceColumn valueColumn aggregateFunction"),
        conditional=False,
        columns_of_data=True,
        doubt=(
            "Groups are the rows that are alike in all other columns. New columns are named"
            " <source>_<value>, which the reference does not say, in the order of their values. The"
            " documented limit of 10 values is kept for sourceColumn alone. COLLECT_LIST is"
            f" refused. {_FUNCTIONS_OPEN}"
        ),
    ),
    "UNPIVOT": Operation(
        _unpivot,
        keys("sourceColumns unpivotColumn valueColumn"),
        conditional=False,
        doubt="Missing values make rows too.",
    ),
    "JOIN": Operation(
        _join,
        keys("joinKeys joinType leftColumns rightColumns secondInputLocation"),
        keys("secondaryDatasetName"),
        conditional=False,
        doubt=(
            "Keys are compared as text; missing ones match nothing. A column of both sides is"
            f" refused, as its name in the result is not documented. {_OTHER_FILES}"
        ),
    ),
    "UNION": Operation(
        _union,
        keys("datasetsColumns secondaryInputs targetColumnNames"),
        keys("secondaryDatasetNames"),
        conditional=False,
        doubt=f"Rows that are alike all stay. {_OTHER_FILES}",
    ),
}
