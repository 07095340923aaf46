"""What a resource type is: how one is created, changed and deleted by plain API calls."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from botocore import xform_name
from botocore.exceptions import ClientError

from ratchet.local_aws.cloudformation.fitting import fit
from ratchet.local_aws.cloudformation.physical_names import suffix

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Host

Properties = dict[str, Any]


@dataclass(frozen=True)
class Made:
    """A resource that exists: its physical id, and the values of Ref and GetAtt."""

    physical: str
    ref: str
    attributes: dict[str, Any]


def names(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


def json_text(document: Any) -> str:
    """A policy, pattern or definition as JSON text, as APIs take it."""
    return document if isinstance(document, str) else json.dumps(document)


@dataclass(frozen=True)
class Site:
    """The place of a resource: its stack and its logical id."""

    local: Host
    stack: str
    logical_id: str

    def call(self, service: str, operation: str, request: Properties) -> dict[str, Any]:
        """Call an API; values are converted to its types, unknown names refused."""
        client = self.local.client(service)
        shape = client.meta.service_model.operation_model(operation).input_shape
        method = getattr(client, xform_name(operation))
        answer: dict[str, Any] = method(**fit(shape, request))
        return answer

    def remove(self, service: str, operation: str, request: Properties) -> None:
        """Call an API that removes something; already gone is fine."""
        try:
            self.call(service, operation, request)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if not any(word in code for word in ("NotFound", "NoSuch", "NonExistent", "404")):
                raise

    def name(self, limit: int = 64, *, lower: bool = False, bare: bool = False) -> str:
        """A physical name of CloudFormation's form: <stack>-<logical id>-<suffix>.

        `bare` leaves the stack's name out, as CloudFormation does for a few types.
        """
        end = suffix(self.local.account, self.local.region, self.stack, self.logical_id)
        room = limit - len(end) - 1
        stem = self.logical_id if bare else f"{self.stack}-{self.logical_id}"
        made = f"{stem[:room]}-{end}"
        return made.lower() if lower else made

    def arn(self, service: str, resource: str) -> str:
        """An ARN of this account and Region."""
        return f"arn:aws:{service}:{self.local.region}:{self.local.account}:{resource}"


class Kind:
    """A resource type.

    `known` are its properties, `named` is the one that sets the physical name. Changing one in
    `replacing` creates a new resource, changing one in `fixed` is refused, and any other change
    is an `update`.
    """

    type: ClassVar[str]
    known: ClassVar[frozenset[str]]
    named: ClassVar[str] = ""
    replacing: ClassVar[frozenset[str]] = frozenset()
    fixed: ClassVar[frozenset[str]] = frozenset()

    def create(self, site: Site, properties: Properties) -> Made:
        """Create it, by one call."""
        raise NotImplementedError

    def finish(self, site: Site, made: Made, properties: Properties) -> None:
        """Set what needs separate calls once it exists; if one fails, it is removed again."""

    def update(self, site: Site, made: Made, properties: Properties, old: Properties) -> Made:
        """Change it in place from `old` to `properties`."""
        raise NotImplementedError

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        """Delete it; already gone is fine."""
        raise NotImplementedError


class PutKind(Kind):
    """A type that one and the same call creates and changes, by the physical name."""

    limit: ClassVar[int] = 64

    def create(self, site: Site, properties: Properties) -> Made:
        """Put it under the given or a generated name."""
        return self.put(site, properties.get(self.named) or site.name(self.limit), properties, {})

    def update(self, site: Site, made: Made, properties: Properties, old: Properties) -> Made:
        return self.put(site, made.physical, properties, old)

    def put(self, site: Site, name: str, properties: Properties, old: Properties) -> Made:
        """Create it or change it."""
        raise NotImplementedError
