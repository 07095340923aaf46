"""Changes one value in a YAML file and nothing else: comments, order and line ends stay."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from ratchet.cli.errors import CliError
from ratchet.cli.yaml_files import parsed_yaml


@dataclass(frozen=True)
class Edit:
    """A changed file: its text, the line that changed, and the value's text before and after."""

    text: str
    line: int
    before: str | None
    after: str


def set_value(text: str, name: str, assignment: str) -> Edit:
    """`a.b=value` in the YAML `text` of the file `name`; CliError where that cannot be done."""
    dotted, equals, value = assignment.partition("=")
    keys = dotted.strip().split(".")
    if not equals or not all(keys):
        raise CliError(
            f"--set {assignment} names no value",
            "Write it as in --set training.hyperparameters.max_depth=6",
        )
    value = value.strip()
    _require_scalar(value, assignment)
    node = parsed_yaml(text, name)
    for place, key in enumerate(keys[:-1]):
        node = _child(node, key, name, ".".join(keys[: place + 1]))
    if not isinstance(node, yaml.MappingNode):
        raise CliError(f"{name}: {'.'.join(keys[:-1]) or 'the file'} has no keys to set")
    for key_node, value_node in node.value:
        if key_node.value == keys[-1]:
            return _replaced(text, name, dotted, value_node, value)
    return _inserted(text, node, keys[-1], value)


def _require_scalar(value: str, assignment: str) -> None:
    try:
        node = yaml.compose(value, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        node = None
    if value and "\n" not in value and "#" not in value and isinstance(node, yaml.ScalarNode):
        return
    raise CliError(f"--set {assignment}: {value or 'nothing'} is not a plain value",
                   "Lists and sections are changed in pipeline.yaml.")  # fmt: skip


def _child(node: yaml.Node | None, key: str, name: str, dotted: str) -> yaml.Node:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    for key_node, value_node in pairs:
        if key_node.value == key:
            found: yaml.Node = value_node
            return found
    raise CliError(f"{name} has no {dotted}", "Write that section first, or check the spelling.")


def _replaced(text: str, name: str, dotted: str, node: yaml.Node, value: str) -> Edit:
    if not isinstance(node, yaml.ScalarNode):
        raise CliError(f"{name}:{node.start_mark.line + 1}: {dotted} is not a single value",
                       "Lists and sections are changed in pipeline.yaml.")  # fmt: skip
    start, end = node.start_mark.index, node.end_mark.index
    before = text[start:end]
    gap = "" if start == 0 or text[start - 1].isspace() else " "
    changed = text[:start] + gap + value + text[end:]
    return Edit(changed, node.start_mark.line + 1, before, value)


def _inserted(text: str, node: yaml.MappingNode, key: str, value: str) -> Edit:
    """The new key behind the last one of its section."""
    last_key, last = node.value[-1]
    if node.flow_style:
        end = last.end_mark.index
        changed = f"{text[:end]}, {key}: {value}{text[end:]}"
        return Edit(changed, last.end_mark.line + 1, None, value)
    line_end = text.find("\n", last.end_mark.index - 1 if _ends_a_line(text, last) else
                         last.end_mark.index)  # fmt: skip
    break_ = "\r\n" if "\r\n" in text else "\n"
    indent = " " * last_key.start_mark.column
    if line_end < 0:
        text, line_end = text + break_, len(text) + len(break_) - 1
    head, tail = text[: line_end + 1], text[line_end + 1 :]
    line = head.count("\n") + 1
    return Edit(f"{head}{indent}{key}: {value}{break_}{tail}", line, None, value)


def _ends_a_line(text: str, node: yaml.Node) -> bool:
    """A block collection's mark is at the start of what follows it."""
    end = node.end_mark.index
    return end > 0 and text[end - 1] == "\n"
