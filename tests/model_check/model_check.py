"""The whole model check: `make model-check`, or one scenario by its name.

    make model-check                                    every scenario, a table of path x kind
    make model-check ARGS='update/record_champion*'     those whose name matches, shell patterns
    make model-check ARGS='--trace update/record_champion.put_item(champion)#1/after'

A red scenario that known_red.txt does not name, and a named one that is green, end it with 1.
"""

from __future__ import annotations

import argparse
import fnmatch
import multiprocessing
import os
import sys
import time
from collections import Counter
from pathlib import Path as File

sys.path.insert(0, str(File(__file__).parent))

from model_faults import KINDS
from model_paths import PATHS, Result, Scenario, check, scenarios

KNOWN_RED = File(__file__).with_name("known_red.txt")
CHUNK = 16
SHOWN = 500  # scenarios between two lines of progress


def known_red() -> dict[str, str]:
    """What is known to go wrong: name or pattern, and the reason."""
    found = {}
    for line in KNOWN_RED.read_text().splitlines():
        name, _, reason = line.partition("  ")
        if line and not line.startswith("!"):
            found[name] = reason.strip()
    return found


def is_known(name: str, red: dict[str, str]) -> bool:
    return name in red or any(fnmatch.fnmatchcase(name, one) for one in red if "*" in one)


def every(patterns: list[str]) -> list[Scenario]:
    """All scenarios, or those whose names match one of the patterns."""
    found = [scenario for path in PATHS for scenario in scenarios(path)]
    return [
        one
        for one in found
        if not patterns or any(p == one.name or fnmatch.fnmatchcase(one.name, p) for p in patterns)
    ]


def table(results: list[Result]) -> str:
    """Path by kind: how many scenarios, and how many of them are red."""
    count = Counter((one.scenario.path, one.scenario.kind) for one in results)
    red = Counter((one.scenario.path, one.scenario.kind) for one in results if one.wrong)
    kinds = ["none", *KINDS]
    lines = [f"{'scenarios, red':18}" + "".join(f"{kind:>9}" for kind in kinds) + f"{'all':>10}"]
    for path in [*dict.fromkeys(one.scenario.path for one in results), "all"]:
        cells = []
        for kind in [*kinds, "all"]:
            wanted = [key for key in count if path in (key[0], "all") and kind in (key[1], "all")]
            number, wrong = sum(count[k] for k in wanted), sum(red[k] for k in wanted)
            cells.append(f"{number},{wrong}" if number else "")
        lines.append(f"{path:18}" + "".join(f"{c:>9}" for c in cells[:-1]) + f"{cells[-1]:>10}")
    return "\n".join(lines)


def show(one: Result, known: dict[str, str], *, red: bool, trace: bool) -> None:
    """What is to be said of one scenario, as soon as it has run."""
    name, expected = one.scenario.name, is_known(one.scenario.name, known)
    if trace:
        print(name, *one.trace, sep="\n")
    if one.wrong and (trace or red or not expected):
        print(f"RED {name}", *(f"    {line}" for line in one.wrong), sep="\n", flush=True)
    if expected and not one.wrong:
        print(f"GREEN {name}: take it out of known_red.txt", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("patterns", nargs="*", help="names of scenarios, * allowed")
    parser.add_argument("--trace", action="store_true", help="print what happened in each")
    parser.add_argument("--red", action="store_true", help="print every red scenario")
    given = parser.parse_args()
    begun, wanted, known = time.monotonic(), every(given.patterns), known_red()
    workers = min(int(os.environ.get("WORKERS", "2")), max(1, len(wanted) // CHUNK))
    results: list[Result] = []
    with multiprocessing.Pool(workers) as pool:
        for one in pool.imap(check, wanted, chunksize=CHUNK):
            results.append(one)
            show(one, known, red=given.red, trace=given.trace)
            if len(results) % SHOWN == 0:
                print(f"{len(results)} of {len(wanted)}", file=sys.stderr, flush=True)
    wrong = [one for one in results if one.wrong]
    new = [one for one in wrong if not is_known(one.scenario.name, known)]
    mended = [one for one in results if not one.wrong and is_known(one.scenario.name, known)]
    print(table(results))
    seconds = time.monotonic() - begun
    print(f"{len(results)} scenarios, {len(wrong)} red ({len(new)} not known), {seconds:.0f} s")
    return 1 if new or mended else 0


if __name__ == "__main__":
    sys.exit(main())
