"""A settling that stops at any of its writes is completed as it was decided, or never began."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from unit_faults import Crash, Faults
from unit_service import Service, claim, concluded, failed, finish, rows, started

import check_data
import settle_data

pytestmark = pytest.mark.slow  # every write of every end: half a minute of CPU

BEFORE_ANYTHING = 1
MOST_WRITES = 40


def half_settled(service: Service, conclusion: dict[str, Any], write: int, *, after: bool) -> bool:
    """Run 1 with two objects, one more landed meanwhile; True when settling died."""
    started(service, **{f"object{n}": rows(10, start=10 * n) for n in range(2)})
    run = claim()
    for chunk in run["chunks"]:
        check_data.handler({"manifest": run["manifest"], **chunk}, None)
    service.deliver(service.drop("bank/later.csv", rows(10, start=90)))
    service.wake({"pipeline": "bank"})
    service.receive_wakes()
    with Faults() as faults:
        faults.left, faults.after = write, after
        try:
            settle_data.handler({"pipeline": "bank", "token": 1, **conclusion}, None)
        except Crash:
            return True
        finally:
            faults.left = None
    return False


def reset(service: Service) -> None:
    """An empty ledger and work bucket for the next scenario."""
    service.renew_ledger()
    for bucket in ("work", "landing"):
        versions = service.s3.list_object_versions(Bucket=bucket).get("Versions", [])
        for item in versions:
            service.s3.delete_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])


def hold(service: Service, decided: str | None) -> None:
    """The invariants of a run that has ended."""
    state, record = service.aws.ledger.state("bank"), service.aws.ledger.run("bank", 1)
    assert state.lease is None
    claimed = [o for o in service.objects().values() if o["key"] != "bank/later.csv"]
    (ended,) = {item["state"] for item in claimed}
    assert decided is None or ended == decided
    assert record.data_state == ended
    assert bool(service.keys("accepted/")) is (ended == "TRAINED")
    assert ("pending" in claimed[0]) is (ended == "PENDING")
    assert service.receive_wakes(), "what waits has no wake"


def ended_after(
    service: Service, conclusion: dict[str, Any], write: int, *, after: bool, caught: bool
) -> bool:
    """The run's end where settling dies at this write; False where it had fewer writes."""
    died = half_settled(service, conclusion, write, after=after)
    if died and caught:  # the Catch of SettleData leads to FinishRun, then to Failed
        given = {**failed("SettleData", "Broken"), "execution": "arn", "package": None}
        finish({"pipeline": "bank", "token": 1, **given})
    if died:
        service.end("bank-000001", "FAILED" if caught else "ABORTED")
    return died


@pytest.mark.parametrize("caught", [True, False], ids=["caught", "stopped"])
@pytest.mark.parametrize(
    ("conclusion", "decided"),
    [
        (concluded("INCONCLUSIVE"), "TRAINED"),
        (concluded("PROMOTED"), "TRAINED"),
        (concluded("DATA_REJECTED", "QUARANTINED"), "QUARANTINED"),
        (failed("Gate", "Broken"), "PENDING"),
    ],
    ids=["inconclusive", "promoted", "rejected", "failed"],
)
def test_a_settling_that_stops_at_any_write_is_completed_as_it_was_decided(
    service: Service, conclusion: dict[str, Any], decided: str, caught: bool
) -> None:
    """Before each write, and after the first and the last: after another is before the next."""
    for write in itertools.count(BEFORE_ANYTHING):
        assert write < MOST_WRITES
        died = ended_after(service, conclusion, write, after=False, caught=caught)
        hold(service, None if write == BEFORE_ANYTHING else decided)
        if not died:
            break
        reset(service)
    assert write > 5
    for done in (BEFORE_ANYTHING, write - 1):
        reset(service)
        assert ended_after(service, conclusion, done, after=True, caught=caught)
        hold(service, decided)
