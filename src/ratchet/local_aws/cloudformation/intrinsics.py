"""CloudFormation's intrinsic functions, evaluated with parameters and created resources."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ratchet.local_aws.cloudformation.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ratchet.local_aws.cloudformation.kinds.base import Made

NO_VALUE = object()
"""The value of !Ref AWS::NoValue: the key or item that has it is removed."""
PLACEHOLDER = re.compile(r"\$\{(!?)([^}]*)\}")


@dataclass
class Scope:
    """What expressions can refer to. `made` grows while the stack is built."""

    parameters: Mapping[str, Any]
    pseudo: Mapping[str, Any]
    mappings: Mapping[str, Any]
    conditions: Mapping[str, Any]
    resources: Mapping[str, Any]
    made: dict[str, Made] = field(default_factory=dict)
    in_rules: bool = False
    _decided: dict[str, bool] = field(default_factory=dict)

    def condition(self, name: str) -> bool:
        """Whether the named condition holds."""
        if name not in self.conditions:
            raise TemplateError(
                f"condition {name} is not defined under Conditions; define it or correct the name"
            )
        if name not in self._decided:
            self._decided[name] = truth(evaluate(self.conditions[name], self))
        return self._decided[name]

    def ref(self, name: str) -> Any:
        """The value of {"Ref": name}."""
        if name == "AWS::NoValue":
            return NO_VALUE
        for values in (self.parameters, self.pseudo):
            if name in values:
                return values[name]
        return self._resource(name).ref

    def attribute(self, logical_id: str, name: str) -> Any:
        """The value of {"Fn::GetAtt": [logical id, name]}."""
        attributes = self._resource(logical_id).attributes
        if name not in attributes:
            known = ", ".join(sorted(attributes)) or "none"
            raise TemplateError(
                f"Fn::GetAtt: {logical_id} has no attribute {name} in local AWS; it has: {known}"
            )
        return attributes[name]

    def _resource(self, logical_id: str) -> Made:
        if logical_id not in self.made:
            raise TemplateError(
                f"{logical_id} is not a parameter, pseudo parameter or resource whose condition "
                "holds; correct the reference"
            )
        return self.made[logical_id]


def function_of(value: Any) -> tuple[str, Any] | None:
    """(name, argument) if the value is a function call, else None."""
    if isinstance(value, dict) and len(value) == 1:
        name, argument = next(iter(value.items()))
        if name in ("Ref", "Condition") or name.startswith("Fn::"):
            return name, argument
    return None


def evaluate(value: Any, scope: Scope) -> Any:
    """The value with every function replaced by its result."""
    call = function_of(value)
    if call and not (call[0] == "Condition" and not isinstance(call[1], str)):
        return _call(*call, scope)
    if isinstance(value, dict):
        items = ((key, evaluate(item, scope)) for key, item in value.items())
        return {key: item for key, item in items if item is not NO_VALUE}
    if isinstance(value, list):
        return [item for item in (evaluate(each, scope) for each in value) if item is not NO_VALUE]
    return value


def _call(name: str, argument: Any, scope: Scope) -> Any:
    function = FUNCTIONS.get(name)
    if function is None:
        known = ", ".join(sorted(FUNCTIONS))
        raise TemplateError(f"{name} is not supported by local AWS; it knows {known}")
    try:
        return function(argument, scope)
    except (TypeError, ValueError, KeyError, IndexError) as error:
        raise TemplateError(
            f"{name}: {argument!r} cannot be evaluated ({type(error).__name__}: {error})"
        ) from error


def text(value: Any) -> str:
    """A value as CloudFormation writes it in text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)):
        raise TypeError(f"{value!r} is not text")
    return str(value)


def truth(value: Any) -> bool:
    """A condition's value."""
    if text(value) not in ("true", "false"):
        raise TemplateError(
            f"{value!r} is not a condition; use Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition"
        )
    return text(value) == "true"


def _sub(argument: Any, scope: Scope) -> str:
    template, own = (argument, {}) if isinstance(argument, str) else argument
    values = {name: evaluate(value, scope) for name, value in own.items()}

    def fill(match: re.Match[str]) -> str:
        literal, name = match.groups()
        if literal:
            return "${" + name + "}"
        if name in values:
            return text(values[name])
        logical_id, _, attribute = name.strip().partition(".")
        found = scope.attribute(logical_id, attribute) if attribute else scope.ref(logical_id)
        return text(found)

    return PLACEHOLDER.sub(fill, template)


def _get_att(argument: Any, scope: Scope) -> Any:
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    return scope.attribute(parts[0], text(evaluate(parts[1], scope)))


def _find_in_map(argument: Any, scope: Scope) -> Any:
    name, first, second = (text(evaluate(each, scope)) for each in argument)
    return scope.mappings[name][first][second]


def _if(argument: Any, scope: Scope) -> Any:
    name, when_true, when_false = argument
    return evaluate(when_true if scope.condition(name) else when_false, scope)


def _select(argument: Any, scope: Scope) -> Any:
    index, items = argument
    return evaluate(items, scope)[int(evaluate(index, scope))]


def _join(argument: Any, scope: Scope) -> str:
    separator, items = argument
    return str(separator).join(text(item) for item in evaluate(items, scope))


def _split(argument: Any, scope: Scope) -> list[str]:
    separator, whole = argument
    return text(evaluate(whole, scope)).split(separator)


def _equals(argument: Any, scope: Scope) -> bool:
    left, right = (evaluate(each, scope) for each in argument)
    if isinstance(left, (dict, list)) or isinstance(right, (dict, list)):
        return bool(left == right)
    return text(left) == text(right)


def _contains(argument: Any, scope: Scope) -> bool:
    """A rule-specific function: CloudFormation refuses it outside of Rules."""
    if not scope.in_rules:
        raise TemplateError("Fn::Contains can be used only in the Rules section of a template")
    items, sought = (evaluate(each, scope) for each in argument)
    return text(sought) in map(text, items)


def _base64(argument: Any, scope: Scope) -> str:
    return base64.b64encode(text(evaluate(argument, scope)).encode()).decode()


FUNCTIONS: dict[str, Callable[[Any, Scope], Any]] = {
    "Ref": lambda name, scope: scope.ref(name),
    "Condition": lambda name, scope: scope.condition(name),
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::If": _if,
    "Fn::FindInMap": _find_in_map,
    "Fn::Base64": _base64,
    "Fn::Equals": _equals,
    "Fn::Contains": _contains,
    "Fn::Not": lambda argument, scope: not truth(evaluate(argument[0], scope)),
    "Fn::And": lambda items, scope: all(truth(evaluate(each, scope)) for each in items),
    "Fn::Or": lambda items, scope: any(truth(evaluate(each, scope)) for each in items),
}


def references(value: Any, scope: Scope) -> Iterator[str]:
    """The names a value refers to, in the branches that its conditions select."""
    call = function_of(value)
    if call:
        yield from _call_references(*call, scope)
    elif isinstance(value, dict):
        for item in value.values():
            yield from references(item, scope)
    elif isinstance(value, list):
        for item in value:
            yield from references(item, scope)


def _call_references(name: str, argument: Any, scope: Scope) -> Iterator[str]:
    if name == "Ref":
        yield argument
    elif name == "Fn::GetAtt":
        yield argument.split(".", 1)[0] if isinstance(argument, str) else argument[0]
    elif name == "Fn::If":
        yield from references(argument[1 if scope.condition(argument[0]) else 2], scope)
    elif name == "Fn::Sub":
        template, own = (argument, {}) if isinstance(argument, str) else argument
        names = (m[2].strip().split(".")[0] for m in PLACEHOLDER.finditer(template) if not m[1])
        yield from (name for name in names if name not in own)
        yield from references(own, scope)
    elif name != "Condition":
        yield from references(argument, scope)
