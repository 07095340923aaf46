"""A running local AWS: its gateway, services, folder, children and clock."""

from __future__ import annotations

import atexit
import contextlib
import difflib
import importlib
import logging
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

from ratchet import __version__
from ratchet.local_aws.door.former_query import former_query_model
from ratchet.local_aws.door.gateway import Gateway
from ratchet.local_aws.door.moto_app import close_moto, open_moto
from ratchet.local_aws.door.server import Server
from ratchet.local_aws.running.clock import Clock
from ratchet.local_aws.running.folders import StartFailed, WorkFolder, announce, identity
from ratchet.local_aws.running.processes import Processes
from ratchet.local_aws.s3.watcher import S3Watcher
from ratchet.local_aws.sns.watcher import SnsWatcher

if TYPE_CHECKING:
    from pathlib import Path

    from ratchet.local_aws.door.calls import Listener
    from ratchet.local_aws.running.service import Service

log = logging.getLogger(__name__)

DEFAULT_PORT = 4566
"""The port that tools for a local AWS expect."""
ACCOUNT = "123456789012"
LONGEST_CALL_SECONDS = 960
"""A synchronous Lambda call may last 15 minutes."""

LIVING_SERVICES = {
    "cloudformation": "ratchet.local_aws.cloudformation:CloudFormation",
    "databrew": "ratchet.local_aws.databrew:DataBrew",
    "events": "ratchet.local_aws.events.service:EventBridge",
    "glue": "ratchet.local_aws.glue:Glue",
    "lambda": "ratchet.local_aws.lambda_:Lambda",
    "sagemaker": "ratchet.local_aws.sagemaker:SageMaker",
    "sagemaker-runtime": "ratchet.local_aws.sagemaker:SageMakerRuntime",
    "scheduler": "ratchet.local_aws.scheduler.service:Scheduler",
    "sqs": "ratchet.local_aws.sqs:Sqs",
    "states": "ratchet.local_aws.stepfunctions:StepFunctions",
}
"""Signing name (the runtime apart) -> the class that answers, imported when first needed."""


class Services(Mapping[str, "Service"]):
    """The living services by name, each created when it is first needed."""

    def __init__(self, local: LocalAws) -> None:
        self._local = local
        self._alive: dict[str, Service] = {}
        self._lock = threading.RLock()

    def __getitem__(self, name: str) -> Service:
        alive = self._alive.get(name)
        return alive if alive is not None else self._create(name)

    def __iter__(self) -> Iterator[str]:
        return iter(LIVING_SERVICES)

    def __len__(self) -> int:
        return len(LIVING_SERVICES)

    def __contains__(self, name: object) -> bool:
        return name in LIVING_SERVICES

    def alive(self) -> list[Service]:
        """Those already created, newest first."""
        with self._lock:
            return list(reversed(self._alive.values()))

    def _create(self, name: str) -> Service:
        with self._lock:
            if name not in self._alive:
                module, _, kind = LIVING_SERVICES[name].partition(":")
                self._alive[name] = getattr(importlib.import_module(module), kind)(self._local)
            return self._alive[name]


class LocalAws:
    """A local AWS, running from `start` to `close`; also a context manager.

    endpoint: its URL on 127.0.0.1. folder: its work folder, removed by `close`; each service
    has its own folder in it. services: the living services by signing name.
    """

    def __init__(self, folder: WorkFolder, listener: socket.socket, region: str) -> None:
        self._identity = identity()
        self.region = region
        self.account = ACCOUNT
        self.folder: Path = folder.path
        self.processes = Processes()
        self.clock = Clock()
        self.services: Mapping[str, Service] = (services := Services(self))
        self._services = services
        self.listeners: list[Listener] = []
        self._work_folder = folder
        self._clients: dict[str, Any] = {}
        self._lock = threading.RLock()
        self._closed = False
        self._botocore = _botocore_session()
        self._session = _boto3_session(self._botocore, region)
        self._log = _log_to(folder.path / "local-aws.log")
        self._moto = open_moto()
        self._server = Server(listener)
        self.endpoint = f"http://127.0.0.1:{self._server.port}"

    @classmethod
    def start(
        cls, port: int = DEFAULT_PORT, region: str | None = None, *, announced: bool = True
    ) -> Self:
        """Start on the port (0: any free one); StartFailed, in one line, if that is impossible.

        Unless given, `region` is AWS_REGION's, AWS_DEFAULT_REGION's or us-east-1. `announced` lets
        `all_running` find it.
        """
        region = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        _refuse_unknown(region := region or "us-east-1")
        # a signal may end it between any two lines: each step's undo is registered before the step
        with _listen(port) as listener, contextlib.ExitStack() as unwinding:
            folder = WorkFolder()
            unwinding.callback(folder.remove)
            folder.make()
            local = cls(folder, listener, region)
            atexit.register(local.close)
            unwinding.callback(local.close)
            local._serve(announced=announced)
            unwinding.pop_all()
        return local

    def _serve(self, *, announced: bool) -> None:
        watchers = {"s3": S3Watcher(self, self._moto), "sns": SnsWatcher(self, self._moto)}
        self._server.start(Gateway(self, self._moto, watchers))
        if announced:
            announce(self.folder, self.endpoint, self._identity)

    def client(self, service: str) -> Any:
        """A boto3 client of this local AWS, created once; safe to share between threads."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._new_client(service)
            return self._clients[service]

    def _new_client(self, service: str) -> Any:
        from botocore.config import Config

        config = Config(
            retries={"total_max_attempts": 1},
            max_pool_connections=50,
            read_timeout=LONGEST_CALL_SECONDS,
            inject_host_prefix=False,
            proxies={},
            s3={"addressing_style": "path"},
        )
        return self._session.client(service, endpoint_url=self.endpoint, config=config)

    def listen(self, listener: Listener) -> None:
        """Call the listener with every request from now on (see `calls.Call`)."""
        self.listeners.append(listener)

    def model(self, name: str, *, former: bool = False) -> Any:
        """botocore's ServiceModel of that name, or that of the query protocol it spoke before."""
        with self._lock:
            if former:
                return former_query_model(self._botocore.get_service_data(name))
            return self._botocore.get_service_model(name)

    def emit(
        self, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> None:
        """Put an event of an AWS service on the default bus; it is delivered in the background."""
        self.services["events"].emit(source, detail_type, detail, resources)  # type: ignore[attr-defined]

    def child_environment(self) -> dict[str, str]:
        """The environment of every child: our endpoint, dummy keys, nothing of the user's."""
        scratch = self.folder / "tmp"
        scratch.mkdir(exist_ok=True)
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "TMPDIR": str(scratch),
            "LANG": "C.UTF-8",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def about(self) -> dict[str, Any]:
        """The answer of `/_ratchet`."""
        about: dict[str, Any] = {
            "product": "ratchet",
            "version": __version__,
            "endpoint": self.endpoint,
            **self._identity,
            "region": self.region,
            "folder": str(self.folder),
            "stack": None,
            "endpoints": {},
        }
        for service in self._services.alive():
            about.update(service.about())
        return about

    def close(self) -> None:
        """End everything: port, services, children, folder. Safe to call more than once."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        atexit.unregister(self.close)
        with contextlib.ExitStack() as stack:  # each step runs even if others fail
            stack.callback(self._work_folder.remove)
            stack.callback(_stop_logging, self._log)
            stack.callback(close_moto, self._moto)
            stack.callback(self.processes.close)
            for service in reversed(self._services.alive()):
                stack.callback(service.close)
            stack.callback(self.clock.close)
            stack.callback(self._server.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or error
        raise StartFailed(
            f"cannot listen on 127.0.0.1:{port}: {reason}; choose another with --port, or 0 for any"
        ) from error
    return listener


def _refuse_unknown(region: str) -> None:
    """Those of China and GovCloud too: moto does not simulate their ARNs' other prefixes."""
    known = _botocore_session().get_available_regions("s3", partition_name="aws")
    if region not in known:
        near = difflib.get_close_matches(region, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise StartFailed(f"{region!r} is not a Region that local AWS can simulate{hint}")


def _botocore_session() -> Any:
    """A session that reads neither the user's AWS files nor a profile."""
    import botocore.session

    nothing = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    return botocore.session.Session(session_vars=nothing)


def _boto3_session(session: Any, region: str) -> Any:
    import boto3

    return boto3.session.Session("local", "local", region_name=region, botocore_session=session)


class _LogFile(logging.FileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """On a full disk, a log line is not worth a traceback in the user's terminal."""


def _log_to(path: Path) -> logging.Handler:
    """Our own log and the web server's errors, in a file of the work folder."""
    handler = _LogFile(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    for name in ("ratchet.local_aws", "werkzeug"):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.propagate = False
    return handler


def _stop_logging(handler: logging.Handler) -> None:
    for name in ("ratchet.local_aws", "werkzeug"):
        logger = logging.getLogger(name)
        logger.removeHandler(handler)
        logger.propagate = not logger.handlers
    handler.close()
