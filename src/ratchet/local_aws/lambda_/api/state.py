"""The functions and layers of local Lambda, shared by all operations."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any, ClassVar

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.lambda_.archives import Archives
from ratchet.local_aws.lambda_.asynchronous import AsyncInvocations
from ratchet.local_aws.lambda_.model import Function, LayerVersion, invalid, not_found
from ratchet.local_aws.lambda_.pool import Throttled
from ratchet.local_aws.lambda_.sandboxes import Outcome, Sandboxes
from ratchet.local_aws.running.service import Service

if TYPE_CHECKING:
    from ratchet.local_aws.lambda_.event_source import EventSourceMapping
    from ratchet.local_aws.running.host import Host

FUNCTION_NAME = re.compile(
    r"(?:(?:arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:\d{12}:function:)|(?:\d{12}:function:))?"
    r"(?P<name>[a-zA-Z0-9-_]{1,64})(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?"
)


class LambdaState(Service):
    """What the operations work on; it also resolves names, or refuses them."""

    name: ClassVar[str] = "lambda"
    model: ClassVar[str] = "lambda"

    def __init__(self, local: Host) -> None:
        super().__init__(local)
        folder = local.folder / "lambda"
        folder.mkdir()
        self.lock = threading.RLock()
        self.functions: dict[str, Function] = {}
        self.layers: dict[str, dict[int, LayerVersion]] = {}
        self.layer_numbers: dict[str, int] = {}  # the latest of each: none is reused
        self.tags: dict[str, dict[str, str]] = {}
        self.policies: dict[str, dict[str, dict[str, Any]]] = {}
        self.reserved: dict[str, int] = {}
        self.mappings: dict[str, EventSourceMapping] = {}
        self.archives = Archives(local, folder / "code")
        self.sandboxes = Sandboxes(local, folder)
        self.asynchronous = AsyncInvocations(local, self.functions.get, self.run)

    def arn(self, kind: str, name: str) -> str:
        """The ARN of a function, layer or mapping of this account and Region."""
        return f"arn:aws:lambda:{self.local.region}:{self.local.account}:{kind}:{name}"

    def function(self, request: dict[str, Any]) -> Function:
        """The function that a request names (name, partial or full ARN), or AWS's refusal."""
        given = request["FunctionName"]
        match = FUNCTION_NAME.fullmatch(given)
        if not match:
            raise invalid(f"{given} is not a function name or ARN")
        qualifier = request.get("Qualifier") or match["qualifier"] or "$LATEST"
        arn = self.arn("function", match["name"])
        with self.lock:
            function = self.functions.get(match["name"])
        if function is None or not _names(given, arn, match["name"]):
            raise not_found(f"Function not found: {given if ':function:' in given else arn}")
        if qualifier != "$LATEST":
            raise not_found(f"Function not found: {arn}:{qualifier}")
        return function

    def run(self, function: Function, event: str, client_context: Any = None) -> Outcome:
        """Run the handler now; refused if the reserved concurrency is used up."""
        reserved = self.reserved.get(function.name)
        try:
            return self.sandboxes.run(function, event, reserved, client_context)
        except Throttled as error:
            raise ServiceError(
                "TooManyRequestsException",
                "Rate Exceeded.",
                429,
                {"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded"},
            ) from error

    def layer_version(self, arn: str) -> LayerVersion:
        """The layer version of an ARN, or AWS's refusal."""
        layer, _, version = arn.rpartition(":")
        with self.lock:
            found = self.layers.get(layer, {}).get(int(version) if version.isdigit() else 0)
        if found is None:
            raise invalid(f"Layer version {arn} does not exist.")
        return found


def _names(given: str, arn: str, name: str) -> bool:
    """Whether a full or partial ARN is of this account and Region."""
    if ":function:" not in given:
        return True
    return f"{arn}:".endswith(f":{name}:") and arn.endswith(given.removesuffix(":$LATEST"))
