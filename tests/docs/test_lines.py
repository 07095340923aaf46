"""The architecture page says how large the parts are, and is about right."""

from __future__ import annotations

import re

import pytest
from lines import PARTS, ROOT, count

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("part", PARTS)
def test_the_architecture_page_counts_each_part_within_a_tenth(part: str) -> None:
    row = re.search(rf"^\| {re.escape(part)} \(.*\) \| ([\d,]+) \|$", PAGE, re.MULTILINE)
    assert row, f"no row for {part}: python tests/docs/lines.py prints them"
    stated = int(row[1].replace(",", ""))
    assert stated == pytest.approx(count(PARTS[part]), rel=0.1)
