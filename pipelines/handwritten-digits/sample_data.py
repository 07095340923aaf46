"""Handwritten digits: the 1,797 that scikit-learn brings, or as many of them as asked for.

    python pipelines/handwritten-digits/sample_data.py --rows 1797 --out digits.csv [--seed 3]

They are the test set of UCI's "Optical Recognition of Handwritten Digits". In the newer part the
scanner has slipped: every image lies a pixel further to the right, and a champion of the older part
errs. The same rows and seed give the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
from collections.abc import Iterator
from pathlib import Path

SIDE = 8
HEADER = [f"p{row}{column}" for row in range(SIDE) for column in range(SIDE)] + ["digit"]
NEWER = 0.7
"""From this part of the file on the scanner has slipped."""

Image = list[int]


def slipped(image: Image) -> Image:
    """The image a pixel further to the right; paper comes in."""
    lines = (image[begin : begin + SIDE] for begin in range(0, len(image), SIDE))
    return [grey for line in lines for grey in (0, *line[:-1])]


def digits(count: int, seed: int) -> Iterator[tuple[Image, int]]:
    """Images with their digits, in a drawn order."""
    from sklearn.datasets import load_digits

    brought = load_digits()
    known = list(zip(brought.data.astype(int).tolist(), brought.target.tolist(), strict=True))
    random.Random(seed).shuffle(known)  # noqa: S311
    if count > len(known):
        sys.exit(f"there are {len(known):,} images, not {count:,}")
    for place, (image, digit) in enumerate(known[:count]):
        yield (slipped(image) if place >= NEWER * count else image), digit


def main() -> int:
    """Write the file."""
    parser = argparse.ArgumentParser(description="Handwritten digits as a drop")
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=3)
    wanted = parser.parse_args()
    with wanted.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows([*image, digit] for image, digit in digits(wanted.rows, wanted.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
