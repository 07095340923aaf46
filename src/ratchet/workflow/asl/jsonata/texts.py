"""JSONata's functions on strings and regular expressions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from jsonata import Functions, Utils

from ratchet.workflow.asl.jsonata.errors import Fault, memory_exceeded
from ratchet.workflow.asl.jsonata.limits import MAX_TEXT


def length(text: Any) -> Any:
    return None if text is None else len(text)


def lowercase(text: Any) -> Any:
    return None if text is None else text.lower()


def uppercase(text: Any) -> Any:
    return None if text is None else text.upper()


def trim(text: Any) -> Any:
    return None if text is None else re.sub(r"[ \t\n\r]+", " ", text).strip(" ")


def substring(text: Any, start: Any, count: Any) -> Any:
    if text is None:
        return None
    first = int(start or 0)
    first = first if first >= 0 else max(0, len(text) + first)
    if count is None:
        return text[first:]
    return text[first : first + int(count)] if count > 0 else ""


def substring_before(text: Any, mark: Any) -> Any:
    return text if text is None or mark is None else text.partition(mark)[0]


def substring_after(text: Any, mark: Any) -> Any:
    if text is None or mark is None or mark not in text:
        return text
    return text.partition(mark)[2]


def pad(text: Any, width: Any, filling: Any) -> Any:
    if text is None or width is None:
        return text
    missing = abs(int(width)) - len(text)
    if missing <= 0:
        return text
    if missing > MAX_TEXT:
        raise memory_exceeded()
    marks = filling or " "
    padding = (marks * (missing // len(marks) + 1))[:missing]
    return text + padding if width > 0 else padding + text


def join(parts: Any, separator: Any) -> Any:
    return None if parts is None else (separator or "").join(parts)


def contains(text: Any, token: Any) -> Any:
    if text is None:
        return None
    if isinstance(token, str):
        return token in text
    return next(_found(token, text), None) is not None


def match(text: Any, pattern: Any, limit: Any) -> Any:
    if text is None:
        return None
    _positive(limit, "D3040")
    found = Utils.create_sequence()
    for place in _limited(_found(pattern, text), limit):
        found.append(_described(place))
    return found


def split(text: Any, separator: Any, limit: Any) -> Any:
    if text is None:
        return None
    _positive(limit, "D3020")
    if isinstance(separator, str):
        parts = text.split(separator) if separator else list(text)
    else:
        parts = _between(text, _found(separator, text))
    return parts if limit is None else parts[: int(limit)]


def _between(text: str, found: Iterator[Any]) -> list[str]:
    parts, start = [], 0
    for place in found:
        parts.append(text[start : place.start()])
        start = place.end()
    return [*parts, text[start:]]


def replace(text: Any, pattern: Any, replacement: Any, limit: Any) -> Any:
    if text is None:
        return None
    if pattern == "":
        raise Fault("D3010", value=pattern, index=2)
    _positive(limit, "D3011")
    if isinstance(pattern, str):
        if not isinstance(replacement, str):
            return _replaced(text, _plainly(pattern, text), replacement, limit)
        return text.replace(pattern, replacement, -1 if limit is None else int(limit))
    return _replaced(text, _found(pattern, text), replacement, limit)


def _plainly(token: str, text: str) -> Iterator[Any]:
    return re.finditer(re.escape(token), text)


def _replaced(text: str, found: Iterator[Any], replacement: Any, limit: Any) -> str:
    parts, start = [], 0
    write = _writer(replacement)
    for place in _limited(found, limit):
        parts += [text[start : place.start()], write(place)]
        start = place.end()
    return "".join([*parts, text[start:]])


def _writer(replacement: Any) -> Callable[[Any], str]:
    if isinstance(replacement, str):
        return lambda place: _MARK.sub(lambda mark: _group(place, mark[1]), replacement)

    def applied(place: Any) -> str:
        value = Functions.func_apply(replacement, [_described(place)])
        if not isinstance(value, str):
            raise Fault("D3012", value=value)
        return value

    return applied


_MARK = re.compile(r"\$(\$|\d+)")


def _group(place: Any, mark: str) -> str:
    """The value of `$1`; `$12` is the longest number that is a group, `$0` the whole match."""
    if mark == "$":
        return "$"
    if mark[0] == "0":
        return str(place[0]) + mark[1:]
    count = len(place.groups())
    digits = max(1, len(str(count)))
    if int(mark[:digits]) > count:
        digits = max(1, digits - 1)
    number = int(mark[:digits])
    value = place[number] if number <= count else None
    return (value or "") + mark[digits:]


def _found(pattern: Any, text: str) -> Iterator[Any]:
    """The matches of a regular expression. Raises Fault (D1004) at an empty one."""
    for place in pattern.finditer(text):
        if not place[0]:
            raise Fault("D1004", value=pattern.pattern)
        yield place


def _described(place: Any) -> dict[str, Any]:
    groups = ["" if group is None else group for group in place.groups()]
    return {"match": place[0], "index": place.start(), "groups": groups}


def _limited(found: Iterator[Any], limit: Any) -> Iterator[Any]:
    for count, place in enumerate(found):
        if limit is not None and count >= limit:
            return
        yield place


def _positive(limit: Any, code: str) -> None:
    if limit is not None and limit < 0:
        raise Fault(code, value=limit)
