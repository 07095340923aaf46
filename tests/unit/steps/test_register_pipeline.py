"""A push is validated again, makes what the pipeline needs, and wakes what waits."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from unit_model import FORMER, crown
from unit_service import DEFINITION, Service, claim, concluded, finish, rows, started

import check_data
import judge_data
import settle_data
from retraining import errors
from retraining.adapters.ledger import Ledger
from retraining.adapters.object_store import ObjectStore
from retraining.documents.registration import Registration
from retraining.documents.run_record import RunRecord
from retraining.rules import contracts
from retraining.rules.arrivals import Lease


def test_a_push_makes_what_the_pipeline_needs_and_says_what_changed(service: Service) -> None:
    first = service.push()
    assert first["changed"]
    assert first["pending_objects"] == 0
    assert service.push()["changed"] == []
    job = service.client("databrew").describe_job(Name="ratchet--bank--rfjp")
    assert job["RecipeReference"] == {"Name": "ratchet--bank--rfjp", "RecipeVersion": "1.0"}
    assert (job["MaxCapacity"], job["Outputs"][0]["Overwrite"]) == (2, True)
    assert job["Tags"] == {"ratchet:stack": "ratchet", "ratchet:pipeline": "bank"}
    dataset = service.client("databrew").describe_dataset(Name="ratchet--bank--rfjp")
    assert dataset["Input"]["S3InputDefinition"] == {"Bucket": "work", "Key": "accepted/bank/"}
    groups = service.client("sagemaker").list_model_package_groups()
    assert [g["ModelPackageGroupName"] for g in groups["ModelPackageGroupSummaryList"]] == [
        "ratchet--bank--rfjp"
    ]
    changed = copy.deepcopy(DEFINITION)
    changed["gate"]["minimum"] = 0.7
    assert service.push(changed, "1" * 64)["changed"] == ["gate"]


def test_names_that_sagemaker_would_refuse_in_the_first_run_are_refused_at_push(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = copy.deepcopy(DEFINITION) | {"name": "b" * 24}
    monkeypatch.setenv("RATCHET_STACK", "s" * 10)  # 63 in all, with rfjp-000001-challenger-10
    assert service.push(longest)["changed"]
    monkeypatch.setenv("RATCHET_STACK", "s" * 11)
    said = r"name: b{24} is too long by 1 for stack s{11}: a job would .* at most 63"
    with pytest.raises(errors.PipelineRejected, match=said):
        service.push(longest)


def test_a_tuning_job_that_could_not_be_named_is_refused_at_push(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = copy.deepcopy(DEFINITION)
    tuning = {"jobs": 2, "ranges": {"max_depth": {"integer": [2, 6]}}}
    searched["training"]["tuning"] = tuning
    monkeypatch.setenv("RATCHET_STACK", "s" * 16)
    assert service.push()["changed"], "other jobs have longer names"
    said = r"training\.tuning: stack s{16} is too long by 1: a tuning job .* at most 32 characters"
    with pytest.raises(errors.PipelineRejected, match=said):
        service.push(searched, "1" * 64)


@pytest.mark.parametrize("stack", ["ratchet--dev", "ratchet-", "Ratchet", "s" * 33])
def test_a_stack_whose_names_could_be_anothers_registers_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch, stack: str
) -> None:
    monkeypatch.setenv("RATCHET_STACK", stack)
    with pytest.raises(errors.PipelineRejected, match=f"stack {stack}: .* it under another name"):
        service.push()
    assert service.aws.ledger.generation() is None


def test_a_generation_is_written_once(service: Service) -> None:
    service.push()
    service.now += 600
    service.push(copy.deepcopy(DEFINITION) | {"name": "other"})
    assert service.aws.ledger.generation() == "rfjp"


def test_a_stack_made_again_under_its_name_makes_no_name_of_the_first(service: Service) -> None:
    service.push()
    first = service.aws.names
    service.now += 60
    service.renew_ledger()
    service.push()
    again = service.aws.names
    assert again.stack == first.stack
    assert again.generation != first.generation  # and every name has it in it
    sagemaker = service.client("sagemaker")
    assert len(sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]) == 2


def test_a_push_that_breaks_the_contract_leaves_the_former_one(service: Service) -> None:
    service.push()
    broken = copy.deepcopy(DEFINITION)
    broken["trigger"]["window"] = "15m"
    with pytest.raises(errors.PipelineRejected, match=r"trigger\.window"):
        service.push(broken, "1" * 64)
    registered = service.aws.ledger.registration("bank")
    assert registered
    assert registered.hash == "0" * 64


def test_columns_of_a_recipe_cannot_change_once_data_is_accepted(service: Service) -> None:
    started(service, a=rows(40))
    service.run_machine("bank", 1)
    changed = copy.deepcopy(DEFINITION)
    changed["data"]["columns"]["city"] = {"type": "text"}
    with pytest.raises(errors.PipelineRejected, match=r"data\.columns: they can change"):
        service.push(changed, "1" * 64)


def with_a_transform(service: Service, hash_: str, **columns: Any) -> dict[str, Any]:
    """A pushed definition with these columns, and without `job` unless it is one of them."""
    source = b"def transform(data): return data"
    service.s3.put_object(Bucket="work", Key=f"pipelines/bank/{hash_}/transform.py", Body=source)
    changed = copy.deepcopy(DEFINITION)
    changed["etl"] = {"transform": hashlib.sha256(source).hexdigest()}
    changed["data"]["columns"] |= columns
    if "job" not in columns:
        del changed["data"]["columns"]["job"]
    return changed


def test_a_column_may_not_become_what_earlier_rows_cannot_be_read_as(service: Service) -> None:
    """Not even after a push without it: the rows keep what they have."""
    first = with_a_transform(service, "1" * 64, job={"type": "text"})
    service.push(first, "1" * 64)
    service.deliver(service.drop("bank/a.csv", rows(40)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    number = with_a_transform(service, "2" * 64, job={"type": "number", "nullable": True})
    said = r"data\.columns\.job: .*text, which cannot be read as number: .* --new-baseline"
    with pytest.raises(errors.PipelineRejected, match=said):
        service.push(number, "2" * 64)  # the run has not claimed its data yet
    service.run_machine("bank", 1)
    with pytest.raises(errors.PipelineRejected, match=said):
        service.push(number, "2" * 64)
    service.push(with_a_transform(service, "3" * 64), "3" * 64)
    with pytest.raises(errors.PipelineRejected, match=said):
        service.push(number, "2" * 64)
    service.push(number, "2" * 64, new_baseline=True)
    service.push(first, "1" * 64)  # no row has been accepted since


def test_batches_that_are_left_behind_need_not_be_read_any_more(service: Service) -> None:
    service.push(with_a_transform(service, "1" * 64, job={"type": "text"}), "1" * 64)
    service.deliver(service.drop("bank/a.csv", rows(40)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    service.run_machine("bank", 1)
    service.push(with_a_transform(service, "3" * 64), "3" * 64)
    later = RunRecord(pipeline="bank", token=2, outcome="PROMOTED", data_state="TRAINED")
    service.aws.ledger.open_run(later)
    number = with_a_transform(service, "2" * 64, job={"type": "number", "nullable": True})
    with pytest.raises(errors.PipelineRejected, match=r"data\.columns\.job: .* cannot be read"):
        service.push(number, "2" * 64)
    assert service.push(number, "2" * 64, history_from=2)["left_out"] == 1


def test_values_may_be_listed_when_they_are_all_that_earlier_rows_have(service: Service) -> None:
    started(service, a=rows(40))
    run = claim()
    for chunk in run["chunks"]:
        check_data.handler({"manifest": run["manifest"], **chunk}, None)
    judge_data.handler({"manifest": run["manifest"]}, None)
    service.run_machine("bank", 1)
    changed = copy.deepcopy(DEFINITION)
    jobs = [f"job{n}" for n in range(40)]
    changed["data"]["columns"]["job"] = {"type": "category", "values": [*jobs[1:], "another"]}
    with pytest.raises(errors.PipelineRejected, match=r"columns\.job: .* have 'job0': list them"):
        service.push(changed, "1" * 64)
    changed["data"]["columns"]["job"]["values"] = jobs
    assert service.push(changed, "1" * 64)["changed"] == ["data"]
    changed["data"]["columns"]["age"] = {"type": "category", "values": ["20"]}
    with pytest.raises(errors.PipelineRejected, match=r"age: .* 40 rows of values that were not"):
        service.push(changed, "2" * 64)


LISTED = {"type": "category", "values": ["job0", "another"]}


def checked_by_run(service: Service, body: str) -> dict[str, Any]:
    """A pipeline with a text column whose first run has claimed this drop; what it claimed."""
    service.push(with_a_transform(service, "1" * 64, job={"type": "text"}), "1" * 64)
    service.deliver(service.drop("bank/a.csv", body))
    service.now += 61
    service.wake({"pipeline": "bank"})
    return claim()


def judge(run: dict[str, Any]) -> None:
    for chunk in run["chunks"]:
        check_data.handler({"manifest": run["manifest"], **chunk}, None)
    judge_data.handler({"manifest": run["manifest"]}, None)


def test_values_are_not_narrowed_before_the_open_run_has_seen_its_rows(service: Service) -> None:
    """Its accepted copy would no longer be what later runs read."""
    run = checked_by_run(service, rows(40))
    listed = with_a_transform(service, "2" * 64, job=LISTED)
    said = r"data\.columns: job: run bank-000001 is still checking its rows.* push again"
    with pytest.raises(errors.PipelineRejected, match=said):
        service.push(listed, "2" * 64)
    judge(run)
    with pytest.raises(errors.PipelineRejected, match=r"columns\.job: .* have 'job1', 'job10'"):
        service.push(listed, "2" * 64)
    jobs = [f"job{n}" for n in range(40)]
    listed = with_a_transform(service, "3" * 64, job={"type": "category", "values": jobs})
    assert service.push(listed, "3" * 64)["changed"] == ["data"]


@pytest.mark.parametrize(
    ("others", "new_baseline", "said"),
    [
        ({"job": LISTED}, False, "run bank-000001 is still checking"),
        ({}, False, "data.key: earlier"),
        ({}, True, "a new baseline: run bank-000001 uses the former one"),
    ],
    ids=["values", "key", "new baseline"],
)
def test_a_run_that_begins_while_a_push_looks_is_seen_too(
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    others: dict[str, Any],
    new_baseline: bool,
    said: str,
) -> None:
    """After the push has looked, and before it is registered: no moment has the refused one."""
    service.push(with_a_transform(service, "1" * 64, job={"type": "text"}), "1" * 64)
    before, register = service.aws.ledger.registration("bank"), Ledger.register_after
    service.deliver(service.drop("bank/a.csv", rows(40)))
    service.now += 61

    def late(ledger: Ledger, pipeline: str, registration: Registration, token: int) -> bool:
        monkeypatch.setattr(Ledger, "register_after", register)
        service.wake({"pipeline": "bank"})
        done = register(ledger, pipeline, registration, token)
        assert ledger.registration("bank") == before
        claim()
        return done

    monkeypatch.setattr(Ledger, "register_after", late)
    pushed = with_a_transform(service, "2" * 64, **(others or {"job": {"type": "text"}}))
    pushed["trigger"]["schedule"] = "rate(1 day)"
    if not others:
        pushed["data"]["key"] = "age"
    with pytest.raises(errors.PipelineRejected, match=said):
        service.push(pushed, "2" * 64, new_baseline=new_baseline)
    assert service.aws.ledger.registration("bank") == before
    assert service.client("scheduler").list_schedules(GroupName="schedules")["Schedules"] == []


@pytest.mark.parametrize(
    ("others", "said"),
    [({"job": LISTED}, r"columns\.job: earlier batches have 'job1'"), ({}, "data.key: earlier")],
    ids=["values", "key"],
)
def test_a_run_that_settles_while_a_push_looks_is_seen(
    service: Service, monkeypatch: pytest.MonkeyPatch, others: dict[str, Any], said: str
) -> None:
    """Between what the ledger says of the runs that have ended, and of the one that is open."""
    judge(checked_by_run(service, rows(40)))
    runs, looks = Ledger.runs, list[int]()

    def late(ledger: Ledger, pipeline: str) -> list[RunRecord]:
        found = runs(ledger, pipeline)
        looks.append(len(found))
        if len(looks) == (2 if others else 1):
            settle_data.handler({"pipeline": "bank", "token": 1, **concluded("PROMOTED")}, None)
        return found

    changed = with_a_transform(service, "2" * 64, **(others or {"job": {"type": "text"}}))
    if not others:
        changed["data"]["key"] = "age"
    monkeypatch.setattr(Ledger, "runs", late)
    with pytest.raises(errors.PipelineRejected, match=said):
        service.push(changed, "2" * 64)
    assert service.aws.ledger.state("bank").lease is None


@pytest.mark.parametrize(("landed", "refused"), [("20.0", True), ("20", False)])
def test_a_whole_number_that_landed_as_a_float_becomes_no_text(
    service: Service, landed: str, refused: bool
) -> None:
    """`1.0` is kept as `1` of an integer, and as it lands of a text: one value, two spellings."""
    judge(checked_by_run(service, rows(40).replace("\n20;", f"\n{landed};")))
    text = with_a_transform(service, "2" * 64, age={"type": "text"}, job={"type": "text"})
    if not refused:
        assert service.push(text, "2" * 64)["changed"] == ["data"]
        return
    said = r"data\.columns\.age: whole numbers of earlier batches landed as 1\.0 .* as text"
    with pytest.raises(errors.PipelineRejected, match=said):
        service.push(text, "2" * 64)


def test_a_definition_of_many_runs_is_read_once(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their records say which it was; only what listed values are compared with is read of each."""
    first = with_a_transform(service, "1" * 64, job={"type": "text"})
    service.push(first, "1" * 64)
    registered = service.aws.ledger.registration("bank")
    assert registered
    for token in range(1, 31):
        ended = RunRecord(
            pipeline="bank", token=token, data_state="TRAINED", definition=registered.sha256
        )
        service.aws.ledger.open_run(ended)
        service.aws.ledger.take_lease("bank", Lease(token, f"bank-{token:06d}", "{}"))
        service.aws.ledger.drop_lease("bank", token)
    read, find = list[str](), ObjectStore.find_json

    def counted(store: ObjectStore, key: str) -> Any:
        read.append(key)
        return find(store, key)

    monkeypatch.setattr(ObjectStore, "find_json", counted)
    service.push(with_a_transform(service, "2" * 64, job={"type": "category"}), "2" * 64)
    assert {key for key in read if key.startswith("runs/")} == {"runs/bank/000001/manifest.json"}
    service.push(with_a_transform(service, "3" * 64, job=LISTED), "3" * 64)
    assert len({key for key in read if key.endswith("manifest.json")}) == 1
    profiles = [key for key in read if key.endswith("profile.json")]
    assert len(profiles) == len(set(profiles)) == 30


def test_a_transform_that_was_not_uploaded_is_refused(service: Service) -> None:
    changed = copy.deepcopy(DEFINITION)
    changed["etl"]["transform"] = "0" * 64
    with pytest.raises(errors.PipelineRejected, match=r"transform\.py was not uploaded"):
        service.push(changed)


def with_a_file(service: Service, body: bytes | None = None) -> dict[str, Any]:
    """A definition whose transform reads rates.csv; uploaded with this content."""
    source, folder = b"def transform(data): return data", f"pipelines/bank/{'2' * 64}"
    changed = copy.deepcopy(DEFINITION)
    changed["etl"]["transform"] = hashlib.sha256(source).hexdigest()
    changed["etl"]["files"] = {"rates.csv": hashlib.sha256(b"a,1").hexdigest()}
    service.s3.put_object(Bucket="work", Key=f"{folder}/transform.py", Body=source)
    if body is not None:
        service.s3.put_object(Bucket="work", Key=f"{folder}/files/rates.csv", Body=body)
    return changed


def test_a_file_that_a_transform_reads_must_be_the_one_that_was_pushed(service: Service) -> None:
    with pytest.raises(errors.PipelineRejected, match=r"etl\.files: rates\.csv was not uploaded"):
        service.push(with_a_file(service), "2" * 64)
    with pytest.raises(errors.PipelineRejected, match=r"rates\.csv is not the one that was pushed"):
        service.push(with_a_file(service, b"a,2"), "2" * 64)
    service.push(with_a_file(service, b"a,1"), "2" * 64)
    service.deliver(service.drop("bank/a.csv", rows(3)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    assert claim()["transform"].endswith("/transform.py")
    with_a_file(service, b"a,3")
    with pytest.raises(errors.DefinitionChanged, match=r"files/rates\.csv is not what was regist"):
        claim()


def test_columns_cannot_change_while_the_champion_is_of_a_recipe(service: Service) -> None:
    """Its recipe reads all batches as one table, whatever the definition is now."""
    started(service, a=rows(40))
    service.run_machine("bank", 1)
    crown(service, dataclasses.replace(FORMER, token=1, run="bank-000001"))
    job = DEFINITION["data"]["columns"]["job"]
    service.push(with_a_transform(service, "3" * 64, job=job), "3" * 64)
    more = with_a_transform(service, "4" * 64, job=job, city={"type": "text", "nullable": True})
    with pytest.raises(errors.PipelineRejected, match=r"data\.columns: they can change"):
        service.push(more, "4" * 64)


def test_another_identity_needs_a_new_baseline_which_leaves_the_history_behind(
    service: Service,
) -> None:
    started(service, a=rows(40))
    service.run_machine("bank", 1)
    changed = copy.deepcopy(DEFINITION)
    changed["split"] = {"train": 0.6, "validation": 0.2, "holdout": 0.2}
    with pytest.raises(errors.PipelineRejected, match=r"split: earlier rows .* --new-baseline"):
        service.push(changed, "1" * 64)
    answer = service.push(changed, "1" * 64, new_baseline=True)
    assert (answer["changed"], answer["left_out"]) == (["split"], 1)
    service.deliver(service.drop("bank/b.csv", rows(40, 90)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    claim(2)
    manifest = service.read("runs/bank/000002/manifest.json")
    assert (manifest["history"], manifest["reference"]) == ([], [])
    with pytest.raises(errors.PipelineRejected, match="run bank-000002 uses the former one"):
        service.push(DEFINITION, "2" * 64, new_baseline=True)
    changed["data"]["columns"]["city"] = {"type": "text", "nullable": True}
    with pytest.raises(errors.PipelineRejected) as refused:
        service.push(changed, "3" * 64, new_baseline=True)
    assert "data.columns: they can change with" in str(refused.value)
    assert "run bank-000002 uses the former one" in str(refused.value), "all that is wrong"


@pytest.mark.parametrize(
    ("section", "value", "said"),
    [
        ("split", {"by": "group", "column": "job"}, "has no cluster"),
        ("data", {"key": "age"}, "has no arrival"),
        ("gate", {"cluster": "age"}, "has no cluster"),
    ],
)
def test_a_recipe_cannot_read_batches_of_before_a_baseline_with_other_reserved_columns(
    service: Service, section: str, value: dict[str, Any], said: str
) -> None:
    """They stay where the recipe reads: local DataBrew would fail every run from then on."""
    started(service, a=rows(40))
    service.run_machine("bank", 1)
    changed = copy.deepcopy(DEFINITION)
    changed[section] = {**changed.get(section, {}), **value}
    refused = f"as one table, and that of run bank-000001 {said}: .* etl.transform"
    with pytest.raises(errors.PipelineRejected, match=refused):
        service.push(changed, "1" * 64, new_baseline=True)
    without = with_a_transform(service, "2" * 64, job=DEFINITION["data"]["columns"]["job"])
    changed["etl"] = without["etl"]
    assert service.push(changed, "2" * 64, new_baseline=True)["left_out"] == 1
    changed["etl"] = DEFINITION["etl"]
    with pytest.raises(errors.PipelineRejected, match=refused):
        service.push(changed, "3" * 64)  # nor later, when no baseline is asked for


def test_a_recipe_cannot_follow_batches_of_other_columns_or_types(service: Service) -> None:
    """Not only of those that are trained on."""
    service.push(with_a_transform(service, "1" * 64, job={"type": "text"}), "1" * 64)
    service.deliver(service.drop("bank/a.csv", rows(40)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    service.run_machine("bank", 1)
    fewer = with_a_transform(service, "2" * 64)
    service.push(fewer, "2" * 64, new_baseline=True)
    with pytest.raises(errors.PipelineRejected, match="that of run bank-000001 has job: "):
        service.push({**fewer, "etl": DEFINITION["etl"]}, "3" * 64)
    typed = with_a_transform(service, "4" * 64, job={"type": "number", "nullable": True})
    columns = typed["data"]["columns"]
    typed["data"]["columns"] = {name: columns[name] for name in ("age", "job", "y")}
    service.push(typed, "4" * 64, new_baseline=True)
    with pytest.raises(errors.PipelineRejected, match="has job as text, not number"):
        service.push({**typed, "etl": DEFINITION["etl"]}, "5" * 64)


def test_a_metric_that_cannot_judge_the_champion_needs_a_new_baseline(service: Service) -> None:
    """Its objective changes with it, so a model could be judged, but not compared."""
    started(service, a=rows(40))
    service.run_machine("bank", 1)
    theirs = {"num_round": "7"}
    crown(
        service,
        dataclasses.replace(FORMER, token=1, run="bank-000001", hyperparameters=theirs),
    )
    changed = copy.deepcopy(DEFINITION)
    changed["gate"]["metric"] = "rmse"
    changed["training"]["hyperparameters"]["objective"] = "reg:squarederror"
    why = r"was trained with objective binary:logistic, whose answers metric rmse cannot read"
    with pytest.raises(errors.PipelineRejected, match=f"the champion {why}.* --new-baseline"):
        service.push(changed, "1" * 64)
    both = copy.deepcopy(DEFINITION)
    both["gate"]["metric"] = "auc"
    both["training"]["hyperparameters"]["objective"] = "reg:squarederror"
    assert service.push(both, "2" * 64)["incomparable"] is None, "auc reads either's answers"
    registered = service.aws.ledger.registration("bank")
    assert registered
    unread = contracts.as_document(contracts.parse_definition(json.dumps(changed)))
    after_a_rollback = dataclasses.replace(registered, definition=json.dumps(unread))
    assert service.aws.ledger.register_after("bank", after_a_rollback, 1)
    changed["gate"]["min_holdout_rows"] = 31
    answer = service.push(changed, "3" * 64)
    assert answer["changed"] == ["gate"], "nothing is lost by it"
    assert answer["tested"] == [], "who is not compared is not gone back to"


def test_the_history_may_begin_with_a_later_run(service: Service) -> None:
    """Runs 1 and 2 are behind, 3 and 4 are trained on; nothing goes back before that."""
    service.push()
    for token, state in enumerate(("TRAINED", "TRAINED", "TRAINED", "QUARANTINED"), start=1):
        ended = RunRecord(pipeline="bank", token=token, outcome="PROMOTED", data_state=state)
        service.aws.ledger.open_run(ended)
        service.aws.ledger.take_lease("bank", Lease(token, f"bank-{token:06d}", "{}"))
        service.aws.ledger.drop_lease("bank", token)
    with pytest.raises(errors.PipelineRejected, match="run bank-000004 has no batch that is trai"):
        service.push(history_from=4)
    answer = service.push(history_from=3)
    assert (answer["changed"], answer["left_out"]) == ([], 2)
    assert service.push()["left_out"] == 0, "it stays so"
    with pytest.raises(errors.PipelineRejected, match="run bank-000002 lies before the baseline"):
        service.push(history_from=2)
    service.deliver(service.drop("bank/b.csv", rows(40, 90)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    claim(5)
    assert service.read("runs/bank/000005/manifest.json")["history"] == ["run-000003"]
    with pytest.raises(errors.PipelineRejected, match="run bank-000005 uses the former one"):
        service.push(history_from=3)


def test_a_pipeline_that_is_new_has_no_baseline_to_leave(service: Service) -> None:
    with pytest.raises(errors.PipelineRejected, match="a new baseline: nothing was pushed yet"):
        service.push(DEFINITION, "1" * 64, new_baseline=True)


def test_an_archive_that_was_not_uploaded_is_refused(service: Service) -> None:
    changed = copy.deepcopy(DEFINITION)
    changed["data"]["columns"]["y"] = {"type": "integer"}
    found = {"sha256": "0" * 64, "code": "1" * 64, "columns": ["a"]}
    changed["etl"] = {"features": found}
    with pytest.raises(errors.PipelineRejected, match=r"features: 1{64}\.tar\.gz was not uploaded"):
        service.push(changed)
    machine = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    changed["training"] = {"workflow": machine, "max_runtime": "1h"}
    with pytest.raises(errors.PipelineRejected, match=r"training\.workflow takes prepared rows"):
        service.push(changed)


def test_a_push_does_not_sit_out_the_pause_after_a_failure(service: Service) -> None:
    started(service, a=rows(3))
    service.run_machine("bank", 1, "FAILED")
    (follow_up,) = service.receive_wakes()
    assert follow_up["delay"] == 60
    assert service.push()["pending_objects"] == 1
    assert [wake["delay"] for wake in service.receive_wakes()] == [0]


def test_a_push_does_not_start_a_run_before_the_promotion_has_ended(service: Service) -> None:
    """It would be judged against the champion of before, and a better model be refused."""
    started(service, a=rows(40))
    claim()
    settle_data.handler({"pipeline": "bank", "token": 1, **concluded("PROMOTED")}, None)
    service.deliver(service.drop("bank/b.csv", rows(40, 40)))
    service.now += 100
    service.receive_wakes()
    assert service.push()["pending_objects"] == 1
    (wake,) = service.receive_wakes()
    service.wake(wake)
    assert service.aws.ledger.state("bank").token == 1
    ended = {"pipeline": "bank", "token": 1, "execution": "arn", "package": None}
    finish({**ended, **concluded("PROMOTED")})
    service.wake(service.receive_wakes()[-1])
    assert service.aws.ledger.state("bank").token == 2


def schedules(service: Service) -> list[dict[str, Any]]:
    scheduler = service.client("scheduler")
    found = scheduler.list_schedules(GroupName="schedules")["Schedules"]
    return [scheduler.get_schedule(Name=s["Name"], GroupName="schedules") for s in found]


def scheduled(expression: str | None) -> dict[str, Any]:
    return {**DEFINITION, "trigger": {"quiet_period": "60s", "schedule": expression}}


def test_a_schedule_is_made_changed_and_removed_with_the_pipelines_definition(
    service: Service,
) -> None:
    service.push()
    assert schedules(service) == []
    for expression in ("cron(0 3 * * ? *)", "cron(0 3 * * ? *)", "rate(12 hours)"):
        service.push(scheduled(expression))
        (found,) = schedules(service)
        assert (found["Name"], found["ScheduleExpression"]) == ("bank", expression)
    assert json.loads(found["Target"]["Input"]) == {"pipeline": "bank", "reason": "schedule"}
    assert found["Target"]["Arn"].endswith(":wakes")
    assert found["FlexibleTimeWindow"]["Mode"] == "FLEXIBLE"
    service.push(scheduled(None))
    assert schedules(service) == []


def test_a_schedule_that_aws_refuses_is_a_problem_of_the_push(service: Service) -> None:
    error: Any = {"Error": {"Code": "ValidationException", "Message": "Invalid Schedule"}}

    def create(*_: Any, **__: Any) -> None:
        raise ClientError(error, "CreateSchedule")

    service.monkeypatch.setattr(service.client("scheduler"), "create_schedule", create)
    with pytest.raises(errors.PipelineRejected, match=r"trigger\.schedule: Invalid Schedule"):
        service.push(scheduled("cron(0 3 * * * *)"))
    assert service.aws.ledger.registration("bank") is None


@pytest.mark.parametrize(
    ("section", "value", "tested"),
    [
        ("training", {}, []),
        ("training", {"instance": "ml.m5.xlarge", "max_runtime": "2h"}, []),
        ("training", {"refit": True}, []),
        ("training", {"hyperparameters": {"num_round": 20}}, ["settings"]),
        ("etl", {"recipe": None, "transform": hashlib.sha256(b"x").hexdigest()}, ["features"]),
        ("gate", {"minimum": 0.7}, []),
    ],
)
def test_a_push_tells_what_the_next_run_backtests_as_that_run_does(
    service: Service, section: str, value: dict[str, Any], tested: list[str]
) -> None:
    """What is compared is the champion's, not the last push."""
    started(service, a=rows(3))
    claim()
    settle_data.handler({"pipeline": "bank", "token": 1, **concluded("PROMOTED")}, None)
    ended = {"pipeline": "bank", "token": 1, "execution": "arn", "package": None}
    finish({**ended, **concluded("PROMOTED")})
    manifest = service.read("runs/bank/000001/manifest.json")
    chosen = manifest["definition"]["training"]["hyperparameters"]
    crown(service, dataclasses.replace(
        FORMER, token=1, run="bank-000001", training_image=manifest["image"],
        hyperparameters={name: str(one) for name, one in chosen.items()},
    ))  # fmt: skip
    changed = copy.deepcopy(DEFINITION)
    changed[section] |= {**value}
    if "hyperparameters" in value:
        changed[section]["hyperparameters"] = {**DEFINITION["training"]["hyperparameters"],
                                               **value["hyperparameters"]}  # fmt: skip
    key = f"pipelines/bank/{'1' * 64}/transform.py"
    service.s3.put_object(Bucket="work", Key=key, Body=b"x")
    assert service.push(changed, "1" * 64)["tested"] == tested
    assert service.push(changed, "1" * 64)["tested"] == tested, "the same again"
    service.deliver(service.drop("bank/b.csv", rows(4)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    roles = [one["role"] for one in claim(2)["candidates"]]
    assert ("backtest" in roles) == bool(tested)
    assert service.push()["tested"] == [], "back to the champion's"


def test_a_push_promises_no_backtest_where_no_batch_can_test_it(service: Service) -> None:
    """After a new baseline the next run takes what was pushed."""
    started(service, a=rows(40))
    service.run_machine("bank", 1)
    theirs = {"num_round": "7"}
    crown(
        service,
        dataclasses.replace(FORMER, token=1, run="bank-000001", hyperparameters=theirs),
    )
    assert service.push()["tested"] == ["settings"]
    assert service.push(new_baseline=True)["tested"] == []
    assert service.push()["tested"] == [], "the same again"
    service.deliver(service.drop("bank/b.csv", rows(40, 40)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    assert "backtest" not in [one["role"] for one in claim(2)["candidates"]]
    assert service.push()["tested"] == ["settings"], "the run after it has that one's batch"
