"""Frozen dataclasses as JSON and back: every field typed and described, every document versioned.

A field's description is the text in its `Annotated` type: what it is, and its unit.

Reading is strict about what it needs and lenient about the rest: a field that is missing or of
another type is refused by name, one that is unknown is passed over.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Final, Self

from retraining.errors import DocumentUnreadable

VERSION_KEY: Final = "document"
Decode = Callable[[Any, str], Any]


class WrongField(ValueError):
    """Raised for a field of the wrong shape; the document around it adds its name."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A frozen dataclass within a document, or the answer of a state."""

    def as_json(self) -> dict[str, Any]:
        """The part as JSON values."""
        names = (field.name for field in dataclasses.fields(self))
        return {name: _encoded(getattr(self, name)) for name in names}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """The part that `as_json` wrote; raises DocumentUnreadable with the field's name."""
        try:
            return cls._decoded(value, "")
        except WrongField as error:
            raise DocumentUnreadable(f"{cls.__name__}: {error}") from error

    @classmethod
    def _decoded(cls, value: Any, where: str) -> Self:
        require(isinstance(value, dict), where, "an object", value)
        this: Any = cls  # to mypy no class is hashable through type[Self]
        given = {}
        for name, (decode, required) in _fields(this).items():
            inside = f"{where}.{name}" if where else name
            if name in value:
                given[name] = decode(value[name], inside)
            elif required:
                raise WrongField(f"{inside} is missing")
        return cls(**given)


@dataclass(frozen=True, kw_only=True)
class Document(Part):
    """A part that is stored: it carries its name and version, under the key "document"."""

    title: ClassVar[str]
    """What it is called in messages and in its version key."""
    document_version: ClassVar[int] = 1
    place: ClassVar[str]
    """Where it is kept."""
    written_by: ClassVar[str]
    read_by: ClassVar[str]

    @classmethod
    def tag(cls) -> str:
        """Title and version as they are stored, such as `check-report/1`."""
        return _tag(cls.title, cls.document_version)

    def as_json(self) -> dict[str, Any]:
        """The document as JSON values, its version first."""
        return {VERSION_KEY: self.tag(), **super().as_json()}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """The document that `as_json` wrote.

        Raises DocumentUnreadable for another document or version, and for a field that is
        missing or of the wrong type.
        """
        try:
            return cls._decoded(value, "")
        except WrongField as error:
            raise DocumentUnreadable(
                f"{cls.title}: {error}; it was changed by hand or by another release: start the run"
                " again by dropping data, or restore it from its former version"
            ) from error

    @classmethod
    def _decoded(cls, value: Any, where: str) -> Self:
        require(isinstance(value, dict), where, "an object", value)
        found = value.get(VERSION_KEY, _tag(cls.title, 1))  # the first were written without a key
        if found != cls.tag():
            raise DocumentUnreadable(
                f"{cls.title}: this release reads {cls.tag()!r}, but found {found!r}: deploy the"
                " release that wrote it, or start the run again by dropping data"
            )
        return super()._decoded(value, where)


@dataclass(frozen=True, kw_only=True)
class RunDocument(Document):
    """A document of the run's folder."""

    file: ClassVar[str]
    """Its key in the folder."""


def _tag(title: str, version: int) -> str:
    return f"{title.replace(' ', '-')}/{version}"


def _encoded(value: Any) -> Any:
    if isinstance(value, Part):
        return value.as_json()
    if isinstance(value, tuple | list):
        return [_encoded(item) for item in value]
    if isinstance(value, dict):
        return {key: _encoded(item) for key, item in value.items()}
    return value


@cache
def _fields(cls: type[Part]) -> dict[str, tuple[Decode, bool]]:
    """How each field of the class is read, and whether it must be given."""
    hints = typing.get_type_hints(cls)
    return {
        field.name: (_decoder(hints[field.name]), field.default is dataclasses.MISSING)
        for field in dataclasses.fields(cls)
    }


@cache
def _decoder(kind: Any) -> Decode:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return lambda value, _: value
    if origin is types.UnionType:
        (inner,) = (_decoder(one) for one in arguments if one is not types.NoneType)
        return lambda value, where: None if value is None else inner(value, where)
    if origin is tuple:
        return _list_decoder(_decoder(arguments[0]))
    if origin is dict:
        return _map_decoder(_decoder(arguments[1]))
    if isinstance(kind, type) and issubclass(kind, Part):
        return kind._decoded  # noqa: SLF001 - parts are read by the document around them
    return SCALARS[kind]


def _list_decoder(item: Decode) -> Decode:
    def decode(value: Any, where: str) -> tuple[Any, ...]:
        require(isinstance(value, list), where, "a list", value)
        return tuple(item(one, f"{where}[{n}]") for n, one in enumerate(value))

    return decode


def _map_decoder(item: Decode) -> Decode:
    def decode(value: Any, where: str) -> dict[str, Any]:
        require(isinstance(value, dict), where, "an object", value)
        return {key: item(one, f"{where}.{key}") for key, one in value.items()}

    return decode


def _text(value: Any, where: str) -> str:
    require(isinstance(value, str), where, "text", value)
    return str(value)


def _truth(value: Any, where: str) -> bool:
    require(isinstance(value, bool), where, "true or false", value)
    return bool(value)


def _whole(value: Any, where: str) -> int:
    require(isinstance(value, int) and not isinstance(value, bool), where, "an integer", value)
    return int(value)


def _number(value: Any, where: str) -> float:
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    require(fits, where, "a number", value)
    return float(value)


SCALARS: Final[dict[Any, Decode]] = {str: _text, bool: _truth, int: _whole, float: _number}


def require(fits: bool, where: str, wanted: str, value: Any) -> None:
    """Raise WrongField, which names the field, unless the value fits."""
    if not fits:
        raise WrongField(f"{where or 'it'} must be {wanted}, not {value!r:.100}")
