"""Which AWS a command talks to, and the Ratchet stack in it."""

from __future__ import annotations

import functools
import ipaddress
import os
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ratchet.cli import discovery
from ratchet.cli.errors import CliError, nearest

_OUTPUTS = (
    "LandingBucket", "LandingUri", "WorkBucket", "LedgerTable", "RetrainingStateMachineArn",
    "PromotionStateMachineArn", "RegisterPipelineFunction", "ReviewDataFunction",
    "DeletePipelineFunction",
)  # fmt: skip


@dataclass
class Aws:
    """One AWS account and region, or a local AWS; clients are made once."""

    session: Any
    endpoint_url: str | None
    local: bool
    _clients: dict[str, Any] = field(default_factory=dict)

    @property
    def region(self) -> str:
        """The region of every call; CliError when none is set."""
        region = self.session.region_name
        if not region:
            raise CliError(
                "no local AWS is running, and no AWS region is set",
                "Start one with: ratchet up   For real AWS give --region, or set AWS_REGION.",
            )
        return str(region)

    @property
    def where(self) -> str:
        """'local AWS at http://...' or 'region us-east-1'."""
        if self.local:
            return f"local AWS at {self.endpoint_url}"
        return f"region {self.region}" + (f" at {self.endpoint_url}" if self.endpoint_url else "")

    def client(self, service: str) -> Any:
        """The boto3 client of a service."""
        if service not in self._clients:
            self._clients[service] = self.session.client(
                service,
                region_name=self.region,
                endpoint_url=self.endpoint_url,
                config=_config(local=self.local),
            )
        return self._clients[service]


@dataclass(frozen=True)
class Stack:
    """A deployed Ratchet stack, and the names of its parts."""

    name: str
    aws: Aws
    landing_bucket: str
    landing_uri: str  # with a slash at its end; pipelines' folders are below
    work_bucket: str
    ledger_table: str
    retraining_arn: str
    promotion_arn: str
    register_function: str
    review_function: str
    delete_function: str

    @property
    def landing_prefix(self) -> str:
        """What keys of landed data begin with, before the pipeline's name."""
        return self.landing_uri.removeprefix(f"s3://{self.landing_bucket}/")

    def client(self, service: str) -> Any:
        """The boto3 client of a service in this stack's AWS."""
        return self.aws.client(service)

    def execution_arn(self, run: str) -> str:
        """ARN of the retraining execution of a run, whose name is the run id."""
        return f"{self.retraining_arn.replace(':stateMachine:', ':execution:')}:{run}"


def connect(
    endpoint_url: str | None, profile: str | None, region: str | None, *, writes: bool = False
) -> Aws:
    """The AWS that the options mean; without any, a running local AWS, else the user's own.

    A command that `writes` takes a local AWS by itself only if it is this project's.
    """
    endpoint_url = endpoint_url or _endpoint_set(profile)
    if endpoint_url is not None:
        return _at_endpoint(endpoint_url, profile, region)
    if profile is None and (running := discovery.find(writes=writes)) is not None:
        _say_which(running)
        return _running_at(running, region)
    return _own(None, profile, region)


def _say_which(running: dict[str, Any]) -> None:
    from ratchet.cli.screen import remark

    which = f"at {running['endpoint']}"
    if not discovery.is_ours(running):
        which = f"of another project, {discovery.describe(running)}"
    remark(f"Using the local AWS {which} (--profile NAME uses real AWS).")


def _endpoint_set(profile: str | None) -> str | None:
    """AWS_ENDPOINT_URL; CliError where a profile's keys would silently go to local AWS."""
    url = os.environ.get("AWS_ENDPOINT_URL") or None
    if url and profile and _is_loopback(_host(url, "AWS_ENDPOINT_URL")):
        raise CliError(
            f"AWS_ENDPOINT_URL={url} is this machine, and --profile {profile} means real AWS",
            "Choose one: unset AWS_ENDPOINT_URL, or omit --profile.",
        )
    return url


def _own(endpoint_url: str | None, profile: str | None, region: str | None) -> Aws:
    """The user's AWS; boto3 by itself does not read AWS_REGION."""
    import boto3

    session = boto3.session.Session(profile_name=profile, region_name=region or _region_set()[1])
    if profile is not None and session.get_credentials() is None:
        raise CliError(
            f"profile {profile} has no credentials",
            f"Give it some with: aws configure --profile {profile}   or log in with: aws sso login"
            f" --profile {profile}",
        )
    return Aws(session, endpoint_url, local=False)


def _running_at(about: dict[str, Any], region: str | None) -> Aws:
    """The local AWS that answered this; CliError for a region that it does not emulate."""
    from ratchet.cli.screen import remark

    endpoint, plays = about["endpoint"], about["region"]
    if region not in (None, plays):
        raise CliError(
            f"the local AWS at {endpoint} emulates region {plays}, not {region}",
            "Omit --region; or choose real AWS with --profile NAME; or start another with: "
            f"ratchet up --port 0 --region {region}",
        )
    variable, named = _region_set()
    if named not in (None, plays):
        remark(f"The local AWS emulates {plays}; {variable}={named} only applies to real AWS.")
    return local_aws(endpoint, plays)


def _region_set() -> tuple[str, str | None]:
    """The variable that names a region, and its value."""
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if named := os.environ.get(variable):
            return variable, named
    return "", None


def local_aws(endpoint: str, region: str) -> Aws:
    """A local AWS, called with dummy keys: the user's own are never sent to it."""
    import boto3

    return Aws(boto3.session.Session("local", "local", region_name=region), endpoint, local=True)


def stack_in(aws: Aws, name: str) -> Stack:
    """The stack of that name, by its outputs."""
    name, outputs = _outputs(aws, name)
    missing = [output for output in _OUTPUTS if output not in outputs]
    if 0 < len(missing) < len(_OUTPUTS):
        again = "ratchet up" if aws.local else "sam build && sam deploy --config-env dev"
        raise CliError(
            f"stack {name} in {aws.where} has no output {missing[0]}: it is of another version",
            f"Deploy this version there: {again}",
        )
    if missing:
        raise CliError(
            f"stack {name} in {aws.where} is not a Ratchet stack: it has no output {missing[0]}",
            "Name another with --stack, or wait until its deployment has ended.",
        )
    return Stack(name, aws, *(outputs[output] for output in _OUTPUTS))


def _outputs(aws: Aws, name: str) -> tuple[str, dict[str, str]]:
    """The stack's name, which may have been given as an ARN, and its outputs."""
    from botocore.exceptions import ClientError

    if not name:
        raise CliError("--stack is empty", "Name the stack, or omit --stack.")
    try:
        (stack,) = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        raise _no_stack(aws, name) from error
    outputs = stack.get("Outputs", [])
    return stack["StackName"], {one["OutputKey"]: one["OutputValue"] for one in outputs}


def _no_stack(aws: Aws, name: str) -> CliError:
    stacks = aws.client("cloudformation").describe_stacks()["Stacks"]
    ours = [
        stack["StackName"]
        for stack in stacks
        if set(_OUTPUTS) <= {output["OutputKey"] for output in stack.get("Outputs", [])}
    ]
    what = f"there is no stack {name} in {aws.where}{nearest(name, ours)}"
    if ours:
        return CliError(what, f"Ratchet stacks here: {', '.join(ours)}. Name one with --stack.")
    if aws.local:
        return CliError(what, "Start a local AWS that has it with: ratchet up --port 0")
    step = (
        "Deploy it with: sam build && sam deploy --config-env dev; --region names another region."
    )
    return CliError(what, step)


def _at_endpoint(url: str, profile: str | None, region: str | None) -> Aws:
    host = _host(url)
    if profile is not None or not _is_loopback(host):
        return _own(url, profile, region)
    about = _asked(url)
    if about.get("product") == "ratchet":
        return _running_at(about, region)
    return local_aws(url, region or _region_set()[1] or "us-east-1")


def _host(url: str, given_by: str = "--endpoint-url") -> str:
    try:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
            return parts.hostname
    except ValueError:  # a port beyond 65535, half an IPv6 address
        pass
    raise CliError(f"{given_by} {url} is not a URL", "A URL looks like http://127.0.0.1:4566.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _asked(url: str) -> dict[str, Any]:
    from ratchet.local_aws.running.folders import ask

    return ask(url.rstrip("/")) or {}


READ_SECONDS = 330  # `push` waits for a function that may take 300


@functools.cache
def _config(*, local: bool) -> Any:
    from botocore.config import Config

    if not local:
        return Config(
            retries={"mode": "standard", "max_attempts": 5},
            connect_timeout=10,
            read_timeout=READ_SECONDS,
        )
    return Config(
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 2, "mode": "standard"},
        connect_timeout=5,
        proxies={},
        s3={"addressing_style": "path"},
    )
