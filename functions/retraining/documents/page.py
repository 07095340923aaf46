"""Writes the page about the documents, `docs/documents.md`, from the documents themselves.

python -m retraining.documents.page          (in functions/) writes the committed page
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from pathlib import Path
from typing import Any, Final

from retraining.documents.batch_report import BatchReport
from retraining.documents.candidates import Candidates
from retraining.documents.champion import Champion
from retraining.documents.check_attempt import CheckAttempt
from retraining.documents.check_report import CheckReport, QuarantineReport
from retraining.documents.document import VERSION_KEY, Document, Part, RunDocument
from retraining.documents.golden import Golden
from retraining.documents.manifest import Manifest
from retraining.documents.metrics import Metrics
from retraining.documents.prepared import Prepared
from retraining.documents.profile import Profile
from retraining.documents.promotion import Promotion
from retraining.documents.registration import Registration
from retraining.documents.run_record import RunRecord
from retraining.documents.settlement import Settlement
from retraining.documents.verdict import Verdict

DOCUMENTS: Final[tuple[type[Document], ...]] = (
    Registration,
    Manifest,
    CheckAttempt,
    CheckReport,
    QuarantineReport,
    Profile,
    BatchReport,
    Prepared,
    Candidates,
    Metrics,
    Golden,
    Verdict,
    Settlement,
    Promotion,
    Champion,
    RunRecord,
)
"""In the order in which a run meets them."""

HEAD: Final = f"""# Documents

What travels between the states of a run, its Glue job and the people who read it: JSON in the work
bucket or items of the ledger, each a frozen dataclass in `functions/retraining/documents/`. Every
document carries its name and version under `{VERSION_KEY}`; one of another version is refused with
both, one without the key is read as version 1. Unknown fields are passed over. Paths are keys of
the work bucket; `<token>` is a run's fencing token in six digits.

This page is made from the code: `cd functions && python -m retraining.documents.page`.
"""
JSON_NAMES: Final = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "true or false",
    Any: "JSON",
}


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *map(_document, DOCUMENTS)])


def _document(kind: type[Document]) -> str:
    head = f"## {kind.title[0].upper()}{kind.title[1:]}\n\n{_summary(kind)}\n"
    facts = [
        f"- Kept in: {_place(kind)}",
        f"- Written by: {kind.written_by}",
        f"- Read by: {kind.read_by}",
        f"- Version: `{kind.tag()}`",
    ]
    return "\n".join([head, *facts, "", _table(kind), *map(_part, _parts(kind))]) + "\n"


def _part(kind: type[Part]) -> str:
    """A part's fields; one that is JSON of another contract has none here."""
    known = "as_json" not in vars(kind)
    return f"\n### {kind.__name__}\n\n{_summary(kind)}" + (f"\n\n{_table(kind)}" if known else "")


def _summary(kind: type[Part]) -> str:
    return " ".join((kind.__doc__ or "").split())


def _place(kind: type[Document]) -> str:
    place = f"runs/<pipeline>/<token>/{kind.file}" if issubclass(kind, RunDocument) else kind.place
    return f"`{place}`" if re.fullmatch(r"\S+", place) else place


def _table(kind: type[Part]) -> str:
    hints = typing.get_type_hints(kind, include_extras=True)
    lines = ["| field | type | what it is |", "|---|---|---|"]
    for field in dataclasses.fields(kind):
        plain, description = typing.get_args(hints[field.name])
        lines.append(f"| `{field.name}` | {_type(plain)} | {description}. |")
    return "\n".join(lines)


def _type(kind: Any) -> str:
    arguments = typing.get_args(kind)
    if isinstance(kind, types.UnionType):
        (inner,) = (one for one in arguments if one is not types.NoneType)
        return f"{_type(inner)} or null"
    if typing.get_origin(kind) is tuple:
        return f"list of {_type(arguments[0])}"
    if typing.get_origin(kind) is dict:
        return "object" if arguments[1] is Any else f"object of {_type(arguments[1])}"
    return JSON_NAMES.get(kind) or f"{kind.__name__}"


def _parts(kind: type[Part]) -> list[type[Part]]:
    """The parts of a document, once each; documents inside it have their own sections."""
    found: dict[type[Part], None] = {}
    for hint in typing.get_type_hints(kind).values():
        for part in _classes(hint):
            if not issubclass(part, Document):
                found.update(dict.fromkeys([part, *_parts(part)]))
    return list(found)


def _classes(hint: Any) -> list[type[Part]]:
    if isinstance(hint, type) and issubclass(hint, Part):
        return [hint]
    return [part for argument in typing.get_args(hint) for part in _classes(argument)]


def main() -> None:
    """Write the page."""
    path = Path(__file__).resolve().parents[3] / "docs" / "documents.md"
    path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
