"""The role of a state machine in a template: inline policies, policy templates and connectors.

A role is open if the template does not contain all of it (managed policies, roles defined
elsewhere): then no permission is reported as missing.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ratchet.workflow.asl.model import as_list
from ratchet.workflow.checks.role import Grant, Role
from ratchet.workflow.sam.template import Template


class _Open(Exception):
    """The role may allow more than the template shows."""


def role_of(template: Template, name: str, substitutions: Mapping[str, Any]) -> Role | None:
    """The role of the machine with this logical ID; None if the template does not name it."""
    resource = template.resources[name]
    properties = resource.get("Properties") or {}
    names = _names(template, substitutions)
    try:
        grants = tuple(
            _closed(template, grant) for grant in _grants(template, name, resource, properties)
        )
    except _Open:
        return Role((), is_open=True, names=names)
    return Role(grants, names=names)


def _closed(template: Template, grant: Grant) -> Grant:
    """A grant on anything outside the template counts as one on any resource."""
    if grant.targets is None or grant.targets <= template.resources.keys():
        return grant
    return Grant(grant.actions)


def _names(template: Template, substitutions: Mapping[str, Any]) -> dict[str, str]:
    names = {name: name for name in template.resources}
    for name in template.resources:
        names |= {f"{name}.{attribute}": name for attribute in ("Arn", "Name", "QueueUrl")}
    for substitution, value in substitutions.items():
        targets = targets_of(value)
        if targets is not None and len(targets) == 1 and targets <= template.resources.keys():
            names[substitution] = next(iter(targets))
        else:
            names.pop(substitution, None)
    return names


def _grants(
    template: Template, name: str, resource: Mapping[str, Any], properties: Mapping[str, Any]
) -> Iterator[Grant]:
    if "StateMachine" in (template.document.get("Globals") or {}):
        raise _Open
    yield from _connected(template, name, resource)
    if resource["Type"] == "AWS::Serverless::StateMachine" and "Role" not in properties:
        policies = properties.get("Policies", [])
        for policy in policies if isinstance(policies, list) else [policies]:
            yield from _policy(policy)
        return
    yield from _role(template, properties.get("Role", properties.get("RoleArn")))


def _role(template: Template, value: Any) -> Iterator[Grant]:
    targets = targets_of(value)
    name = next(iter(targets)) if targets is not None and len(targets) == 1 else ""
    found = template.resources.get(name)
    if not isinstance(found, dict) or found.get("Type") != "AWS::IAM::Role":
        raise _Open
    properties = found.get("Properties") or {}
    if properties.get("ManagedPolicyArns"):
        raise _Open
    for policy in as_list(properties.get("Policies")):
        yield from _document(policy.get("PolicyDocument") if isinstance(policy, dict) else None)
    kinds = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")
    for _, other in template.of_type(*kinds):
        holders = [*as_list(other.get("Roles")), other.get("RoleName")]
        if any(name in (targets_of(holder) or ()) for holder in holders):
            yield from _document(other.get("PolicyDocument"))


def _policy(policy: Any) -> Iterator[Grant]:
    """An entry of SAM's Policies: a policy document, a policy template, or the name of a policy."""
    if not isinstance(policy, dict) or not policy:
        raise _Open
    if "Statement" in policy:
        yield from _document(policy)
        return
    if "Fn::If" in policy:
        for part in as_list(policy["Fn::If"])[1:]:
            if part != {"Ref": "AWS::NoValue"}:
                yield from _policy(part)
        return
    for name, parameters in policy.items():
        definition = _policy_templates().get(name)
        if definition is None:
            raise _Open
        values = [targets_of(value) for value in (parameters or {}).values()]
        targets = frozenset().union(*(value for value in values if value))
        known = bool(values) and all(value is not None for value in values)
        for statement in definition["Definition"]["Statement"]:
            yield Grant(_actions(statement.get("Action")), targets if known else None)


def _document(document: Any) -> Iterator[Grant]:
    statements = document.get("Statement") if isinstance(document, dict) else None
    if statements is None:
        raise _Open
    for statement in statements if isinstance(statements, list) else [statements]:
        yield from _statement(statement)


def _statement(statement: Any) -> Iterator[Grant]:
    if isinstance(statement, dict) and "Fn::If" in statement:
        for part in as_list(statement["Fn::If"])[1:]:
            if part != {"Ref": "AWS::NoValue"}:
                yield from _statement(part)
        return
    if not isinstance(statement, dict) or "NotAction" in statement:
        raise _Open
    if statement.get("Effect", "Allow") == "Allow":
        targets = None if "NotResource" in statement else targets_of(statement.get("Resource"))
        yield Grant(_actions(statement.get("Action")), targets)


def _actions(value: Any) -> tuple[str, ...]:
    actions = value if isinstance(value, list) else [value]
    if not all(isinstance(action, str) for action in actions):
        raise _Open
    return tuple(actions)


_NAMED = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.[A-Za-z]+)?\}")


def targets_of(value: Any) -> frozenset[str] | None:
    """The resources of the template that a value names; None if it may name others."""
    if isinstance(value, list):
        parts = [targets_of(part) for part in value]
        known = [part for part in parts if part is not None]
        return frozenset().union(*known) if len(known) == len(parts) else None
    if not isinstance(value, dict) or len(value) != 1:
        return None
    name, argument = next(iter(value.items()))
    if name == "Ref":
        return frozenset([argument]) if isinstance(argument, str) else None
    if name == "Fn::GetAtt":
        first = argument[0] if isinstance(argument, list) and argument else argument
        return frozenset([str(first).split(".")[0]])
    if name == "Fn::If":
        return targets_of(as_list(argument)[1:])
    if name == "Fn::Sub" and isinstance(argument, str):
        return frozenset(_NAMED.findall(argument)) or None
    return None


# connectors


@dataclass(frozen=True, slots=True)
class _Connector:
    destinations: tuple[Any, ...]
    permissions: tuple[str, ...]


_TYPES = {
    "AWS::Serverless::Function": "AWS::Lambda::Function",
    "AWS::Serverless::SimpleTable": "AWS::DynamoDB::Table",
    "AWS::Serverless::StateMachine": "AWS::StepFunctions::StateMachine",
}


def _connected(template: Template, name: str, resource: Mapping[str, Any]) -> Iterator[Grant]:
    for connector in _connectors(template, name, resource):
        for destination in connector.destinations:
            yield from _connection(template, destination, connector.permissions)


def _connectors(template: Template, name: str, resource: Mapping[str, Any]) -> Iterator[_Connector]:
    embedded = resource.get("Connectors")
    found = [part.get("Properties") for part in (embedded or {}).values()]
    for _, properties in template.of_type("AWS::Serverless::Connector"):
        source = properties.get("Source")
        if isinstance(source, dict) and source.get("Id") == name:
            found.append(properties)
    for properties in found:
        destination = properties.get("Destination")
        many = destination if isinstance(destination, list) else [destination]
        yield _Connector(tuple(many), tuple(as_list(properties.get("Permissions"))))


def _connection(
    template: Template, destination: Any, permissions: tuple[str, ...]
) -> Iterator[Grant]:
    name = destination.get("Id") if isinstance(destination, dict) else None
    kind = template.resources.get(name, {}).get("Type", "") if isinstance(name, str) else ""
    profiles = _profiles().get(_TYPES.get(kind, kind))
    if profiles is None or not isinstance(name, str):
        raise _Open
    for category, access in profiles["Properties"].get("AccessCategories", {}).items():
        if category in permissions:
            for statement in access["Statement"]:
                yield Grant(_actions(statement["Action"]), frozenset([name]))


@cache
def _policy_templates() -> Mapping[str, Any]:
    data = _data("policy_templates_data", "policy_templates.json")
    templates: Mapping[str, Any] = data.get("Templates", {})
    return templates


@cache
def _profiles() -> Mapping[str, Any]:
    data = _data("model", "connector_profiles", "profiles.json")
    profiles: Mapping[str, Any] = data.get("Permissions", {}).get(
        "AWS::StepFunctions::StateMachine", {}
    )
    return profiles


def _data(*place: str) -> Mapping[str, Any]:
    """A data file of the SAM translator, read without the second that its import takes."""
    spec = importlib.util.find_spec("samtranslator")
    if spec is None or not spec.submodule_search_locations:
        return {}
    path = Path(spec.submodule_search_locations[0]).joinpath(*place)
    if not path.exists():
        return {}
    data: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    return data
