"""Fixtures that every test folder may use, and what `--quick` leaves out and forbids."""

from __future__ import annotations

import functools
import pickle
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader
from hypothesis import HealthCheck, settings

from ratchet.local_aws.running.local import LocalAws

PROCESS_FOLDERS = {"cli", "end_to_end", "local_aws", "package"}
"""Where most tests start processes; elsewhere those that do are marked `process`."""
FOLDER = Path(__file__).parent
settings.register_profile("ratchet", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ratchet")  # how fast a machine is never decides a test
_load_model = JSONFileLoader().load_file
_packed_model = functools.cache(lambda path: pickle.dumps(_load_model(path), protocol=-1))
JSONFileLoader.load_file = lambda _self, path: pickle.loads(_packed_model(path))  # type: ignore[method-assign]
"""A service's model is parsed once, not once a session: moto's tests have many of these.

Each session has a copy of its own: some clients change theirs.
"""
STARTS = {"subprocess.Popen", "os.fork", "os.posix_spawn", "os.exec"}


@pytest.fixture(scope="session")
def local_aws() -> Iterator[LocalAws]:
    """A running local AWS on a free port, with nothing deployed."""
    with LocalAws.start(port=0, announced=False) as local:
        yield local


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--quick",
        action="store_true",
        help="leave out what is marked `process` or `slow`",
    )


def pytest_configure(config: pytest.Config) -> None:
    sys.addaudithook(_refuse_processes)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes by their number: archives hold the time, and both workers must collect one name."""
    return f"{argname} of {len(val)} bytes" if isinstance(val, bytes) else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if PROCESS_FOLDERS & set(item.path.relative_to(FOLDER).parts):
            item.add_marker(pytest.mark.process)
    if config.getoption("--quick"):
        config.hook.pytest_deselected(items=[item for item in items if not quick(item)])
        items[:] = [item for item in items if quick(item)]


def quick(item: pytest.Item) -> bool:
    return not any(item.get_closest_marker(kind) for kind in ("process", "slow"))


running: list[str] = []
"""The test that runs, unless it may start processes; so may pytest and its workers."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    if not quick(item):
        return (yield)
    running.append(item.nodeid)
    try:
        return (yield)
    finally:
        running.pop()


def _refuse_processes(event: str, arguments: tuple[Any, ...]) -> None:
    # In other threads what an earlier test left running ends in its own time.
    if event in STARTS and running and threading.current_thread() is threading.main_thread():
        message = f"{running[-1]} starts a process ({arguments[0]}): mark it `process`"
        raise pytest.fail.Exception(message, pytrace=False)
