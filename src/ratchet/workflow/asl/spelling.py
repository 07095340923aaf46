"""How Step Functions writes what an API takes: its members' names, and values given as text.

Every member is in PascalCase. SDK integrations follow the Java SDK, which writes acronyms as words
(`DbInstanceIdentifier`); any spelling of an acronym is taken for right here.
"""

from __future__ import annotations

import re
from typing import Any

Shape = Any
"""A shape of botocore's service model; botocore carries no types."""

_ACRONYM = re.compile(r"[A-Z]{2}|\d[A-Z]|[A-Z]$|^[a-z][A-Z]")
_NUMBERS = {
    **dict.fromkeys(("integer", "long"), re.compile(r"-?\d{1,19}")),
    **dict.fromkeys(("float", "double"), re.compile(r"-?\d{1,19}(\.\d{1,19})?")),
}


def spelt(name: str) -> str:
    """A member's name as Step Functions writes it."""
    return name[:1].upper() + name[1:]


def member(shape: Shape, name: str) -> str | None:
    """The API's name of a member as Step Functions spells it, or None."""
    if not name[:1].isupper():
        return None
    name = "Equals" if name == "EqualsValue" else name  # AWS's page on SDK integrations
    for known in (name, name[:1].lower() + name[1:]):
        if known in shape.members:
            return known
    acronyms = (known for known in shape.members if _ACRONYM.search(known))
    return next((known for known in acronyms if known.lower() == name.lower()), None)


def converted(shape: Shape, text: str) -> Any:
    """A text where the API wants something else, as AWS understands it; else the text itself."""
    kind = shape.type_name
    if kind == "structure" and shape.name == "AttributeValue":
        return {"S": text}
    if kind == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind in _NUMBERS and _NUMBERS[kind].fullmatch(text):
        return float(text) if "." in text else int(text)
    return text
