"""Golden rows prove which model answers."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from unit_hosting import hosting, refused
from unit_model import Run, serve
from unit_service import Service

import verify_endpoint
from retraining import errors


def answers(service: Service, body: str) -> None:
    """What moto's endpoint answers next."""
    requests.post(
        "http://motoapi.amazonaws.com/moto-api/static/sagemaker/endpoint-results",
        json={"results": [{"Body": body, "ContentType": "text/csv"}], "account_id": "123456789012"},
        timeout=5,
    )


def judged_and_served(service: Service) -> tuple[dict[str, str], list[float]]:
    """A served model's verification event, and the golden scores."""
    run = Run(service, challenger=3.0)
    run.judge()
    serve(service, "ratchet--bank--rfjp", "ratchet--bank--rfjp-000001")
    event = {"endpoint": "ratchet--bank--rfjp", "golden": f"{run.uri}/golden.json"}
    return event, [row["answer"][0] for row in service.read(f"{run.prefix}/golden.json")["rows"]]


def test_golden_rows_prove_which_model_answers(service: Service) -> None:
    event, scores = judged_and_served(service)
    answers(service, ",".join(map(str, scores)))
    assert verify_endpoint.handler(event, None) == {"endpoint": "ratchet--bank--rfjp", "rows": 16}
    with pytest.raises(errors.GoldenRowsDiffer, match="no golden rows are kept"):
        verify_endpoint.handler({**event, "golden": None}, None)


def test_another_model_behind_the_endpoint_is_found_out(service: Service) -> None:
    event, scores = judged_and_served(service)
    answers(service, ",".join(map(str, reversed(scores))))
    with pytest.raises(errors.GoldenRowsDiffer, match="golden row r"):
        verify_endpoint.handler(event, None)


@pytest.mark.parametrize(
    "refusal",
    [
        refused("resources are being provisioned", "ModelNotReadyException", 429),
        refused("Rate exceeded", "ThrottlingException"),
        refused("Service unavailable", "ServiceUnavailable", 503),
        refused("internal", "InternalFailure", 500),
        refused("a dependency", "InternalDependencyException", 530),
    ],
)
def test_what_passes_by_itself_is_asked_again(
    service: Service, monkeypatch: pytest.MonkeyPatch, refusal: Any
) -> None:
    """The errors that the API reference of InvokeEndpoint lists, apart from the model's own."""
    event, scores = judged_and_served(service)
    endpoints = hosting(service, monkeypatch)
    endpoints.answers = [refusal, ",".join(map(str, scores))]
    with pytest.raises(errors.EndpointNotReady, match="asking again"):
        verify_endpoint.handler(event, None)
    assert verify_endpoint.handler(event, None)["rows"] == 16


def test_an_error_of_the_model_itself_is_none_that_passes(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, _ = judged_and_served(service)
    endpoints = hosting(service, monkeypatch)
    endpoints.answers = [refused("Received client error (400) from primary", "ModelError", 424)]
    with pytest.raises(Exception, match="ModelError"):
        verify_endpoint.handler(event, None)
