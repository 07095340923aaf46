"""Whatever a recipe holds, it is refused in a sentence, or it runs: nothing else happens."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_recipes import apply

from ratchet.local_aws.databrew.compiler.documented_names import CONDITIONS
from ratchet.local_aws.databrew.compiler.errors import RecipeError
from ratchet.local_aws.databrew.compiler.recipe import SUPPORTED, check_recipe

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
TEXTS = st.sampled_from(
    [
        *("", "a", "b", "n", "new", "1", "-1", "0.5", "nan", "1e999", "true", "FALSE", "null"),
        *('["a"]', '["a","n"]', '["x"]', "[1]", "[null]", "[]", "{}", '{"a":"b"}', '{"x":1}'),
        *(
            '[["a"],["a"]]',
            "[[]]",
            '[{"a":1}]',
            '[{"sourceColumn":"a"}]',
            '["-Infinity","Infinity"]',
        ),
        *('[{"sourceColumnName":"n","targetColumnName":"t","functionName":"SUM"}]', "SUM", "COUNT"),
        *('[{"key":"a","value":"a"}]', '[{"S3InputDefinition":{"Bucket":"b","Key":"k"}}]'),
        *(
            "s3://b/k",
            "`a`",
            "`a`.`b`[0]",
            "(",
            "[a-z]+",
            "'",
            '"',
            ";",
            "\\",
            "$1",
            "%",
            "é",
            "\0",
        ),
        *("case when `a` = 'x' then `n` else 1 end", "`n` > 1", "isMissing(`a`)", ":m", "'x'"),
        *("MIN_MAX", "Z_SCORE", "IQR", "MEDIAN", "MINIMUM", "INNER_JOIN", "DELETE_ROWS", "CLEAR"),
        *("REPLACE_WITH_NULL", "WINSORIZE_VALUES", "number", "string", "date", "int", "boolean"),
        *("mm/dd/yyyy", "yyyy-mm-dd", "2020-01-01", "UTC", "SHA256", "NUMERIC", "[" * 2000),
    ]
)
CONDITION = st.fixed_dictionaries(
    {
        "Condition": st.sampled_from(CONDITIONS),
        "Value": TEXTS,
        "TargetColumn": st.sampled_from(["a", "n", "x"]),
    }
)
ROWS: list[list[str | None]] = [["x", "1"], ["é", "2.5"], [None, None], ["", "x"], ["x", "1"]]


@st.composite
def steps(draw: st.DrawFn, name: str) -> dict[str, Any]:
    row = SUPPORTED[name]
    given_ = row.required | frozenset(draw(st.lists(st.sampled_from([*row.optional, "other"]))))
    parameters = {key: draw(TEXTS) for key in sorted(given_)}
    for key in ("sourceColumn", "sourceColumn1", "valueColumn"):
        if key in parameters:
            parameters[key] = draw(st.sampled_from(["a", "n", "x"]))
    conditions = draw(st.lists(CONDITION, max_size=2)) if row.conditional else []
    return {
        "Action": {"Operation": name, "Parameters": parameters},
        "ConditionExpressions": conditions,
    }


@settings(max_examples=100)
@given(st.lists(JSON, max_size=3))
def test_any_json_is_checked_in_sentences(raw: list[Any]) -> None:
    found = check_recipe(raw, ("a",), ("a",))
    assert all(isinstance(one, str) for one in (*found.problems, *found.unsupported))


@pytest.mark.parametrize("name", sorted(SUPPORTED))
def test_any_parameters_are_refused_or_run(name: str) -> None:
    @settings(max_examples=20)
    @given(steps(name))
    def holds(raw: dict[str, Any]) -> None:
        check_recipe([raw], ("a", "n"), ("a",))
        try:
            columns, rows = apply([raw], ["a", "n"], ROWS)
        except RecipeError as error:
            said = str(error)
        else:
            said = "Step 1"
            assert all(len(row) == len(columns) for row in rows)
        assert said.startswith("Step 1")

    holds()
