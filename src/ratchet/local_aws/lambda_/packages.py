"""Which packages a function may import: those its layers require, as on AWS.

In a source tree a layer is only its requirements.txt; the packages come from the environment of
local AWS. AWS's Python runtime adds the SDK (boto3 and what it needs).
"""

from __future__ import annotations

import functools
import importlib.metadata
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

RUNTIME_PACKAGES = ("boto3",)
MODULE_SUFFIXES = (".py", ".so", ".pyd")
REQUIREMENT = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?\s*([^;]*?)\s*(?:;(.*))?")
EXTRA = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")


class RequirementsError(Exception):
    """A requirements.txt that the environment of local AWS does not satisfy."""


@dataclass(frozen=True)
class Requirement:
    """One line: the package, its extras, its version specifier and its marker."""

    name: str
    extras: frozenset[str]
    specifier: str
    marker: str

    def applies(self, extra: str) -> bool:
        """Whether a package required with `extra` needs this line."""
        extras = EXTRA.findall(self.marker)
        return not extras or extra in extras


def requirement_lines(text: str) -> list[str]:
    """The requirements of a requirements.txt, without comments, hashes and continuations."""
    joined = re.sub(r"\\\r?\n", " ", text)
    lines = [re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines()]
    return [re.split(r"\s+--hash", line)[0].strip() for line in lines if line]


def importable_names(requirements: Iterable[str]) -> frozenset[str]:
    """Top-level module names of the requirements' closure and of AWS's runtime itself.

    Raises RequirementsError, naming the line, if a package is missing here or has another
    version, or if the line is not a plain requirement.
    """
    lines = [*RUNTIME_PACKAGES, *requirements]
    return frozenset(name for package in _closure(lines) for name in _modules_of(package))


def _closure(lines: Iterable[str]) -> set[str]:
    wanted: set[tuple[str, str]] = set()
    waiting = [_direct(line) for line in lines]
    while waiting:
        requirement = waiting.pop()
        for extra in {"", *requirement.extras}:
            if (requirement.name, extra) not in wanted:
                wanted.add((requirement.name, extra))
                waiting += [r for r in _children(requirement.name) if r.applies(extra)]
    return {name for name, _ in wanted}


def _parse(line: str) -> Requirement | None:
    match = REQUIREMENT.fullmatch(line)
    if not match:
        return None
    name, extras, specifier, marker = match.groups(default="")
    wanted = frozenset(extra.strip() for extra in extras.split(",") if extra.strip())
    return Requirement(_normal(name), wanted, specifier, marker)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _direct(line: str) -> Requirement:
    """A line of a requirements.txt: it must be plain, and name the version installed here."""
    requirement = _parse(line)
    if requirement is None:
        raise RequirementsError(
            f"requirements.txt: {line!r} is not a plain requirement; write `name==version` lines"
        )
    version = _version(requirement.name)
    if version is None:
        raise RequirementsError(
            f"requirements.txt names {requirement.name}, which is not installed in the "
            "environment of local AWS; install it there or remove the line"
        )
    pin = requirement.specifier.removeprefix("==").strip()
    if requirement.specifier.startswith("==") and pin != version:
        raise RequirementsError(
            f"requirements.txt asks for {requirement.name} {pin}, local AWS has {version}; "
            "use the same version in both lock files"
        )
    return requirement


@functools.cache
def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


@functools.cache
def _children(name: str) -> tuple[Requirement, ...]:
    """What an installed package needs, without lines for other platforms or Pythons."""
    parsed = (_parse(line) for line in importlib.metadata.requires(name) or ())
    return tuple(r for r in parsed if r is not None and _version(r.name) is not None)


@functools.cache
def _modules_of(name: str) -> frozenset[str]:
    files = importlib.metadata.files(name) or []
    return frozenset(_top_levels(str(file) for file in files))


def _top_levels(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        first, _, rest = path.partition("/")
        if path.endswith(MODULE_SUFFIXES) and first != "..":
            yield first if rest else first.split(".")[0]
