"""A stack's AWS resources in moto, and the functions working on them with real boto3."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from moto import mock_aws
from moto.sns.models import Subscription
from unit_service import Service


@functools.cache
def signing_key() -> rsa.RSAPrivateKey:
    """What moto signs notices with. A key takes as long as many tests: all have the same one."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """The service on an empty stack, with a clock that the test turns."""
    # A local AWS that ran in this process left it on, and a test would take ten times as long.
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
    monkeypatch.setattr(Subscription, "private_key", lambda _: signing_key())
    with mock_aws():
        made = Service(monkeypatch)
        yield made
        made.close()
