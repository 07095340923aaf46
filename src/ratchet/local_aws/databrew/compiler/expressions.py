"""The expressions of CASE_OPERATION and BOOLEAN_OPERATION as SQL.

Columns stand in backticks, texts in single quotes, aggregates behind a colon. Source: the
reference's pages of the two operations; and, or, brackets, is null and columns without backticks
are in public recipes.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ratchet.local_aws.databrew.compiler import sql
from ratchet.local_aws.databrew.compiler.documented_names import did_you_mean
from ratchet.local_aws.databrew.compiler.errors import RecipeError
from ratchet.local_aws.databrew.compiler.step import regular_expression

_MOST_NESTED = 50
_SKIPPED = re.compile(r"\s+")
_TOKENS = re.compile(
    r"(?P<column>`[^`]+`)|(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<word>[A-Za-z_]\w*)|(?P<sign><=|>=|!=|[<>=!(),])"
)
_WORDS = {"case", "when", "then", "else", "end", "and", "or", "is", "not", "null"}
_SIGNS = ("=", "!=", "<", "<=", ">", ">=")
_FUNCTIONS = (
    "contains",
    "matches",
    "startsWith",
    "endsWith",
    "isBetween",
    "isMissing",
    "isValid",
)
_TEXT_TESTS = {"contains": "contains", "startsWith": "starts_with", "endsWith": "ends_with"}


@dataclass(frozen=True)
class Operand:
    """A column, text, number, boolean or aggregate, and its SQL, which is text."""

    kind: str
    sql: str

    @property
    def number(self) -> str:
        return sql.number(self.sql)


class Reader:
    """Reads one expression, token by token."""

    def __init__(
        self, source: str, column: Callable[[str], str], aggregates: Mapping[str, str]
    ) -> None:
        """`column` quotes the name of a column that exists; `aggregates` are SQL by name."""
        self._column, self._aggregates = column, aggregates
        self._source, self._position, self._depth = source, 0, 0
        self.kind, self.text = "", ""
        self.advance()

    def advance(self) -> None:
        if space := _SKIPPED.match(self._source, self._position):
            self._position = space.end()
        rest = self._source[self._position :]
        name = next((n for n in self._named() if rest.startswith(f":{n}")), None)
        found = _TOKENS.match(rest)
        if name is not None:
            self.kind, self.text = "aggregate", f":{name}"
        elif found:
            self.kind, self.text = found.lastgroup or "", found[0]
        else:
            self.kind, self.text = ("end", "") if not rest else ("other", rest[:20])
        self._position += len(self.text)

    def case(self) -> str:
        """case when ... then ... else ... end."""
        self._expect("case")
        branches = []
        while self._is("when"):
            self.advance()
            test = self.condition()
            self._expect("then")
            branches.append(f"WHEN {test} THEN {self.operand().sql}")
        if not branches:
            raise self._wrong("when")
        default = ""
        if self._is("else"):
            self.advance()
            default = f" ELSE {self.operand().sql}"
        self._expect("end")
        self.finish()
        return f"CASE {' '.join(branches)}{default} END"

    def finish(self) -> None:
        if self.kind != "end":
            raise self._wrong("nothing more")

    def condition(self) -> str:
        """SQL that is true or false, never null."""
        tests = [self._all_of()]
        while self._is("or"):
            self.advance()
            tests.append(self._all_of())
        return f"({' OR '.join(tests)})"

    def operand(self) -> Operand:
        kind, text = self.kind, self.text
        if kind == "column":
            made = Operand(kind, self._column(text[1:-1]))
        elif kind == "text":
            made = Operand(kind, sql.text(text[1:-1].replace("''", "'")))
        elif kind == "number":
            made = Operand(kind, sql.text(text))
        elif kind == "aggregate":
            made = Operand(kind, self._aggregates[text[1:]])
        elif text.upper() in ("TRUE", "FALSE"):
            made = Operand("boolean", sql.text(text.lower()))
        elif kind == "word" and text.lower() not in _WORDS:
            made = Operand("column", self._column(text))
        else:
            raise self._wrong("a column, a value or an aggregate of withExpressions")
        self.advance()
        return made

    def _named(self) -> list[str]:
        return sorted(self._aggregates, key=len, reverse=True)

    def _all_of(self) -> str:
        tests = [self._test()]
        while self._is("and"):
            self.advance()
            tests.append(self._test())
        return " AND ".join(tests)

    def _test(self) -> str:
        self._depth += 1
        if self._depth > _MOST_NESTED:
            raise RecipeError(f"an expression nested more than {_MOST_NESTED} deep")
        made = self._one_test()
        self._depth -= 1
        return made

    def _one_test(self) -> str:
        if self.text == "!":
            self.advance()
            return f"NOT {self._test()}"
        if self.text == "(":
            self.advance()
            inner = self.condition()
            self._expect(")")
            return inner
        if self.kind == "word" and self._source[self._position :].lstrip().startswith("("):
            return f"coalesce({self._function()}, false)"
        left, sign = self.operand(), self.text
        if self._is("is"):
            return self._missing(left)
        if sign not in _SIGNS:
            raise self._wrong("one of = != < <= > >=")
        self.advance()
        return compare(left, sign, self.operand())

    def _missing(self, value: Operand) -> str:
        """... is null, or is not null."""
        self.advance()
        negated = self._is("not")
        if negated:
            self.advance()
        self._expect("null")
        return f"NOT {sql.missing(value.sql)}" if negated else sql.missing(value.sql)

    def _function(self) -> str:
        name = self.text
        if name not in _FUNCTIONS:
            raise RecipeError(f"test {name!r} does not exist{did_you_mean(name, _FUNCTIONS)}")
        self.advance()
        self._expect("(")
        value = self.operand()
        arguments = []
        while self.text == ",":
            self.advance()
            arguments.append(self._argument(name))
        self._expect(")")
        return _call(name, value, arguments)

    def _argument(self, function: str) -> Operand:
        if function == "isValid" and self.kind == "word":
            made = Operand("type", self.text.lower())
            self.advance()
            return made
        return self.operand()

    def _is(self, word: str) -> bool:
        return self.text.lower() == word and self.kind in ("word", "sign")

    def _expect(self, word: str) -> None:
        if not self._is(word):
            raise self._wrong(word)
        self.advance()

    def _wrong(self, wanted: str) -> RecipeError:
        found = f"{self.text!r}" if self.text else "its end"
        return RecipeError(f"expression {self._source!r}: {wanted} expected, not {found}")


def compare(left: Operand, sign: str, right: Operand) -> str:
    """By number, by date or by text, as the operands are written; missing values are unequal."""
    if sign == "!=":
        return f"NOT {compare(left, '=', right)}"
    kinds = {left.kind, right.kind}
    as_text = f"{left.sql} {sign} {right.sql}"
    as_number = f"{left.number} {sign} {right.number}"
    if "boolean" in kinds:
        test = f"lower({left.sql}) {sign} lower({right.sql})"
    elif kinds & {"number", "aggregate"}:
        test = as_number
    elif sign == "=":
        test = f"{as_text} OR {as_number}"
    else:
        dates = f"{sql.moment(left.sql)} {sign} {sql.moment(right.sql)}"
        test = f"coalesce({as_number}, {dates}, {as_text})"
    return f"coalesce({test}, false)"


def _call(name: str, value: Operand, arguments: list[Operand]) -> str:
    needed = {"isMissing": 0, "isBetween": 2}.get(name, 1)
    if len(arguments) != needed:
        raise RecipeError(f"{name} takes {needed + 1} arguments, not {len(arguments) + 1}")
    if name == "isMissing":
        return sql.missing(value.sql)
    if name == "isBetween":
        low, high = arguments
        return f"({compare(value, '>=', low)} AND {compare(value, '<=', high)})"
    if name == "isValid":
        return _valid(value.sql, arguments[0])
    if name == "matches":
        if arguments[0].kind != "text":
            raise RecipeError("matches takes its pattern as a text in single quotes")
        pattern = regular_expression(name, arguments[0].sql[1:-1].replace("''", "'"))
        return f"regexp_matches({value.sql}, {pattern})"
    return f"{_TEXT_TESTS[name]}({value.sql}, {arguments[0].sql})"


def _valid(value: str, kind: Operand) -> str:
    types = {
        **dict.fromkeys(("int", "integer", "long", "short", "byte"), sql.whole(value)),
        **dict.fromkeys(
            ("double", "float", "decimal", "number"), f"{sql.number(value)} IS NOT NULL"
        ),
        **dict.fromkeys(("date", "timestamp"), f"{sql.moment(value)} IS NOT NULL"),
        "boolean": f"lower({value}) IN ('true', 'false')",
        "string": f"{value} IS NOT NULL",
    }
    name = kind.sql.strip("'").lower()
    if name not in types:
        raise RecipeError(f"isValid: type {name!r} does not exist{did_you_mean(name, types)}")
    return types[name]
