"""The errors of expressions, with the codes and sentences of the reference implementation.

AWS uses its sentences verbatim. The library's templates differ from them in two ways, which
are undone here: it writes `Object` for `function`, and other quotation marks.
"""

from __future__ import annotations

import re
from typing import Any

from ratchet.workflow.asl.jsonata.numbers import dumps

_RAW = re.compile(r"\{\{\{(\w+)\}\}\}")
_NAME = re.compile(r"\{\{+(\w+)\}")
_QUOTED = re.compile(r"\{\{(\w+)\}\}")


class JsonataError(Exception):
    """An expression that does not parse or fails; `code` is JSONata's (T2001, D3030, ...)."""

    def __init__(self, message: str, code: str | None = None, position: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.position = position

    @property
    def predicate(self) -> str:
        """The predicate of AWS's sentence about the expression."""
        said = f". {self.code}: {self.message}" if self.code else f": {self.message}"
        return f"threw an error during evaluation{said}"


class NotJson(JsonataError):
    """The result is not a JSON value but a function."""

    @property
    def predicate(self) -> str:
        return "returned an unsupported result type."


class InternalError(JsonataError):
    """The evaluation failed where JSONata defines no error, such as on text that is not Base64."""

    @property
    def predicate(self) -> str:
        return f"threw an internal error during evaluation. {self.message}"


class Fault(JsonataError):
    """A failure with an unfinished sentence: it has the values, its caller adds the name."""

    def __init__(self, code: str, **values: Any) -> None:
        self.values = values
        super().__init__(_filled(code, values), code)

    def named(self, token: Any, *, again: bool = False) -> None:
        """Name the function or operator that failed, unless it has a name; `again` replaces it."""
        if (again or "token" not in self.values) and token is not None:
            self.values["token"] = token
            self.message = _filled(str(self.code), self.values)


def memory_exceeded() -> JsonataError:
    """The failure of an expression that uses more memory than AWS allows."""
    return JsonataError(
        "Expression evaluation memory limit exceeded: Check for excessive memory usage"
    )


def translated(error: Any) -> JsonataError:
    """A failure of the library, which passes the values in the order of the template."""
    template = _template(error.error)
    if template is None:
        return JsonataError(str(error), None, getattr(error, "location", None))
    if error.error == "S0301" and error.current is not None:  # the library's S0103
        return JsonataError(f"Unsupported escape sequence: \\{dumps(error.current)}", "S0103")
    given: tuple[Any, ...] = (error.current, error.expected, error.extra)
    if error.error == "T2007":  # Python sorts the later item against the earlier
        given = given[1::-1]
    values = dict(zip(_NAME.findall(template), given, strict=False))
    return JsonataError(_filled(error.error, values), error.error, error.location)


def unparsed(text: str, error: Exception) -> JsonataError:
    """Text on which the library crashes, where the reference gives a reason."""
    if isinstance(error, IndexError) and text.rfind("/*") > text.rfind("*/"):
        return Fault("S0106")
    if isinstance(error, KeyError) and error.args == ("!",):
        return Fault("S0204", token=error.args[0])
    for code in ("S0401", "S0402"):
        if str(error) == _template(code):
            return Fault(code)
    return JsonataError(f"The expression cannot be parsed: {error}")


def _template(code: str) -> str | None:
    from jsonata import JException

    template: str | None = JException.error_codes.get(code)
    return None if template is None else template.replace("Object", "function").replace('"', "'")


def _filled(code: str, values: dict[str, Any]) -> str:
    text = _RAW.sub(lambda found: str(values.get(found[1], "")), _template(code) or "")
    return _QUOTED.sub(lambda found: _shown(values.get(found[1])), text)


def _shown(value: Any) -> str:
    return "undefined" if value is None else dumps(value)
