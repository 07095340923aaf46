"""Every figure of a run's report is that of the run's files, worked out again by other means."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

import boto3
import numpy as np
import pytest

from ratchet.cli.ledger import RunRef
from ratchet.cli.options import Where
from ratchet.cli.report import gathering
from ratchet.cli.report.page import page
from ratchet.workflow.history.timeline import Timeline
from retraining.documents.prepared import RowAccount
from retraining.rules import scores, slices
from retraining.rules.gate.judge import judge
from retraining.rules.gate.terms import Facts, Terms
from retraining.rules.measuring import measure

from .conftest import outputs
from .test_report import Page

RUN = "flights-000002"
TERMS = Terms(
    "auc", 0.5, "guard", 0.01, 0.95, 100, slices={"carrier": {"minimum": 0.7, "min_rows": 100}}
)
CARRIERS = ("AA", "UA")
ACCOUNT = RowAccount(landed=4100, quarantined=100, accepted=4000, replaced=10, removed=20,
                     unlabelled=30, gap=40, train=2700, validation=600, holdout=600)  # fmt: skip
SKILL = {"challenger": 1.6, "champion": 0.9}


def lines_of(role: str) -> list[str]:
    """A score file: `row_id,kind,cluster,label,score`, ordered by row id."""
    truth, noise = random.Random(7), random.Random(role)
    made = []
    for n in range(1500):
        kind, label = truth.choice(("fresh", "reference")), int(truth.random() < 0.3)
        score = 1 / (1 + np.exp(1.2 - SKILL[role] * label - noise.gauss(0, 1)))
        made.append(f"r{n:05d},{kind},-,{label},{score:.6f}\n")
    return made


def coded() -> list[str]:
    """What PrepareDataset writes of each row's carrier."""
    chance = random.Random(11)
    return [f"{line.rpartition(',')[0]},{chance.choice((0, 0, 1, 2))}\n"
            for line in lines_of("champion")]  # fmt: skip


def verdict() -> dict[str, Any]:
    """The gate's own answer about these scores."""
    reader = slices.reader("carrier")
    files = {role: scores.read(lines_of(role), role) for role in SKILL}
    codes = scores.read(slices.score_lines(coded(), 0), "slices")
    kept = scores.gather({**files, reader: codes})
    taken = slices.taken(kept, "carrier")
    found = tuple(slices.measure("auc", kept, taken, "carrier", CARRIERS, scores.in_memory))
    whole = measure("auc", kept)
    known = {name: len(kept[name].labels) for name in ("fresh", "reference")}
    measured = type(whole)(**{**vars(whole), "slices": found})
    facts = Facts(measured, known, 16, 0, has_champion=True, expects_reference=True)
    told = judge(TERMS, facts)
    parts = {name: [one.as_json() for one in getattr(told, name)]
             for name in ("rules", "comparisons", "slices")}  # fmt: skip
    return {**parts, "gate": {"margin": 0.01}, "metric": "auc", "sentence": told.decision.sentence}


@pytest.fixture
def text(stack: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The report's text, of files in S3."""
    s3, bucket, folder = boto3.client("s3"), outputs()["WorkBucket"], "runs/flights/000002"
    files = {f"scores/{role}/part-0.csv.out": "".join(lines_of(role)) for role in SKILL}
    files["verdict.json"] = json.dumps(verdict())
    for name, body in files.items():
        s3.put_object(Bucket=bucket, Key=f"{folder}/{name}", Body=body.encode())
    monkeypatch.setattr(gathering, "draw_run", lambda *_: "<svg></svg>")
    record = {"outcome": "PROMOTED", "metric": "auc", "token": 2, "account": ACCOUNT.as_json()}
    found = Where(stack=stack).find()
    timeline = Timeline("SUCCEEDED", {}, None, None)
    made = gathering.gather(found, RunRef.parse(RUN), record, timeline)
    return f"{Page(page(made)).text} {page(made)}"


def columns(role: str, *kinds: str, codes: tuple[int, ...] = (0, 1, 2)) -> Any:
    """Labels and scores of a file, read by numpy."""
    lines = zip(lines_of(role), coded(), strict=True)
    rows = [one.split(",") for one, code in lines if int(code.rpartition(",")[2]) in codes]
    picked = [row for row in rows if row[1] in kinds]
    return np.array([int(row[3]) for row in picked]), np.array([float(row[4]) for row in picked])


def auc(labels: Any, said: Any) -> float:
    """Every pair of a positive and a negative, one by one."""
    ones, zeros = said[labels == 1][:, None], said[labels == 0][None, :]
    return float(np.mean((ones > zeros) + 0.5 * (ones == zeros)))


def pooled(role: str, codes: tuple[int, ...]) -> tuple[int, float]:
    parts = [columns(role, kind, codes=codes) for kind in ("fresh", "reference")]
    rows = [len(labels) for labels, _ in parts]
    return sum(rows), float(np.average([auc(*part) for part in parts], weights=rows))


def test_the_comparisons_are_those_of_the_score_files(text: str) -> None:
    for kind in ("fresh", "reference"):
        ours, theirs = (auc(*columns(role, kind)) for role in SKILL)
        rows = len(columns("champion", kind)[0])
        said = f"challenger against champion {kind} holdout {ours:.4f} {theirs:.4f}"
        assert f"{said} {ours - theirs:+.4f}" in text
        assert f"{rows:,} better" in text


def test_the_slices_are_those_of_the_score_files(text: str) -> None:
    names = {"carrier=AA": (0,), "carrier=UA": (1,), "carrier: all other values": (2,)}
    for name, codes in names.items():
        rows, ours = pooled("challenger", codes)
        _, theirs = pooled("champion", codes)
        assert f"{name} {rows:,} {ours:.4f} {theirs:.4f}" in text, name


def test_calibration_and_confusion_are_those_of_the_score_files(text: str) -> None:
    for role in SKILL:
        labels, said = columns(role, "fresh", "reference")
        pairs = Counter(zip(labels.tolist(), (said >= 0.5).astype(int).tolist(), strict=True))
        for label in (0, 1):
            counts = [pairs[label, guess] for guess in (0, 1)]
            shown = " ".join(f"{count:,}" for count in (*counts, sum(counts)))
            assert f"is {label} {shown}" in text, role
        order = np.argsort(said, kind="stable")
        for group in np.array_split(order, 10):
            point = f"predicted {said[group].mean():.3f}, came true {labels[group].mean():.3f}"
            assert f"{role}: {point}" in text


def test_the_rows_of_the_account_are_all_there_and_their_shares_are_of_landed(text: str) -> None:
    said = {"landed": 4100, "in quarantine": 100, "accepted": 4000, "trained on": 2700,
            "validation": 600, "held out": 600, "left in the gap": 40, "without a label": 30,
            "removed by recipe or transform": 20,
            "replaced by a later row of their key": 10}  # fmt: skip
    for words, count in said.items():
        assert f"{words} {count:,} {count / 4100:.1%}" in text
    assert "adds up 100 + 4,000 = 4,100 landed" in text
