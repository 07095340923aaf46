"""Made-up abalones, alike to the measured ones in their ranges and in how far measures tell age.

    python pipelines/abalone/sample_data.py --rows 4177 --out animals.csv [--seed 3]

The same rows and seed give the same bytes on every Python.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections.abc import Iterator
from pathlib import Path

HEADER = "sex,length,diameter,height,whole_weight,shucked_weight,viscera_weight,shell_weight,rings"
GROWN = 7.5
"""Rings at about which half of the animals show their sex."""


def bell(dice: random.Random, mean: float, spread: float) -> float:
    """Around a mean; a sum of twelve, for it is the same on every machine."""
    return mean + spread * (sum(dice.random() for _ in range(12)) - 6)


def animals(count: int, seed: int) -> Iterator[str]:
    """Lines of CSV."""
    dice = random.Random(seed)  # noqa: S311 (made-up data, no secret)
    for _ in range(count):
        rings = min(29, max(2, round(math.exp(bell(dice, 2.25, 0.3)))))
        grown = dice.random() < 1 / (1 + math.exp(GROWN - rings))
        sex = dice.choice("MF") if grown else "I"
        length = 0.68 * (1 - math.exp(-0.17 * rings)) * math.exp(bell(dice, -0.08, 0.13))
        length = min(0.82, max(0.07, length))
        diameter = length * bell(dice, 0.78, 0.02)
        height = length * max(0.15, bell(dice, 0.265, 0.025))
        whole = 28 * length * diameter * height * math.exp(bell(dice, 0, 0.1)) * 0.85
        shell = whole * bell(dice, 0.25 + 0.004 * rings, 0.03)
        meat = whole * bell(dice, 0.46 - 0.004 * rings, 0.04)
        gut = whole * bell(dice, 0.215, 0.02)
        cells = (length, diameter, height, whole, meat, gut, shell)
        yield ",".join([sex, *(f"{cell:.4f}" for cell in cells), str(rings)])


def main() -> int:
    """Write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=4177)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=3)
    chosen = parser.parse_args()
    lines = [HEADER, *animals(chosen.rows, chosen.seed)]
    chosen.out.write_text("\n".join(lines) + "\n", encoding="ascii", newline="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
