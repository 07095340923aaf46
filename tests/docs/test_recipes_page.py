"""docs/recipes.md is written from the table of operations."""

from __future__ import annotations

from pathlib import Path

from ratchet.local_aws.databrew.compiler.page import page

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_recipes_is_up_to_date() -> None:
    assert (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8") == page()
