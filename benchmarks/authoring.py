"""Authoring side by side: ratchet.workflow and stepfunctions 2.3.0, in turn, medians and ratios.

Usage: python benchmarks/authoring.py [--old-python VENV/bin/python] [--rounds 5]

The old package needs a separate environment:
    python -m venv VENV && VENV/bin/pip install 'stepfunctions==2.3.0' 'sagemaker<3'
Without --old-python only ours is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

WORK = Path(__file__).with_name("authoring_work.py")
SURROUNDINGS = {
    "PATH": os.environ.get("PATH", ""),
    "HOME": os.environ.get("HOME", ""),
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
Measured = dict[str, list[float | str]]


def measure(python: str, into: Measured, *options: str) -> None:
    """One process of the work; its figures go into the lists."""
    ran = subprocess.run(
        [python, str(WORK), *options], env=SURROUNDINGS, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        sys.exit(f"{python} could not do the work:\n{ran.stderr[-2000:]}")
    for name, figure in json.loads(ran.stdout.splitlines()[-1]).items():
        into[name].append(figure)


def median(figures: list[float | str]) -> float | str:
    numbers = [figure for figure in figures if not isinstance(figure, str)]
    return statistics.median(numbers) if len(numbers) == len(figures) else str(figures[-1])


def shown(figure: float | str) -> str:
    return figure if isinstance(figure, str) else f"{figure * 1000:,.1f} ms"


def ratio(old: float | str, new: float | str) -> str:
    return "" if isinstance(old, str) or isinstance(new, str) else f"{old / new:,.0f} x"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old-python", help="the interpreter that has stepfunctions 2.3.0")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    ours: Measured = defaultdict(list)
    theirs: Measured = defaultdict(list)
    for _ in range(options.rounds):
        measure(sys.executable, ours)
        if options.old_python:
            measure(options.old_python, theirs, "--old")
    print(f"{'':30}{'ratchet.workflow':>18}{'stepfunctions':>18}{'ratio':>10}")
    for name, figures in ours.items():
        new = median(figures)
        old = median(theirs[name]) if theirs else ""
        print(f"{name:30}{shown(new):>18}{shown(old):>18}{ratio(old, new):>10}")


if __name__ == "__main__":
    main()
