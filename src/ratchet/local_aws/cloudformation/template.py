"""Reads templates: YAML with CloudFormation's short forms, as plain dicts and lists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from ratchet.local_aws.cloudformation.errors import TemplateError
from ratchet.workflow.sam.template import TemplateLoader

if TYPE_CHECKING:
    from pathlib import Path

SECTIONS = frozenset(
    [
        "AWSTemplateFormatVersion",
        "Description",
        "Metadata",
        "Parameters",
        "Rules",
        "Mappings",
        "Conditions",
        "Transform",
        "Globals",
        "Resources",
        "Outputs",
    ]
)
SAM = "AWS::Serverless-2016-10-31"


class _Loader(TemplateLoader):
    """Refuses a key that appears twice."""


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[str, Any]:
    keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None and twice != "<<":
        raise TemplateError(
            f"line {node.start_mark.line + 1}: the key {twice!r} appears twice; remove one"
        )
    loader.flatten_mapping(node)
    return dict(loader.construct_pairs(node, deep=True))


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def load_template(path: Path) -> tuple[str, dict[str, Any]]:
    """The template's text and content. Raises TemplateError with the file's name."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(
            f"{path}: cannot be read ({error}); name a template, e.g. template.yaml"
        ) from error
    try:
        content = parse_yaml(text)
    except TemplateError as error:
        raise TemplateError(f"{path}: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("Resources"), dict):
        raise TemplateError(
            f"{path} is not a CloudFormation template; it needs a mapping `Resources`"
        )
    unknown = sorted(content.keys() - SECTIONS)
    if unknown:
        raise TemplateError(
            f"{path}: section {unknown[0]} is not supported by local AWS; remove it"
        )
    return text, content


def parse_yaml(text: str) -> Any:
    """A template's or a state machine's YAML (or JSON). Raises TemplateError."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506  a safe loader
    except yaml.YAMLError as error:
        reason = re.sub(r"\s+", " ", str(error))
        raise TemplateError(f"not valid YAML: {reason}") from error


def transforms(template: dict[str, Any]) -> list[str]:
    """The macros that a template names; TemplateError for one that is not SAM's."""
    named = template.get("Transform", [])
    names = [named] if isinstance(named, str) else list(named)
    foreign = [name for name in names if name != SAM]
    if foreign:
        raise TemplateError(
            f"Transform: {foreign[0]} is not supported by local AWS, only {SAM}; remove it"
        )
    return names
