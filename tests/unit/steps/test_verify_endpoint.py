"""Golden rows prove which model answers."""

from __future__ import annotations

import pytest
import requests
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
    return event, [row["score"] for row in service.read(f"{run.prefix}/golden.json")["rows"]]


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
