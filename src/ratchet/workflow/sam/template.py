"""Reads a template, YAML or JSON with CloudFormation's short forms, into dicts and lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from ratchet.workflow.asl import positions
from ratchet.workflow.asl.findings import Finding, InvalidDefinition, Path

MAX_TEMPLATE_BYTES = 1_048_576  # CloudFormation's quota for a template in S3
MAX_DEPTH = 100
MAX_PARTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Template:
    """A template and its source text."""

    document: Mapping[str, Any]
    text: str

    @property
    def resources(self) -> Mapping[str, Any]:
        found = self.document.get("Resources")
        return {str(name): part for name, part in found.items()} if isinstance(found, dict) else {}

    def of_type(self, *types: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Logical id and properties of the resources of some types."""
        for name, resource in self.resources.items():
            if isinstance(resource, dict) and resource.get("Type") in types:
                properties = resource.get("Properties")
                yield name, properties if isinstance(properties, dict) else {}

    def position(self, path: Path) -> tuple[int, int] | None:
        """Line and column of a node of the template."""
        return positions.position(self.text, path)


def is_template(text: str) -> bool:
    """Whether a text is a template rather than a state machine."""
    if "AWS::" not in text:
        return False
    if not text.lstrip().startswith("{"):
        return bool(re.search(r"^[\"']?Resources[\"']?\s*:", text, re.MULTILINE))
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and "Resources" in document and "States" not in document


def read(text: str) -> Template:
    """The template in a text. Raises InvalidDefinition if it is not a YAML or JSON mapping."""
    size = len(text.encode(errors="replace"))
    if size > MAX_TEMPLATE_BYTES:
        reason = f"The template has {size:,} bytes; CloudFormation accepts {MAX_TEMPLATE_BYTES:,}"
        raise _refused(reason, "Split it into nested stacks")
    try:
        _refuse_depth(text)
        _unfolded(yaml.compose(text, Loader=TemplateLoader), {}, set())
        document = yaml.load(text, TemplateLoader)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise _refused(f"Not YAML: {error.problem}", "Correct the YAML here", *place) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _refused(f"Not YAML: {error}", "Correct the YAML") from error
    if not isinstance(document, dict):
        raise _refused("A template must be a mapping with Resources", "Add Resources")
    return Template(document, text)


def _refuse_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=TemplateLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise _refused("The template is nested too deeply", f"Stay below {MAX_DEPTH} levels")


def _unfolded(node: Any, known: dict[int, int], around: set[int]) -> int:
    """The number of nodes once aliases are expanded; too many, or a cycle, are refused."""
    key = id(node)
    if key in around:
        raise _refused("The template has an alias that contains itself", "Write the value out")
    if key not in known:
        around.add(key)
        parts = [part for pair in _inside(node) for part in pair]
        known[key] = 1 + sum(_unfolded(part, known, around) for part in parts)
        around.discard(key)
    if known[key] > MAX_PARTS:
        raise _refused("The template's aliases expand to too many nodes", "Write them out")
    return known[key]


def _inside(node: Any) -> list[Any]:
    if isinstance(node, yaml.MappingNode):
        return list(node.value)
    return [(part,) for part in node.value] if isinstance(node, yaml.SequenceNode) else []


class TemplateLoader(yaml.CSafeLoader):
    """YAML as CloudFormation reads it: dates are text, `!Sub x` is {"Fn::Sub": x}."""


TemplateLoader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _short_form(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


TemplateLoader.add_multi_constructor("!", _short_form)


def _refused(
    reason: str, suggestion: str, line: int | None = None, column: int | None = None
) -> InvalidDefinition:
    return InvalidDefinition([Finding("template", reason, suggestion, line=line, column=column)])
