"""Checks state machines in a file, in a SAM template, or as a Python object."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from ratchet.workflow.asl.building import build
from ratchet.workflow.asl.findings import WARNING, Finding, InvalidDefinition
from ratchet.workflow.asl.source import Source, decoded, read
from ratchet.workflow.checks import check
from ratchet.workflow.checks.role import Role
from ratchet.workflow.checks.rule import nearest
from ratchet.workflow.files import content_of
from ratchet.workflow.sam import template as sam
from ratchet.workflow.sam.machines import TemplateMachine, filled, machines, placeholders_in
from ratchet.workflow.sam.roles import role_of

MAX_SECONDS = 5.0  # CPU seconds of this thread for all machines of a template
_NO_MACHINE = Finding(
    "template",
    "The template has no state machine: nothing was checked",
    "Give a file that has one",
    path=("Resources",),
    severity=WARNING,
)


class Authored(Protocol):
    """An object with a definition, such as a workflow written in Python."""

    def to_dict(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Located:
    """A finding and the file it is about."""

    file: Path
    finding: Finding

    def __str__(self) -> str:
        separator = ":" if self.finding.line is not None else ": "
        return f"{self.file}{separator}{self.finding}"


def lint(
    definition: str | bytes | Mapping[str, Any] | Authored, *, placeholders: bool = True
) -> tuple[Finding, ...]:
    """Findings about a definition: text (JSON or YAML), a dict, or an object with to_dict().

    Never raises because of a definition's content. `${Name}` in a string is taken as a
    DefinitionSubstitution unless `placeholders` is off.
    """
    source = definition
    if not isinstance(source, str | bytes | Mapping):
        source = source.to_dict()
    return _checked(source, placeholders=placeholders)


def lint_file(path: Path) -> tuple[Finding, ...]:
    """Findings about one file; for a template, without the files that they are about."""
    return tuple(located.finding for located in lint_path(path))


def lint_path(path: Path) -> tuple[Located, ...]:
    """Findings about an ASL file, or about all machines of a SAM or CloudFormation template.

    Raises OSError if the file itself cannot be read.
    """
    content = content_of(path)
    try:
        text = decoded(content)
        if not sam.is_template(text):
            return _located(path, _checked(text, placeholders=True))
        return tuple(_of_template(path, sam.read(text)))
    except InvalidDefinition as error:
        return _located(path, error.findings)


def _located(path: Path, findings: Sequence[Finding]) -> tuple[Located, ...]:
    return tuple(Located(path, finding) for finding in findings)


def _of_template(path: Path, template: sam.Template) -> Iterator[Located]:
    began = time.thread_time()
    found = list(machines(template, path.parent))
    if not found:
        yield Located(path, _placed(template, _NO_MACHINE, ()))
    for machine in found:
        if isinstance(machine, Finding):
            yield Located(path, _placed(template, machine, ()))
            continue
        if time.thread_time() - began > MAX_SECONDS:
            reason = f"{machine.name} and the machines after it were not checked for lack of time"
            finding = Finding("template", reason, "Split the template", severity=WARNING)
            yield Located(path, _placed(template, finding, machine.path))
            return
        role = role_of(template, machine.name, machine.substitutions)
        if machine.file is not None:
            yield from _of_file(machine, machine.file, role)
        else:
            yield from _inline(path, template, machine, role)


def _of_file(machine: TemplateMachine, file: Path, role: Role | None) -> Iterator[Located]:
    try:
        source = _opened(decoded(content_of(file)))
    except InvalidDefinition as error:
        yield from _located(file, error.findings)
        return
    except OSError as error:
        yield Located(file, Finding("template", f"Cannot read the file: {error.strerror}", ""))
        return
    yield from _located(file, _machine_findings(source, machine, role))


def _inline(
    path: Path, template: sam.Template, machine: TemplateMachine, role: Role | None
) -> Iterator[Located]:
    try:
        source = _opened(machine.text) if machine.text is not None else read(machine.document or {})
    except InvalidDefinition as error:
        findings: Sequence[Finding] = error.findings
    else:
        findings = _machine_findings(source, machine, role)
    for finding in findings:
        if machine.text is not None:
            yield Located(path, _inside_text(template, machine, finding))
        else:
            yield Located(path, _placed(template, finding, machine.path))


def _machine_findings(
    source: Source, machine: TemplateMachine, role: Role | None
) -> tuple[Finding, ...]:
    document = filled(source.document, machine.substitutions)
    whole = replace(source, document=document)
    findings = check(build(whole), placeholders=True, role=role)
    return (*findings, *_unfilled(source, machine))


def _unfilled(source: Source, machine: TemplateMachine) -> Iterator[Finding]:
    """A `${Name}` without a value in the template reaches AWS literally."""
    if not machine.substitutions and machine.file is None:
        return
    used = dict(reversed([(name, path) for path, name in placeholders_in(source.document)]))
    unused = machine.substitutions.keys() - used.keys()
    for name, path in used.items():
        if _SUBSTITUTION.fullmatch(name) and name not in machine.substitutions:
            position = source.position(path)
            finding = Finding(
                "substitution",
                f"The template has no DefinitionSubstitutions value for ${{{name}}}",
                nearest(name, unused) if unused else "Add it there",
                path=path,
                severity=WARNING,
            )
            yield finding if position is None else finding.at(*position)


_SUBSTITUTION = re.compile(r"[A-Za-z0-9_]+")


def _placed(template: sam.Template, finding: Finding, prefix: tuple[str | int, ...]) -> Finding:
    """A finding about a node of the template, with its position."""
    position = template.position((*prefix, *finding.path))
    return finding if position is None else finding.at(*position)


def _inside_text(template: sam.Template, machine: TemplateMachine, finding: Finding) -> Finding:
    """A finding about a definition given as text in a template, with its position."""
    start = template.position(machine.path)
    if start is None:
        return finding
    lines = template.text.split("\n")
    first = (machine.text or "").lstrip().split("\n", 1)[0].strip()
    for number in range(start[0] - 1, len(lines)):
        if first and lines[number].strip() == first:
            indent = len(lines[number]) - len(lines[number].lstrip())
            line, column = (finding.line or 1), (finding.column or 1)
            return finding.at(number + line, indent + column)
    return finding.at(*start)


def _checked(
    definition: str | bytes | Mapping[str, Any], *, placeholders: bool
) -> tuple[Finding, ...]:
    try:
        source = _opened(definition) if placeholders else read(definition)
        return check(build(source), placeholders=placeholders)
    except InvalidDefinition as error:
        return error.findings


_BARE_PLACEHOLDER = re.compile(r"([:\[,]\s*)(\$\{[^}\"]+\})")


def _opened(definition: str | bytes | Mapping[str, Any]) -> Source:
    """A definition in which `"MaxConcurrency": ${Limit}` may be without quotes."""
    try:
        return read(definition)
    except InvalidDefinition:
        text = definition if isinstance(definition, str) else ""
        quoted = _BARE_PLACEHOLDER.sub(r'\1"\2"', text)
        if not text.lstrip().startswith("{") or quoted == text:
            raise
        return read(quoted)
