"""How a new champion reaches its endpoint: decided from what the endpoint is, never from events."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from retraining.documents.champion import Champion
from retraining.documents.golden import GoldenRow
from retraining.documents.promotion import Promotion
from retraining.errors import (
    ChampionChanged,
    EndpointFailed,
    EndpointNeedsAttention,
    EndpointNotReady,
    GoldenRowsDiffer,
)
from retraining.rules.names import VARIANT

SETTLING: Final = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})
LONGEST_PROMOTION: Final = 10 * 3600 + 900  # seconds: promotion.asl.yaml's own limit and a margin
# The endpoint and the batch transform run the same container on the same artifact, so scores
# agree to the last digit of a float32 (relative 6e-8) that either prints. 1e-6 leaves room for
# another print format or instruction set; another model differs by far more.
RELATIVE: Final = 1e-6
ABSOLUTE: Final = 1e-9


@dataclass(frozen=True)
class EndpointFacts:
    """What DescribeEndpoint and its config report; `status` None means there is none."""

    status: str | None = None
    config: str | None = None
    models: tuple[str, ...] = ()
    serverless: bool | None = None
    reason: str | None = None


Goal = Literal["check", "cleared", "serve", "back"]
"""Check endpoint there; check endpoint gone; endpoint moved; all as the ledger says."""
Move = Literal["nothing", "create", "update", "delete"]


@dataclass(frozen=True)
class Target:
    """What an endpoint is to be: to serve `config`, or to be gone if it serves `made`."""

    endpoint: str
    config: str | None
    made: str | None = None


def require_same_champion(before: str | None, serving: Champion | None) -> None:
    """Refuse what was decided by a gate, or a person, who knew another champion's package."""
    today = serving.package if serving else None
    if before != today:
        raise ChampionChanged(
            f"it was decided against {before or 'no champion'}, but {today or 'no champion'} is"
            " the champion now"
        )


def aim(goal: Goal, intent: Promotion, champion: Champion | None) -> tuple[Target, ...]:
    """The endpoints that a goal is about, the one that serves first.

    `back` leads to what the ledger says, which is the new model once it is the champion.
    """
    if intent.endpoint is None or intent.check_endpoint is None:
        return ()
    cleared = Target(intent.check_endpoint, None, intent.check_config)
    if goal == "check":
        return (Target(intent.check_endpoint, intent.check_config),)
    if goal == "cleared":
        return (cleared,)
    if goal == "serve":
        return (Target(intent.endpoint, intent.config),)
    if champion and champion.config:
        return (Target(intent.endpoint, champion.config), cleared)
    return (Target(intent.endpoint, None, intent.config), cleared)


def next_move(target: Target, seen: EndpointFacts) -> Move:
    """The one thing to do now; raises EndpointNotReady while the endpoint settles.

    EndpointNeedsAttention where only a person can act.
    """
    if target.config is None:
        return _towards_none(target, seen)
    if seen.status is None:
        return "create"
    if seen.status in SETTLING:
        raise EndpointNotReady(f"endpoint {target.endpoint} is {seen.status}: asking again")
    if seen.status == "Failed":
        return "delete"  # a Failed endpoint accepts only DeleteEndpoint (API reference)
    if seen.status != "InService":
        raise EndpointNeedsAttention(
            f"the endpoint is {seen.status} ({seen.reason or 'no reason given'}):"
            " resolve it in SageMaker"
        )
    if seen.config == target.config:
        return "nothing"
    if seen.serverless is False:
        raise EndpointNeedsAttention(
            f"the endpoint runs on instances (config {seen.config}) and cannot be converted"
            " to serverless: delete it"
        )
    return "update"


def _towards_none(target: Target, seen: EndpointFacts) -> Move:
    """Only an endpoint that this promotion moved is deleted, whatever its name says."""
    if seen.status in (None, "Deleting"):
        return "nothing"
    if seen.status in SETTLING:
        raise EndpointNotReady(f"endpoint {target.endpoint} is {seen.status}: asking again")
    return "delete" if seen.config == target.made else "nothing"


def variants(model: str, endpoint: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """ProductionVariants of a definition's `endpoint`."""
    if endpoint["kind"] == "none":
        return ()
    serverless = {
        "MemorySizeInMB": endpoint["memory_mb"],
        "MaxConcurrency": endpoint["max_concurrency"],
    }
    return ({"VariantName": VARIANT, "ModelName": model, "ServerlessConfig": serverless},)


def check_variants(variants: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
    """The same for the check endpoint, which has one caller.

    Concurrency counts against a quota of the whole Region, reserved or not.
    """
    return tuple(
        {**variant, "ServerlessConfig": {**variant["ServerlessConfig"], "MaxConcurrency": 1}}
        for variant in variants
    )


POSTPONING: Final = ("EndpointLimitReached", "PromotionLocked")
"""Errors that say nothing about the model: there was no room, or another promotion all the time."""
RECOVERY: Final = re.compile(r"(.+)--recovery-(\d+)")  # no pipeline's name has two hyphens
MOST_RECOVERIES: Final = 3


def attempt_of(execution: str) -> tuple[str, int]:
    """An execution's first name, and which recovery of that one it is: 0 for the first itself."""
    name = execution.rpartition(":")[2]
    found = RECOVERY.fullmatch(name)
    return (found[1], int(found[2])) if found else (name, 0)


def recovery_name(first: str, number: int) -> str:
    """Name of the execution that ends what another execution left."""
    return f"{first}--recovery-{number}"


def require_settled(name: str, endpoint: EndpointFacts, config: str) -> None:
    """Return when the endpoint serves `config`; else raise the error for whether to ask again."""
    if endpoint.status is None or endpoint.status in SETTLING - {"Deleting"}:
        raise EndpointNotReady(f"endpoint {name} is {endpoint.status or 'not created yet'}")
    if endpoint.status != "InService":
        raise EndpointFailed(f"endpoint {name} is {endpoint.status}: {endpoint.reason or '-'}")
    if endpoint.config != config:
        raise EndpointFailed(
            f"endpoint {name} went back to {endpoint.config} instead of {config}:"
            f" {endpoint.reason or 'no reason given'}"
        )


def parsed_answer(body: str) -> list[float]:
    """All numbers of an endpoint's CSV answer.

    Built-in XGBoost separates them by commas, batch transform by lines; the probabilities of
    several classes are in brackets.
    """
    return [float(part) for part in re.split(r"[,\s\[\]]+", body.strip()) if part]


def require_golden(name: str, rows: tuple[GoldenRow, ...], body: str) -> None:
    """Compare the endpoint's answer with the batch scores of the golden rows."""
    try:
        answers = parsed_answer(body)
    except ValueError as error:
        raise GoldenRowsDiffer(
            f"endpoint {name} answered {body[:200]!r}, which is not a list of scores"
        ) from error
    scores = [(row, score) for row in rows for score in row.answer]
    if len(answers) != len(scores):
        raise GoldenRowsDiffer(
            f"endpoint {name} gave {len(answers)} scores for {len(rows)} golden rows"
            + (f" of {len(rows[0].answer)} classes" if len(scores) > len(rows) else "")
        )
    for (row, score), answer in zip(scores, answers, strict=True):
        if not math.isclose(answer, score, rel_tol=RELATIVE, abs_tol=ABSOLUTE):
            raise GoldenRowsDiffer(
                f"endpoint {name} answers {answer!r} for golden row {row.row_id}, the batch"
                f" transform gave {score!r}: it does not serve the model that was judged"
            )
