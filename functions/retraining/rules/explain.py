"""Turns what pydantic finds into sentences that name the key and the nearest known one."""

from __future__ import annotations

import difflib
import typing
from typing import Any, Final

from pydantic import BaseModel, RootModel, ValidationError


class Several(ValueError):
    """What a validator of the whole document found; each problem begins with its key."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def sentences(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """One sentence for each problem, in the words of the document's author."""
    found: list[str] = []
    for problem in error.errors(include_url=False):
        cause = problem.get("ctx", {}).get("error")
        found += cause.problems if isinstance(cause, Several) else [_sentence(problem, model)]
    return found


def _sentence(problem: Any, model: type[BaseModel]) -> str:
    location, kind = tuple(problem["loc"]), problem["type"]
    where = dotted(location)
    if kind == "extra_forbidden":
        return _unknown_key(where, str(location[-1]), _known_keys(model, location[:-1]))
    if kind == "missing":
        return f"{where}: this key is required"
    if kind == "json_invalid":
        return f"the document is not JSON: {problem['ctx']['error']}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    message = message[0].lower() + message[1:] if kind != "value_error" else message
    if not where:
        return message
    value = "" if kind == "value_error" else f", not {_shown(problem['input'])}"
    return f"{where}: {message}{value}"


LONGEST_SHOWN: Final = 200


def _shown(value: Any) -> str:
    """A value as it was given; of a long one the beginning."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} ..."


def dotted(location: tuple[int | str, ...]) -> str:
    """`data.key[0]` of ('data', 'key', 0); names of union members are left out."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        elif not _union_member(part):
            text += f".{part}" if text else str(part)
    return text


MEMBERS: Final = {"str", "int", "float", "bool", "serverless", "none"} | {
    "BuiltInTraining",
    "OwnTraining",
    "ScriptTraining",
}


def _union_member(part: str) -> bool:
    return part in MEMBERS or part.startswith("list[")


def _unknown_key(where: str, key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return (
        f"{where}: this release does not know this key{hint}; the keys here are {', '.join(known)}"
    )


def _known_keys(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    current: Any = model
    for part in location:
        current = _step(current, part)
    return sorted(getattr(current, "model_fields", {}))


def _step(current: Any, part: int | str) -> Any:
    """The model, or the members of a union, one part of a location deeper."""
    if isinstance(current, list):
        return next((m for m in current if part in _kinds(m)), None)
    if not isinstance(current, type) or not issubclass(current, BaseModel):
        return None
    if issubclass(current, RootModel):
        return _models(current.model_fields["root"].annotation)[0]
    field = current.model_fields.get(str(part))
    members = _models(field.annotation) if field else [current]  # a list's index stays put
    return members[0] if len(members) == 1 else members


def _kinds(model: type[BaseModel]) -> tuple[Any, ...]:
    """How locations name a member of a union: by its `kind`, else by its class or its base."""
    kind = model.model_fields.get("kind")
    return typing.get_args(kind.annotation) if kind else tuple(c.__name__ for c in model.__mro__)


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for arg in typing.get_args(annotation) for model in _models(arg)]
