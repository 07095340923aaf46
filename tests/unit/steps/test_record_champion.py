"""The package is approved and named the champion."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from unit_model import ARTIFACT, FORMER, Run, approval
from unit_service import Service

from retraining import errors
from retraining.documents.candidates import Candidates
from retraining.documents.champion import Champion
from retraining.rules import serving


def test_the_first_model_becomes_champion(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    promotion = run.decide(package)
    assert promotion["check"] is False
    assert promotion["endpoint"] == "ratchet--bank--rfjp"
    assert promotion["config"] == "ratchet--bank--rfjp-000001"
    champion = run.record(package)
    assert champion["model"] == promotion["config"]
    assert approval(service, package) == "Approved"
    assert service.aws.ledger.champion("bank") == Champion.from_json(champion)
    assert champion["artifact_sha256"] == hashlib.sha256(ARTIFACT).hexdigest()
    assert champion["features"] == ["a", "b"]
    assert service.aws.ledger.run("bank", 1).promoted is True
    assert service.aws.ledger.promotion("bank") is None
    assert run.record(package) == champion


def test_a_package_that_cannot_be_approved_does_not_become_champion(service: Service) -> None:
    """Else the ledger would name, and the next run be judged against, what nobody approved."""
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    run.decide(package)
    events = service.client("sagemaker").meta.events

    def refuse(**_: Any) -> None:
        raise ConnectionError("SageMaker does not answer")

    events.register("before-call.sagemaker.UpdateModelPackage", refuse)
    try:
        with pytest.raises(ConnectionError):
            run.record(package)
    finally:
        events.unregister("before-call.sagemaker.UpdateModelPackage", refuse)
    assert service.aws.ledger.champion("bank") is None
    assert not service.aws.ledger.run("bank", 1).promoted
    assert approval(service, package) == "PendingManualApproval"
    assert run.record(package)["package"] == package
    assert approval(service, package) == "Approved"


def test_a_run_that_lost_the_race_does_not_replace_a_newer_champion(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    run.decide(package)
    newer = replace(FORMER, token=2)
    assert service.aws.ledger.set_champion("bank", newer, run.execution)
    with pytest.raises(errors.PromotionLocked, match="a newer run"):
        run.record(package)
    assert service.aws.ledger.champion("bank") == newer


def test_a_function_that_outlives_its_stopped_execution_names_no_champion(
    service: Service,
) -> None:
    """Stopping an execution stops none of its functions; the lock is what they need."""
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    run.decide(package)
    taken = service.client("sagemaker").meta.events

    def recovered(**_: Any) -> None:
        """The recovery takes the lock over, after this function has looked at it."""
        with pytest.raises(errors.PromotionStopped):
            run.decide(package, "arn:other", {"execution": run.execution, "status": "ABORTED"})

    taken.register_last("before-call.sagemaker.UpdateModelPackage", recovered)
    try:
        with pytest.raises(errors.PromotionLocked, match="lost the promotion lock"):
            run.record(package)
    finally:
        taken.unregister("before-call.sagemaker.UpdateModelPackage", recovered)
    assert service.aws.ledger.champion("bank") is None


def promoted_twice(service: Service) -> tuple[Run, str, str]:
    """The run of a former champion, its package, and that of the champion."""
    first = Run(service, challenger=3.0)
    first.judge()
    former = first.promote()["package"]
    second = Run(service, token=2, challenger=4.0, champion=3.0)
    second.judge(champion=True)
    return first, former, second.promote()["package"]


def test_a_rollback_makes_the_former_model_champion_and_rejects_the_later(
    service: Service,
) -> None:
    first, former, later = promoted_twice(service)
    service.notices()
    first.decide(former, replaces=later)
    assert first.record(former)["package"] == former
    champion = service.aws.ledger.champion("bank")
    assert champion
    assert (champion.token, champion.version) == (1, 1)
    assert (approval(service, former), approval(service, later)) == ("Approved", "Rejected")
    (notice,) = service.notices()
    assert notice["Subject"] == "[ratchet] bank: rolled back to version 1"
    second = Run(service, token=2, challenger=4.0, champion=3.0)
    second.decide(later, replaces=former)  # and forward again
    assert second.record(later)["version"] == 2
    assert (approval(service, former), approval(service, later)) == ("Rejected", "Approved")


def by_script(run: Run, digit: str) -> str:
    """Let a script have trained the run's challenger; where its archive is."""
    script = {"program": "train.py", "code": digit * 64}
    archive = f"s3://work/pipelines/bank/{digit}/{digit * 64}.tar.gz"
    found = run.service.aws.run_folder("bank", run.token).read(Candidates)
    made = tuple(
        replace(one, code=archive, hyperparameters=serving.of_script(script))
        if one.role == "challenger"
        else one
        for one in found.candidates
    )
    run.write("candidates.json", Candidates(candidates=made))
    return archive


def test_whoever_a_rollback_makes_champion_has_the_script_that_made_it(service: Service) -> None:
    """The next run backtests against that script, whatever has been pushed since."""
    first = Run(service, challenger=3.0)
    first.judge()
    archive = by_script(first, "1")
    former = first.promote()["package"]
    second = Run(service, token=2, challenger=4.0, champion=3.0)
    second.judge(champion=True)
    other = by_script(second, "2")
    later = second.promote()["package"]
    champion = service.aws.ledger.champion("bank")
    assert champion
    assert champion.code == other
    first.decide(former, replaces=later)
    first.record(former)
    champion = service.aws.ledger.champion("bank")
    assert champion
    assert champion.code == archive
    assert champion.hyperparameters["sagemaker_submit_directory"].endswith(f"{'1' * 64}.tar.gz")


def test_a_rollback_past_several_champions_leaves_none_of_them_approved(service: Service) -> None:
    """Else whoever deploys the newest Approved package deploys what a person went back from."""
    first, former, later = promoted_twice(service)
    third = Run(service, token=3, challenger=5.0, champion=4.0)
    third.judge(champion=True)
    latest = third.promote()["package"]
    first.decide(former, replaces=latest)
    first.record(former)
    statuses = [approval(service, package) for package in (former, later, latest)]
    assert statuses == ["Approved", "Rejected", "Rejected"]


def test_a_rollback_is_refused_once_another_champion_serves(service: Service) -> None:
    first, former, _ = promoted_twice(service)
    with pytest.raises(errors.ChampionChanged, match="decided against arn:other"):
        first.decide(former, replaces="arn:other")
    assert service.aws.ledger.promotion("bank") is None


def test_a_rollback_that_fails_leaves_both_packages_as_they_were(service: Service) -> None:
    first, former, later = promoted_twice(service)
    first.decide(former, replaces=later)
    first.close(former, "GoldenRowsDiffer", replaces=later)
    assert (approval(service, former), approval(service, later)) == ("Approved", "Approved")
    assert service.aws.ledger.promotion("bank") is None


def test_a_rollback_that_fails_after_its_champion_was_named_rejects_the_later(
    service: Service,
) -> None:
    first, former, later = promoted_twice(service)
    first.decide(former, replaces=later)
    first.record(former)
    service.aws.registry.approve(later, "as if this had not come so far")
    assert first.close(former, "Throttled", replaces=later)["promoted"]
    assert (approval(service, former), approval(service, later)) == ("Approved", "Rejected")
