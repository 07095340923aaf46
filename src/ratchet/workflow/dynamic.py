"""Values known only at run time, written in whichever query language a state uses.

A state's fields may contain them anywhere. In JSONata they become `{% ... %}` strings; in JSONPath
the key gets its `.$` and the value is the path.
"""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


class Dynamic:
    """A value to be found at run time."""

    def to_jsonpath(self) -> str:
        """The path or intrinsic function, as the value of a key with `.$`."""
        raise NotImplementedError

    def to_jsonata(self) -> str:
        """The expression without its `{%` and `%}`."""
        raise NotImplementedError

    def __format__(self, spec: str) -> str:
        raise TypeError(
            "A placeholder has no value yet, so an f-string or str.format cannot contain it; "
            "use Format('s3://{}/data', placeholder)"
        )


class Expression(Dynamic):
    """Raw text for what nothing else in this module expresses: `Expression(jsonata="$now()")`."""

    def __init__(self, *, jsonpath: str | None = None, jsonata: str | None = None) -> None:
        if jsonpath is None and jsonata is None:
            raise ValueError("Expression needs jsonpath=, jsonata= or both")
        self._jsonpath, self._jsonata = jsonpath, jsonata

    def to_jsonpath(self) -> str:
        if self._jsonpath is None:
            raise ValueError(
                f"the expression {self._jsonata!r} is JSONata only; set query_language='JSONata' "
                "on the state or the workflow, or give jsonpath= as well"
            )
        return self._jsonpath

    def to_jsonata(self) -> str:
        if self._jsonata is None:
            raise ValueError(
                f"the expression {self._jsonpath!r} is JSONPath only; give jsonata= as well"
            )
        return self._jsonata

    def __repr__(self) -> str:
        return f"Expression(jsonpath={self._jsonpath!r}, jsonata={self._jsonata!r})"


class Format(Dynamic):
    """Text with placeholders in it: `Format('s3://{}/models/{}', bucket, name)`."""

    def __init__(self, template: str, *parts: Any) -> None:
        self.template, self.parts = template, parts
        if template.count("{}") != len(parts):
            raise ValueError(
                f"{template!r} has {template.count('{}')} places '{{}}' for {len(parts)} values"
            )

    def to_jsonpath(self) -> str:
        pieces = [_quoted(piece) for piece in self.template.split("{}")]
        arguments = [f"'{'{}'.join(pieces)}'", *(jsonpath_argument(part) for part in self.parts)]
        return f"States.Format({', '.join(arguments)})"

    def to_jsonata(self) -> str:
        texts = self.template.split("{}")
        pieces = [json.dumps(texts[0], ensure_ascii=False)] if texts[0] else []
        for part, text in zip(self.parts, texts[1:], strict=True):
            pieces.append(f"$string({jsonata_argument(part)})")
            pieces += [json.dumps(text, ensure_ascii=False)] if text else []
        return " & ".join(pieces) or '""'

    def __repr__(self) -> str:
        return f"Format({', '.join(repr(part) for part in (self.template, *self.parts))})"


class Path(Dynamic):
    """A fixed start and the steps after it: `$$.State.RetryCount`."""

    jsonpath_root: ClassVar[str] = "$"
    jsonata_root: ClassVar[str] = "$states.input"

    def steps(self) -> tuple[str | int, ...]:
        raise NotImplementedError

    def to_jsonpath(self) -> str:
        return self.jsonpath_root + "".join(_subscript(step) for step in self.steps())

    def to_jsonata(self) -> str:
        return self.jsonata_root + "".join(_jsonata_step(step) for step in self.steps())


def _subscript(step: str | int) -> str:
    return f"[{step}]" if isinstance(step, int) else f"['{_quoted(step)}']"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _jsonata_step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if "`" in step:
        raise ValueError(f"The key {step!r} contains a backquote, which JSONata cannot express")
    return f".{step}" if _NAME.match(step) else f".`{step}`"


def jsonpath_argument(value: Any) -> str:
    """A value as an argument of an intrinsic function. Raises ValueError for objects."""
    if isinstance(value, Dynamic):
        return value.to_jsonpath()
    if isinstance(value, str):
        escaped = _quoted(value).replace("{", "\\{").replace("}", "\\}")
        return f"'{escaped}'"
    if isinstance(value, list):
        return f"States.Array({', '.join(jsonpath_argument(part) for part in value)})"
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    raise ValueError(
        f"JSONPath cannot put {value!r} into an intrinsic function; use query_language='JSONata'"
    )


def jsonata_argument(value: Any) -> str:
    """A value inside a JSONata expression."""
    if isinstance(value, Dynamic):
        return value.to_jsonata()
    return json.dumps(value, ensure_ascii=False)


def render(value: Any, *, jsonata: bool) -> Any:
    """`value` as the definition contains it, every dynamic part written in the state's language."""
    if isinstance(value, Dynamic):
        return f"{{% {value.to_jsonata()} %}}" if jsonata else value.to_jsonpath()
    if isinstance(value, dict):
        return {
            key if jsonata or not _needs_path(part) else f"{key}.$": _part(part, jsonata=jsonata)
            for key, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [_part(part, jsonata=jsonata) for part in value]
    return value


def _part(value: Any, *, jsonata: bool) -> Any:
    if not jsonata and isinstance(value, list | tuple) and _needs_path(value):
        return jsonpath_argument(list(value))
    return render(value, jsonata=jsonata)


def _needs_path(value: Any) -> bool:
    """Whether JSONPath has to write the value as a path: dynamic, or a list with dynamic parts."""
    if isinstance(value, list | tuple):
        return any(_needs_path(part) for part in value)
    return isinstance(value, Dynamic)


def dynamic_parts(value: Any) -> list[Dynamic]:
    """Every dynamic value inside `value`, the parts of a Format too."""
    if isinstance(value, Format):
        return [value, *(found for part in value.parts for found in dynamic_parts(part))]
    if isinstance(value, Dynamic):
        return [value]
    if isinstance(value, dict):
        return [found for part in value.values() for found in dynamic_parts(part)]
    if isinstance(value, list | tuple):
        return [found for part in value for found in dynamic_parts(part)]
    return []
