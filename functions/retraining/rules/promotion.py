"""How a new champion reaches its endpoint: decided from what the endpoint is, never from events."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Final

from retraining.documents.champion import Champion
from retraining.documents.golden import GoldenRow
from retraining.errors import (
    ChampionChanged,
    EndpointFailed,
    EndpointNeedsAttention,
    EndpointNotReady,
    GoldenRowsDiffer,
)
from retraining.rules.names import VARIANT

SETTLING: Final = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})
LONGEST_PROMOTION: Final = 4 * 3600 + 900  # seconds: promotion.asl.yaml's own limit and a margin
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


def require_same_champion(judged: Champion | None, serving: Champion | None) -> None:
    """Refuse a verdict that was reached against another champion than today's."""
    before = judged.package if judged else None
    today = serving.package if serving else None
    if before != today:
        raise ChampionChanged(
            f"the verdict judged {before or 'no champion'}, but {today or 'no champion'} is the"
            " champion now"
        )


def decide(kind: str, endpoint: EndpointFacts, config: str) -> str:
    """`create`, `update`, `replace`, `nothing` or `none` for an endpoint of this kind.

    Raises EndpointNotReady while it settles, EndpointNeedsAttention when a person must act.
    """
    if kind == "none":
        return "none"
    if endpoint.status is None:
        return "create"
    if endpoint.status in SETTLING:
        raise EndpointNotReady(f"the endpoint is {endpoint.status}: asking again")
    if endpoint.status == "Failed":
        return "replace"  # a Failed endpoint accepts only DeleteEndpoint (API reference)
    if endpoint.status != "InService":
        raise EndpointNeedsAttention(
            f"the endpoint is {endpoint.status} ({endpoint.reason or 'no reason given'}):"
            " resolve it in SageMaker"
        )
    if endpoint.serverless is False:
        raise EndpointNeedsAttention(
            f"the endpoint runs on instances (config {endpoint.config}) and cannot be converted"
            " to serverless: delete it"
        )
    return "nothing" if endpoint.config == config else "update"


def variants(model: str, endpoint: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """ProductionVariants of a definition's `endpoint`."""
    if endpoint["kind"] == "none":
        return ()
    serverless = {
        "MemorySizeInMB": endpoint["memory_mb"],
        "MaxConcurrency": endpoint["max_concurrency"],
    }
    return ({"VariantName": VARIANT, "ModelName": model, "ServerlessConfig": serverless},)


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
    """An endpoint's CSV answer; built-in XGBoost separates by commas, batch transform by lines."""
    return [float(part) for part in re.split(r"[,\s]+", body.strip()) if part]


def require_golden(name: str, rows: tuple[GoldenRow, ...], body: str) -> None:
    """Compare the endpoint's answer with the batch scores of the golden rows."""
    try:
        answers = parsed_answer(body)
    except ValueError as error:
        raise GoldenRowsDiffer(
            f"endpoint {name} answered {body[:200]!r}, which is not a list of scores"
        ) from error
    if len(answers) != len(rows):
        raise GoldenRowsDiffer(
            f"endpoint {name} gave {len(answers)} scores for {len(rows)} golden rows"
        )
    for row, answer in zip(rows, answers, strict=True):
        if not math.isclose(answer, row.score, rel_tol=RELATIVE, abs_tol=ABSOLUTE):
            raise GoldenRowsDiffer(
                f"endpoint {name} answers {answer!r} for golden row {row.row_id}, the batch"
                f" transform gave {row.score!r}: it does not serve the model that was judged"
            )
