"""An endpoint is brought closer to what is wanted from what it is, whatever was tried before."""

from __future__ import annotations

import json
from typing import Any

import pytest
from unit_hosting import CHECK, NAME, Hosting, hosting, refused
from unit_model import Run
from unit_service import Service

from retraining import errors

FIRST, SECOND = f"{NAME}-000001", f"{NAME}-000002"


@pytest.fixture
def endpoints(service: Service, monkeypatch: pytest.MonkeyPatch) -> Hosting:
    return hosting(service, monkeypatch)


def first(service: Service) -> tuple[Run, str]:
    """A pipeline without a champion, and a promotion that was decided."""
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    run.decide(package)
    return run, package


def second(service: Service, endpoints: Hosting) -> tuple[Run, str]:
    """A champion that serves, and the promotion of another model."""
    former, package = first(service)
    former.record(package)
    endpoints.serve(NAME, FIRST)
    run = Run(service, token=2, challenger=4.0, champion=3.0)
    run.judge(champion=True)
    package = run.register()["package"]
    run.decide(package)
    return run, package


def test_a_first_endpoint_is_created_once(service: Service, endpoints: Hosting) -> None:
    run, _ = first(service)
    moved = {"endpoint": NAME, "config": FIRST, "golden": f"{run.uri}/golden.json"}
    assert run.move("serve") == moved
    made = [("create_endpoint_config", FIRST), ("create_endpoint", NAME, FIRST)]
    assert endpoints.writes == made
    (variant,) = endpoints.configs[FIRST]
    assert variant["ServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 1}
    with pytest.raises(errors.EndpointNotReady, match="is Creating"):
        run.move("serve")
    endpoints.settle()
    assert run.move("serve") == moved
    assert endpoints.writes == made


def test_the_check_endpoint_is_small_and_leaves_nothing(
    service: Service, endpoints: Hosting
) -> None:
    run, _ = second(service, endpoints)
    config = f"{SECOND}-check"
    assert run.move("check")["config"] == config
    (variant,) = endpoints.configs[config]
    assert variant["ServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 1}
    with pytest.raises(errors.EndpointNotReady, match="is Creating"):
        run.move("cleared")
    endpoints.settle()
    run.move("cleared")
    run.move("cleared")
    endpoints.settle()
    assert endpoints.serving() == {NAME: ("InService", FIRST)}
    assert config not in endpoints.configs


@pytest.mark.parametrize(
    "operation", ["create_endpoint_config", "update_endpoint", "create_endpoint"]
)
def test_a_request_whose_reply_is_lost_is_looked_for_not_repeated(
    service: Service, endpoints: Hosting, operation: str
) -> None:
    run, _ = second(service, endpoints)
    goal = "check" if operation == "create_endpoint" else "serve"
    endpoints.lost.add(operation)
    with pytest.raises(errors.EndpointNotReady, match="did not answer"):
        run.move(goal)
    for _ in range(2):
        try:
            run.move(goal)
        except errors.EndpointNotReady:
            endpoints.settle()
    assert run.move(goal)["config"] in (SECOND, f"{SECOND}-check")
    assert [write[0] for write in endpoints.writes].count(operation) == 1


@pytest.mark.parametrize("status", ["Creating", "Updating", "RollingBack", "Deleting"])
@pytest.mark.parametrize("goal", ["serve", "back"])
def test_what_an_earlier_promotion_asked_for_is_waited_for(
    service: Service, endpoints: Hosting, status: str, goal: str
) -> None:
    run, _ = second(service, endpoints)
    endpoints.serve(NAME, SECOND, status)
    with pytest.raises(errors.EndpointNotReady, match=f"is {status}"):
        run.move(goal)
    assert endpoints.writes == []


def test_a_failed_endpoint_is_deleted_then_created(service: Service, endpoints: Hosting) -> None:
    run, _ = second(service, endpoints)
    endpoints.serve(NAME, FIRST, "Failed")
    with pytest.raises(errors.EndpointNotReady, match="being deleted"):
        run.move("serve")
    endpoints.settle()
    run.move("serve")
    assert endpoints.writes[-1] == ("create_endpoint", NAME, SECOND)


def test_back_is_what_the_ledger_says_not_what_was_there(
    service: Service, endpoints: Hosting
) -> None:
    run, package = second(service, endpoints)
    endpoints.serve(NAME, SECOND)  # unverified, as after a lost reply
    endpoints.serve(CHECK, f"{SECOND}-check")
    moved = run.move("back")
    assert moved == {
        "endpoint": NAME,
        "config": FIRST,
        "golden": "s3://work/runs/bank/000001/golden.json",
    }
    endpoints.settle()
    assert endpoints.serving() == {NAME: ("InService", FIRST)}
    run.record(package)
    run.decide(package)
    moved = run.move("back")
    assert (moved["config"], moved["golden"]) == (SECOND, f"{run.uri}/golden.json")
    endpoints.settle()
    assert endpoints.serving() == {NAME: ("InService", SECOND)}


def test_a_first_endpoint_that_failed_is_cleared_away(service: Service, endpoints: Hosting) -> None:
    run, _ = first(service)
    run.move("serve")
    endpoints.endpoints[NAME]["status"] = "Failed"
    assert run.move("back") == {
        "endpoint": NAME,
        "config": None,
        "golden": f"{run.uri}/golden.json",
    }
    endpoints.settle()
    assert endpoints.serving() == {}


def test_the_champions_own_promotion_never_deletes_its_endpoint(
    service: Service, endpoints: Hosting
) -> None:
    run, package = first(service)
    run.record(package)
    endpoints.serve(NAME, FIRST)
    run.decide(package)
    for goal in ("serve", "back", "cleared"):
        run.move(goal)
    assert endpoints.serving() == {NAME: ("InService", FIRST)}


def test_another_promotions_check_endpoint_stays(service: Service, endpoints: Hosting) -> None:
    run, _ = second(service, endpoints)
    endpoints.serve(CHECK, f"{NAME}-000009-check")
    run.move("back")
    assert endpoints.serving()[CHECK] == ("InService", f"{NAME}-000009-check")


def test_who_lost_the_promotion_moves_nothing(service: Service, endpoints: Hosting) -> None:
    run, package = second(service, endpoints)
    ended = {"execution": run.execution, "status": "TIMED_OUT"}
    with pytest.raises(errors.PromotionStopped):
        run.decide(package, "arn:bank-000002--recovery-1", ended)
    for goal in ("check", "cleared", "serve"):
        with pytest.raises(errors.PromotionLocked, match="lost the promotion lock"):
            run.move(goal)
    assert run.move("back") == {"endpoint": None, "config": None, "golden": None}
    assert endpoints.writes == []


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (refused("Rate exceeded", "ThrottlingException"), errors.EndpointNotReady),
        (refused("internal", "InternalFailure", 500), errors.EndpointNotReady),
        (refused("Cannot create already existing endpoint"), errors.EndpointNotReady),
        (refused("Cannot update in-progress endpoint"), errors.EndpointNotReady),
        (refused("10 of 10 in use", "ResourceLimitExceeded"), errors.EndpointLimitReached),
    ],
)
def test_a_refusal_for_the_moment_is_told_from_one_for_good(
    service: Service, endpoints: Hosting, refusal: Any, error: type[Exception]
) -> None:
    run, _ = first(service)
    endpoints.refusals["create_endpoint"] = [refusal]
    with pytest.raises(error):
        run.move("serve")
    endpoints.refusals["create_endpoint"] = [refused("no", "AccessDeniedException")]
    with pytest.raises(Exception, match="AccessDenied"):
        run.move("serve")
    run.move("serve")
    assert endpoints.serving() == {NAME: ("Creating", FIRST)}


def test_a_pipeline_without_an_endpoint_moves_none(service: Service, endpoints: Hosting) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    manifest = run.manifest.as_json()
    manifest["definition"]["endpoint"]["kind"] = "none"
    run.put("manifest.json", json.dumps(manifest))
    package = run.register()["package"]
    assert run.decide(package)["endpoint"] is None
    assert run.move("back") == {"endpoint": None, "config": None, "golden": None}
    assert endpoints.writes == []
