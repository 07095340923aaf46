"""What `runs`, `show` and `invoke` say about what the ledger holds."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from rich.console import Console

from ratchet.cli import artifacts, following, push, run_report, screen
from ratchet.cli import scenario as scenario_module
from ratchet.cli.demo_data import DemoData
from ratchet.cli.drops import Broken, Drop, Drops
from ratchet.cli.errors import CliError
from ratchet.cli.following import innermost, state_line
from ratchet.cli.run_report import print_problems, print_slices
from ratchet.cli.scenario import EXPECTATIONS, Outcome, Scenario
from ratchet.runs import runs_of
from ratchet.workflow.history.timeline import StateTimes, Timeline

from .conftest import ROOT, Run, outputs, put_item, register

if TYPE_CHECKING:
    from ratchet.cli.connection import Stack

BROKEN = Broken({}, 0, "nr.employed", "age", 42, "forty-two")
FEATURES = ["age", "campaign", "euribor3m"]


@pytest.fixture
def history(stack: str) -> None:
    """A pipeline with two ended runs and an open one."""
    register("bank-marketing")
    put_run(1, outcome="PROMOTED", sentence="Promoted as the first champion.", challenger="0.6431")
    put_run(
        2, outcome="MODEL_REJECTED", sentence="Rejected: worse [by far].",
        challenger="0.5012", champion="0.8093",
    )  # fmt: skip
    put_run(3)


def put_run(
    token: int,
    outcome: str | None = None,
    sentence: str | None = None,
    challenger: str | None = None,
    champion: str | None = None,
    **more: Any,
) -> None:
    item: dict[str, Any] = {"token": token, "run": f"bank-marketing-{token:06d}", **more}
    item["started"] = f"2026-03-04T10:0{token}:00+00:00"
    if outcome:
        fresh = {
            "challenger": Decimal(challenger or 0),
            "champion": Decimal(champion) if champion else None,
        }
        item |= {
            "outcome": outcome,
            "sentence": sentence,
            "ended": f"2026-03-04T10:0{token}:12+00:00",
            "metric": "auc",
            "metrics": {"fresh": fresh, "reference": None},
            "rows": {"accepted": 12_357, "rejected": 0},
        }
    put_item(pipeline="bank-marketing", item=f"run#{token:06d}", **item)


def put_champion() -> None:
    key = "runs/bank-marketing/000001/golden.json"
    uri = f"s3://{outputs()['WorkBucket']}/{key}"
    serving = {"run": "bank-marketing-000001", "endpoint": "ratchet--bank-marketing--k3f9"}
    put_item(pipeline="bank-marketing", item="champion", features=FEATURES, golden=uri, **serving)


@pytest.mark.usefixtures("history")
def test_runs_are_listed_newest_first_with_both_numbers_and_the_sentence(run: Run) -> None:
    lines = run("runs", "bank-marketing").stdout.splitlines()
    rows = [line for line in lines if line.strip().startswith("bank-marketing-")]
    assert [row.split()[:2] for row in rows] == [
        ["bank-marketing-000003", "RUNNING"],
        ["bank-marketing-000002", "MODEL_REJECTED"],
        ["bank-marketing-000001", "PROMOTED"],
    ]
    for text in ("0.501", "0.809", "12,357", "12.0 s", "worse [by far]"):
        assert text in rows[1]


@pytest.mark.usefixtures("history")
def test_a_notebook_has_the_runs_that_have_ended_oldest_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    put_run(
        4, outcome="PROMOTED", sentence="Promoted.", challenger="0.84", champion="0.81",
        arrival={"value": Decimal("0.79"), "promised": Decimal("0.81"), "rows": 900},
        promise={"value": Decimal("0.84")},
    )  # fmt: skip
    history = runs_of("bank-marketing")
    assert [run.id[-1] + run.outcome[0] for run in history] == ["1P", "2M", "4P"]
    lines = [line.split() for line in str(history).splitlines()]
    assert ["bank-marketing-000001", "PROMOTED"] in [line[:2] for line in lines]
    assert ["4", "PROMOTED", "0.810", "0.790", "0.840"] in [
        line.split() for line in history.promises().words.splitlines()
    ]
    assert "auc of the serving model on 900 rows it had not seen: 0.790" in str(history[2])
    assert "Rejected: worse [by far]." in str(history[1])
    assert "\x1b" not in f"{history}{history.promises()}{history[1]}"
    assert repr(history[1]) == "Run(bank-marketing-000002, MODEL_REJECTED)"
    with pytest.raises(CliError, match="bank-marketing"):
        runs_of("bank-marketin")


@pytest.mark.usefixtures("stack")
def test_what_was_left_out_of_a_run_is_said_where_its_sentence_has_no_room(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    register("bank-marketing")
    told = ["1 of 2 objects was rejected by the data check.", "3 rows were set aside of the 900."]
    sentence = f"Promoted as the first champion. {' '.join(told)}"
    put_run(1, outcome="PROMOTED", sentence=sentence, challenger="0.6431", set_aside=told)
    put_run(2, outcome="PROMOTED", sentence="Promoted.", challenger="0.6431")
    assert "1 of 2 objects was rejected" in run("runs", "bank-marketing").stdout
    monkeypatch.setattr("ratchet.cli.screen.WIDE", 140)
    narrow = run("runs", "bank-marketing").stdout
    assert f"bank-marketing-000001: {' '.join(told)}" in narrow
    assert narrow.count("bank-marketing-000002") == 1


HOSTILE = "\x1b]0;owned\x07\x9b31m\u202etxt\udce9"
"""What a terminal would obey (a title, a colour, another direction), and half a surrogate."""


def test_a_terminal_obeys_nothing_that_a_value_of_the_data_or_a_key_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    failed = StateTimes("Train", "FAILED", datetime.now(UTC), error="E", cause=HOSTILE)
    problem = {"object": f"landing/{HOSTILE}.csv", "value": HOSTILE, "sentence": HOSTILE}
    out = screen.stdout()
    with out.capture() as printed:
        print_problems(out, [problem])
        out.print(f"Data: {HOSTILE}", style="bold")
        out.print(screen.styled(HOSTILE, "red"))
        out.print(state_line(failed))
    shown = r"\x1b]0;owned\x07\x9b31m\u202etxt\udce9"
    assert printed.get().count(shown) == 6
    assert not set(printed.get()) & set(HOSTILE) - set(shown)
    screen.print_json({"value": HOSTILE})
    written = capsys.readouterr().out
    assert written.isascii()
    assert json.loads(written) == {"value": HOSTILE}
    screen.print_json({"value": "é 日本 \u200d"})
    assert "é 日本 \u200d" in capsys.readouterr().out


def test_of_many_problems_it_is_said_how_many_are_shown() -> None:
    listed = [{"object": "a.csv", "of": 606, "sentence": f"problem {n}"} for n in range(20)]
    listed.append({"object": "b.csv", "of": 1, "sentence": "another"})
    console = Console(record=True, width=120)
    print_problems(console, listed)
    assert "10 of 607 problems; the quarantine reports list more" in console.export_text()
    print_problems(console, listed[-1:])
    assert "problems" not in console.export_text()


def test_a_verdict_of_no_rule_is_no_table() -> None:
    console = Console(record=True, width=100)
    run_report.print_verdict(console, {"rules": [], "comparisons": []})
    assert not console.export_text().strip()


def test_slices_are_shown_with_what_they_decide() -> None:
    given = {"rows": 1240, "theirs": 0.61, "ours": 0.52, "bound": 0.56, "floor": 0.6}
    small = {"rows": 12, "theirs": None, "ours": 0.7, "bound": None, "floor": 0.6}
    found = [
        {**given, "name": "country=DE", "undecided": None, "under": True},
        {**small, "name": "country=IS", "undecided": "200 are needed to decide", "under": False},
        {**given, "name": "country=FR", "ours": 0.7, "undecided": None, "under": False},
    ]
    console = Console(record=True, width=120)
    print_slices(console, {"slices": found})
    lines = [" ".join(line.split()) for line in console.export_text().splitlines()]
    assert "country=DE 1,240 0.6100 0.5200 0.5600 0.6000 under its floor" in lines
    assert "country=IS 12 - 0.7000 - 0.6000 200 are needed to decide" in lines
    assert "country=FR 1,240 0.6100 0.7000 0.5600 0.6000 holds" in lines
    print_slices(console, {})
    assert console.export_text() == ""


@pytest.mark.usefixtures("history")
def test_runs_as_json_are_the_records_with_plain_numbers(run: Run) -> None:
    records = json.loads(run("runs", "bank-marketing", "--json").stdout)
    assert [record["token"] for record in records] == [3, 2, 1]
    assert records[1]["metrics"]["fresh"] == {"challenger": 0.5012, "champion": 0.8093}


@pytest.mark.usefixtures("history")
def test_a_run_that_does_not_exist_is_refused_with_the_newest_ones(run: Run) -> None:
    result = run("show", "bank-marketing-000009")
    assert result.exit_code == 1
    assert "there is no run bank-marketing-000009" in result.stderr
    assert "Newest runs: bank-marketing-000003, bank-marketing-000002" in result.stderr


@pytest.mark.usefixtures("history")
def test_a_run_of_an_unknown_pipeline_is_refused_with_the_known_ones(run: Run) -> None:
    result = run("show", "bank-marketin-000001")
    assert result.exit_code == 1
    assert "pipeline bank-marketin is not registered in ratchet (did you mean bank" in result.stderr
    assert "Registered: bank-marketing." in result.stderr


@pytest.mark.parametrize("version", ["v1", ""])
@pytest.mark.usefixtures("history")
def test_what_the_open_run_has_claimed_waits_no_more(run: Run, version: str) -> None:
    """In a bucket without versions the ETag tells two contents of a key apart."""
    for key in ("bank-marketing/a.csv", "bank-marketing/b.csv"):
        number = hashlib.sha256(f"{key}\0{version or 'e1'}".encode()).hexdigest()[:32]
        put_item(pipeline="bank-marketing", item=f"object#{number}", pending=f"1#{number}")
    put_item(pipeline="bank-marketing", item="state", lease={"token": 3})
    assert info(run) == ("bank-marketing-000003", 2)  # it has claimed nothing yet
    claimed = {"objects": [{"key": "bank-marketing/a.csv", "version": version, "etag": "e1"}]}
    boto3.client("s3").put_object(
        Bucket=outputs()["WorkBucket"],
        Key="runs/bank-marketing/000003/manifest.json",
        Body=json.dumps(claimed),
    )
    assert info(run) == ("bank-marketing-000003", 1)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("show", "bank-marketing-²"), "bank-marketing-² is not a run id"),
        (("show", "bank-marketing-" + "9" * 5000), "is not a run id"),
        (
            ("show", "bank-marketing-000001", "-o", "run.png"),
            "run.png ends neither in .svg nor in .html",
        ),
        (("show", "bank-marketing-000001", "-o", "/no/x.svg"), "/no is not a folder"),
        (("runs", "bank marketing"), "No pipeline can have that name"),
        (("info", "--stack", ""), "--stack is empty"),
    ],
)
@pytest.mark.usefixtures("history")
def test_what_cannot_be_is_one_clear_line(run: Run, command: tuple[str, ...], said: str) -> None:
    result = run(*command)
    assert result.exit_code == 1
    assert said in result.stderr


@pytest.mark.usefixtures("history")
def test_a_stack_named_by_its_arn_is_the_stack(run: Run) -> None:
    (stack,) = boto3.client("cloudformation").describe_stacks(StackName="ratchet")["Stacks"]
    about = json.loads(run("info", "--stack", stack["StackId"], "--json").stdout)
    assert about["stack"] == "ratchet"


@pytest.mark.usefixtures("history")
def test_rows_that_are_not_text_are_refused(run: Run) -> None:
    put_champion()
    result = run("invoke", "bank-marketing", "-", input=b"1,2\xff")
    assert result.exit_code == 1
    assert "standard input is not UTF-8 text: byte 3" in result.stderr


def test_the_innermost_error_of_a_cause_is_shown() -> None:
    inner = json.dumps({"errorType": "ChampionChanged", "errorMessage": "another one\nserves"})
    nested = json.dumps({"ExecutionArn": "arn", "Error": "ChampionChanged", "Cause": inner})
    assert innermost("States.TaskFailed", nested) == ("ChampionChanged", "another one serves")
    assert innermost("Glue.X", '{"ErrorMessage": 3}') == ("Glue.X", '{"ErrorMessage": 3}')
    assert innermost("E", "x" * 900)[1] == "x" * 300 + " ..."


def info(run: Run) -> tuple[str, int]:
    """The pipeline's open run, and how many objects wait, as `ratchet info` says."""
    (pipeline,) = json.loads(run("info", "--json").stdout)["pipelines"]
    return pipeline["open_run"], pipeline["waiting_objects"]


def test_a_run_says_first_how_the_serving_model_did_and_what_it_had_promised() -> None:
    arrival = {"value": Decimal("0.683"), "rows": 4278, "promised": Decimal("0.78")}
    promise = {"value": 0.812, "expected": 0.79, "lower": 0.75, "upper": 0.83}
    record = {"pipeline": "bank-marketing", "token": 4, "metric": "auc", "outcome": "PROMOTED"}
    record |= {"promoted": True, "arrival": arrival}
    record |= {"promise": promise, "metrics": {"fresh": {"challenger": 0.812, "champion": 0.7}}}
    console = Console(record=True, width=120, file=io.StringIO())
    run_report.print_record(console, record)
    told = [line.strip() for line in console.export_text().splitlines()]
    assert told[:2] == [
        "PROMOTED",
        "auc of the serving model on 4,278 rows it had not seen: 0.683 (promised 0.780)",
    ]
    assert (
        "expected of this model on the next batch: auc 0.790, from 0.750 to 0.830"
        " (prediction interval)" in told
    )


@pytest.mark.usefixtures("history")
def test_asking_a_pipeline_without_champion_says_how_to_get_one(run: Run) -> None:
    result = run("invoke", "bank-marketing")
    assert result.exit_code == 1
    assert "has no champion yet" in result.stderr
    assert "ratchet upload bank-marketing" in result.stderr


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1,2,3\n1,2\n", "row 2 has 2 values, and the champion takes 3"),
        (
            "1\n",
            "row 1 has 1 values, and the champion takes 3; none is left for campaign, euribor3m",
        ),
        ("1,2,3,4\n", "row 1 has 4 values, and the champion takes 3"),
        ("1,2,telephone\n", "row 1: telephone is not a number for euribor3m"),
        ("1,2,-inf\n", "row 1: -inf is not a number for euribor3m"),
        ("\n", "standard input holds no rows"),
        ("age;campaign;y\n1;2;no\n", "standard input holds rows as they land, and this model"),
        ('{"age": 1}', "standard input holds rows as they land, and this model takes prepared"),
    ],
)
def test_rows_that_do_not_fit_the_champion_are_refused_before_the_endpoint_is_asked(
    run: Run, rows: str, message: str
) -> None:
    put_champion()
    result = run("invoke", "bank-marketing", "-", input=rows)
    assert result.exit_code == 1
    assert message in result.stderr


@pytest.mark.usefixtures("history")
def test_golden_rows_that_are_gone_are_told(run: Run) -> None:
    put_champion()
    result = run("invoke", "bank-marketing")
    assert result.exit_code == 1
    assert "golden rows are not at s3://" in result.stderr


def test_what_a_push_changed_is_summed_up_in_a_sentence() -> None:
    answer = {"name": "bank", "hash": "0", "changed": ["gate", "etl"], "pending_objects": 2}
    assert push.summary(answer) == "Pipeline bank is registered; changed: gate, etl."
    again = {"name": "bank", "hash": "0", "changed": [], "pending_objects": 0}
    assert push.summary(again) == "Pipeline bank is registered; nothing has changed."


def outlook(
    tested: tuple[str, ...] = (), *, recipe: bool = False, asked: Any = None, **trigger: str
) -> str:
    from ratchet.cli.connection import connect, stack_in
    from ratchet.cli.pipeline_folder import Packed

    definition = {"trigger": trigger, "etl": {"recipe": [{}] if recipe else None}}
    packed = Packed("bank-marketing", definition, {}, "0", (), cast("Any", None))
    found = stack_in(connect(None, None, None), "ratchet")
    before = push.Standing.of(found, "bank-marketing")
    answer = {"tested": list(tested), "pending_objects": before.waiting, "asked_run": asked}
    return " ".join(push.outlook(before, packed, answer))


def put_waiting(name: str = "a") -> None:
    put_item(pipeline="bank-marketing", item=f"object#{name}", pending=f"1#{name}")


@pytest.mark.usefixtures("history")
def test_a_push_says_what_will_be_trained_on_and_when() -> None:
    assert outlook() == "No data waits: the next drop is trained with this definition."
    put_waiting()
    assert outlook() == "1 waiting object will be trained on as soon as the drop is quiet."
    assert outlook(marker="_SUCCESS").endswith("trained on when _SUCCESS lands.")
    assert outlook(schedule="rate(1 day)").endswith("on when the schedule rate(1 day) calls.")
    put_item(pipeline="bank-marketing", item="state", lease={"token": 3})
    assert outlook() == (
        "Run bank-marketing-000003 is open, and ends with the definition that it began with."
        " 1 waiting object will be trained on by the run that follows it."
    )


ASKED = {"by": "retrain", "after": None, "again": None, "batches": 2, "seconds": 0}
AGAIN = {**ASKED, "again": "bank-marketing-000002"}


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("asked", "waits", "said"),
    [
        (AGAIN, False, "is judged again, after 1 earlier batch; a run starts at once."),
        ({**AGAIN, "batches": 1, "seconds": 90}, False, "is judged again, alone; a run starts in"),
        (ASKED, True, "1 waiting object will be trained on as soon as the drop is quiet."),
        (ASKED, False, "comes with the first drop that can be trained on."),
        ({**ASKED, "after": "bank-marketing-000003"}, True, "follows run bank-marketing-000003:"),
    ],
)
def test_a_push_says_which_run_it_has_asked_for(asked: Any, waits: bool, said: str) -> None:
    if waits:
        put_waiting()
    assert said in outlook(asked=asked)
    put_champion()
    told = outlook(("settings",), asked=asked)
    again = asked["again"] is not None
    several, alone = again and asked["batches"] > 1, again and asked["batches"] == 1
    assert ("they and the champion's are trained without that batch" in told) == several
    assert ("cannot be backtested on a single batch" in told) == alone
    told = outlook(("settings", "features"), asked=asked)
    assert ("features cannot be backtested on an earlier batch" in told) == again


@pytest.mark.usefixtures("history")
def test_a_run_without_new_data_names_the_batch_that_it_judged(run: Run) -> None:
    put_item(
        pipeline="bank-marketing", item="run#000009", token=9, run="bank-marketing-000009",
        outcome="PROMOTED", data_state="KEPT", again="bank-marketing-000002", sentence="Promoted.",
        started="2026-03-04T10:00:00+00:00", ended="2026-03-04T10:01:00+00:00",
    )  # fmt: skip
    assert "again 000002" in run("runs", "bank-marketing").stdout
    put_item(pipeline="bank-marketing", item="state", asked=3, answered=2, asked_by="retrain")
    told = "bank-marketing: a run was asked for (retrain) and is still to come"
    assert told in run("info").stdout
    put_item(pipeline="bank-marketing", item="state", asked=3, answered=3, asked_by="retrain")
    assert told not in run("info").stdout
    for seen, still in ((2, True), (3, False)):
        lease = {"token": 10, "asked": seen}
        more = {"asked": 3, "answered": 2, "asked_by": "retrain", "lease": lease}
        put_item(pipeline="bank-marketing", item="state", **more)
        assert (told in run("info").stdout) is still


@pytest.mark.usefixtures("history")
def test_what_the_open_run_has_claimed_is_not_told_to_be_trained_on_again() -> None:
    number = hashlib.sha256(b"bank-marketing/a.csv\0v1").hexdigest()[:32]
    put_waiting(number)
    put_item(pipeline="bank-marketing", item="state", lease={"token": 3})
    boto3.client("s3").put_object(
        Bucket=outputs()["WorkBucket"],
        Key="runs/bank-marketing/000003/manifest.json",
        Body=json.dumps({"objects": [{"key": "bank-marketing/a.csv", "version": "v1"}]}),
    )
    assert outlook().endswith("No data waits: the next drop is trained with this definition.")


@pytest.mark.usefixtures("history")
def test_a_push_says_that_changed_settings_are_backtested_once_there_is_a_champion() -> None:
    assert "backtested" not in outlook(tested=("settings",))
    put_champion()
    assert "backtested first" in outlook(tested=("settings",))
    assert "backtested" not in outlook()
    assert "backtested first" in outlook(tested=("features",))
    assert "backtested first" in outlook(tested=("features",), recipe=True)


@pytest.mark.usefixtures("history")
def test_a_new_baseline_says_what_becomes_of_the_champion() -> None:
    from ratchet.cli.pipeline_folder import Packed

    packed = Packed("bank-marketing", {}, {}, "0", (), cast("Any", None))
    before = push.Standing(None, 0, has_champion=True)
    said = " ".join(push.outlook(before, packed, {"left_out": 2, "changed": ["training"]}))
    assert "backtested" not in said
    assert "the data of 2 earlier runs will not be trained on any more" in said
    assert "and is compared with the next models" in said
    lacking = {"left_out": 2, "champion_lacks": ["age", "town"]}
    said = " ".join(push.outlook(before, packed, lacking))
    assert "until a model reaches gate.minimum: it needs age, town, which rows will not" in said
    said = " ".join(push.outlook(before, packed, {"left_out": 2}, 3))
    assert "The history begins with run bank-marketing-000003: the data of 2 earlier runs" in said
    assert "The champion keeps serving. " in said
    deleted = push.Standing(None, 0, has_champion=False)
    said = " ".join(push.outlook(deleted, packed, {"left_out": 2}))
    assert "A new baseline: the data of 2 earlier runs" in said
    assert "champion" not in said
    unread = {"left_out": 2, "incomparable": "was trained with objective a, whose answers ..."}
    said = " ".join(push.outlook(before, packed, unread))
    assert "until a model reaches gate.minimum: it was trained with objective a, whose" in said


def test_a_folder_is_stored_once_under_its_hash(stack: str) -> None:
    from ratchet.cli.connection import connect, stack_in

    found = stack_in(connect(None, None, None), stack)
    for _ in range(2):
        push._put_once(found, "pipelines/bank/0/definition.json", b"{}")
    versions = boto3.client("s3").list_object_versions(Bucket=found.work_bucket)["Versions"]
    assert len(versions) == 1


def ended_drop(**record: Any) -> Outcome:
    plain = {"pipeline": "bank-marketing", "token": 4, "metric": "auc", **record}
    return Outcome(4, "The newer part with shuffled labels", plain, 1.0, b"0.1,0.2", b"0.1,0.2")


def test_the_demo_s_report_lists_the_files_that_there_are() -> None:
    data = DemoData(b"", "made up", real=False)
    ended = ended_drop(outcome="FAILED")
    told = artifacts.report(data, [ended], None)
    assert "drop-4.html" in told
    assert not [name for name in ("picture.svg", "verdict.json", "quarantine.json") if name in told]
    promoted = replace(ended_drop(outcome="PROMOTED"), problems=[{"object": "a.csv"}])
    told = artifacts.report(data, [promoted], "0f")
    for name in ("picture.svg", "verdict.json", "quarantine.json", "model.tar.gz"):
        assert f"- `{name}`: " in told


def test_the_demo_finds_any_job_that_a_rejected_drop_had_trained() -> None:
    """By the run's name, which a job's name holds whoever the candidate is."""
    jobs = ["ratchet--bank-marketing--t6x4q2-000003-challenger-0"]

    class Listed:
        def client(self, _: str) -> Any:
            return self

        def list_training_jobs(self, NameContains: str) -> Any:  # noqa: N803 - as in boto3
            found = [{"TrainingJobName": name} for name in jobs if NameContains in name]
            return {"TrainingJobSummaries": found}

    scenario = Scenario(cast("Stack", Listed()), "bank-marketing", Console(quiet=True), None)
    assert scenario_module._training_jobs(scenario, ended_drop(token=3)) == jobs
    assert scenario_module._training_jobs(scenario, ended_drop(token=4)) == []


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ({}, None),
        ({"outcome": "PROMOTED"}, "the run ends SUSPECT; it ended PROMOTED"),
        ({"metrics": {"fresh": {"challenger": 0.71}}}, "between 0.45 and 0.55; it is 0.710"),
        ({"data_state": "TRAINED"}, "set aside as SUSPECT; it is TRAINED"),
        ({"after": b"0.1,0.3"}, "byte for byte as before; it does not"),
    ],
)
def test_the_demo_says_plainly_which_expectation_failed(
    change: dict[str, Any], failure: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_report, "verdict_of", lambda *_: None)  # no error of few rows
    record = {
        "outcome": "SUSPECT",
        "metrics": {"fresh": {"challenger": 0.49, "champion": 0.5}},
        "data_state": "SUSPECT",
    }
    ended = ended_drop(**{**record, **{k: v for k, v in change.items() if k != "after"}})
    ended = replace(ended, after=change.get("after", ended.after))
    scenario = Scenario(cast("Stack", None), "bank-marketing", Console(quiet=True), None)
    shuffled = Drop({"4-shuffled.csv": b""}, 1)
    failed = EXPECTATIONS[3](scenario, ended, Drops(shuffled, shuffled, BROKEN, shuffled))
    assert [failure in one for one in failed if failure] == ([True] if failure else [])
    assert bool(failed) == bool(failure)


ACCOUNT = {
    "landed": 27_004, "quarantined": 606, "accepted": 26_398, "replaced": 12, "removed": 300,
    "unlabelled": 86, "gap": 0, "train": 18_200, "validation": 3_900, "holdout": 3_900,
}  # fmt: skip


def test_what_became_of_every_row_of_a_drop_is_told() -> None:
    record = {"account": ACCOUNT, "rows": {"repeated": 26_000}}
    whole, accepted, repeated = run_report.account_lines(record)
    assert whole == "rows of the drop: 27,004 landed, 606 in quarantine, 26,398 accepted"
    assert accepted == (
        "  of the accepted: 12 replaced by a later row of their key, 300 removed by recipe or"
        " transform, 86 without a label, 18,200 train, 3,900 validation, 3,900 holdout"
    )
    assert repeated == "  26,000 of them were in earlier drops too"
    clean = {**ACCOUNT, "landed": 26_398, "quarantined": 0}
    assert run_report.account_lines({"account": clean})[0] == "rows of the drop: 26,398 accepted"
    assert run_report.account_lines({"account": None}) == run_report.account_lines({}) == []


@pytest.mark.parametrize(
    ("job", "group", "stream"),
    [
        ({"TrainingJobName": "t-1"}, "/aws/sagemaker/TrainingJobs", "t-1/"),
        ({"TransformJobName": "s-1", "ModelName": "m"}, "/aws/sagemaker/TransformJobs", "s-1/"),
        ({"ProcessingJobName": "p-1"}, "/aws/sagemaker/ProcessingJobs", "p-1/"),
        ({"HyperParameterTuningJobName": "h-1"}, "/aws/sagemaker/TrainingJobs", "h-1-"),
    ],
)
def test_the_log_of_a_failed_job_of_sagemaker_is_named(
    job: dict[str, str], group: str, stream: str
) -> None:
    """A transform job says no more than "See job logs"."""
    began = datetime(2026, 1, 1, tzinfo=UTC)
    cause = json.dumps({**job, "FailureReason": "ClientError: See job logs"})
    states = {
        "ScoreModel": StateTimes("ScoreModel", "FAILED", began, error="x", cause=cause),
        "FinishRun": StateTimes("FinishRun", "FAILED", began, error="RunFailed", cause="{}"),
    }
    log = following.job_log(Timeline("FAILED", states, began, None))
    assert log is not None
    [command] = log.commands
    assert command == f"aws logs tail {group} --since 1d --log-stream-name-prefix {stream}"


@pytest.mark.parametrize("metric", ["f1", "auc", "accuracy", "macro_f1"])
def test_the_figures_of_both_holdouts_are_below_each_other(metric: str) -> None:
    record = {"metric": metric}
    lines = [run_report.metric_sentence(record, one, 0.9, 0.8) for one in run_report.HOLDOUTS]
    assert lines[1] == f"{metric} on the reference holdout: challenger 0.900, champion 0.800"
    assert len({line.index("challenger") for line in lines}) == 1


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--history-from", "other-000003"], "other-000003 is not a run of bank-marketing"),
        (["--history-from", "third"], "third is not a run id"),
        (["--history-from", "third", "--check"], "third is not a run id"),
        (["--history-from", "bank-marketing-000003", "--new-baseline"], "leaves all runs so far"),
    ],
)
def test_a_history_that_cannot_be_meant_is_refused_before_anything_is_pushed(
    run: Run, options: list[str], told: str
) -> None:
    refused = run("push", str(ROOT / "pipelines" / "bank-marketing"), *options)
    assert refused.exit_code != 0
    assert told in " ".join(refused.output.split())
