"""A deleted pipeline serves nothing and starts nothing, and its name is free at once."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
from typing import Any

import pytest
import unit_hosting
from unit_faults import Crash
from unit_hosting import NAME, Hosting
from unit_model import FORMER, Waiting, approval, crown
from unit_service import DEFINITION, TAGS, Service, claim, concluded, finish, rows, started

import delete_pipeline
import settle_data
from retraining.adapters.endpoints import Endpoints
from retraining.adapters.ledger import Ledger
from retraining.adapters.schedules import Schedules
from retraining.documents.promotion import PostponedPromotion
from retraining.errors import DeletionRefused, NotOurs, PackageRejected, PipelineRejected
from retraining.rules.arrivals import Lease

CONFIG = f"{NAME}-000001"


@pytest.fixture
def hosting(service: Service, monkeypatch: pytest.MonkeyPatch) -> Hosting:
    return unit_hosting.hosting(service, monkeypatch)


def delete(pipeline: str = "bank") -> Any:
    return delete_pipeline.handler({"pipeline": pipeline}, None)


def served(service: Service, hosting: Hosting) -> None:
    """A pipeline after its first run, whose model serves."""
    started(service, a=rows(40))
    service.run_machine("bank", 1)
    champion = dataclasses.replace(
        FORMER, token=1, run="bank-000001", model=CONFIG, config=CONFIG, endpoint=NAME
    )
    hosting.models.add(CONFIG)
    hosting.serve(NAME, CONFIG)
    crown(service, champion)


def test_what_served_goes_and_no_run_begins(service: Service, hosting: Hosting) -> None:
    changed = copy.deepcopy(DEFINITION)
    changed["trigger"]["schedule"] = "rate(1 day)"
    served(service, hosting)
    service.push(changed, "1" * 64)
    service.deliver(service.drop("bank/b.csv", rows(40, 40)))
    assert delete() == {
        "pipeline": "bank",
        "version": FORMER.version,
        "endpoint": NAME,
        "waiting": 1,
    }
    hosting.settle()
    assert (hosting.endpoints, hosting.configs, hosting.models) == ({}, {}, set())
    assert service.client("scheduler").list_schedules(GroupName="schedules")["Schedules"] == []
    service.now += 100
    service.wake({"pipeline": "bank"})
    service.sweep()
    assert service.aws.ledger.state("bank").token == 1
    with pytest.raises(DeletionRefused, match="bank is not registered"):
        delete()


def test_the_name_is_free_at_once_and_begins_with_what_lands(
    service: Service, hosting: Hosting
) -> None:
    served(service, hosting)
    delete()
    with pytest.raises(PipelineRejected, match="the history: nothing is registered"):
        service.push(history_from=1)
    with pytest.raises(PipelineRejected, match="retrain: there is no batch to train on"):
        service.push(retrain=True)
    service.push()
    service.deliver(service.drop("bank/b.csv", rows(40, 40)))
    service.now += 100
    service.wake({"pipeline": "bank"})
    claim(2)  # no id comes again
    manifest = service.read("runs/bank/000002/manifest.json")
    assert (manifest["history"], manifest["champion"]) == ([], None)


def test_a_recipe_under_the_name_reads_what_the_deleted_pipeline_left(
    service: Service, hosting: Hosting
) -> None:
    served(service, hosting)
    delete()
    changed = copy.deepcopy(DEFINITION)
    changed["data"]["columns"]["city"] = {"type": "text"}
    with pytest.raises(PipelineRejected, match=r"data\.columns: .* a deleted pipeline"):
        service.push(changed, "1" * 64)
    source = b"def transform(data): return data"
    service.s3.put_object(Bucket="work", Key=f"pipelines/bank/{'2' * 64}/transform.py", Body=source)
    changed["etl"] = {"transform": hashlib.sha256(source).hexdigest()}
    service.push(changed, "2" * 64)


def test_nothing_is_deleted_while_a_run_or_its_promotion_is_open(
    service: Service, hosting: Hosting
) -> None:
    served(service, hosting)
    service.deliver(service.drop("bank/b.csv", rows(40, 40)))
    service.now += 100
    service.wake({"pipeline": "bank"})
    with pytest.raises(DeletionRefused, match="run bank-000002 is open or being promoted"):
        delete()
    claim(2)
    where = {"pipeline": "bank", "token": 2, **concluded("PROMOTED")}
    settle_data.handler(where, None)
    with pytest.raises(DeletionRefused, match="run bank-000002 is open or being promoted"):
        delete()
    assert service.aws.ledger.registration("bank")
    finish({**where, "execution": "arn", "package": None})
    assert delete()["endpoint"] == NAME


def test_a_run_that_begins_meanwhile_keeps_the_pipeline(
    service: Service, hosting: Hosting, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(service, hosting)
    before, unregister = service.aws.ledger.registration("bank"), Ledger.unregister_after
    service.deliver(service.drop("bank/b.csv", rows(40, 40)))
    service.now += 100

    def late(ledger: Ledger, pipeline: str, token: int) -> bool:
        service.wake({"pipeline": "bank"})
        return unregister(ledger, pipeline, token)

    monkeypatch.setattr(Ledger, "unregister_after", late)
    with pytest.raises(DeletionRefused, match="run bank-000002 is open"):
        delete()
    assert service.aws.ledger.registration("bank") == before
    assert NAME in hosting.endpoints


@pytest.mark.parametrize(
    ("owner", "method"),
    [(Endpoints, "delete"), (Endpoints, "delete_config"), (Endpoints, "delete_model"),
     (Ledger, "drop_champion"), (Ledger, "count_pending")],
)  # fmt: skip
def test_a_deletion_that_broke_off_is_completed_by_the_next(
    service: Service, hosting: Hosting, monkeypatch: pytest.MonkeyPatch, owner: type, method: str
) -> None:
    served(service, hosting)

    def crash(*_: Any) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(owner, method, crash)
        with pytest.raises(Crash):
            delete()
    if method != "count_pending":
        delete()
    hosting.settle()
    assert (hosting.endpoints, hosting.configs, hosting.models) == ({}, {}, set())
    assert service.aws.ledger.champion("bank") is None


def test_a_deletion_without_a_champion_that_broke_off_is_completed_too(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = copy.deepcopy(DEFINITION)
    changed["trigger"]["schedule"] = "rate(1 day)"
    service.push(changed, "1" * 64)

    def crash(*_: Any) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(Schedules, "remove", crash)
        with pytest.raises(Crash):
            delete()
    with pytest.raises(DeletionRefused, match="bank is not registered"):
        delete()
    assert service.client("scheduler").list_schedules(GroupName="schedules")["Schedules"] == []


def test_what_is_not_ours_is_left(service: Service, hosting: Hosting) -> None:
    """The registration is gone by then, so no run moves it any more."""
    served(service, hosting)
    hosting.tags = TAGS[:1]
    with pytest.raises(NotOurs, match=f"endpoint {NAME}"):
        delete()
    assert (hosting.serving(), hosting.models) == ({NAME: ("InService", CONFIG)}, {CONFIG})


def test_a_promotion_that_waits_for_room_is_forgotten(service: Service, hosting: Hosting) -> None:
    served(service, hosting)
    waiting = PostponedPromotion(token=1, package="p", reason="no room", tries=1, at=1)
    service.aws.ledger.postpone("bank", waiting)
    delete()
    assert service.aws.ledger.postponed("bank") is None


def test_a_wake_of_the_same_second_starts_no_run(
    service: Service, hosting: Hosting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has read the registration, and takes the lease after the deletion has looked for one."""
    served(service, hosting)
    service.deliver(service.drop("bank/b.csv", rows(40, 40)))
    service.now += 100
    take = Ledger.take_lease

    def late(ledger: Ledger, pipeline: str, lease: Lease) -> bool:
        delete()
        return take(ledger, pipeline, lease)

    monkeypatch.setattr(Ledger, "take_lease", late)
    assert service.wake({"pipeline": "bank"}) == ["message-0"], "whoever pushes again is woken"
    monkeypatch.setattr(Ledger, "take_lease", take)
    assert service.aws.ledger.state("bank").lease is None
    assert [run.token for run in service.aws.ledger.runs("bank")] == [1]
    assert service.wake({"pipeline": "bank"}) == []
    service.push()
    service.wake({"pipeline": "bank"})
    assert service.aws.ledger.state("bank").lease is not None


@pytest.mark.parametrize("approved", [False, True])
def test_a_model_that_waits_for_a_person_is_given_up(
    service: Service, hosting: Hosting, monkeypatch: pytest.MonkeyPatch, *, approved: bool
) -> None:
    """Else it would be promoted under whoever pushes the name again."""
    monkeypatch.setitem(DEFINITION["gate"], "approval", "manual")
    waiting = Waiting(service)
    hosting.models.add(CONFIG)
    if approved:  # and its event is still under way
        waiting.approve()
    delete()
    assert approval(service, waiting.package) == "Rejected"
    assert (waiting.record().outcome, hosting.models) == ("MODEL_REJECTED", set())
    assert waiting.event() is None
    waiting.approve()
    service.push()
    assert waiting.event() is None
    with pytest.raises(DeletionRefused, match="bank is not registered"):
        delete(), delete()


def test_a_promotion_that_had_begun_finds_its_package_rejected(
    service: Service, hosting: Hosting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was approved, and its execution takes the lock when the name has been pushed again."""
    monkeypatch.setitem(DEFINITION["gate"], "approval", "manual")
    waiting = Waiting(service)
    waiting.approve()
    assert waiting.event() is not None
    delete()
    service.push()
    with pytest.raises(PackageRejected, match="was rejected in the registry"):
        waiting.run.decide(waiting.package)
    assert service.aws.ledger.champion("bank") is None


def test_a_model_that_begins_to_wait_as_its_pipeline_goes_is_given_up(
    service: Service, hosting: Hosting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its run has given the lease back, and says only then that it waits."""
    monkeypatch.setitem(DEFINITION["gate"], "approval", "manual")
    waiting = Waiting(service, finished=False)
    hosting.models.add(CONFIG)
    delete()
    assert waiting.finish()["outcome"] == "MODEL_REJECTED"
    assert approval(service, waiting.package) == "Rejected"
    assert (waiting.record().sentence, hosting.models) == (
        "Better, but: Its pipeline was deleted.",
        set(),
    )
    service.push()
    waiting.approve()
    assert waiting.event() is None


def test_the_champion_goes_that_was_named_as_the_deletion_began(
    service: Service, hosting: Hosting, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(service, hosting)
    newer, unregister = f"{NAME}-000002", Ledger.unregister_after

    def late(ledger: Ledger, pipeline: str, token: int) -> bool:
        hosting.models.add(newer)
        hosting.serve(NAME, newer)
        named = dataclasses.replace(FORMER, token=2, package="arn:newer", model=newer, config=newer)
        crown(service, dataclasses.replace(named, endpoint=NAME))
        return unregister(ledger, pipeline, token)

    monkeypatch.setattr(Ledger, "unregister_after", late)
    delete()
    hosting.settle()
    assert service.aws.ledger.champion("bank") is None
    assert (hosting.endpoints, newer in hosting.configs, newer in hosting.models) == (
        {},
        False,
        False,
    )
