"""Documents read back as they were written; what they lack is refused by name."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retraining.documents.document import VERSION_KEY, Document, Part
from retraining.documents.manifest import Manifest
from retraining.documents.page import DOCUMENTS, page
from retraining.errors import DocumentUnreadable

ROOT = Path(__file__).parents[3]
SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=8),
    bool: st.booleans(),
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False, allow_infinity=False),
    Any: st.none() | st.booleans() | st.integers() | st.text(max_size=8),
}
WRONG: dict[Any, Any] = {str: 7, bool: "yes", int: "7", float: "0.5", dict: [], tuple: {}}


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a field's type."""
    arguments = typing.get_args(kind)
    if isinstance(kind, types.UnionType):
        (inner,) = (one for one in arguments if one is not types.NoneType)
        return st.none() | values(inner)
    if typing.get_origin(kind) is tuple:
        return st.lists(values(arguments[0]), max_size=2).map(tuple)
    if typing.get_origin(kind) is dict:
        return st.dictionaries(st.text(max_size=4), values(arguments[1]), max_size=2)
    return SCALARS[kind] if kind in SCALARS else parts(kind)


def parts(kind: type[Part]) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(kind)
    fields = {field.name: values(hints[field.name]) for field in dataclasses.fields(kind)}
    return st.builds(kind, **fields)


def documents() -> st.SearchStrategy[Document]:
    return st.one_of(*(parts(kind) for kind in DOCUMENTS))


def example(kind: type[Part]) -> dict[str, Any]:
    """A document with every field given, as JSON."""
    return {
        field.name: sample(typing.get_type_hints(kind)[field.name])
        for field in dataclasses.fields(kind)
    }


def sample(kind: Any) -> Any:
    arguments = typing.get_args(kind)
    if isinstance(kind, types.UnionType):
        return sample(next(one for one in arguments if one is not types.NoneType))
    if typing.get_origin(kind) is tuple:
        return [sample(arguments[0])]
    if typing.get_origin(kind) is dict:
        return {"a": sample(arguments[1])}
    scalars: dict[Any, Any] = {str: "a", bool: True, int: 7, float: 0.5, Any: None}
    return scalars[kind] if kind in scalars else example(kind)


def fields() -> list[tuple[type[Document], str]]:
    return [(kind, field.name) for kind in DOCUMENTS for field in dataclasses.fields(kind)]


@given(documents())
def test_a_document_reads_back_as_it_was_written(document: Document) -> None:
    text = json.dumps(document.as_json(), allow_nan=False)
    assert type(document).from_json(json.loads(text)) == document


@pytest.mark.parametrize(("kind", "name"), fields())
def test_a_missing_field_is_refused_by_name_unless_it_has_a_default(
    kind: type[Document], name: str
) -> None:
    given_fields = example(kind)
    del given_fields[name]
    if {field.name: field.default for field in dataclasses.fields(kind)}[name] is None:
        assert getattr(kind.from_json(given_fields), name) is None
        return
    with pytest.raises(DocumentUnreadable, match=rf"^{kind.title}: {name} is missing"):
        kind.from_json(given_fields)


@pytest.mark.parametrize(("kind", "name"), fields())
def test_a_field_of_another_type_is_refused_by_name(kind: type[Document], name: str) -> None:
    hint = typing.get_type_hints(kind)[name]
    if isinstance(hint, types.UnionType):
        hint = next(one for one in typing.get_args(hint) if one is not types.NoneType)
    wrong = WRONG.get(typing.get_origin(hint) or hint, "text")
    with pytest.raises(DocumentUnreadable, match=rf"^{kind.title}: {name} must be "):
        kind.from_json({**example(kind), name: wrong})


def test_a_wrong_field_deep_inside_is_named_by_its_path() -> None:
    manifest = example(Manifest)
    manifest["objects"] = [{**manifest["objects"][0], "size": True}]
    with pytest.raises(
        DocumentUnreadable, match=r"objects\[0\]\.size must be an integer, not True"
    ):
        Manifest.from_json(manifest)


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_another_version_is_refused_with_both_and_the_next_step(kind: type[Document]) -> None:
    other = f"{kind.title.replace(' ', '-')}/2"
    said = rf"^{kind.title}: .*'{kind.tag()}'.*'{other}': deploy the release that wrote it"
    with pytest.raises(DocumentUnreadable, match=said):
        kind.from_json({**example(kind), VERSION_KEY: other})


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_what_is_unknown_is_passed_over_and_what_has_no_version_is_the_first(
    kind: type[Document],
) -> None:
    known = kind.from_json(example(kind))
    assert kind.from_json({**known.as_json(), "of a later release": 1}) == known
    assert next(iter(known.as_json().items())) == (VERSION_KEY, kind.tag())


def test_no_two_documents_share_a_name() -> None:
    assert len({kind.title for kind in DOCUMENTS}) == len(DOCUMENTS)


def test_the_page_about_the_documents_is_the_generated_one() -> None:
    committed = (ROOT / "docs" / "documents.md").read_text(encoding="utf-8")
    assert committed == page(), "run: cd functions && python -m retraining.documents.page"
