"""The report of a run: one HTML file; its values are escaped, its charts draw, its sums fit."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ratchet.cli import following
from ratchet.cli.report import (
    charts,
    costs,
    figures,
    judging,
    measures,
    opening,
    paid,
    row_account,
    scoring,
    searches,
    sections,
    theme,
)
from ratchet.cli.report.costs import Cost, Job
from ratchet.cli.report.gathering import RunReport, State
from ratchet.cli.report.markup import element
from ratchet.cli.report.page import page
from ratchet.cli.report.searches import Search
from ratchet.cli.runs import open_in_browser
from ratchet.workflow.history.timeline import StateTimes, Timeline
from retraining.documents.batch_report import BatchReport, ColumnSummary, Finding
from retraining.documents.run_record import Arrival, RunRecord
from retraining.documents.verdict import (
    Comparison,
    DataVerdict,
    Promise,
    RuleAnswer,
    SliceVerdict,
)

EVIL = "<script>alert('x')</script>\"&"


def comparison(holdout: str) -> dict[str, Any]:
    return Comparison(
        ours="challenger", theirs="champion", holdout=holdout, our_value=0.79, their_value=0.75,
        estimate=0.04, error=0.01, lower=0.01, upper=None, clusters=31, rows=4000,
        reading="better", rows_to_decide=None,
    ).as_json()  # fmt: skip


PROMISE = Promise(
    holdout="fresh",
    metric="auc",
    value=0.79,
    lift=0.29,
    expected=0.72,
    lower=0.66,
    upper=0.78,
    promises_kept=4,
)
RULE = RuleAnswer(
    rule="minimum", holdout="fresh", passed=True, value=0.79, threshold=0.5, sentence="ok"
).as_json()
DATA = DataVerdict(
    suspect=False, value=0.71, lift=0.21, usual_lift=0.27, collapsed=False, own_lift=None,
    sentence="The data are not suspect.",
).as_json()  # fmt: skip


def sliced(name: str, rows: int, ours: float | None, **others: Any) -> dict[str, Any]:
    given = {"theirs": 0.74, "floor": 0.6, "bound": 0.8, "undecided": None, "under": False,
             "column": "country", "sentence": f"{name}, all is told", **others}  # fmt: skip
    return SliceVerdict(name=name, rows=rows, ours=ours, **given).as_json()


SLICES = [
    sliced("country=FR", 2400, 0.78),
    sliced("country=DE", 1240, 0.52, bound=0.56, under=True),
    sliced("country: missing", 12, None, theirs=None, bound=None, undecided="not defined"),
    sliced("vip=true", 400, 0.7, column="vip", floor=None, bound=None, undecided="no floor"),
]


def data_verdict() -> dict[str, Any]:
    said = "distance is 0.62 times what it was: another unit?"
    carrier = ColumnSummary(
        name="carrier", kind="text", missing=0.01, distinct=3, mean=None, quantiles=(),
        top={"AA": 0.6, "UA": 0.4}, new=("ZZ",), since_training=0.03, since_last=None,
    )  # fmt: skip
    distance = ColumnSummary(
        name="distance", kind="number", missing=0.0, distinct=99, mean=310.5,
        quantiles=(1, 5, 25, 50, 75, 95, 100), top={}, new=(), since_training=0.71, since_last=0.7,
    )  # fmt: skip
    return BatchReport(
        rows=900, outcome=None, sentence=None, labels={"0": 0.7, "1": 0.3}, compared=True,
        last=None, columns=(carrier, distance),
        findings=(Finding(kind="unit", column="distance", sentence=said, serious=False),),
    ).as_json()  # fmt: skip


def scored(seed: int = 1, count: int = 2000, kind: str = "fresh") -> tuple[measures.Row, ...]:
    """Rows whose score is the probability of their label."""
    chance = random.Random(seed)
    scores = [chance.random() for _ in range(count)]
    return tuple(measures.Row(kind, float(chance.random() < score), score) for score in scores)


def record(token: int, outcome: str, arrival: float | None, promise: float) -> dict[str, Any]:
    """A run that met the promise of 0.78, unless it is the first."""
    met = Arrival(champion="flights-000001", rows=900, metric="auc", value=arrival, lift=0.2,
                  missed=False, promised=0.78, promised_lift=0.28)  # fmt: skip
    given = RunRecord(
        pipeline="flights", token=token, outcome=outcome, metric="auc",
        arrival=met if arrival else None, promise=replace(PROMISE, value=promise),
        promoted=outcome == "PROMOTED",
    )  # fmt: skip
    return given.as_json()


def report(**changed: Any) -> RunReport:
    """A run with something in every part."""
    whole = record(3, "PROMOTED", 0.71, 0.79) | {
        "started": "2026-03-04T10:00:00+00:00", "ended": "2026-03-04T10:01:30+00:00",
        "sentence": "Promoted: not clearly worse.", "uri": "s3://work/runs/flights/000003",
        "rows": {"accepted": 900, "quarantined": 12},
    }  # fmt: skip
    made = RunReport(
        run="flights-000003",
        pipeline="flights",
        record=whole,
        picture='<svg xmlns="http://www.w3.org/2000/svg"></svg>',
        states=(State("Check the data", "SUCCEEDED", 1.5, 1, ""),
                State("Train", "FAILED", 63.0, 2, "Broken: no room")),
        cost=Cost((Job("Train", "training", 63.0, 1, "ml.m5.large"),), transitions=20),
        local=True,
        verdict={
            "rules": [RULE],
            "comparisons": [comparison("fresh"), comparison("reference")],
            "gate": {"margin": 0.01},
            "slices": SLICES,
            "promise": PROMISE.as_json(),
            "data": DATA,
            "judged": "challenger", "serves": "refit",
        },
        definition={
            "training": {"algorithm": "xgboost", "hyperparameters": {"max_depth": 5}},
            "checks": {"drift": {"psi": 0.25, "action": "warn"}},
        },
        summary={"features": ["carrier", "distance"]},
        data=data_verdict(),
        problems=({"object": "a.csv", "column": "day", "line": 8, "value": "x", "sentence": "no"},),
        history=(record(1, "PROMOTED", None, 0.78), record(2, "MODEL_REJECTED", 0.70, 0.77), whole),
        scores={"challenger": scored(), "champion": scored(2)},
    )  # fmt: skip
    return replace(made, **changed)


class Page(HTMLParser):
    """The tags and the text of a page; every element must be closed where it was opened."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.links: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def read(made: RunReport) -> Page:
    found = Page(page(made))
    assert found.open == []
    return found


def test_the_report_tells_the_run_from_outcome_to_cost() -> None:
    found = read(report())
    for said in (
        "flights-000003 PROMOTED", "Promoted: not clearly worse.", "Promise and truth",
        "Promised: 0.790; expected on the next batch: 0.720, prediction interval 0.660 to 0.780.",
        "Judged was the challenger; what serves is the refit", "+0.0400", "+0.0100 to unbounded",
        "The data are not suspect.",
        "Calibration", "Confusion: challenger", "Features: carrier, distance", "max_depth",
        "accepted", "900", "Problems of the data", "Nothing was paid", "Broken: no room",
        "distance is 0.62 times what it was", "0.0% 310.500 0.710 0.700", "0.030 - ZZ",
    ):  # fmt: skip
        assert said in found.text, said


def test_nothing_is_loaded_and_nothing_runs() -> None:
    source = page(report())
    found = Page(source)
    assert found.links == []
    assert not {"script", "link", "img", "iframe", "object"} & set(found.tags)
    assert "default-src 'none'" in source
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", source)


def strings(value: Any) -> Any:
    """The same document with every text in it replaced by one that tries to be markup."""
    if isinstance(value, str):
        return EVIL
    if isinstance(value, dict):
        return {f"{key}": strings(inner) for key, inner in value.items()}
    return [strings(one) for one in value] if isinstance(value, list | tuple) else value


def test_every_value_is_escaped() -> None:
    plain = report()
    parts = ("record", "verdict", "definition", "summary", "data", "problems", "history")
    times = {"started": plain.record["started"], "ended": plain.record["ended"]}
    evil = {name: strings(getattr(plain, name)) for name in parts}
    evil["record"] |= times
    made = report(
        **evil, run=EVIL, pipeline=EVIL,
        states=(State(EVIL, "FAILED", 1.0, 1, EVIL),),
        cost=Cost((Job(EVIL, "training", 1.0, 1, EVIL),), 1),
    )  # fmt: skip
    found = read(made)
    assert "script" not in found.tags
    assert EVIL in "".join(found.words)


def test_runs_of_another_metric_are_not_in_one_series_with_this_one() -> None:
    other = record(1, "PROMOTED", 0.0417, 0.0418) | {"metric": "logloss"}
    source = page(report(history=(other, record(2, "PROMOTED", 0.7123, 0.7124))))
    assert "0.7123" in source
    assert "0.0417" not in source


@pytest.mark.parametrize(
    "left", ["verdict", "definition", "summary", "data", "problems", "history", "scores"]
)
def test_a_run_that_came_less_far_has_a_shorter_report(left: str) -> None:
    empty: dict[str, Any] = {"problems": (), "history": ()}
    whole, less = read(report()), read(report(**{left: empty.get(left, {})}))
    assert len(less.text) < len(whole.text)


def test_a_run_of_which_nothing_is_known_has_a_report() -> None:
    bare = report(record={"token": 1}, verdict={}, definition={}, summary={}, data={}, problems=(),
                  history=(), scores={}, states=(), cost=Cost((), 0))  # fmt: skip
    assert "RUNNING" in read(bare).text


def test_each_batch_shows_what_was_promised_and_what_came_true() -> None:
    text = read(report()).text
    assert "1 PROMOTED - - 0.780" in text
    assert "2 MODEL_REJECTED 0.780 0.700 0.770" in text
    assert "3 PROMOTED 0.780 0.710 0.790" in text


def test_every_landed_row_has_an_end_in_the_report() -> None:
    account = {
        "landed": 1000, "quarantined": 12, "accepted": 988, "replaced": 3, "removed": 5,
        "unlabelled": 0, "gap": 20, "train": 660, "validation": 150, "holdout": 150,
    }  # fmt: skip
    made = report(record=report().record | {"account": account})
    ends = {name: account[name] for name in row_account.ENDS}
    assert sum(ends.values()) == account["landed"]
    text = read(made).text
    for name, number in ends.items():
        words, _ = row_account.ENDS[name]
        assert (f"{words} {number} {number / 1000:.1%}" in text) == bool(number), name
    assert "landed 1,000 100.0%" in text
    assert "accepted 988 98.8%" in text
    sums = "12 + 988 = 1,000 landed; 660 + 150 + 150 + 20 + 5 + 3 = 988 accepted"
    assert f"adds up {sums}" in text
    for name in ("landed", "gap"):  # either sum
        wrong = report(record=report().record | {"account": account | {name: 7}})
        assert "does not add up" in read(wrong).text, name


def test_each_slice_is_shown_with_its_floor_and_what_it_decides() -> None:
    text = read(report()).text
    for said in (
        "country, floor 0.6", "country=FR 2,400 0.7800 0.7400 0.8000 holds",
        "country=DE 1,240 0.5200 0.7400 0.5600 under its floor",
        "country: missing 12 - - - shown not defined", "vip, without a floor",
        "vip=true 400 0.7000 0.7400 - shown no floor",
    ):  # fmt: skip
        assert said in text, said
    assert "country=DE, all is told" in page(report())


def test_the_figures_that_people_ask_for_stand_on_top() -> None:
    metrics = {"fresh": {"challenger": 0.7912, "champion": 0.7512}}
    account = {"landed": 1012, "quarantined": 12, "accepted": 1000, "train": 1000}
    made = report(record=report().record | {"metrics": metrics, "account": account})
    text = read(made).text[: read(made).text.index("Promise and truth")]
    for said in (
        "started 2026-03-04 10:00 UTC, took 90.0 s",
        "auc of the champion on arrival 0.710 promised 0.780",
        "auc of the challenger, fresh 0.791 champion 0.751",
        "auc expected on the next batch 0.720 0.660 to 0.780",
        "rows landed 1,012 12 in quarantine",
        "cost at list prices $0.003 estimate $0.010",
    ):  # fmt: skip
        assert said in text, said
    bare = report(record={}, cost=Cost((), 0))
    assert opening.tiles(bare) == ""


def test_nothing_is_expected_of_a_model_that_does_not_serve() -> None:
    refused = report(record=report().record | {"outcome": "MODEL_REJECTED", "promoted": False})
    assert "expected on the next batch" not in str(opening.tiles(refused))
    assert "expected on the next batch" in str(opening.tiles(report()))


def test_a_column_has_changed_from_where_the_pipeline_says() -> None:
    usual = report()
    text = str(sections.drift(usual))
    assert "a column has changed from 0.25 on" in text
    assert 'class="badge warn">0.710' in text
    patient = report(definition={**usual.definition, "checks": {"drift": {"psi": 0.8}}})
    text = str(sections.drift(patient))
    assert "a column has changed from 0.8 on" in text
    assert 'class="badge warn">0.710' not in text


def test_the_settings_are_those_of_the_model_that_was_judged() -> None:
    """Not the definition's, where their backtest refused them."""
    judged = report(record=report().record | {"settings": {"max_depth": "3"}})
    assert "max_depth 3" in read(judged).text
    assert "max_depth 5" in read(report()).text


def test_a_champion_that_was_refit_is_shown_on_fresh_rows_alone() -> None:
    fresh, reference = scored(1, 300), scored(2, 500, "reference")
    both = {"challenger": fresh + reference, "champion": fresh + reference}
    counts = re.compile(r"is 0 [\d,]+ [\d,]+ ([\d,]+) is 1 [\d,]+ [\d,]+ ([\d,]+)")

    def shown(made: RunReport) -> list[int]:
        return [sum(map(int, found)) for found in counts.findall(read(made).text)]

    assert shown(report(scores=both)) == [800, 800]
    known = report(scores=both, knows_reference=True)
    assert shown(known) == [800, 300]
    assert "The champion was trained on the reference rows" in read(known).text


def test_a_regression_has_residuals() -> None:
    chance = random.Random(3)
    rows = tuple(measures.Row("fresh", 10 + chance.gauss(0, 2), 10.0) for _ in range(500))
    made = report(scores={"challenger": rows, "champion": ()},
                  record=report().record | {"metric": "rmse"})  # fmt: skip
    text = read(made).text
    assert "Residuals: challenger" in text
    assert "Confusion" not in text


# --- measures ------------------------------------------------------------------------------------


def test_scores_are_read_and_what_is_not_finite_is_left_out() -> None:
    lines = ["r1,fresh,c1,1,0.75", "r2,new,c1,0,nan", "broken", "r3,reference,c2,0,0.5\n"]
    assert list(measures.rows(lines)) == [
        measures.Row("fresh", 1, 0.75), measures.Row("reference", 0, 0.5),
    ]  # fmt: skip


def test_probabilities_that_are_what_they_say_lie_on_the_diagonal() -> None:
    points = measures.calibration(scored(count=20_000))
    assert len(points) == measures.BINS
    assert all(abs(predicted - came) < 0.04 for predicted, came in points)
    assert measures.calibration([]) == []


def test_every_row_is_in_the_confusion_table_and_in_the_residuals() -> None:
    rows = scored()
    names, counts = measures.confusion(rows, "probability")
    assert names == ["0", "1"]
    assert sum(map(sum, counts)) == len(rows)
    found = measures.residuals(rows)
    assert found is not None
    assert sum(found.counts) + found.outside == len(rows)


def test_of_several_classes_the_likeliest_is_what_a_model_said() -> None:
    lines = [
        "r1,fresh,-,2,[0.125, 0.25, 0.625]", 'r2,fresh,-,0,"[0.5, 0.25, 0.25]"',
        "r3,reference,-,0,0.25,0.5,0.25", "r4,reference,-,1,[nan, 0.25, 0.25]",
    ]  # fmt: skip
    found = list(measures.rows(lines))
    assert [(row.label, row.score) for row in found] == [(2, 2), (0, 0), (0, 1)]
    names, counts = measures.confusion(found, measures.kind_of(found, "mlogloss"))
    assert (names, counts) == (["0", "1", "2"], [[1, 1, 0], [0, 0, 0], [0, 0, 1]])


@pytest.mark.parametrize(
    ("rows", "metric", "kind"),
    [
        (scored(), "auc", "probability"),
        (scored(), "mlogloss", "class"),
        ([measures.Row("fresh", 2.0, 3.0)], "accuracy", "class"),
        ([measures.Row("fresh", 2.5, 3.0)], "rmse", "number"),
        ([measures.Row("fresh", 1.0, -2.5)], "auc", "class"),
    ],
)
def test_what_scores_are_follows_from_them_and_from_the_metric(
    rows: Any, metric: str, kind: str
) -> None:
    assert measures.kind_of(rows, metric) == kind


def test_costs_are_list_prices_by_time_and_a_minute_of_glue_at_least() -> None:
    glue = Job("Prepare", "glue", 6.0, workers=2)
    train = Job("Train", "training", 360.0, 1, "ml.m5.large")
    other = Job("Train", "training", 60.0, 1, "ml.p5.48xlarge")
    assert glue.cost == pytest.approx(0.44 * 2 / 60)
    assert train.cost == pytest.approx(0.0115)
    assert other.cost is None
    three = replace(train, jobs=3)
    assert (three.cost, three.estimate) == (train.cost, pytest.approx(3 * (train.estimate or 0)))
    cost = Cost((glue, train, other), transitions=100)
    assert cost.actual == pytest.approx(0.44 * 2 / 60 + 0.0115 + 0.0025)
    assert cost.unknown == ["ml.p5.48xlarge"]
    assert f"list prices in us-east-1 as of {costs.AS_OF}" in read(report()).text


class Tuned:
    """A tuning job of four training jobs as SageMaker's client answers about it, on two pages."""

    def describe_hyper_parameter_tuning_job(self, **_: str) -> dict[str, Any]:
        objective = {"Type": "Maximize", "MetricName": "validation:auc"}
        return {
            "HyperParameterTuningJobConfig": {
                "Strategy": "Bayesian", "HyperParameterTuningJobObjective": objective,
            },
            "TrainingJobDefinition": {
                "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1}
            },
            "BestTrainingJob": {"TrainingJobName": "job-2"},
        }  # fmt: skip

    def get_paginator(self, operation: str) -> Tuned:
        assert operation == "list_training_jobs_for_hyper_parameter_tuning_job"
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        began = datetime(2026, 3, 4, tzinfo=UTC)
        found = [
            {
                "TrainingJobName": f"job-{number}",
                "TunedHyperParameters": {"eta": f"0.{number}", "max_depth": f"{number}"},
                "TrainingJobStatus": "Failed" if value is None else "Completed",
                "TrainingStartTime": began,
                "TrainingEndTime": began + timedelta(seconds=90),
                "FinalHyperParameterTuningJobObjectiveMetric": {"Value": value} if value else {},
            }
            for number, value in ((1, 0.71), (2, 0.79), (3, None), (4, 0.75))
        ]
        return [{"TrainingJobSummaries": found[:3]}, {"TrainingJobSummaries": found[3:]}]


def test_a_search_names_what_was_tried_best_first_and_counts_its_jobs_in_the_costs() -> None:
    search = Search.of(Tuned(), "ratchet--0123456789ab-0")
    assert [one.job for one in search.ranked] == ["job-2", "job-4", "job-1", "job-3"]
    assert [one.job for one in search.trials if one.best] == ["job-2"]
    line = search.paid("Search settings for a model")
    assert (line.name, line.jobs) == ("Search settings for a model: 4 training jobs", 4)
    assert line.cost == pytest.approx(4 * 90 / 3600 * 0.115)
    assert line.estimate == pytest.approx(4 * 300 / 3600 * 0.115)
    shown = page(report(searches=(search,)))
    assert re.findall(r"<td[^>]*>(0\.\d+)</td>", shown.partition(">Search<")[2])[:2] == [
        "0.2", "0.79000",
    ]  # fmt: skip
    tiny = [searches._shown(text) for text in ("0.0000123456", "2000000", None)]
    assert tiny == ["1.235e-05", "2000000", "-"]
    assert "4 training jobs by validation:auc on the validation rows, bayesian; the best" in shown
    scripts = page(report(searches=(replace(search, metric="accuracy"),)))
    assert "4 training jobs by accuracy, as the script printed it, bayesian; the best" in scripts
    none = replace(search, trials=tuple(replace(one, best=False) for one in search.trials))
    assert "was judged on rows" not in page(report(searches=(none,)))
    started = '{"HyperParameterTuningJobArn": "arn:aws:sagemaker:::job/ratchet--0123456789ab-0"}'
    tune: Any = SimpleNamespace(name="TuneModel", submitted=[started])
    run: Any = SimpleNamespace(states={"Candidates/TuneModel": tune})
    stack: Any = SimpleNamespace(client=lambda _: Tuned())
    assert list(paid._searches(stack, [run])) == [search]
    lowest = replace(search, higher_is_better=False)
    assert lowest.ranked[0].job == "job-1"
    assert ">Search<" not in page(report())


def execution(**submitted: str) -> Timeline:
    """One that has ended, by state what its service answered."""
    began = datetime(2026, 3, 4, tzinfo=UTC)
    states = {
        name: StateTimes(name, "SUCCEEDED", began, began, attempts=1, submitted=(answer,))
        for name, answer in submitted.items()
    }
    return Timeline("SUCCEEDED", states, began, began)


def test_what_runs_inside_is_paid_for_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """The promotion's transitions, and the jobs of the workflow that trains."""
    run = execution(
        TrainWithWorkflow='{"ExecutionArn": "a:train"}', Promote='{"ExecutionArn": "a:move"}'
    )
    inside = {
        "a:train": execution(
            Fit='{"TrainingJobArn": "a:job/own"}', Again='{"ExecutionArn": "a:gone"}'
        ),
        "a:move": execution(MoveEndpoint="{}", AwaitEndpoint="{}", VerifyEndpoint="{}"),
        "a:gone": Timeline("RUNNING", {}, None, None),
    }
    monkeypatch.setattr(following, "timeline_of", lambda _, arn: inside[arn])
    described = {
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2},
        "BillableTimeInSeconds": 90,
    }
    client = SimpleNamespace(describe_training_job=lambda **_: described)
    stack: Any = SimpleNamespace(client=lambda _: client)
    spent = paid.paid(stack, run)
    assert spent.cost.jobs == (Job("Fit", "training", 90.0, 2, "ml.m5.large"),)
    assert spent.cost.transitions == (2 + 1) + (2 + 1) + (3 + 1)
    assert spent.searches == ()


@pytest.mark.parametrize(
    ("job", "name"),
    [("ratchet--bank--k3f9-000002-challenger-0", "Train: challenger"), ("own-job", "Train"),
     ("job", "Train"), ("ratchet--bank--k3f9-000002-0", "Train")],
)  # fmt: skip
def test_a_job_is_named_by_its_state_and_whom_it_was_for(job: str, name: str) -> None:
    assert paid._for("Train", job) == name


# --- charts --------------------------------------------------------------------------------------

CHARTS = {
    "lines": charts.lines(
        ["1", "2", "3"],
        [
            charts.Series("a", "ours", [0.7, None, 0.8]),
            charts.Series("b", "theirs", [0.6, 0.7, 0.5]),
        ],
    ),
    "intervals": charts.intervals(
        [charts.Interval("fresh", 0.04, 0.01, None, "good", "better")], [("zero", 0.0)]
    ),
    "calibration": charts.calibration([("ours", "ours", [(0.1, 0.2), (0.9, 0.8)])]),
    "histogram": charts.histogram([0, 1, 2], [5, 9], "ours"),
    "bars": charts.bars([charts.Bar("Train", 3.0, "good", "3 s")]),
    "stacked": charts.stacked([charts.Bar("train", 3.0, "ours", "3")]),
    "box": charts.box([1, 5, 25, 50, 75, 95, 100]),
    "shares": charts.shares([("AA", 0.6), ("UA", 0.4)]),
    "key": charts.key("ours", "ours"),
}


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_every_chart_draws_in_its_colour(
    name: str, colours: dict[str, str], tmp_path: Path
) -> None:
    """Rendered to pixels: the colour of what it shows is there, on the card of the theme."""
    renderer = shutil.which("rsvg-convert")
    if renderer is None:
        pytest.skip("rsvg-convert is not installed")
    style = element("style", theme.chart_style(colours))
    source = CHARTS[name].replace(">", f">{style}", 1)
    svg, raw = tmp_path / "chart.svg", tmp_path / "chart.png"
    svg.write_text(source)
    subprocess.run(
        [renderer, "-b", colours["card"], "-o", str(raw), str(svg)], check=True, timeout=60
    )
    drawn = {"intervals": "good", "bars": "good"}.get(name, "ours")
    assert pixels(raw, colours[drawn]) > 12


def pixels(path: Path, colour: str) -> int:
    """How many pixels of a PNG have this colour."""
    import struct
    import zlib

    data, place, parts, head = path.read_bytes(), 8, b"", b""
    while place < len(data):
        (length,), kind = struct.unpack(">I", data[place : place + 4]), data[place + 4 : place + 8]
        body = data[place + 8 : place + 8 + length]
        head, parts = (body, parts) if kind == b"IHDR" else (head, parts + body * (kind == b"IDAT"))
        place += length + 12
    width, height, _, colour_type = struct.unpack(">IIBB", head[:10])
    size = {2: 3, 6: 4}[colour_type]
    wanted = bytes.fromhex(colour[1:])
    return sum(
        line[x : x + 3] == wanted
        for line in unfiltered(zlib.decompress(parts), width * size, height, size)
        for x in range(0, width * size, size)
    )


def unfiltered(raw: bytes, width: int, height: int, size: int) -> Any:
    """The lines of a PNG (its filters undone, as the specification says in section 9)."""
    above = bytearray(width)
    for n in range(height):
        kind, line = (
            raw[n * (width + 1)],
            bytearray(raw[n * (width + 1) + 1 : (n + 1) * (width + 1)]),
        )
        for x in range(width):
            left, up = (line[x - size] if x >= size else 0), above[x]
            corner = above[x - size] if x >= size else 0
            guess = left + up - corner
            near = min((left, up, corner), key=lambda one: abs(guess - one))
            line[x] = (line[x] + (0, left, up, (left + up) // 2, near)[kind]) % 256
        yield bytes(line)
        above = line


@pytest.mark.parametrize("low", [0.0, -1.0, 0.123, 1e-9, 1e9])
@pytest.mark.parametrize("span", [0.0, 1e-6, 1.0, 12345.0])
def test_ticks_enclose_every_range(low: float, span: float) -> None:
    ticks = charts.nice_ticks(low, low + span)
    assert ticks[0] <= low
    assert ticks[-1] >= low + span
    assert 2 <= len(ticks) <= 12
    assert ticks == sorted(set(ticks))


@pytest.mark.parametrize("name", CHARTS)
def test_charts_are_well_formed(name: str) -> None:
    assert ET.fromstring(CHARTS[name]).tag.endswith("svg")


def test_without_a_display_no_browser_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: asked.append(url) or True)
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert open_in_browser(Path("run.html")) is False
    monkeypatch.setenv("DISPLAY", ":0")
    assert open_in_browser(Path("run.html")) is True
    assert [url.startswith("file:///") for url in asked] == [True]


def test_sections_without_contents_are_empty() -> None:
    bare = report(record={}, verdict={}, definition={}, data={}, problems=(), history=(), scores={})
    parts = (sections.arrival, judging.verdict, judging.slices, sections.problems,
             row_account.rows, sections.drift, scoring.scores, sections.settings)  # fmt: skip
    assert [part(bare) for part in parts] == [""] * len(parts)


# --- charts by themselves ------------------------------------------------------------------------

ACCOUNT = {"landed": 912, "quarantined": 12, "accepted": 900, "train": 700, "holdout": 200}


def alone(figure: figures.Figure) -> str:
    """The texts of a figure's picture, which needs no style sheet and runs nothing."""
    tree = ET.fromstring(figure.svg)
    assert "var(" not in figure.svg
    assert "<script" not in figure.svg
    assert figure._repr_svg_() == figure.svg
    assert str(figure) == repr(figure) == figure.words
    found = (one.text or "" for one in tree.iter() if one.tag.endswith(("}text", "}title")))
    return " ".join(found)


def test_promises_by_themselves_have_a_legend_and_words() -> None:
    figure = figures.promises(report().history, "auc")
    for said in (sections.CAME, sections.BEFORE, sections.NOW):
        assert said in alone(figure)
    lines = [line.split() for line in figure.words.splitlines()]
    assert ["3", "PROMOTED", "0.780", "0.710", "0.790"] in lines
    assert figures.promises(report().history, "rmse").words == "No run has promised anything yet."


def test_the_account_by_itself_names_every_part() -> None:
    whole = report()
    figure = figures.account(replace(whole, record=whole.record | {"account": ACCOUNT}))
    assert "in quarantine" in alone(figure)
    assert ["trained", "on", "700"] in [line.split() for line in figure.words.splitlines()]
    assert figures.account(whole)._repr_svg_() is None


def test_the_drift_by_itself_has_what_moved_most_first() -> None:
    data = data_verdict()
    data["columns"][0]["name"] = EVIL
    figure = figures.drift(report(data=data))
    assert alone(figure).index("distance") < alone(figure).index("<script>")
    assert "another unit?" in figure.words
    assert 'class="fill warn"' in figure.svg
    assert figures.drift(report(data={})).words == "The run has compared its columns with nothing."


def test_the_words_of_a_figure_obey_nothing() -> None:
    data = data_verdict()
    data["columns"][0]["name"] = "a\x1b[31m"
    figure = figures.drift(report(data=data))
    assert "\x1b" not in figure.words + alone(figure)
