"""A write whose reply is lost is sent again by the SDK, and knows its own first attempt."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import Any, Final

import pytest
from unit_service import Service, failed, rows, started

import settle_data
from retraining.adapters.ledger import Ledger
from retraining.documents.champion import Champion
from retraining.documents.promotion import Promotion
from retraining.documents.registration import Registration
from retraining.documents.run_record import RunRecord
from retraining.rules.arrivals import Arrival, Lease, State
from retraining.rules.settlement import Aftermath

LEASE: Final = Lease(1, "bank-000001", "{}", at=5)
NAMES: Final = ("package", "model", "image", "artifact", "artifact_sha256", "run", "since")
CHAMPION: Final = Champion.from_json(
    dict.fromkeys((*NAMES, "features_sha256", "golden"), "x")
    | {"version": 1, "token": 1, "features": ["age"], "config": None, "endpoint": None}
    | {"hyperparameters": {}, "refit": False, "promise": None}
)
PROMOTION: Final = Promotion.from_json(
    dict.fromkeys(("package", "model", "golden", "endpoint", "config"), "x")
    | dict.fromkeys(("check_endpoint", "check_config"), "y")
    | {"pipeline": "bank", "token": 1, "replaces": None, "variants": []}
)

REGISTRATION: Final = Registration(
    definition="{}",
    hash="0" * 64,
    uri="s3://work/pipelines/bank",
    version_id=None,
    sha256="0" * 64,
    registered_at="2026-01-01T00:00:00Z",
    recipe_version=None,
    markers=(),
    baseline=None,
)
SUSPECT_RUN: Final = RunRecord(pipeline="bank", token=1, data_state="SUSPECT")


class RepeatingClient:
    """DynamoDB behind a network that loses the first reply of every write."""

    def __init__(self, dynamodb: Any) -> None:
        self._dynamodb = dynamodb

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._dynamodb, name)
        if name not in ("put_item", "update_item", "transact_write_items"):
            return operation

        def twice(**request: Any) -> Any:
            operation(**request)
            return operation(**request)

        return twice


def leased(ledger: Ledger) -> None:
    ledger.take_lease("bank", LEASE)


def promoting(ledger: Ledger) -> None:
    leased(ledger)
    ledger.release_lease("bank", 1, State(), Aftermath(promoting=True))


def locked(ledger: Ledger) -> None:
    ledger.lock_promotion(PROMOTION, "arn:execution", 10, 90)


def set_aside(ledger: Ledger) -> None:
    ledger.update_run(SUSPECT_RUN)


def nothing(_: Ledger) -> None: ...


Prepared = Callable[[Ledger], None]
Write = Callable[[Ledger], Any]
WRITES: Final[dict[str, tuple[Prepared, Write]]] = {
    "arm_wake": (nothing, lambda ledger: ledger.arm_wake("bank", 90, 30)),
    "take_lease": (nothing, lambda ledger: ledger.take_lease("bank", LEASE)),
    "drop_lease": (leased, lambda ledger: ledger.drop_lease("bank", 1)),
    "release_lease": (
        leased,
        lambda ledger: ledger.release_lease("bank", 1, State(), Aftermath()),
    ),
    "end_promotion": (promoting, lambda ledger: ledger.end_promotion("bank", 1)),
    "note_unregistered_once": (nothing, lambda ledger: ledger.note_unregistered_once("bank")),
    "move_data": (set_aside, lambda ledger: ledger.move_data(SUSPECT_RUN, "TRAINED")),
    "set_champion": (
        locked,
        lambda ledger: ledger.set_champion("bank", CHAMPION, "arn:execution"),
    ),
    "register_after": (
        leased,
        lambda ledger: ledger.register_after("bank", REGISTRATION, 1),
    ),
    "unregister_after": (nothing, lambda ledger: ledger.unregister_after("bank", 0)),
    "lock_promotion": (
        nothing,
        lambda ledger: ledger.lock_promotion(PROMOTION, "arn:execution", 10, 90),
    ),
    "note_unplaced_once": (nothing, lambda ledger: ledger.note_unplaced_once("odd", 20_000)),
    "note_out_of_step_once": (nothing, lambda ledger: ledger.note_out_of_step_once("bank", 20_000)),
    "refuse_arrival": (
        nothing,
        lambda ledger: ledger.refuse_arrival(
            "bank", Arrival("bank/a.csv", "v1", "e", 3, "s", 7), "too large"
        ),
    ),
    "record_arrivals": (
        nothing,
        lambda ledger: all(
            ledger.record_arrivals("bank", [Arrival("bank/a.csv", "v1", "e", 3, "s", 7)])
        ),
    ),
}


REPEATABLE: Final = {"record_arrivals", "set_champion", "register_after", "unregister_after"}
"""What anybody may write again while the condition holds."""


def test_every_write_that_decides_something_is_tried_here() -> None:
    methods = inspect.getmembers(Ledger, inspect.isfunction)
    answers = {name: typing.get_type_hints(method).get("return") for name, method in methods}
    deciding = {name for name, kind in answers.items() if kind in (bool, list[bool])}
    assert {name for name in deciding if name[0] != "_"} - {"has_pending"} == set(WRITES)


@pytest.mark.parametrize("name", WRITES)
def test_a_write_whose_reply_was_lost_is_not_taken_for_somebody_elses(
    service: Service, name: str
) -> None:
    prepare, write = WRITES[name]
    prepare(service.aws.ledger)
    ledger = Ledger(RepeatingClient(service.client("dynamodb")), "ledger")
    assert write(ledger) is True


@pytest.mark.parametrize(
    "name",
    sorted({*WRITES} - {"record_arrivals", "set_champion", "register_after", "unregister_after"}),
)
def test_another_callers_write_is_still_somebody_elses(service: Service, name: str) -> None:
    """By another holder, or by the same words from another invocation."""
    prepare, write = WRITES[name]
    prepare(service.aws.ledger)
    assert write(service.aws.ledger) is True
    repeated = name in ("lock_promotion", "end_promotion")  # whose caller is known by name
    assert write(service.aws.ledger) is repeated
    if name == "lock_promotion":
        assert service.aws.ledger.lock_promotion(PROMOTION, "arn:other", 10, 90) is False


def test_a_run_starts_although_every_reply_of_the_ledger_is_lost_once(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No wake was ever sent, and a lease was left without a run."""
    service.push()
    ledger = Ledger(RepeatingClient(service.client("dynamodb")), "ledger")
    monkeypatch.setattr("retraining.adapters.Adapters.ledger", ledger)
    service.deliver(service.drop("bank/a.csv", rows(40)))
    (wake,) = service.receive_wakes()
    service.now += 61
    service.wake(wake)
    lease = service.aws.ledger.state("bank").lease
    assert lease is not None
    assert lease.started


def test_a_drop_replaces_a_wake_that_never_came(service: Service) -> None:
    service.push()
    service.deliver(service.drop("bank/a.csv", rows(3)))
    assert len(service.receive_wakes()) == 1  # and lost
    service.now += 61
    service.deliver(service.drop("bank/b.csv", rows(3, start=5)))
    assert [wake["delay"] for wake in service.receive_wakes()] == [60]


def test_a_drop_does_not_rely_on_a_wake_a_quarter_of_an_hour_off(service: Service) -> None:
    """Its message may be lost; the sooner one finds out what there is to wait for."""
    started(service, a=rows(40))
    service.run_machine("bank", 1, "FAILED")
    service.now += 61
    service.wake({"pipeline": "bank"})
    service.run_machine("bank", 2, "FAILED")
    assert [wake["delay"] for wake in service.receive_wakes()] == [60, 240]
    service.deliver(service.drop("bank/b.csv", rows(3, start=50)))
    assert [wake["delay"] for wake in service.receive_wakes()] == [60]


def test_a_follow_up_that_was_never_sent_is_sent_by_the_repetition(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(service, a=rows(40))
    sending = service.aws.wakes.__class__

    def broken(*_: Any) -> None:
        raise RuntimeError("no connection")

    with monkeypatch.context() as patched:
        patched.setattr(sending, "send", broken)
        with pytest.raises(RuntimeError):
            service.run_machine("bank", 1, "FAILED")
    settle_data.handler({"pipeline": "bank", "token": 1, **failed("Gate", "Broken")}, None)
    assert len(service.receive_wakes()) == 1
