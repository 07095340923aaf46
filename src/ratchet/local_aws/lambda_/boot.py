"""The runtime process of local Lambda: imports the layers' packages once, then forks one worker
per sandbox; a worker serves one function's requests over pipes until its parent closes them.

Standard library only, and run as a script: whatever is imported here is visible to handlers.
Names, messages and shapes of errors follow AWS's own Python runtime interface client.
"""

from __future__ import annotations

import contextlib
import decimal
import importlib
import importlib.machinery
import json
import logging
import os
import resource
import signal
import socket
import sys
import time
import traceback
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

FDS = 3
END_MARK = b"\x00ratchet-end "
RUNTIME_FINDERS = (importlib.machinery.BuiltinImporter, importlib.machinery.FrozenImporter)


class Guard(importlib.machinery.PathFinder):
    """Finds what a function could import on AWS: the standard library, its own code, its layers.

    Everything else in the interpreter's site-packages is hidden, as it would be missing on AWS.
    """

    allowed: frozenset[str] = frozenset()
    own: tuple[str, ...] = ()

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Like PathFinder, but finds other top-level names only in the function's own folders."""
        if path is None and not cls.is_allowed(fullname):
            path = list(cls.own)
        return super().find_spec(fullname, path, target)

    @classmethod
    def is_allowed(cls, name: str) -> bool:
        # sysconfig's data is standard library too, but has the platform in its name
        return name in cls.allowed or name.startswith("_sysconfigdata_")


def install_guard(allowed: list[str]) -> None:
    """From now on, allow only the standard library and the `allowed` top-level names."""
    Guard.allowed = frozenset(allowed) | sys.stdlib_module_names
    sys.meta_path[:] = [*RUNTIME_FINDERS, Guard]


class Context:
    """The context object that handlers receive as their second argument."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.aws_request_id: str = request["id"]
        self.invoked_function_arn: str = request["arn"]
        self.client_context = request.get("client_context")
        self.identity = None
        self.tenant_id = None
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline: float = request["deadline"]

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function times out."""
        return max(0, int((self._deadline - time.time()) * 1000))

    def log(self, message: object) -> None:
        """Write to the function's log."""
        sys.stdout.write(str(message))


class RequestIdFilter(logging.Filter):
    """Gives each log record the id of the request it belongs to."""

    current = ""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add `aws_request_id`; keep every record."""
        record.aws_request_id = self.current
        return True


class Encoder(json.JSONEncoder):
    """JSON as AWS's runtime writes it: Decimals are numbers."""

    def default(self, o: object) -> Any:
        """Decimals become numbers; anything else is refused."""
        return float(o) if isinstance(o, decimal.Decimal) else super().default(o)


def failure(kind: str, message: str, stack: list[str], request_id: str = "") -> dict[str, Any]:
    """An error payload in AWS's shape."""
    return {
        "errorMessage": message,
        "errorType": kind,
        "requestId": request_id,
        "stackTrace": stack,
    }


def load_handler(name: str) -> tuple[Callable[..., Any] | None, dict[str, Any] | None]:
    """The handler `module.function`, or the error that AWS reports when the start fails."""
    module_name, _, function = name.rpartition(".")
    if not module_name:
        return None, failure("Runtime.MalformedHandlerName", f"Bad handler '{name}'", [])
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        return None, failure("Runtime.ImportModuleError", message, [])
    except SyntaxError as error:
        message = f"Syntax error in module '{module_name}': {error}"
        return None, failure("Runtime.UserCodeSyntaxError", message, [])
    except (Exception, SystemExit) as error:  # noqa: BLE001  whatever a user's module raises
        return None, handler_failure(error, "")
    if not hasattr(module, function):
        message = f"Handler '{function}' missing on module '{module_name}'"
        return None, failure("Runtime.HandlerNotFound", message, [])
    return getattr(module, function), None


def handler_failure(error: BaseException, request_id: str) -> dict[str, Any]:
    """The payload for an exception, with a stack that leaves out the frames of this file."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
    frames = [f for f in frames if "importlib" not in f.filename]
    stack = traceback.format_list(frames)
    return failure(type(error).__name__, str(error), stack, request_id)


def log_failure(report: dict[str, Any]) -> None:
    """Print an error as AWS's runtime logs it."""
    if logs_json():
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        sys.stdout.write(json.dumps({"timestamp": now, "log_level": "ERROR", **report}) + "\n")
        return
    head = f"[ERROR] {report['errorType']}: {report['errorMessage']}\n"
    stack = "".join(report["stackTrace"])
    sys.stdout.write(head + (f"Traceback (most recent call last):\n{stack}" if stack else ""))


def answer(handler: Callable[..., Any], request: dict[str, Any]) -> dict[str, Any]:
    """Run the handler once: {"payload": JSON text} or {"error": JSON text}."""
    try:
        result = handler(json.loads(request["event"]), Context(request))
    except Exception as error:  # noqa: BLE001  whatever a user's handler raises
        return refusal(handler_failure(error, request["id"]))
    try:
        return {"payload": json.dumps(result, cls=Encoder, ensure_ascii=False)}
    except (TypeError, ValueError, RecursionError) as error:
        message = f"Unable to marshal response: {error}"
        return refusal(failure("Runtime.MarshalError", message, [], request["id"]))


def refusal(report: dict[str, Any]) -> dict[str, Any]:
    """Log the error and wrap it as an answer."""
    log_failure(report)
    return {"error": json.dumps(report, ensure_ascii=False)}


def peak_memory_mb() -> int:
    """The most memory this process ever held, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak / (1024 * 1024 if sys.platform == "darwin" else 1024)) + 1


def mark_end(request_id: str) -> None:
    """Mark the end of this request's log for its reader."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(1, b"\n" + END_MARK + request_id.encode() + b"\n")


class JsonFormatter(logging.Formatter):
    """A log record as AWS's runtime writes it in JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        made = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "requestId": RequestIdFilter.current,
        }
        if record.exc_info:
            made["stackTrace"] = self.formatException(record.exc_info)
        return json.dumps(made, default=str)


def logs_json() -> bool:
    """Whether the function's log format is JSON."""
    return os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"


def set_up_logging() -> None:
    """The root logger of AWS's runtime: text from WARNING, or JSON from the function's level."""
    handler = logging.StreamHandler(sys.stdout)
    form = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
    formatter = logging.Formatter(form, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(JsonFormatter() if logs_json() else formatter)
    handler.addFilter(RequestIdFilter())
    logging.getLogger().addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL")
    if level:
        logging.getLogger().setLevel({"TRACE": 1, "FATAL": logging.CRITICAL}.get(level, level))


def loaded_packages() -> list[str]:
    """Modules from site-packages or the standard library, not from the function's own folders."""
    own = tuple(root + os.sep for root in Guard.own)
    files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
    return sorted(
        name
        for name, file in files.items()
        if file and not file.startswith(own) and not name.startswith("__")
    )


def serve(task: dict[str, Any], requests: IO[str], results: IO[str]) -> None:
    """Import the handler, then answer requests until the pipe closes."""
    began = time.perf_counter()
    handler, broken = load_handler(task["handler"])
    if broken:
        log_failure(broken)
    init_ms = (time.perf_counter() - began) * 1000
    ready = {"init_ms": init_ms, "broken": bool(broken), "loaded": loaded_packages()}
    mark_end("init")
    send(results, ready)
    for line in requests:
        request = json.loads(line)
        RequestIdFilter.current = request["id"]
        os.environ["_X_AMZN_TRACE_ID"] = request["trace"]
        outcome = answer(handler, request) if handler else {"error": json.dumps(broken)}
        mark_end(request["id"])
        send(results, {**outcome, "memory_mb": peak_memory_mb()})
        if broken:  # AWS starts a new sandbox after a failed start
            return


def send(results: IO[str], message: dict[str, Any]) -> None:
    """One JSON line to the parent."""
    results.write(json.dumps(message) + "\n")
    results.flush()


def become_worker(task: dict[str, Any], fds: list[int]) -> None:
    """Turn the forked process into a sandbox: its environment, folder, paths and log."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    requests, results, log = fds
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.environ.clear()
    os.environ.update(task["environment"])
    time.tzset()
    os.chdir(task["roots"][0])
    Guard.own = tuple(task["roots"])
    sys.path[:0] = task["roots"]
    sys.path_importer_cache.clear()
    set_up_logging()
    with open(requests, encoding="utf-8") as source, open(results, "w", encoding="utf-8") as sink:  # noqa: PTH123
        serve(task, source, sink)


def run_worker(task: dict[str, Any], fds: list[int]) -> None:
    """Run a worker to its end; it never returns into the code of the runtime process."""
    code = 1
    try:
        become_worker(task, fds)
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # noqa: BLE001  the last line of this process
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(code)


def preload(modules: list[str]) -> None:
    """Import what this runtime's workers imported, so that the next ones start with it."""
    for name in modules:
        with contextlib.suppress(Exception):  # missing or broken: the worker will report it
            importlib.import_module(name)


def fork_worker(task: dict[str, Any], fds: list[int], control: socket.socket) -> int:
    """Fork one worker; returns its process id."""
    pid = os.fork()
    if pid == 0:
        control.close()
        run_worker(task, fds)
    for fd in fds:
        os.close(fd)
    return pid


class Orders:
    """Orders of the parent: a JSON line each, with a worker's descriptors alongside."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._data = b""
        self._fds: list[int] = []

    def next(self) -> dict[str, Any] | None:
        """The next order; None once the parent is gone."""
        while b"\n" not in self._data:
            part, fds, _, _ = socket.recv_fds(self._control, 65536, FDS)
            if not part:
                return None
            self._data += part
            self._fds += fds
        line, _, self._data = self._data.partition(b"\n")
        order: dict[str, Any] = json.loads(line)
        return order

    def take_fds(self) -> list[int]:
        """The descriptors for a fork: requests, results, log."""
        taken, self._fds = self._fds[:FDS], self._fds[FDS:]
        return taken


def main(control_fd: int) -> None:
    """Take orders {"guard"|"preload": [names]} or {"fork": task} until the parent is gone."""
    control = socket.socket(fileno=control_fd)
    orders = Orders(control)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while (order := orders.next()) is not None:
        if "guard" in order:
            install_guard(order["guard"])
        elif "preload" in order:
            preload(order["preload"])
        else:
            control.sendall(b"%d\n" % fork_worker(order["fork"], orders.take_fds(), control))


if __name__ == "__main__":
    main(int(sys.argv[1]))
