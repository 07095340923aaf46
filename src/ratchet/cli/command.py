"""What makes a function a command: whatever ends it becomes one line and an exit code.

Exit codes: 1 the command could not do it, 2 wrong usage (Typer's), 70 a defect of ours,
128 + n ended by signal n (so 130 for Ctrl-C).
"""

from __future__ import annotations

import errno
import functools
import inspect
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TextIO

import typer

from ratchet.cli.errors import CliError
from ratchet.cli.options import Where

_OF_WHERE = inspect.signature(Where, eval_str=True).parameters
_OF_LOCAL_AWS = {
    "StartFailed": "local AWS did not start",
    "TemplateError": "template.yaml cannot be deployed",
    "DeploymentError": "the stack was not deployed",
}
_STEPS = {
    errno.EACCES: "Run the command in a folder that you may write to.",
    errno.EROFS: "Run the command in a folder that you may write to.",
    errno.ENOSPC: "The disk is full: free some space there.",
}
_CREDENTIALS = os.path.join("botocore", "credentials.py")  # noqa: PTH118 - the end of a path

OUR_DEFECT = 70


class Stopped(BaseException):
    """The process was asked to end by SIGTERM or SIGHUP."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Make a function a command: whatever ends it early becomes one line and an exit code.

    A parameter of type Where becomes its options.
    """
    signature = inspect.signature(function, eval_str=True)
    where = next((n for n, one in signature.parameters.items() if one.annotation is Where), None)

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> None:
        with _unwound_by_signals():
            try:
                if where is not None and where not in kwargs:
                    given = {name: kwargs.pop(name) for name in _OF_WHERE if name in kwargs}
                    kwargs[where] = Where(**given)
                function(*args, **kwargs)
                sys.stdout.flush()
            except typer.Exit:
                raise
            except BaseException as error:  # noqa: BLE001 - the one place that handles every ending
                with uninterrupted():
                    code = report(error, as_json=bool(kwargs.get("json_output")))
                raise typer.Exit(code) from None

    if where is not None:
        _expand(guarded, signature, where)
    return guarded


def _expand(guarded: Any, signature: inspect.Signature, where: str) -> None:
    """What Typer sees in place of the parameter `where`."""
    found: list[inspect.Parameter] = []
    for name, one in signature.parameters.items():
        found += _OF_WHERE.values() if name == where else [one]
    guarded.__signature__ = signature.replace(parameters=found)
    guarded.__annotations__ = {one.name: one.annotation for one in found}


def report(error: BaseException, *, as_json: bool = False) -> int:
    """Print on stderr how the command ended, in one line; the exit code."""
    if isinstance(error, KeyboardInterrupt):
        _say("Stopped.")
        return 128 + signal.SIGINT
    if isinstance(error, Stopped):
        _say(f"Stopped by {signal.Signals(error.number).name}.")
        return 128 + error.number
    if isinstance(error, BrokenPipeError):  # `ratchet runs | head` closes it
        _silence(sys.stdout)
        _silence(sys.stderr)
        return 128 + signal.SIGPIPE
    known = explain(error)
    if known is None:
        known = CliError(*_defect(error), code=OUR_DEFECT)
    if as_json:
        print(json.dumps({"error": known.what, "next_step": known.next_step}), file=sys.stderr)
    else:
        _say(f"Error: {known.what}", known.next_step)
    return known.code


def explain(error: BaseException) -> CliError | None:
    """The error in our words, if it is one whose cause we know."""
    if isinstance(error, CliError):
        return error
    kind, module = type(error).__name__, type(error).__module__
    if module.startswith("ratchet.local_aws") and kind in _OF_LOCAL_AWS:
        return CliError(f"{_OF_LOCAL_AWS[kind]}: {error}")
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename is not None else ""
        return CliError(f"{where}{error.strerror}", _STEPS.get(error.errno or 0, ""))
    if module.startswith(("botocore", "boto3")):
        from ratchet.cli.aws_errors import explain_aws

        return explain_aws(error)
    if _of_credentials(error):
        return CliError(
            f"the AWS credentials could not be read: {kind}: {error}".replace("\n", " "),
            "See what the profile's credential_process or file says, or choose another profile.",
        )
    return None


def _of_credentials(error: BaseException) -> bool:
    """Whether botocore failed on what a credential_process or file of the user's says."""
    frames = traceback.extract_tb(error.__traceback__)
    return any(frame.filename.endswith(_CREDENTIALS) for frame in frames)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Clean-up that a second Ctrl-C must not cut short."""
    former = {number: signal.signal(number, signal.SIG_IGN) for number in _signals()}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def stay() -> NoReturn:
    """Wait for a signal.

    The kernel may deliver it to any thread, but only the main thread acts on it, and in an endless
    wait that thread would never notice. So this one wakes up now and then.
    """
    while True:
        time.sleep(0.5)


def _signals() -> list[signal.Signals]:
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


@contextmanager
def _unwound_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP unwind the stack as Ctrl-C does, so that everything is closed.

    The first signal decides: those that follow must not cut short what it set going, nor reach
    Python on its way out; so after the first the process ignores them.
    """
    decided = False

    def stop(number: int, _frame: FrameType | None) -> None:
        nonlocal decided
        decided = True
        for one in ours:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt if number == signal.SIGINT else Stopped(number)

    # a command started with nohup keeps ignoring SIGHUP
    defaults = (signal.SIG_DFL, signal.default_int_handler)
    ours = {n: former for n in _signals() if (former := signal.getsignal(n)) in defaults}
    for number in ours:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, former in ours.items():
            signal.signal(number, signal.SIG_IGN if decided else former)


def _say(what: str, next_step: str = "") -> None:
    from ratchet.cli.screen import stderr

    screen = stderr()
    style = "bold red" if what.startswith("Error") else ""
    try:
        screen.print(what, style=style, soft_wrap=True)
        if next_step:
            screen.print(next_step, soft_wrap=True)
    except OSError:  # the terminal is gone, as SIGHUP reported
        _silence(sys.stdout)
        _silence(sys.stderr)


def _silence(stream: TextIO) -> None:
    """Discard what goes to a stream that nobody reads: Python would complain again at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _defect(error: BaseException) -> tuple[str, str]:
    """Write the details of an unexpected exception to a file and name it."""
    what = f"unexpected {type(error).__name__}: {str(error).strip() or 'no message'}"
    try:
        path = _write_details(error)
    except OSError:
        return what.replace("\n", " "), "The details could not be written; this is a defect."
    return what.replace("\n", " "), f"The details are in {path}; please report this."


def _write_details(error: BaseException) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    handle, name = tempfile.mkstemp(prefix=f"ratchet-error-{stamp}-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("".join(traceback.format_exception(error)))
    return Path(name)
