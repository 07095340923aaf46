"""What people see: one console for each stream, tables, times and sizes in few characters."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

OUTCOME_STYLES = {
    "PROMOTED": "bold green",
    "MODEL_REJECTED": "bold red",
    "DATA_REJECTED": "bold yellow",
    "SUSPECT": "bold yellow",
    "INCONCLUSIVE": "bold magenta",
    "POSTPONED": "bold magenta",
    "APPROVAL_PENDING": "bold magenta",
    "UNCHANGED": "dim",
    "WAITING": "dim",
    "FAILED": "bold red",
}
WIDE = 320
"""For files and pipes: a line of a table stays one line."""
PAGE = 104
"""For sentences in a notebook, which breaks longer lines anywhere."""
_OBEYED = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What a terminal would obey or could not print: controls, other directions, half a surrogate."""


@lru_cache(maxsize=1)
def stdout() -> Console:
    """Where results go."""
    return _console(stderr=False)


@lru_cache(maxsize=1)
def stderr() -> Console:
    """Where remarks, progress and errors go."""
    return _console(stderr=True)


def written(*parts: RenderableType | Callable[[Console], object], width: int = PAGE) -> str:
    """What a page of text shows of these: each, or what it prints there."""
    page = io.StringIO()
    console = _console(page=page)
    console.width = width
    for part in parts:
        part(console) if callable(part) else console.print(part)
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines()).strip("\n")


def _console(*, stderr: bool = False, page: io.StringIO | None = None) -> Console:
    """Text is shown as it is: names of files and columns may look like markup."""
    from rich.console import Console
    from rich.text import Text

    class Screen(Console):
        def render_str(self, text: str, *args: Any, **kwargs: Any) -> Text:
            return super().render_str(spelt_out(text), *args, **kwargs)

        def on_broken_pipe(self) -> None:
            raise  # noqa: PLE0704 - rich would end the process with its own exit code

    stream = sys.stderr if stderr else sys.stdout
    width = WIDE if page or not stream.isatty() else None
    return Screen(
        file=page,
        stderr=stderr,
        markup=False,
        highlight=False,
        emoji=False,
        width=width,
        color_system=None if page else "auto",
        force_jupyter=False if page else None,  # in a notebook rich displays instead of writing
    )


def print_json(value: Any) -> None:
    """`value` on stdout, for programs."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=_plain)
    sys.stdout.write(_OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def remark(text: str) -> None:
    """One quiet line on stderr."""
    stderr().print(text, style="dim", soft_wrap=True)


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[RenderableType]]
) -> RenderableType:
    """A plain table; a column whose name begins with '>' is aligned right."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Group
    from rich.table import Table

    made = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in columns:
        made.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left")
    for row in rows:
        made.add_row(*row)
    return Group(styled(title, "bold"), made) if title else made


def styled(text: str, style: str) -> RenderableType:
    """`text` in a style, as it is."""
    from rich.text import Text

    return Text(spelt_out(text), style=style)


def spelt_out(text: str) -> str:
    """Text with what a terminal would obey spelt out: a value may hold an escape sequence."""
    return _OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def in_one_line(text: str) -> str:
    """Text with its line breaks spelt out, for a sentence or a cell that names it."""
    return text.replace("\r", "\\r").replace("\n", "\\n")


def outcome(name: str | None) -> RenderableType:
    """A run's outcome in its colour; a run without one is running."""
    return styled(name or "RUNNING", OUTCOME_STYLES.get(name or "", "bold blue"))


def duration(seconds: float | None) -> str:
    """Seconds for people: '0.4 s', '12.3 s', '3 min 12 s'."""
    if seconds is None:
        return ""
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def number(value: Any, digits: int = 3) -> str:
    """A metric to three digits; a dash where there is none."""
    return "-" if value is None else f"{float(value):.{digits}f}"


def count(value: Any) -> str:
    """12345 as '12,345'."""
    return "" if value is None else f"{int(value):,}"


def plural(value: int, word: str) -> str:
    """'1 object', '3 objects'."""
    return f"{value:,} {word}{'' if value == 1 else 's'}"


def size(value: float) -> str:
    """Bytes for people: '5.8 MB'."""
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return ""


def moment(text: str | None) -> datetime | None:
    """An ISO time of the ledger."""
    return datetime.fromisoformat(text) if text else None


def between(started: str | None, ended: str | None) -> float | None:
    """Seconds from one ISO time to another, or to now."""
    first = moment(started)
    if first is None:
        return None
    return ((moment(ended) or datetime.now(UTC)) - first).total_seconds()


def clock_time(text: str | None) -> str:
    """An ISO time as people read it, in their own time zone."""
    at = moment(text)
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}" if at else ""


class Progress:
    """A spinner with one line of text in a terminal; nothing at all elsewhere.

    It must be on the console that is printed to meanwhile, so that lines appear above it.
    """

    def __init__(self, text: str, console: Console | None = None) -> None:
        self._console = console if console is not None and console.is_terminal else stderr()
        self._status = self._console.status(text, spinner="dots")
        self._live = self._console.is_terminal

    def __enter__(self) -> Callable[[str], None]:
        if self._live:
            self._status.start()
        return self._status.update if self._live else _ignore

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._status.stop()


def _ignore(_text: str) -> None:
    pass
