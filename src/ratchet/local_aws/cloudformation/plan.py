"""What a template defines for given parameters, checked and ordered by dependencies."""

from __future__ import annotations

from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

from ratchet.local_aws.cloudformation.errors import TemplateError
from ratchet.local_aws.cloudformation.intrinsics import (
    Scope,
    evaluate,
    references,
    text,
    truth,
)
from ratchet.local_aws.cloudformation.kinds import KINDS

RESOURCE_KEYS = frozenset(
    [
        "Type",
        "Properties",
        "DependsOn",
        "Condition",
        "Metadata",
        "DeletionPolicy",
        "UpdateReplacePolicy",
    ]
)
POLICIES = ("Delete", "Retain", "RetainExceptOnCreate")


class Plan:
    """The resources whose conditions hold, in an order in which they can be created."""

    def __init__(self, template: dict[str, Any], scope: Scope) -> None:
        _check_rules(template.get("Rules", {}), replace(scope, in_rules=True))
        self.scope = scope
        self.resources = {
            logical_id: definition
            for logical_id, definition in template["Resources"].items()
            if "Condition" not in definition or scope.condition(definition["Condition"])
        }
        for logical_id, definition in self.resources.items():
            _check_resource(logical_id, definition)
        self.order = self._ordered()
        self._outputs = template.get("Outputs", {})

    def outputs(self) -> list[dict[str, str]]:
        """The outputs, once everything exists."""
        return [
            self._output(key, definition)
            for key, definition in self._outputs.items()
            if "Condition" not in definition or self.scope.condition(definition["Condition"])
        ]

    def _output(self, key: str, definition: dict[str, Any]) -> dict[str, str]:
        made = {"OutputKey": key, "OutputValue": text(evaluate(definition["Value"], self.scope))}
        if "Description" in definition:
            made["Description"] = definition["Description"]
        if "Export" in definition:
            made["ExportName"] = text(evaluate(definition["Export"]["Name"], self.scope))
        return made

    def _ordered(self) -> list[str]:
        graph = {
            logical_id: self._needs(logical_id, definition)
            for logical_id, definition in self.resources.items()
        }
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError as error:
            circle = " -> ".join(error.args[1])
            raise TemplateError(
                f"Circular dependency between resources: {circle}; remove one of the references"
            ) from error

    def _needs(self, logical_id: str, definition: dict[str, Any]) -> set[str]:
        explicit = definition.get("DependsOn", [])
        explicit = [explicit] if isinstance(explicit, str) else explicit
        named = {*explicit, *references(definition.get("Properties", {}), self.scope)}
        known = self.scope.parameters.keys() | self.scope.pseudo.keys() | {"AWS::NoValue"}
        foreign = sorted(named - known - self.scope.resources.keys())
        if foreign:
            raise TemplateError(
                f"{logical_id} refers to {foreign[0]}, which is not a parameter or resource of the "
                "template; correct the reference"
            )
        return (named & self.resources.keys()) - {logical_id}


def _check_rules(rules: dict[str, Any], scope: Scope) -> None:
    for name, rule in rules.items():
        applies = rule.get("RuleCondition")
        if applies is not None and not truth(evaluate(applies, scope)):
            continue
        for assertion in rule["Assertions"]:
            if not truth(evaluate(assertion["Assert"], scope)):
                about = assertion.get("AssertDescription", "its assertion does not hold")
                raise TemplateError(f"rule {name} refuses the parameters: {about}")


def _check_resource(logical_id: str, definition: dict[str, Any]) -> None:
    kind = KINDS.get(definition.get("Type", ""))
    where = f"{logical_id} ({definition.get('Type')})"
    if kind is None:
        known = ", ".join(sorted(KINDS))
        raise TemplateError(f"{where}: the type is not supported by local AWS; it knows {known}")
    foreign = sorted(definition.keys() - RESOURCE_KEYS)
    if foreign:
        raise TemplateError(f"{where}: {foreign[0]} is not supported by local AWS; remove it")
    unknown = sorted(definition.get("Properties", {}).keys() - kind.known)
    if unknown:
        raise TemplateError(
            f"{where}: the property {unknown[0]} is not supported by local AWS; remove it, or use "
            f"one of {', '.join(sorted(kind.known))}"
        )
    for key in ("DeletionPolicy", "UpdateReplacePolicy"):
        if definition.get(key, "Delete") not in POLICIES:
            raise TemplateError(
                f"{where}: {key} {definition[key]} is not supported; use {', '.join(POLICIES)}"
            )
