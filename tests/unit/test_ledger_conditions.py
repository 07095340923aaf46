"""The ledger's conditional writes: what each refuses, and what it leaves as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from unit_model import FORMER, wanted
from unit_service import Service, rows, started

from retraining.adapters.ledger import Ledger
from retraining.rules.arrivals import Lease
from retraining.rules.settlement import Aftermath, Ending


def lease(token: int, at: int = 1) -> Lease:
    return Lease(token, f"bank-{token:06d}", f"{{}} {at}", at=at)


def held(service: Service) -> Lease | None:
    return service.aws.ledger.state("bank").lease


def test_a_lease_that_is_held_cannot_be_taken(service: Service) -> None:
    ledger = service.aws.ledger
    assert ledger.take_lease("bank", lease(1))
    for other in (lease(1, at=2), lease(2)):
        assert not ledger.take_lease("bank", other)
    assert held(service) == lease(1)


def test_a_token_is_used_once(service: Service) -> None:
    ledger = service.aws.ledger
    assert ledger.take_lease("bank", lease(1))
    assert ledger.release_lease("bank", 1, ledger.state("bank"), Aftermath())
    for other in (lease(1, at=2), lease(3)):
        assert not ledger.take_lease("bank", other)
    assert held(service) is None
    assert ledger.take_lease("bank", lease(2))


def test_nobody_gives_back_another_ones_lease(service: Service) -> None:
    ledger = service.aws.ledger
    ledger.take_lease("bank", lease(1))
    seen = ledger.state("bank")
    for other in (0, 2):
        assert not ledger.release_lease("bank", other, seen, Aftermath())
        assert not ledger.drop_lease("bank", other)
        ledger.confirm_start("bank", other)
    assert held(service) == lease(1)


def test_a_lease_goes_back_only_in_sight_of_every_arrival(service: Service) -> None:
    started(service, a=rows(3))
    ledger = service.aws.ledger
    seen = ledger.state("bank")
    service.deliver(service.drop("bank/b.csv", rows(3)))
    assert not ledger.release_lease("bank", 1, seen, Aftermath(3, None, True, "three failures"))
    state = ledger.state("bank")
    assert (state.lease, state.failures, state.paused) == (seen.lease, 0, False)
    assert ledger.release_lease("bank", 1, state, Aftermath())


def test_a_lease_goes_back_only_in_sight_of_every_request(service: Service) -> None:
    """Or a pause would be written over the push that ended it."""
    started(service, a=rows(3))
    ledger = service.aws.ledger
    seen = ledger.state("bank")
    ledger.ask("bank", "push", int(service.now))
    assert not ledger.release_lease("bank", 1, seen, Aftermath(3, None, True, "three failures"))
    state = ledger.state("bank")
    assert (state.lease, state.failures, state.paused) == (seen.lease, 0, False)
    assert ledger.release_lease("bank", 1, state, Aftermath())


def test_nothing_is_registered_over_a_run_that_has_begun_meanwhile(service: Service) -> None:
    service.push()
    ledger = service.aws.ledger
    registered = ledger.registration("bank")
    assert registered is not None
    other = replace(registered, hash="2" * 64)
    assert not ledger.register_after("bank", other, 1)
    assert ledger.register_after("bank", other, 0)
    assert ledger.take_lease("bank", lease(1))
    assert not ledger.register_after("bank", registered, 0)
    assert ledger.registration("bank") == other
    assert ledger.register_after("bank", registered, 1)


def test_nothing_is_unregistered_that_is_at_work(service: Service) -> None:
    service.push()
    ledger = service.aws.ledger
    registered = ledger.registration("bank")
    assert ledger.take_lease("bank", lease(1))
    assert not ledger.unregister_after("bank", 0)
    assert ledger.drop_lease("bank", 1)
    assert ledger.lock_promotion(wanted(1), "arn:1", now=10, until=100)
    assert not ledger.unregister_after("bank", 1)
    assert ledger.registration("bank") == registered
    ledger.close_promotion("bank", "arn:1")
    assert ledger.unregister_after("bank", 1)
    assert ledger.registration("bank") is None


def test_an_older_run_never_replaces_the_champion(service: Service) -> None:
    ledger = service.aws.ledger
    assert ledger.lock_promotion(wanted(1), "arn:1", now=10, until=100)
    newer = replace(FORMER, token=2)
    assert ledger.set_champion("bank", newer, "arn:1")
    assert not ledger.set_champion("bank", replace(FORMER, token=1), "arn:1")
    assert ledger.champion("bank") == newer
    assert ledger.set_champion("bank", newer, "arn:1")
    assert ledger.set_champion("bank", replace(FORMER, token=3), "arn:1")


def test_only_who_holds_the_promotion_names_the_champion(service: Service) -> None:
    ledger = service.aws.ledger
    assert not ledger.set_champion("bank", FORMER, "arn:1")
    assert ledger.lock_promotion(wanted(1), "arn:1", now=10, until=100)
    assert not ledger.set_champion("bank", FORMER, "arn:2")
    assert ledger.champion("bank") is None
    assert ledger.set_champion("bank", FORMER, "arn:1")
    ledger.close_promotion("bank", "arn:1")
    assert not ledger.set_champion("bank", replace(FORMER, token=3), "arn:1")


def test_nobody_opens_another_ones_promotion_lock(service: Service) -> None:
    ledger = service.aws.ledger
    assert ledger.lock_promotion(wanted(1), "arn:1", now=10, until=100)
    ledger.close_promotion("bank", "arn:2")
    held = ledger.promotion("bank")
    assert held
    assert (held.promotion, held.holder) == (wanted(1), "arn:1")
    assert not ledger.lock_promotion(wanted(2), "arn:2", now=100, until=200)
    ledger.close_promotion("bank", "arn:1")
    assert ledger.promotion("bank") is None
    assert ledger.lock_promotion(wanted(2), "arn:2", now=50, until=200)


def test_a_lock_is_taken_over_only_from_the_execution_that_ended(service: Service) -> None:
    ledger = service.aws.ledger
    assert ledger.lock_promotion(wanted(1), "arn:1", now=10, until=100)
    assert not ledger.lock_promotion(wanted(1), "arn:2", now=10, until=100, ended="arn:0")
    assert ledger.lock_promotion(wanted(1), "arn:2", now=10, until=100, ended="arn:1")
    held = ledger.promotion("bank")
    assert held
    assert held.holder == "arn:2"


def test_the_next_run_waits_for_its_own_promotion(service: Service) -> None:
    started(service, a=rows(3))
    ledger = service.aws.ledger
    after = Aftermath(retry_at=int(service.now) + 9000, promoting=True)
    assert ledger.release_lease("bank", 1, ledger.state("bank"), after)
    assert not ledger.end_promotion("bank", 2)
    assert ledger.state("bank").retry_at == after.retry_at
    assert ledger.end_promotion("bank", 1)
    assert ledger.state("bank").retry_at is None


def test_an_object_that_has_an_end_keeps_it(service: Service) -> None:
    started(service, a=rows(40))
    service.run_machine("bank", 1)
    (before,) = service.objects().values()
    assert before["state"] == "TRAINED"
    identifier = before["item"].removeprefix("object#")
    service.aws.ledger.end_objects("bank", 2, [Ending(identifier, "SUSPECT", "too late")])
    assert list(service.objects().values()) == [before]


@pytest.mark.parametrize("operation", ["GetItem", "Query"])
def test_every_read_of_the_ledger_sees_every_write_before_it(
    service: Service, operation: str
) -> None:
    """DynamoDB reads are eventually consistent unless asked otherwise, which moto cannot show."""
    asked: list[bool] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        asked.append(params.get("ConsistentRead", False))

    events = service.client("dynamodb").meta.events
    events.register(f"provide-client-params.dynamodb.{operation}", note)
    try:
        started(service, a=rows(40))
        service.run_machine("bank", 1)
    finally:
        events.unregister(f"provide-client-params.dynamodb.{operation}", note)
    assert asked
    assert all(asked)


class BusyClient:
    """DynamoDB while a transaction holds the items of the first write."""

    def __init__(self, dynamodb: Any) -> None:
        self._dynamodb, self.refused = dynamodb, 0

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._dynamodb, name)
        if name not in ("put_item", "update_item"):
            return operation

        def busy(**request: Any) -> Any:
            if self.refused < 2:
                self.refused += 1
                raise ClientError({"Error": {"Code": "TransactionConflictException"}}, name)
            return operation(**request)

        return busy


def test_a_write_that_meets_a_transaction_is_made_after_it(service: Service) -> None:
    """Who waits for the lock asks while its holder names the champion, in a transaction with it."""
    for write in (
        lambda ledger: ledger.lock_promotion(wanted(1), "arn:1", now=10, until=100),
        lambda ledger: ledger.take_lease("bank", lease(1)),
    ):
        client = BusyClient(service.client("dynamodb"))
        assert write(Ledger(client, "ledger"))
        assert client.refused == 2
