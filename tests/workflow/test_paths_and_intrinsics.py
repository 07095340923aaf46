"""JSONPath as Step Functions has it, and its 18 intrinsic functions."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ratchet.workflow.asl import intrinsics, paths

STORE = {
    "book": [{"price": 8, "title": "a"}, {"price": 12, "title": "b", "isbn": "1"}],
    "delivery-partner": "UQS",
    "1st": True,
    'odd\\"name': 1,
    "empty": [],
    "vast": [10**400],
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", STORE),
        ("$.delivery-partner", "UQS"),
        ("$.1st", True),
        ("$['odd\\\"name']", 1),
        ("$.book[1].title", "b"),
        ("$.book[-1].title", "b"),
        ("$.book[*].title", ["a", "b"]),
        ("$.book[:1].title", ["a"]),
        ("$.book[0,1].price", [8, 12]),
        ("$..title", ["a", "b"]),
        ("$.book[?(@.price < 10)].title", ["a"]),
        ("$.book[?(@.price > 11.5 && @.price > .5)].price", [12]),
        ("$.book[?(@.isbn)].title", ["b"]),
        ("$.book[?(@.title == 'b' && @.price > 1)].price", [12]),
        ("$.book[0]['price','title']", {"price": 8, "title": "a"}),
        ("$.nothing[*]", []),
        ("$.nothing[1:5].at.all", []),
        ("$.book.length()", 2),
        ("$.book[*].length()", [2, 3]),
        ("$..price.sum()", 20.0),
        ("$..book.length()", 2),
        ("$.empty[?(@.a)]", []),
        ("$.book[1][?(@.price > 10)].title", ["b"]),
        ("$.book[?(@.title nin ['a', 'c'])].price", [12]),
        ("$.book[?(!(@.isbn) || @.price == '12')].title", ["a", "b"]),
        ("$.book[?(@.title =~ /B/i)].title", ["b"]),
        ("$.book[?(@.title size 1 && @.isbn empty false)].title", ["b"]),
        ("$.book[?(@.price > $.book[0].price)].title", ["b"]),
        ("$.book[1:-1]", []),
        ("$.book[?(@.price == '1_2')]", []),
        ("$..[0].title", ["a", "b"]),
    ],
)
def test_a_definite_path_gives_its_value_any_other_a_list(path: str, expected: Any) -> None:
    assert paths.find(path, STORE) == expected


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("$.nothing", "No results for path: $['nothing']"),
        ("$.book[7]", "No results for path: $['book'][7]"),
        ("$[1:5]", "A slice of the root"),
        ("$.nothing.at.all", "Missing property in path $['nothing']"),
        ("$.book[*].price.sum()", "Aggregation function attempted"),
        (
            "$.1st.x",
            "Expected to find an object with property ['x'] in path $['1st'] but found 'ja",
        ),
        ("$.vast.max()", "The number is beyond what a double can hold"),
        ("$.empty.name", "Expected to find an object with property ['name'] in path $['empty']"),
    ],
)
def test_a_definite_path_that_finds_nothing_says_so_in_jayways_words(
    path: str, reason: str
) -> None:
    with pytest.raises(paths.PathNotFound) as failed:
        paths.find(path, STORE)
    assert str(failed.value).startswith(reason)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a.b",
        "$.",
        "$.a[",
        "$.a b",
        "$.a[b]",
        "$.a[:]",
        "$..length()",
        "$[?(@.a == 1e999)]",
        "$[?(" + "!" * 3000 + "@.a)]",
        "$[?(@.a in " + "[" * 1500 + "]" * 1500 + ")]",
        "$.a.shuffle()",
        "$.a[?(@.b near 1)]",
        "$.a[?(@.b == )]",
        "$[?(",
        "$.a..",
        "$[(" * 900,
        "$..*..*..*..x",
        "$[?(@[?(@.a)])]",
        "$[?($..a)]",
    ],
)
def test_what_is_not_a_path_is_refused(path: str) -> None:
    with pytest.raises(paths.PathSyntaxError):
        paths.find(path, STORE)


def test_a_hostile_filter_ends_in_time() -> None:
    started = time.monotonic()
    data = [{"name": "x" * 500 + "!"}]
    with pytest.raises(Exception, match="took more than"):
        paths.find("$[?(@.name =~ /(x|xx)*[yz]/)]", data)
    assert time.monotonic() - started < 10


def _call(text: str, data: Any = None) -> Any:
    call = intrinsics.parsed(text)
    return intrinsics.evaluate(call, lambda path: paths.find(path, data))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("States.Array($.Id, 'a', 1.5, true, null)", [123456, "a", 1.5, True, None]),
        ("States.ArrayPartition($.nine, 4)", [[1, 2, 3, 4], [5, 6, 7, 8], [9]]),
        ("States.ArrayContains($.nine, 5)", True),
        ("States.ArrayContains($.nine, true)", False),
        ("States.ArrayRange(1, 9, 2)", [1, 3, 5, 7, 9]),
        ("States.ArrayRange(5, 1, -2)", [5, 3, 1]),
        ("States.ArrayGetItem($.nine, 5)", 6),
        ("States.ArrayLength($.nine)", 9),
        ("States.ArrayUnique(States.Array(1, 2, 3, 3, 1, '1'))", [1, 2, 3, "1"]),
        ("States.Base64Encode('Data to encode')", "RGF0YSB0byBlbmNvZGU="),
        ("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", "Data to encode"),
        ("States.Base64Decode('RGF0YQ')", "Data"),
        ("States.Base64Decode('/w==')", "\ufffd"),
        ("States.Base64Encode(States.StringToJson('\"\\\\ud800\"'))", "Pw=="),
        ("States.Hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        (
            "States.JsonMerge($.one, $.two, false)",
            {"a": {"a3": 1, "a4": 2}, "b": 2, "c": 3},
        ),
        ("States.StringToJson('{\"number\": 20}')", {"number": 20}),
        ("States.JsonToString($.two)", '{"a":{"a3":1,"a4":2},"c":3}'),
        ("States.MathAdd(111, -1)", 110),
        ("States.MathAdd(1.5, -2.5)", 0),
        (
            "States.StringSplit('This.is+a,test=string', '.+,=')",
            ["This", "is", "a", "test", "string"],
        ),
        ("States.Format('Hello, my name is {}.', $.name)", "Hello, my name is Arnav."),
        ("States.Format($.template, $.name)", "Hello, Arnav."),
        ("States.Format('{} {} {}', 1.0, 1e7, -0.00012)", "1.0 1.0E7 -1.2E-4"),
        (
            "States.JsonToString(States.Array(12.5, 100000.0, 123456789.5))",
            "[12.5,100000.0,1.234567895E8]",
        ),
        ("States.Format('it\\'s \\{\\} {}', $.one)", "it's {} {a={a1=1}, b=2}"),
    ],
)
def test_an_intrinsic_gives_what_the_developer_guide_says(text: str, expected: Any) -> None:
    data = {
        "Id": 123456,
        "nine": [1, 2, 3, 4, 5, 6, 7, 8, 9],
        "one": {"a": {"a1": 1}, "b": 2},
        "two": {"a": {"a3": 1, "a4": 2}, "c": 3},
        "name": "Arnav",
        "template": "Hello, {}.",
    }
    assert _call(text, data) == expected


def test_random_numbers_and_identities_are_within_bounds() -> None:
    assert _call("States.MathRandom(1, 999, 7)") == _call("States.MathRandom(1, 999, 7)")
    assert 1 <= _call("States.MathRandom(1, 999)") < 999
    assert len({_call("States.UUID()") for _ in range(10)}) == 10


@pytest.mark.parametrize(
    "text",
    [
        "States.ArrayRange(0, 1001, 1)",
        "States.ArrayRange(0, 1e21, 1)",
        "States.ArrayGetItem(States.Array(1), 1)",
        "States.ArrayPartition('text', 1)",
        "States.Base64Decode('%')",
        "States.Hash('x', 'CRC')",
        "States.Hash('x', States.Array())",
        "States.JsonMerge(States.StringToJson('{}'), States.StringToJson('{}'), true)",
        "States.StringToJson('{')",
        "States.StringToJson('1e999')",
        "States.Format('{} {}', 1)",
        "States.Format(1)",
    ],
)
def test_arguments_that_a_function_cannot_take_fail_by_its_name(text: str) -> None:
    with pytest.raises(intrinsics.CallFailed) as failed:
        _call(text)
    assert failed.value.call.startswith("States.")


@pytest.mark.parametrize(
    "text",
    [
        "States.Nothing()",
        "States.UUID(1)",
        "States.Format('{}'",
        "States.Array(",
        "Format('a')",
        "States.Array(" * 11 + ")" * 11,
        "States.UUID() and more",
        "States.Array($.a[)",
        "States.Array(1e999)",
    ],
)
def test_what_is_not_a_call_is_refused(text: str) -> None:
    with pytest.raises(intrinsics.IntrinsicSyntaxError):
        intrinsics.parsed(text)
