"""The schema of an execution input: types, defaults and ranges, key by key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ratchet.workflow.similar_names import most_similar

_REQUIRED = object()


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a schema: its type and, new here, default, range, choices and pattern.

    A field with a default may be left out; `optional` means left out without a default.
    """

    type: type = str
    default: Any = _REQUIRED
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Any, ...] = ()
    pattern: str | None = None
    optional: bool = False
    description: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.type, type):
            raise ValueError(  # noqa: TRY004 - as for every other fault of a schema
                f"A schema gives each key a type (str, int, float, bool, list, dict), a Field or "
                f"further keys, not {self.type!r}"
            )
        problem = None if self.default is _REQUIRED else self.problem(self.default)
        if problem:
            raise ValueError(f"The default {self.default!r} breaks its own rule: {problem}")

    @property
    def has_default(self) -> bool:
        return self.default is not _REQUIRED

    @property
    def required(self) -> bool:
        return not (self.has_default or self.optional)

    def fits_type(self, value: Any) -> bool:
        """JSON's view of types: a whole number is also a float, true is not a number."""
        if isinstance(value, bool):
            return self.type in (bool, object)
        return isinstance(value, (int, float) if self.type is float else self.type)

    def problem(self, value: Any) -> str | None:
        """What is wrong with a value, or None."""
        if not self.fits_type(value):
            return f"must be {self.type.__name__}, not {type(value).__name__} ({value!r})"
        if self.choices and value not in self.choices:
            return f"must be one of {', '.join(map(repr, self.choices))}, not {value!r}"
        if self.minimum is not None and value < self.minimum:
            return f"must be at least {self.minimum}, not {value!r}"
        if self.maximum is not None and value > self.maximum:
            return f"must be at most {self.maximum}, not {value!r}"
        if self.pattern and not re.fullmatch(self.pattern, value):
            return f"must match {self.pattern}, not {value!r}"
        return None


class ValidationResult(NamedTuple):
    """`valid`, the keys missing, and (key, expected type, given type) for each wrong type.

    `problems` is new: a sentence for each problem, naming its key.
    """

    valid: bool
    keys_missing: list[str]
    keys_type_mismatch: list[tuple[str, type, type]]
    problems: tuple[str, ...] = ()


Fields = Mapping[str, Any]  # key to a Field, or to further Fields


def validate(fields: Fields, given: Any, *, closed: bool) -> ValidationResult:
    """Compare an input with a schema. A closed schema allows no other keys."""
    if not isinstance(given, Mapping):
        sentence = f"the input must be an object, not {type(given).__name__}"
        return ValidationResult(False, [], [("", dict, type(given))], (sentence,))
    missing: list[str] = []
    mismatched: list[tuple[str, type, type]] = []
    problems: list[str] = []
    for key, field, value in _pairs(fields, given, ""):
        if field is None:
            problems += [f"{key} is unknown{_nearest(key, fields)}"] if closed else []
        elif value is _REQUIRED:
            missing.append(key)
            problems.append(f"{key} is missing")
        elif isinstance(field, Field):
            if not field.fits_type(value):
                mismatched.append((key, field.type, type(value)))
            problems += [f"{key} {problem}" for problem in [field.problem(value)] if problem]
        else:
            mismatched.append((key, dict, type(value)))
            problems.append(f"{key} must be an object, not {type(value).__name__} ({value!r})")
    return ValidationResult(not problems, missing, mismatched, tuple(problems))


def _pairs(
    fields: Fields, given: Mapping[str, Any], prefix: str
) -> Iterator[tuple[str, Field | Fields | None, Any]]:
    for key, field in fields.items():
        name, value = f"{prefix}{key}", given.get(key, _REQUIRED)
        if isinstance(field, Field):
            if value is not _REQUIRED or field.required:
                yield name, field, value
        elif isinstance(value, Mapping) or value is _REQUIRED:
            inner: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
            yield from _pairs(field, inner, f"{name}.")
        else:
            yield name, field, value
    for key in given:
        if key not in fields:
            yield f"{prefix}{key}", None, given[key]


def _nearest(key: str, fields: Fields) -> str:
    near = most_similar(key, names(fields))
    return f"; did you mean {near}?" if near else ""


def names(fields: Fields, prefix: str = "") -> Iterator[str]:
    """Every key at every depth, in dotted form."""
    for key, field in fields.items():
        if isinstance(field, Field):
            yield f"{prefix}{key}"
        else:
            yield from names(field, f"{prefix}{key}.")


def complete(fields: Fields, given: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the input in which every key left out has its default."""
    filled = dict(given)
    for key, field in fields.items():
        if not isinstance(field, Field):
            if isinstance(filled.get(key, {}), Mapping):
                inner = complete(field, filled.get(key, {}))
                filled |= {key: inner} if inner or key in filled else {}
        elif key not in filled and field.has_default:
            filled[key] = field.default
    return filled
