"""The command line and the Glue job read documents by fields that the documents have."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from retraining.documents.champion import Champion
from retraining.documents.check_report import QuarantineReport
from retraining.documents.document import VERSION_KEY, Document
from retraining.documents.golden import Golden
from retraining.documents.manifest import Manifest
from retraining.documents.prepared import Prepared
from retraining.documents.run_record import RunRecord
from retraining.documents.verdict import Verdict

ROOT = Path(__file__).parents[2]
READERS = [*sorted((ROOT / "src/ratchet/cli").glob("*.py")), ROOT / "jobs/prepare_dataset.py"]
DOCUMENTS: dict[str, type[Document]] = {
    "champion": Champion,
    "golden": Golden,
    "manifest": Manifest,
    "record": RunRecord,
    "report": QuarantineReport,
    "verdict": Verdict,
}
"""By the name of the variable or attribute that holds the document as JSON."""


def fields_read(file: Path) -> Iterator[tuple[str, str]]:
    """Document and field of each `document["field"]` and `document.get("field")`."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Subscript):
            read, key = node.value, node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            if node.func.attr != "get":
                continue
            read, key = node.func.value, node.args[0]
        else:
            continue
        name = read.id if isinstance(read, ast.Name) else getattr(read, "attr", None)
        if name in DOCUMENTS and isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield name, key.value


READ = sorted({(file.name, *found) for file in READERS for found in fields_read(file)})


@pytest.mark.parametrize(("file", "document", "field"), READ)
def test_a_reader_asks_a_document_for_fields_that_it_has(
    file: str, document: str, field: str
) -> None:
    known = {one.name for one in dataclasses.fields(DOCUMENTS[document])} | {VERSION_KEY}
    assert field in known, f"{file} reads {field!r} of a {DOCUMENTS[document].title}"


def test_every_kind_of_document_is_read_somewhere() -> None:
    assert {document for _, document, _ in READ} == set(DOCUMENTS)


def test_the_glue_job_reads_and_writes_the_versions_that_the_functions_know() -> None:
    source = (ROOT / "jobs" / "prepare_dataset.py").read_text(encoding="utf-8")
    assert f'MANIFEST = "{Manifest.tag()}"' in source
    assert f'SUMMARY = "{Prepared.tag()}"' in source
