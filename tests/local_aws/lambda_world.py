"""Small Lambda functions for the tests, and waiting for what they do in the background."""

from __future__ import annotations

import io
import itertools
import json
import threading
import time
import zipfile
from collections.abc import Callable
from typing import Any, TypeVar

from ratchet.local_aws.running.local import LocalAws

T = TypeVar("T")
ROLE = "arn:aws:iam::123456789012:role/tests"
_numbers = itertools.count(1)


def name(prefix: str) -> str:
    """A name that no other test uses."""
    return f"{prefix}-{next(_numbers)}"


def zipped(**files: str) -> bytes:
    """A zip; `app="..."` becomes app.py, other suffixes are given after a double underscore."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for key, content in files.items():
            stem, _, suffix = key.partition("__")
            archive.writestr(f"{stem}.{suffix or 'py'}", content)
    return buffer.getvalue()


def make_function(local: LocalAws, code: str, **settings: Any) -> str:
    """Create a function whose app.py is `code`; returns its name."""
    settings = {"FunctionName": name("function"), "Runtime": "python3.13", **settings}
    settings.setdefault("Code", {"ZipFile": zipped(app=code)})
    local.client("lambda").create_function(Role=ROLE, Handler="app.handler", **settings)
    return str(settings["FunctionName"])


def invoke(local: LocalAws, function: str, event: Any = None, **options: Any) -> dict[str, Any]:
    """The answer, with its payload read as JSON."""
    answer: dict[str, Any] = local.client("lambda").invoke(
        FunctionName=function, Payload=json.dumps(event), **options
    )
    answer["Payload"] = json.loads(answer["Payload"].read() or b"null")
    return answer


def until(look: Callable[[], T], seconds: float = 15) -> T:
    """What `look` returns once it is true."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (found := look()):
        assert time.monotonic() < deadline, f"nothing came within {seconds} s"
        pause.wait(0.02)
    return found


def queue(local: LocalAws, **attributes: str) -> tuple[str, str]:
    """A new queue: its URL and its ARN."""
    client = local.client("sqs")
    url = client.create_queue(QueueName=name("queue"), Attributes=attributes)["QueueUrl"]
    arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, arn["Attributes"]["QueueArn"]


def receive(local: LocalAws, url: str) -> Any:
    """The body of the next message, as JSON, or None."""
    messages = local.client("sqs").receive_message(QueueUrl=url).get("Messages", [])
    return json.loads(messages[0]["Body"]) if messages else None
