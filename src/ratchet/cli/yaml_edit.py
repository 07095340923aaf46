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
    node, left = parsed_yaml(text, name), keys
    while isinstance(node, yaml.MappingNode):
        child = _child(node, left[0])
        if child is None and node.value:
            return _inserted(text, node, left, value)
        if len(left) == 1 and child is not None:
            return _replaced(text, name, dotted, child, value)
        node, left = child, left[1:]
    above = ".".join(keys[: len(keys) - len(left)])
    raise CliError(f"{name}: {above or 'the file'} has no keys to set")


def _require_scalar(value: str, assignment: str) -> None:
    try:
        node = yaml.compose(value, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        node = None
    if value and "\n" not in value and "#" not in value and isinstance(node, yaml.ScalarNode):
        return
    raise CliError(f"--set {assignment}: {value or 'nothing'} is not a plain value",
                   "Lists and sections are changed in pipeline.yaml.")  # fmt: skip


def _child(node: yaml.MappingNode, key: str) -> yaml.Node | None:
    return next((value for name, value in node.value if name.value == key), None)


def _replaced(text: str, name: str, dotted: str, node: yaml.Node, value: str) -> Edit:
    if not isinstance(node, yaml.ScalarNode):
        raise CliError(f"{name}:{node.start_mark.line + 1}: {dotted} is not a single value",
                       "Lists and sections are changed in pipeline.yaml.")  # fmt: skip
    start, end = node.start_mark.index, node.end_mark.index
    before = text[start:end]
    gap = "" if start == 0 or text[start - 1].isspace() else " "
    changed = text[:start] + gap + value + text[end:]
    return Edit(changed, node.start_mark.line + 1, before, value)


def _inserted(text: str, node: yaml.MappingNode, keys: list[str], value: str) -> Edit:
    """The new key behind the last one of its section, with the sections that are missing."""
    last_key, last = node.value[-1]
    line = f"{keys[0]}: " + "".join(f"{{{key}: " for key in keys[1:]) + value + "}" * len(keys[1:])
    if node.flow_style:
        end = last.end_mark.index
        return Edit(f"{text[:end]}, {line}{text[end:]}", last.end_mark.line + 1, None, value)
    line_end = text.find("\n", last.end_mark.index - 1 if _ends_a_line(text, last) else
                         last.end_mark.index)  # fmt: skip
    break_ = "\r\n" if "\r\n" in text else "\n"
    indent = " " * last_key.start_mark.column
    if line_end < 0:
        text, line_end = text + break_, len(text) + len(break_) - 1
    head, tail = text[: line_end + 1], text[line_end + 1 :]
    number = head.count("\n") + 1
    return Edit(f"{head}{indent}{line}{break_}{tail}", number, None, value)


def _ends_a_line(text: str, node: yaml.Node) -> bool:
    """A block collection's mark is at the start of what follows it."""
    end = node.end_mark.index
    return end > 0 and text[end - 1] == "\n"
