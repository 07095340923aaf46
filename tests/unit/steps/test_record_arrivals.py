"""Every landed object version is noted once, and its pipeline woken once."""

from __future__ import annotations

import time
from typing import Any

import pytest
from unit_service import DEFINITION, Service, claim, rows

from retraining.adapters.object_store import ObjectStore
from retraining.rules.arrivals import Arrival, newest_by_folder

HOSTILE = [
    "a+b.csv",
    "100%.csv",
    "a b.csv",
    "Müller.csv",
    "%2B.csv",
    "a&b=c.csv",
    "..csv",
    "'\".csv",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_an_object_with_any_name_is_noted_and_read_under_exactly_that_name(
    service: Service, name: str
) -> None:
    service.push()
    service.deliver(service.drop(f"bank/{name}", rows(3)))
    (item,) = service.objects().values()
    assert item["key"] == f"bank/{name}"
    service.wake({"pipeline": "bank"})
    service.now += 100
    service.wake({"pipeline": "bank"})
    service.run_machine("bank", 1)
    (item,) = service.objects().values()
    assert (item["state"], item["run"]) == ("TRAINED", 1)
    assert "pending" not in item


def test_a_duplicate_counts_while_it_waits_and_not_afterwards(service: Service) -> None:
    service.push()
    event = service.drop("bank/1.csv", rows(3))
    service.deliver(event, event)
    assert service.aws.ledger.state("bank").arrivals == 1
    service.deliver(event)
    assert service.aws.ledger.state("bank").arrivals == 2
    service.now += 61
    service.wake({"pipeline": "bank"})
    service.run_machine("bank", 1)
    service.receive_wakes()
    service.deliver(event)
    assert service.aws.ledger.state("bank").arrivals == 2
    assert service.receive_wakes() == []


def test_two_versions_of_a_key_are_two_objects(service: Service) -> None:
    service.push()
    service.deliver(service.drop("bank/1.csv", rows(3)), service.drop("bank/1.csv", rows(4)))
    assert len(service.objects()) == 2


def test_an_object_too_large_for_the_check_ends_as_it_arrives_and_the_others_go_on(
    service: Service,
) -> None:
    service.push()
    large, good = service.drop("bank/huge.csv", rows(3)), service.drop("bank/1.csv", rows(3))
    large["detail"]["object"]["size"] = 50 << 30
    assert service.deliver(large, good) == []
    states = {item["key"]: item for item in service.objects().values()}
    assert states["bank/huge.csv"]["state"] == "QUARANTINED"
    assert "split the file" in states["bank/huge.csv"]["reason"]
    assert "pending" not in states["bank/huge.csv"]
    assert states["bank/1.csv"]["state"] == "PENDING"
    assert service.aws.ledger.state("bank").arrivals == 1
    (notice,) = service.notices()
    assert "s3://landing/bank/huge.csv is not trained on: it has 50.0 GiB" in notice["Message"]
    service.deliver(large)
    assert service.notices() == []
    service.deliver(large, received=2)
    assert len(service.notices()) == 1


def test_an_object_too_large_wakes_nobody(service: Service) -> None:
    service.push()
    large = service.drop("bank/huge.csv", rows(3))
    large["detail"]["object"]["size"] = 50 << 30
    service.deliver(large)
    assert service.receive_wakes() == []
    assert service.aws.ledger.state("bank").arrivals == 0


def test_folders_and_markers_wake_nobody(service: Service) -> None:
    service.push()
    service.deliver(service.drop("bank/2026/", ""), service.drop("bank/_SUCCESS", ""))
    assert service.objects() == {}
    assert service.receive_wakes() == []


def test_a_bad_message_comes_again_alone(service: Service) -> None:
    service.push()
    good = service.drop("bank/1.csv", rows(3))
    assert service.deliver("no json", good, {"detail": {}}) == ["message-0", "message-2"]
    assert len(service.objects()) == 1


def test_a_second_delivery_sends_the_wake_that_a_crash_swallowed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.push()
    event = service.drop("bank/1.csv", rows(3))

    def crash(*_: Any) -> None:
        raise ConnectionError("the function died here")

    with monkeypatch.context() as broken:
        broken.setattr(type(service.aws.wakes), "send", crash)
        assert service.deliver(event) == ["message-0"]
    assert service.deliver(event, received=2) == []
    assert len(service.receive_wakes()) == 1


def test_a_wake_that_was_lost_is_replaced_by_the_next_drop(service: Service) -> None:
    """The queue lost it: without a new one the pipeline would wait permanently."""
    service.push()
    service.deliver(service.drop("bank/1.csv", rows(3)))
    assert len(service.receive_wakes()) == 1
    service.now += 60  # it is due now
    service.deliver(service.drop("bank/2.csv", rows(3)))
    assert service.receive_wakes() == []
    service.now += 1
    service.deliver(service.drop("bank/3.csv", rows(3)))
    assert [wake["delay"] for wake in service.receive_wakes()] == [60]


def test_data_for_an_unknown_pipeline_is_kept_reported_once_and_picked_up_by_a_push(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    service.deliver(service.drop("bank/1.csv", rows(3)))
    service.deliver(service.drop("bank/2.csv", rows(3)))
    (notice,) = service.notices()
    assert "ratchet push pipelines/bank" in notice["Message"]
    assert "s3://landing/bank/1.csv" in notice["Message"]
    assert "ObjectsWithoutPipeline" in capsys.readouterr().out
    assert service.receive_wakes() == []
    assert service.push()["pending_objects"] == 2
    assert len(service.receive_wakes()) == 1


def test_data_without_a_prefix_is_reported_and_left_where_it_is(service: Service) -> None:
    assert service.deliver(service.drop("top.csv", rows(3))) == []
    (notice,) = service.notices()
    assert "s3://landing/top.csv landed under no pipeline's prefix" in notice["Message"]
    assert "copy it to s3://landing/<pipeline>/" in notice["Message"]


def test_in_a_part_of_a_bucket_the_pipeline_is_what_follows_the_prefix(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RATCHET_LANDING_PREFIX", "team/training/")
    service.push()
    service.deliver(
        service.drop("team/training/bank/deeper/1.csv", rows(3)),
        service.drop("team/training/top.csv", rows(3)),
        service.drop("team/training/LOGS/1.csv", rows(3)),
        service.drop("bank/2.csv", rows(3)),
    )
    assert [item["key"] for item in service.objects().values()] == [
        "team/training/bank/deeper/1.csv"
    ]
    (notice,) = service.notices()
    for key in ("team/training/top.csv", "team/training/LOGS/1.csv", "bank/2.csv"):
        assert f"s3://landing/{key}" in notice["Message"]
    assert "copy it to s3://landing/team/training/<pipeline>/" in notice["Message"]
    (wake,) = service.receive_wakes()
    assert wake["pipeline"] == "bank"


def test_a_busy_stranger_s_prefix_is_told_once_a_day(service: Service) -> None:
    def notices_of(*keys: str, received: int = 1) -> list[str]:
        service.deliver(*(service.drop(key, rows(3)) for key in keys), received=received)
        return [notice["Message"] for notice in service.notices()]

    long = "X" * 900
    service.now = service.now // 86_400 * 86_400
    (first,) = notices_of("LOGS/1.csv", "top.csv", f"{long}/1.csv")
    assert all(key in first for key in ("LOGS/1.csv", "top.csv", f"{long}/1.csv"))
    assert notices_of("LOGS/2.csv", "other.csv", f"{long}/deeper/2.csv") == []
    (mixed,) = notices_of("LOGS/3.csv", "OTHER/1.csv")
    assert "OTHER/1.csv" in mixed
    assert "LOGS/3.csv" not in mixed
    assert len(notices_of("LOGS/4.csv", received=2)) == 1
    service.now += 86_400
    assert len(notices_of("LOGS/5.csv", "LOGS/6.csv")) == 1


def marked(service: Service, name: str = "_SUCCESS") -> None:
    service.now = time.time() - 3600  # S3 says by this clock when something landed
    service.push({**DEFINITION, "trigger": {"quiet_period": "60s", "marker": name}})
    service.now = time.time()


def landing_now(service: Service, key: str, body: str) -> dict[str, Any]:
    service.now = time.time()
    return service.drop_now(key, body)


@pytest.mark.parametrize("name", ["_SUCCESS", "manifest.json"])
def test_a_marker_starts_what_landed_before_it_and_is_no_data(service: Service, name: str) -> None:
    marked(service, name)
    service.deliver(landing_now(service, "bank/day=1/a.csv", rows(40)))
    service.now += 4000
    service.wake({"pipeline": "bank"})
    assert service.aws.ledger.state("bank").token == 0
    service.receive_wakes()
    service.deliver(landing_now(service, f"bank/day=1/{name}", "{}"))
    (wake,) = service.receive_wakes()
    assert (wake["reason"], wake["delay"]) == ("marker", 0)
    service.wake(wake)
    service.run_machine("bank", 1)
    assert [item["key"] for item in service.objects().values()] == ["bank/day=1/a.csv"]
    service.receive_wakes()
    service.now += 100
    event = service.drop_now("bank/day=2/b.csv", rows(40, 40))  # the next drop, without its marker
    service.deliver(event)
    service.now += 4000
    service.wake({"pipeline": "bank"})
    assert service.aws.ledger.state("bank").token == 1


def test_a_marker_that_overtakes_its_data_brings_them_along(service: Service) -> None:
    marked(service)
    late = [landing_now(service, f"bank/day=1/{n}.csv", rows(20, n * 20)) for n in range(3)]
    service.drop("bank/day=2/x.csv", rows(3))
    service.deliver(late[0], landing_now(service, "bank/day=1/_SUCCESS", ""))
    service.wake({"pipeline": "bank", "reason": "marker"})
    claim()
    claimed = service.read("runs/bank/000001/manifest.json")["objects"]
    assert {item["key"] for item in claimed} == {f"bank/day=1/{n}.csv" for n in range(3)}
    service.deliver(*late[1:])  # their events at last
    assert service.aws.ledger.state("bank").arrivals == 3 + 2  # they wait still, and count again
    assert len(service.objects()) == 3


def test_many_markers_of_a_folder_cost_one_look_through_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would cost up to a third of the function's time."""
    marked(service)
    events = [landing_now(service, "bank/day=1/_SUCCESS", "") for _ in range(3)]
    events += [landing_now(service, "bank/day=2/_SUCCESS", "")]
    looked, versions = [], ObjectStore.versions

    def counting(store: ObjectStore, prefix: str, *rest: Any) -> Any:
        looked.append(prefix)
        return versions(store, prefix, *rest)

    monkeypatch.setattr(ObjectStore, "versions", counting)
    assert service.deliver(*events) == []
    assert sorted(looked) == ["bank/day=1/", "bank/day=2/"]


def test_of_a_folders_markers_the_last_one_calls() -> None:
    older, newer = (Arrival("bank/_SUCCESS", str(at), "e", 0, "", at) for at in (1000, 9000))
    other = Arrival("bank/b/_SUCCESS", "1", "e", 0, "", 2000)
    assert set(newest_by_folder([newer, other, older])) == {newer, other}


@pytest.mark.parametrize("marker", [None, "done.json"])
def test_what_once_was_a_marker_never_becomes_data(service: Service, marker: str | None) -> None:
    """Nothing in the ledger knows a marker that has called, so a sweep took it for lost data."""
    marked(service, "manifest.json")
    service.deliver(landing_now(service, "bank/manifest.json", "{}"))
    trigger = {"quiet_period": "60s", "marker": marker}
    for _ in range(2):  # nor after a further push
        service.push({**DEFINITION, "trigger": trigger})
    service.now = time.time() + 2000
    assert service.sweep()["arrivals"] == 0
    service.deliver(service.drop("bank/manifest.json", "{}"))  # which by now is data
    assert len(service.objects()) == 1


def test_a_marker_that_was_lost_is_announced_by_a_sweep_once(service: Service) -> None:
    marked(service)
    service.deliver(landing_now(service, "bank/a.csv", rows(40)))
    service.drop("bank/_SUCCESS", "")
    service.receive_wakes()
    service.now = time.time() + 2000
    assert service.sweep()["arrivals"] == 1
    assert service.deliver(*service.receive_arrivals()) == []
    (wake,) = service.receive_wakes()
    service.wake(wake)
    assert service.aws.ledger.state("bank").token == 1
    assert service.sweep()["arrivals"] == 0


def test_without_a_marker_of_its_own_a_pipeline_has_none(service: Service) -> None:
    service.push()
    service.deliver(service.drop("bank/_SUCCESS", ""))
    assert service.receive_wakes() == []
    assert service.objects() == {}
