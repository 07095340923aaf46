"""Step Functions' spelling of an API's members, and its conversion of values given as text.

Members are in PascalCase. SDK integrations follow the AWS SDK for Java 2.x, which spells a leading
acronym as a word (`DbInstanceIdentifier`); in arguments any spelling of an acronym is accepted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Shape = Any
"""A shape of botocore's service models, which have no type hints."""
Spell = Callable[[str], str]

_LEADING = re.compile(r"^[A-Z]+(?![a-z])|^[A-Z]")
_ACRONYM = re.compile(r"[A-Z]{2}|\d[A-Z]|[A-Z]$|^[a-z][A-Z]")
_NUMBERS = {
    **dict.fromkeys(("integer", "long"), re.compile(r"-?\d{1,19}")),
    **dict.fromkeys(("float", "double"), re.compile(r"-?\d{1,19}(\.\d{1,19})?")),
}


def spelling_of(kind: str) -> Spell:
    """How a kind of integration spells members."""
    return spelt_by_sdk if kind == "aws-sdk" else spelt


def spelt(name: str) -> str:
    """A member as optimised integrations spell it."""
    return name[:1].upper() + name[1:]


def spelt_by_sdk(name: str) -> str:
    """A member as SDK integrations spell it: `DBInstances` -> `DbInstances`."""
    if name == "Equals":
        return "EqualsValue"  # AWS's page on SDK integrations
    return spelt(_LEADING.sub(lambda run: run[0].lower(), name))


def member(shape: Shape, name: str) -> str | None:
    """The API's name of a member in Step Functions' spelling, or None."""
    if not name[:1].isupper():
        return None
    name = "Equals" if name == "EqualsValue" else name  # AWS's page on SDK integrations
    for known in (name, name[:1].lower() + name[1:]):
        if known in shape.members:
            return known
    acronyms = (known for known in shape.members if _ACRONYM.search(known))
    return next((known for known in acronyms if known.lower() == name.lower()), None)


def converted(shape: Shape, text: str) -> Any:
    """A text as the type that the API expects, if AWS converts it; else the text itself."""
    kind = shape.type_name
    if kind == "structure" and shape.name == "AttributeValue":
        return {"S": text}
    if kind == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind in _NUMBERS and _NUMBERS[kind].fullmatch(text):
        return float(text) if "." in text else int(text)
    return text
