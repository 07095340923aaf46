"""`ratchet up`: a local AWS with the stack in it, until it is stopped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ratchet.cli import checkout, discovery, extras
from ratchet.cli.command import command, stay, uninterrupted
from ratchet.cli.connection import Stack
from ratchet.cli.errors import CliError
from ratchet.cli.options import DEFAULT_STACK

if TYPE_CHECKING:
    from ratchet.local_aws.running.local import LocalAws

LOCAL_PARAMETERS = {"ArrivalsBatchingWindow": "0"}
"""Gathering arrivals for some seconds saves calls on AWS; here it would only be waiting."""


@command
def up(
    port: Annotated[
        int, typer.Option(metavar="PORT", help="Port on 127.0.0.1; 0 takes any.")
    ] = 4566,
    region: Annotated[
        str | None, typer.Option(metavar="NAME", help="AWS region to emulate.")
    ] = None,
) -> None:
    """Start a local AWS, deploy the stack in it and stay until Ctrl-C.

    Nothing leaves this machine, and nothing stays on it: what the local AWS stores ends with it.

    Example: ratchet up
    """
    from ratchet.cli.info import about, print_about
    from ratchet.cli.screen import stdout

    with running(port, region, announced=True) as (local, stack):
        print_about(stack, about(stack))
        for line in _how_to(local, found=_is_found(local)):
            stdout().print(line, soft_wrap=True)
        stay()


@contextmanager
def running(port: int, region: str | None, *, announced: bool) -> Iterator[tuple[LocalAws, Stack]]:
    """A local AWS with the stack deployed; closed completely, however the block ends."""
    from ratchet.cli.connection import local_aws, stack_in
    from ratchet.cli.screen import Progress, duration, remark

    extras.require("local")
    template, started = checkout.root() / "template.yaml", time.monotonic()
    _refuse_a_second(port)
    with Progress("Starting local AWS ..."):
        from ratchet.local_aws.running.local import LocalAws

        local = LocalAws.start(port=port, region=region, announced=announced)
    try:
        with Progress("Deploying template.yaml ..."):
            from ratchet.local_aws.cloudformation import deploy

            deploy(local, template, DEFAULT_STACK, LOCAL_PARAMETERS)
        took = duration(time.monotonic() - started)
        remark(f"Local AWS at {local.endpoint}, stack {DEFAULT_STACK} deployed in {took}.")
        yield local, stack_in(local_aws(local.endpoint, local.region), DEFAULT_STACK)
    finally:
        with uninterrupted():
            local.close()


def _refuse_a_second(port: int) -> None:
    """CliError when a local AWS already has the port: it can be used as it is."""
    from ratchet.local_aws.running.folders import ask

    about = ask(f"http://127.0.0.1:{port}") if port else None
    if about and about.get("product") == "ratchet":
        raise CliError(
            f"cannot listen on 127.0.0.1:{port}: a local AWS of Ratchet runs there already "
            f"(process {about.get('pid')} of {about.get('user')})",
            f"Use it: ratchet info --endpoint-url {about.get('endpoint')}   "
            "Or start another one with: ratchet up --port 0",
        )


def _is_found(local: LocalAws) -> bool:
    """Whether commands in this project find it: the first that was started here is found."""
    return (discovery.find(writes=False) or {}).get("endpoint") == local.endpoint


def _how_to(local: LocalAws, *, found: bool) -> list[str]:
    from ratchet.cli.pipeline_folder import one_here

    where = "" if found else f" --endpoint-url {local.endpoint}"
    pipeline = one_here()
    return [
        "",
        "Any AWS client can use it, in another terminal:",
        f"  export AWS_ENDPOINT_URL={local.endpoint} AWS_DEFAULT_REGION={local.region}",
        "  export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local",
        "  aws stepfunctions list-state-machines",
        "",
        "The ratchet command finds it by itself:"
        if found
        else "The ratchet command finds another running local AWS first; for this one:",
        f"  ratchet push pipelines/{pipeline}{where}",
        f"  ratchet upload {pipeline} FILE --wait{where}",
        f"  ratchet invoke {pipeline}{where}",
        "",
        "Ctrl-C stops it and leaves nothing behind.",
    ]
