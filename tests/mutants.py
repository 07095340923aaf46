"""Plants one mistake at a time in a copy of this tree, and asks the tests whether they notice.

Usage: make mutants [ARGS="word ..."]: all, or those whose file or damage holds one of the words.
Ends with 1 when a mutant survives, and with 2 when one could not be judged: its text is not in
the file any more (then change the row here with the code), or the tests did not even start.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
COPIES: Final = int(os.environ.get("WORKERS", "2"))
PARTS: Final = ("events", "functions", "jobs", "pipelines", "src", "statemachines", "tests")
FILES: Final = ("pyproject.toml", "template.yaml")
KILLED, SURVIVED, UNCLEAR = "killed", "SURVIVED", "UNCLEAR"
PYTEST: Final = ("-B", "-m", "pytest", "-xq", "--quick", "-p", "no:cacheprovider")
PYTEST_ANSWERS: Final = {0: SURVIVED, 1: KILLED}  # pytest's exit codes


@dataclass(frozen=True)
class Mutant:
    """One planted mistake: what it damages, where, how, and the tests that must notice."""

    damage: str
    file: str
    text: str
    instead: str
    tests: tuple[str, ...]

    def planted(self, source: str) -> str:
        """The file's text with the mistake; raises ValueError where it cannot be planted."""
        times = source.count(self.text)
        if times != 1:
            raise ValueError(f"the text occurs {times} times in {self.file}, not once")
        return source.replace(self.text, self.instead)


RETRAINING = "statemachines/retraining.asl.yaml"
PROMOTION = "statemachines/promotion.asl.yaml"
LEDGER = "functions/retraining/adapters/ledger"
RULES = "functions/retraining/rules"
STEPS = "functions/retraining/steps"
MACHINES = ("tests/workflow/test_our_machines.py",)
CONDITIONS = ("tests/unit/test_ledger_conditions.py",)
GATE = ("tests/unit/rules/test_gate.py",)
SLICES = ("tests/unit/rules/test_slices.py",)

MUTANTS: Final = (
    Mutant(
        "an inconclusive verdict is promoted",
        RETRAINING,
        "$decision = 'promote'",
        "$decision != 'reject'",
        MACHINES,
    ),
    Mutant(
        "one value of the label is enough to train",
        "functions/retraining/rules/findings.py",
        "len(labels) < 2",
        "len(labels) < 1",
        ("tests/unit/rules/test_findings.py",),
    ),
    Mutant(
        "a batch that was judged unfit is trained on all the same",
        RETRAINING,
        "Condition: '{% $conclusion != null %}'",
        "Condition: '{% $conclusion = null %}'",
        MACHINES,
    ),
    Mutant(
        "the label leaks into what the model reads when it is scored",
        RETRAINING,
        "InputFilter: $[4:]",
        "InputFilter: $[3:]",
        MACHINES,
    ),
    Mutant(
        "models are scored on the rows that training stopped on",
        RETRAINING,
        "$states.input.score %",
        "$states.input.validation %",
        MACHINES,
    ),
    Mutant(
        "the endpoint is verified in place of the check endpoint",
        PROMOTION,
        "endpoint: '{% $promotion.check_endpoint %}'\n        golden:",
        "endpoint: '{% $promotion.endpoint %}'\n        golden:",
        MACHINES,
    ),
    Mutant(
        "the old model's golden rows verify the new model",
        PROMOTION,
        "endpoint: '{% $promotion.endpoint %}'\n        golden: '{% $promotion.golden %}'",
        "endpoint: '{% $promotion.endpoint %}'\n        golden: '{% $promotion.previous %}'",
        MACHINES,
    ),
    Mutant(
        "a failed promotion goes back to its own config",
        f"{RULES}/promotion.py",
        "return (Target(intent.endpoint, champion.config), cleared)",
        "return (Target(intent.endpoint, intent.config), cleared)",
        ("tests/unit/steps/test_move_endpoint.py",),
    ),
    Mutant(
        "an endpoint is deleted whatever it serves",
        f"{RULES}/promotion.py",
        'return "delete" if seen.config == target.made else "nothing"',
        'return "delete"',
        ("tests/unit/rules/test_promotion.py",),
    ),
    Mutant(
        "a function of a stopped execution names the champion",
        f"{LEDGER}/champions.py",
        'Held(pipeline, "promotion", "holder = :holder", {":holder": holder}),',
        'Held(pipeline, "promotion", "holder <> :holder", {":holder": ""}),',
        CONDITIONS,
    ),
    Mutant(
        "a pipeline is deleted while its model is being promoted",
        f"{LEDGER}/registrations.py",
        '"attribute_not_exists(holder)"',
        '"attribute_not_exists(holders)"',
        CONDITIONS,
    ),
    Mutant(
        "a push is registered over the first run, which has begun meanwhile",
        f"{LEDGER}/registrations.py",
        '"attribute_not_exists(#token) OR #token = :token"',
        '"attribute_not_exists(#token) OR #token >= :token"',
        CONDITIONS,
    ),
    Mutant(
        "the champion is named before its package is approved",
        f"{STEPS}/record_champion.py",
        "    aws.registry.approve(wanted.package, verdict.sentence)\n"
        "    champion = _champion(aws, wanted)\n",
        "    champion = _champion(aws, wanted)\n"
        "    aws.ledger.set_champion(wanted.pipeline, champion, execution)\n"
        "    aws.registry.approve(wanted.package, verdict.sentence)\n",
        ("tests/unit/steps/test_record_champion.py",),
    ),
    Mutant(
        "rows change sides of the split between releases",
        f"{RULES}/rows.py",
        "slice(9, 9 + SIDE_DIGITS)",
        "slice(10, 10 + SIDE_DIGITS)",
        ("tests/unit/rules/test_rows.py",),
    ),
    Mutant(
        "the champion is scored on held-out rows alone",
        f"{RULES}/passes.py",
        "{'holdout' if self.again else 'arrival'}",
        "holdout",
        ("tests/unit/rules/test_passes.py",),
    ),
    Mutant(
        "the model that was judged is registered in place of the refit model",
        f"{RULES}/passes.py",
        "SERVING: Final = (REFIT, CHALLENGER)",
        "SERVING: Final = (CHALLENGER, REFIT)",
        ("tests/unit/steps/test_extract_metrics.py",),
    ),
    Mutant(
        "what a search found serves without the rows that judged it, though a refit is asked for",
        f"{RULES}/gate/judge.py",
        "_refit_first(decision) if facts.lacks_refit else decision",
        "decision",
        ("tests/unit/steps/test_gate.py",),
    ),
    Mutant(
        "a refit has the settings of before the search",
        f"{RULES}/passes.py",
        "if role == REFIT and judged is not None:",
        "if role == REFIT and judged is None:",
        ("tests/unit/rules/test_passes.py",),
    ),
    Mutant(
        "a search chooses by the rows that its model is judged on",
        "statemachines/retraining.asl.yaml",
        "                     $channel('validation', $states.input.validation, 'text/csv'),",
        "                     $channel('validation', $states.input.score, 'text/csv'),",
        ("tests/workflow/test_our_machines.py",),
    ),
    Mutant(
        "the model that a search chose expires",
        "functions/retraining/adapters/run_folder.py",
        'if key[models:].partition("/")[0] not in kept',
        "if kept is not None",
        ("tests/unit/steps/test_finish_run.py",),
    ),
    Mutant(
        "a lease that is held can be taken",
        f"{LEDGER}/state.py",
        '"attribute_not_exists(lease) AND (attribute_not_exists(#token) OR #token = :before)"',
        '"attribute_not_exists(#token) OR #token = :before"',
        CONDITIONS,
    ),
    Mutant(
        "a token can be used twice",
        f"{LEDGER}/state.py",
        '"attribute_not_exists(lease) AND (attribute_not_exists(#token) OR #token = :before)"',
        '"attribute_not_exists(lease) AND (attribute_not_exists(#token) OR #token >= :before)"',
        CONDITIONS,
    ),
    Mutant(
        "a lease goes back although more has arrived",
        f"{LEDGER}/state.py",
        '"lease.#token = :token AND (attribute_not_exists(arrivals) OR arrivals = :seen)"',
        '"lease.#token = :token AND :seen = :seen"',
        CONDITIONS,
    ),
    Mutant(
        "a run gives back another run's lease",
        f"{LEDGER}/state.py",
        '"lease.#token = :token AND (attribute_not_exists(arrivals) OR arrivals = :seen)"',
        '"lease.#token <> :token AND (attribute_not_exists(arrivals) OR arrivals = :seen)"',
        CONDITIONS,
    ),
    Mutant(
        "an older run names itself champion",
        f"{LEDGER}/champions.py",
        "OR #token <= :token",
        "OR #token >= :token",
        CONDITIONS,
    ),
    Mutant(
        "a promotion opens another one's lock",
        f"{LEDGER}/champions.py",
        '            "holder = :holder",\n            {"#until": "until"},',
        '            "holder = holder OR holder = :holder",\n            {"#until": "until"},',
        CONDITIONS,
    ),
    Mutant(
        "a lost wake is never replaced",
        f"{LEDGER}/state.py",
        "attribute_not_exists(wake_at) OR wake_at < :now OR wake_at > :at",
        "attribute_not_exists(wake_at) OR (wake_at < :now AND wake_at > :at)",
        ("tests/unit/steps/test_record_arrivals.py",),
    ),
    Mutant(
        "a transform that was changed behind the registration is run",
        f"{STEPS}/claim_data.py",
        "if transform is not None:",
        'if transform == "":',
        ("tests/unit/steps/test_claim_data.py",),
    ),
    Mutant(
        "the reference holdout is drawn from batches that are not trained on",
        f"{RULES}/claims.py",
        "if run.token >= (baseline or 0) and run.data_state == TRAINED",
        "if run.token >= (baseline or 0) and run.outcome",
        ("tests/unit/steps/test_claim_data.py",),
    ),
    Mutant(
        "the variance is divided by n, and the gate is too sure",
        f"{RULES}/metrics.py",
        "squares * count / (count - 1)",
        "squares",
        ("tests/unit/rules/test_metrics.py",),
    ),
    Mutant(
        "files with NUL bytes are accepted",
        f"{RULES}/data_check/first_look.py",
        '    if b"\\0" in head:\n',
        '    if b"\\0" in head[:20]:\n',
        ("tests/unit/rules/data_check/test_check.py",),
    ),
    Mutant(
        "the minimum holds on the fresh holdout only",
        f"{RULES}/gate/absolute.py",
        "*(_minimum(name, terms, facts) for name in asked)",
        "*(_minimum(name, terms, facts) for name in judged[:1])",
        GATE,
    ),
    Mutant(
        "rows of one day count as many",
        f"{RULES}/intervals.py",
        "variance = max(variance, by_cluster)",
        "variance = variance",
        ("tests/unit/rules/test_intervals.py",),
    ),
    Mutant(
        "guard lets a challenger be worse by the margin on every batch",
        f"{RULES}/gate/against_champion.py",
        "threshold = 0.0 if comparison.holdout == FRESH else -terms.margin",
        "threshold = -terms.margin",
        GATE,
    ),
    Mutant(
        "a world that changed makes data suspect",
        f"{RULES}/gate/data.py",
        "own <= max(chance, NEAR_CHANCE * level)",
        "own <= level",
        GATE,
    ),
    Mutant(
        "settings that lost their backtest by little are taken",
        f"{RULES}/gate/settings.py",
        "if found.reading in (WORSE, SLIGHTLY_WORSE):",
        "if found.reading == WORSE:",
        GATE,
    ),
    Mutant(
        "a holdout on which nothing could be compared is passed over",
        f"{RULES}/gate/against_champion.py",
        "if len(compared) < len(telling):",
        "if not compared:",
        GATE,
    ),
    Mutant(
        "each slice has a bound as if it were alone",
        f"{RULES}/gate/slices.py",
        "(1 - terms.confidence) / max(1, deciding)",
        "(1 - terms.confidence)",
        SLICES,
    ),
    Mutant(
        "slices of few rows refuse a challenger",
        f"{RULES}/gate/slices.py",
        'if ours.rows < wanted["min_rows"]:',
        "if ours.rows < 2:",
        SLICES,
    ),
    Mutant(
        "a slice of a rare class is as sure as its rows are many",
        f"{RULES}/metrics.py",
        "return min(ones, len(labels) - ones) if self.binary else len(labels)",
        "return len(labels)",
        SLICES,
    ),
    Mutant(
        "an object is set aside for the death of the check of another",
        f"{RULES}/attempts.py",
        "len(died) == 1 and died[0] in former.suspects",
        "len(died) == 1",
        ("tests/unit/rules/test_attempts.py",),
    ),
    Mutant(
        "versions of a key count in the order in which their events came",
        f"{RULES}/claims.py",
        "    return in_order_of_arrival(taken)\n",
        "    return taken\n",
        ("tests/unit/steps/test_check_data.py",),
    ),
    Mutant(
        "scores of different rows are compared",
        f"{RULES}/scores.py",
        "if row is None or row.place != place:",
        "if row is None or row.place[1:] != (place or ())[1:]:",
        ("tests/unit/rules/test_scores.py",),
    ),
    Mutant(
        "a model goes that an endpoint between two configs may come to serve",
        f"{STEPS}/finish_run.py",
        "settling or name in (facts.config, *facts.models)",
        "name in (facts.config, *facts.models)",
        ("tests/unit/steps/test_finish_run.py",),
    ),
    Mutant(
        "equal rows make fewer golden rows",
        f"{RULES}/scores.py",
        "row.score in wanted and row.row_id not in wanted[row.score]",
        "row.score in wanted",
        ("tests/unit/rules/test_scores.py",),
    ),
    Mutant(
        "a pipeline pauses although new data came",
        f"{RULES}/settlement.py",
        "failures >= PAUSE_AFTER and not more",
        "failures >= PAUSE_AFTER",
        ("tests/unit/steps/test_settle_data.py",),
    ),
    Mutant(
        "the accepted copy of a failed run stays",
        f"{STEPS}/settle_data.py",
        "    aws.work.delete(names.accepted_batch(pipeline, token))\n"
        "    aws.ledger.update_run(RunRecord(pipeline=pipeline, token=token, data_state=PENDING))",
        "    aws.ledger.update_run(RunRecord(pipeline=pipeline, token=token, data_state=PENDING))",
        ("tests/unit/steps/test_recover_run.py",),
    ),
    Mutant(
        "a run begins for a pipeline that was deleted in the same second",
        f"{STEPS}/start_retraining.py",
        "if aws.ledger.registration(pipeline) is None:  # a deletion",
        "if False:  # a deletion",
        ("tests/unit/steps/test_delete_pipeline.py",),
    ),
    Mutant(
        "a promotion crowns a model of a deleted pipeline",
        f"{STEPS}/decide_promotion.py",
        "if aws.ledger.registration(wanted.pipeline) is None:",
        "if False:",
        ("tests/unit/steps/test_decide_promotion.py",),
    ),
    Mutant(
        "a model that waits for approval outlives its pipeline",
        f"{STEPS}/delete_pipeline.py",
        "if record.outcome in promotions.WAITING:",
        "if False:",
        ("tests/unit/steps/test_delete_pipeline.py",),
    ),
    Mutant(
        "a model begins to wait for a pipeline that is gone",
        f"{STEPS}/finish_run.py",
        "if record.outcome in promotions.WAITING and ledger.registration(pipeline) is None:",
        "if False:",
        ("tests/unit/steps/test_delete_pipeline.py",),
    ),
    Mutant(
        "values are narrowed before the open run has checked its rows",
        f"{STEPS}/earlier_rows.py",
        "    elif not batch.settled:",
        "    elif batch.settled:",
        ("tests/unit/steps/test_register_pipeline.py",),
    ),
    Mutant(
        "a recipe is pushed over batches of other reserved columns",
        f"{RULES}/readable.py",
        'before, after = ([*reserved(one), *one["data"]["columns"]]',
        'before, after = ([*one["data"]["columns"]]',
        ("tests/unit/steps/test_register_pipeline.py",),
    ),
    Mutant(
        "nobody knows that whole numbers landed as floats",
        f"{RULES}/data_check/cells.py",
        "cells.respelt = not cells.text.equals(landed)",
        "cells.respelt = False",
        ("tests/unit/steps/test_register_pipeline.py",),
    ),
    Mutant(
        "a run that stopped after its promotion is recorded as failed",
        f"{STEPS}/finish_run.py",
        "if champion and champion.token == ended.token:",
        "if champion and champion.token != ended.token:",
        ("tests/unit/steps/test_recover_run.py",),
    ),
)


# --- planting and judging ------------------------------------------------------------------------


def copy_tree(folder: Path) -> Path:
    """This tree's code, tests and what they read, without anything that was built."""
    built = shutil.ignore_patterns("__pycache__", ".*_cache", "node_modules")
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=built)
    for file in FILES:
        shutil.copy(ROOT / file, folder / file)
    return folder


@contextmanager
def planted(mutant: Mutant, tree: Path) -> Iterator[None]:
    """The tree with the mutant in it."""
    file = tree / mutant.file
    source = file.read_text(encoding="utf-8")
    file.write_text(mutant.planted(source), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(source, encoding="utf-8")


def run_tests(tree: Path, tests: Iterable[str], *options: str) -> tuple[int, str]:
    """Those of `make test-quick` in these files, up to the first that fails: code and output."""
    done = subprocess.run(
        [sys.executable, *PYTEST, *options, *tests],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def judge(mutant: Mutant, tree: Path) -> tuple[str, str]:
    """KILLED, SURVIVED or UNCLEAR, and the test that noticed or the reason why it is unclear."""
    try:
        with planted(mutant, tree):
            code, output = run_tests(tree, mutant.tests, "-p", "no:xdist")
    except (OSError, ValueError) as error:
        return UNCLEAR, str(error)
    answer = PYTEST_ANSWERS.get(code, UNCLEAR)
    return answer, last_line(output) if answer == UNCLEAR else noticed(output)


def noticed(output: str) -> str:
    """The test that failed, from pytest's summary."""
    failed = (line for line in output.splitlines() if line.startswith("FAILED "))
    return next(failed, "").removeprefix("FAILED ").partition(" - ")[0]


def last_line(output: str) -> str:
    return next(reversed(output.strip().splitlines()), "no output")


def judge_all(mutants: Sequence[Mutant]) -> Iterator[tuple[Mutant, str, str]]:
    """Every mutant's answer, several copies of the tree side by side."""
    trees: SimpleQueue[Path] = SimpleQueue()

    def judge_one(mutant: Mutant) -> tuple[str, str]:
        tree = trees.get()
        try:
            return judge(mutant, tree)
        finally:
            trees.put(tree)

    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        for number in range(COPIES):
            trees.put(copy_tree(Path(folder) / str(number)))
        with ThreadPoolExecutor(COPIES) as pool:
            for mutant, (answer, why) in zip(mutants, pool.map(judge_one, mutants), strict=True):
                yield mutant, answer, why


def sound(mutants: Sequence[Mutant]) -> str | None:
    """None when the tests pass without any mutant; else what does not, for then nothing counts."""
    tests = sorted(set(itertools.chain.from_iterable(mutant.tests for mutant in mutants)))
    side_by_side = ("-n", str(COPIES), "--dist", "loadfile")
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        code, output = run_tests(copy_tree(Path(folder)), tests, *side_by_side)
    return None if code == 0 else noticed(output) or last_line(output)


def main(words: Sequence[str]) -> int:
    chosen = [
        mutant
        for mutant in MUTANTS
        if not words or any(word in f"{mutant.file} {mutant.damage}" for word in words)
    ]
    if not chosen:
        print(f"no mutant's file or damage holds {' or '.join(words)}")
        return 2
    if failing := sound(chosen):
        print(f"without any mutant a test fails already: {failing}")
        return 2
    counts = dict.fromkeys((KILLED, SURVIVED, UNCLEAR), 0)
    for mutant, answer, why in judge_all(chosen):
        counts[answer] += 1
        print(f"{answer:9} {mutant.damage} ({mutant.file})\n          {why}", flush=True)
    print(", ".join(f"{count} {answer}" for answer, count in counts.items()))
    return 2 if counts[UNCLEAR] else int(counts[SURVIVED] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
