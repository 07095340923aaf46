"""The endpoint is asked once; what it answers says whether to ask again."""

from __future__ import annotations

import pytest
from unit_model import serve
from unit_service import Service

import await_endpoint
from retraining import errors


def test_an_endpoint_that_serves_its_config_is_settled(service: Service) -> None:
    serve(service, "ratchet--bank--rfjp", "ratchet--bank--rfjp-000001")
    wanted = {"endpoint": "ratchet--bank--rfjp", "config": "ratchet--bank--rfjp-000001"}
    assert await_endpoint.handler(wanted, None) == {**wanted, "status": "InService"}


def test_an_endpoint_that_serves_another_config_failed_and_one_not_yet_made_is_asked_again(
    service: Service,
) -> None:
    wanted = {"endpoint": "ratchet--bank--rfjp", "config": "ratchet--bank--rfjp-000002"}
    with pytest.raises(errors.EndpointNotReady):
        await_endpoint.handler(wanted, None)
    serve(service, "ratchet--bank--rfjp", "ratchet--bank--rfjp-000001")
    with pytest.raises(errors.EndpointFailed, match="went back to ratchet--bank--rfjp-000001"):
        await_endpoint.handler(wanted, None)
