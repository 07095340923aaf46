"""The rules of a Choice state: 39 comparisons, And, Or, Not, and JSONata conditions."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Protocol

from ratchet.workflow.dynamic import Dynamic, Path

Variable = str | Path
_TYPES: dict[str, tuple[str, tuple[type, ...]]] = {
    "String": ("a string", (str,)),
    "Numeric": ("a number", (int, float)),
    "Boolean": ("true or false", (bool,)),
    "Timestamp": ("a timestamp as a string", (str,)),
    "Is": ("true or false", (bool,)),
}
_SIGNS = {
    "LessThanEquals": "<=",
    "GreaterThanEquals": ">=",
    "LessThan": "<",
    "GreaterThan": ">",
    "Equals": "=",
}
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]")


class BaseRule:
    """A rule, which can be written in either query language."""

    def document(self, *, jsonata: bool) -> dict[str, Any]:
        return {"Condition": f"{{% {self.to_jsonata()} %}}"} if jsonata else self.to_dict()

    def to_dict(self) -> dict[str, Any]:
        """The rule as ASL in JSONPath."""
        raise NotImplementedError

    def to_jsonata(self) -> str:
        """The rule as a JSONata expression that is true or false."""
        raise NotImplementedError

    def __str__(self) -> str:
        return json.dumps(self.to_dict())


class Rule(BaseRule):
    """A variable compared with a value, or with another variable if the operator ends in Path."""

    def __init__(self, variable: Variable, operator: str, value: Any) -> None:
        if not isinstance(variable, Path) and not str(variable).startswith("$"):
            raise ValueError(
                f"{operator}: the variable must be a placeholder or begin with '$', "
                f"not {variable!r}"
            )
        self.variable, self.operator, self.value = variable, operator, value
        self._refuse_wrong_value()

    def _refuse_wrong_value(self) -> None:
        if self.operator.endswith("Path"):
            if not isinstance(self.value, Path) and not str(self.value).startswith("$"):
                raise ValueError(
                    f"{self.operator}: the value must be a placeholder or begin with '$', "
                    f"not {self.value!r}"
                )
            return
        family = next(name for name in _TYPES if self.operator.startswith(name))
        words, kinds = _TYPES[family]
        fits = isinstance(self.value, kinds) and isinstance(self.value, bool) == (kinds == (bool,))
        if not fits:
            hint = f"; use {self.operator}Path" if isinstance(self.value, Dynamic) else ""
            raise ValueError(
                f"{self.operator} on {_path(self.variable)}: the value must be {words}, "
                f"not {self.value!r}{hint}"
            )

    def to_dict(self) -> dict[str, Any]:
        is_path = self.operator.endswith("Path")
        value = _path(self.value) if is_path else self.value
        return {"Variable": _path(self.variable), self.operator: value}

    def to_jsonata(self) -> str:
        variable, operator = _expression(self.variable), self.operator.removesuffix("Path")
        if operator.startswith("Is"):
            return _type_test(variable, operator, is_so=self.value)
        if operator == "StringMatches":
            return f"$contains({variable}, /{_pattern(self.value)}/)"
        is_path = self.operator.endswith("Path")
        value = _expression(self.value) if is_path else json.dumps(self.value, ensure_ascii=False)
        if operator.startswith("Timestamp"):
            variable, value = f"$toMillis({variable})", f"$toMillis({value})"
        sign = next(sign for name, sign in _SIGNS.items() if operator.endswith(name))
        return f"{variable} {sign} {value}"

    def __repr__(self) -> str:
        return f"Rule({_path(self.variable)!r}, {self.operator!r}, {self.value!r})"


def _path(value: Any) -> str:
    return value.to_jsonpath() if isinstance(value, Path) else str(value)


def _expression(value: Variable) -> str:
    """A variable in JSONata; a JSONPath string is translated if it is a plain path."""
    if isinstance(value, Path):
        return value.to_jsonata()
    root = "$states.context" if value.startswith("$$") else "$states.input"
    rest, expression, at = value.lstrip("$"), root, 0
    while at < len(rest):
        step = _STEP.match(rest, at)
        if step is None:
            raise ValueError(
                f"the path {value!r} has no plain JSONata form; use ChoiceRule.Condition('...')"
            )
        name, index, quoted = step.groups()
        expression += f"[{index}]" if index else f".{name}" if name else f".`{quoted}`"
        at = step.end()
    return expression


_TYPE_TESTS = {
    "IsNull": "$type({}) = 'null'",
    "IsPresent": "$exists({})",
    "IsString": "$type({}) = 'string'",
    "IsNumeric": "$type({}) = 'number'",
    "IsBoolean": "$type({}) = 'boolean'",
    "IsTimestamp": (
        "$type({0}) = 'string' and $contains({0}, "
        r"/^\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/)"
    ),
}


def _type_test(variable: str, operator: str, *, is_so: bool) -> str:
    test = _TYPE_TESTS[operator].format(variable)
    return test if is_so else f"$not({test})"


def _pattern(glob: str) -> str:
    """The regular expression of a StringMatches value: `*` is a wildcard, a backslash escapes."""
    parts = re.findall(r"\\.|.", glob, re.DOTALL)
    texts = [".*" if part == "*" else re.escape(part[-1]).replace("/", "\\/") for part in parts]
    return f"^{''.join(texts)}$"


class CompoundRule(BaseRule):
    """Several rules under And or Or."""

    def __init__(self, operator: str, rules: Sequence[BaseRule]) -> None:
        if not isinstance(rules, list | tuple):
            raise ValueError(  # noqa: TRY004 - what users of the old package catch
                f"{operator} takes a list of rules: ChoiceRule.{operator}([rule, rule]), "
                f"not {rules!r}"
            )
        for rule in rules:
            _refuse_no_rule(operator, rule)
        if not rules:
            raise ValueError(f"{operator} needs at least one rule")
        self.operator, self.rules = operator, list(rules)

    def to_dict(self) -> dict[str, Any]:
        return {self.operator: [rule.to_dict() for rule in self.rules]}

    def to_jsonata(self) -> str:
        return f" {self.operator.lower()} ".join(f"({rule.to_jsonata()})" for rule in self.rules)

    def __repr__(self) -> str:
        return f"{self.operator}({self.rules!r})"


class NotRule(BaseRule):
    """A rule negated."""

    def __init__(self, rule: BaseRule) -> None:
        _refuse_no_rule("Not", rule)
        self.rule = rule

    def to_dict(self) -> dict[str, Any]:
        return {"Not": self.rule.to_dict()}

    def to_jsonata(self) -> str:
        return f"$not({self.rule.to_jsonata()})"

    def __repr__(self) -> str:
        return f"Not({self.rule!r})"


class ConditionRule(BaseRule):
    """A literal JSONata condition, for Choice states in JSONata."""

    def __init__(self, condition: str | bool | Dynamic) -> None:
        self.condition = condition

    def document(self, *, jsonata: bool) -> dict[str, Any]:
        if not jsonata:
            raise ValueError("a Condition needs query_language='JSONata' on the state or workflow")
        condition = self.condition
        if isinstance(condition, str) and condition.strip().startswith("{%"):
            return {"Condition": condition}
        return {"Condition": condition if condition is True else f"{{% {self.to_jsonata()} %}}"}

    def to_dict(self) -> dict[str, Any]:
        return self.document(jsonata=True)

    def to_jsonata(self) -> str:
        if isinstance(self.condition, Dynamic):
            return self.condition.to_jsonata()
        if isinstance(self.condition, bool):
            return "true" if self.condition else "false"
        return self.condition.strip().removeprefix("{%").removesuffix("%}").strip()

    def __repr__(self) -> str:
        return f"Condition({self.condition!r})"


def _refuse_no_rule(operator: str, rule: Any) -> None:
    if not isinstance(rule, BaseRule):
        raise ValueError(  # noqa: TRY004 - what users of the old package catch
            f"{operator} takes rules made with ChoiceRule, not {rule!r}"
        )


class _Builder(Protocol):
    """Both arguments may be given by name."""

    def __call__(self, variable: Variable, value: Any) -> Rule: ...


def _builder(operator: str) -> _Builder:
    def build(variable: Variable, value: Any) -> Rule:
        return Rule(variable, operator, value)

    build.__name__ = build.__qualname__ = operator
    build.__doc__ = f"The rule {operator}: `variable` is a path or placeholder."
    return build


class ChoiceRule:
    """Makes rules: `ChoiceRule.NumericLessThan(variable, 0.1)`, or `Condition` in JSONata."""

    StringEquals = staticmethod(_builder("StringEquals"))
    StringEqualsPath = staticmethod(_builder("StringEqualsPath"))
    StringLessThan = staticmethod(_builder("StringLessThan"))
    StringLessThanPath = staticmethod(_builder("StringLessThanPath"))
    StringGreaterThan = staticmethod(_builder("StringGreaterThan"))
    StringGreaterThanPath = staticmethod(_builder("StringGreaterThanPath"))
    StringLessThanEquals = staticmethod(_builder("StringLessThanEquals"))
    StringLessThanEqualsPath = staticmethod(_builder("StringLessThanEqualsPath"))
    StringGreaterThanEquals = staticmethod(_builder("StringGreaterThanEquals"))
    StringGreaterThanEqualsPath = staticmethod(_builder("StringGreaterThanEqualsPath"))
    NumericEquals = staticmethod(_builder("NumericEquals"))
    NumericEqualsPath = staticmethod(_builder("NumericEqualsPath"))
    NumericLessThan = staticmethod(_builder("NumericLessThan"))
    NumericLessThanPath = staticmethod(_builder("NumericLessThanPath"))
    NumericGreaterThan = staticmethod(_builder("NumericGreaterThan"))
    NumericGreaterThanPath = staticmethod(_builder("NumericGreaterThanPath"))
    NumericLessThanEquals = staticmethod(_builder("NumericLessThanEquals"))
    NumericLessThanEqualsPath = staticmethod(_builder("NumericLessThanEqualsPath"))
    NumericGreaterThanEquals = staticmethod(_builder("NumericGreaterThanEquals"))
    NumericGreaterThanEqualsPath = staticmethod(_builder("NumericGreaterThanEqualsPath"))
    TimestampEquals = staticmethod(_builder("TimestampEquals"))
    TimestampEqualsPath = staticmethod(_builder("TimestampEqualsPath"))
    TimestampLessThan = staticmethod(_builder("TimestampLessThan"))
    TimestampLessThanPath = staticmethod(_builder("TimestampLessThanPath"))
    TimestampGreaterThan = staticmethod(_builder("TimestampGreaterThan"))
    TimestampGreaterThanPath = staticmethod(_builder("TimestampGreaterThanPath"))
    TimestampLessThanEquals = staticmethod(_builder("TimestampLessThanEquals"))
    TimestampLessThanEqualsPath = staticmethod(_builder("TimestampLessThanEqualsPath"))
    TimestampGreaterThanEquals = staticmethod(_builder("TimestampGreaterThanEquals"))
    TimestampGreaterThanEqualsPath = staticmethod(_builder("TimestampGreaterThanEqualsPath"))
    BooleanEquals = staticmethod(_builder("BooleanEquals"))
    BooleanEqualsPath = staticmethod(_builder("BooleanEqualsPath"))
    StringMatches = staticmethod(_builder("StringMatches"))
    IsNull = staticmethod(_builder("IsNull"))
    IsPresent = staticmethod(_builder("IsPresent"))
    IsString = staticmethod(_builder("IsString"))
    IsNumeric = staticmethod(_builder("IsNumeric"))
    IsTimestamp = staticmethod(_builder("IsTimestamp"))
    IsBoolean = staticmethod(_builder("IsBoolean"))

    @staticmethod
    def And(rules: Sequence[BaseRule]) -> CompoundRule:  # noqa: N802 - ASL's own name
        return CompoundRule("And", rules)

    @staticmethod
    def Or(rules: Sequence[BaseRule]) -> CompoundRule:  # noqa: N802
        return CompoundRule("Or", rules)

    @staticmethod
    def Not(rule: BaseRule) -> NotRule:  # noqa: N802
        return NotRule(rule)

    @staticmethod
    def Condition(condition: str | bool | Dynamic) -> ConditionRule:  # noqa: N802
        """A JSONata condition, with or without `{% %}`."""
        return ConditionRule(condition)
