"""Fixtures that every test folder may use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ratchet.local_aws.running.local import LocalAws


@pytest.fixture(scope="session")
def local_aws() -> Iterator[LocalAws]:
    """A running local AWS on a free port, with nothing deployed."""
    with LocalAws.start(port=0, announced=False) as local:
        yield local
