"""The states that put a model behind an endpoint, the first time and every time after it."""

from __future__ import annotations

import re
from typing import Any

from ratchet.workflow.dynamic import Dynamic
from ratchet.workflow.inputs import StepInput
from ratchet.workflow.steps import (
    AwsSdkStep,
    Catch,
    Chain,
    Choice,
    ChoiceRule,
    EndpointStep,
    Fail,
    Retry,
    State,
    Succeed,
    Task,
    Wait,
)

BUSY = ["SageMaker.ThrottlingException", "SageMaker.ResourceLimitExceededException"]
UNNAMED = ["SageMaker.AmazonSageMakerException", "SageMaker.SageMakerException"]
"""What optimised and SDK integrations call an error without a name in SageMaker's API: its internal
failures and, as users report, "Rate exceeded" (aws-step-functions-data-science-sdk-python, pull
request 162), but its refusals too, such as of an image that does not exist.
"""
NO_ENDPOINT = "Could not find endpoint *"
"""Of the ValidationException that DescribeEndpoint answers; the API reference names no other."""

NAME = re.compile("[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
"""EndpointName of CreateEndpoint (API reference)."""
BROKEN = ("Failed", "UpdateRollbackFailed", "OutOfService", "Deleting")
"""Statuses from which no endpoint comes back by itself (DescribeEndpoint, API reference)."""


def deploy_endpoint(name: str, config: Any, failed: Fail, *, look_every: Any = 30) -> Chain:
    """Create the endpoint, or update it where it exists, and wait until the config serves.

    createEndpoint works once, and neither it nor updateEndpoint has a .sync. `config` is the name
    of an endpoint config, `look_every` the seconds between two looks; both may be placeholders. An
    error of AWS leads to `failed`. ValueError for a name that no endpoint can have: AWS would say
    so when the model is trained and paid for.
    """
    if not NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} is not an endpoint's name, which has 1 to 63 letters, digits and hyphens,"
            " with a letter or a digit at either end"
        )
    find = AwsSdkStep(
        "Find Endpoint", "sagemaker", "describeEndpoint", parameters={"EndpointName": name}
    )
    create = EndpointStep("Deploy", name, config)
    update = EndpointStep("Update Endpoint", name, config, update=True)
    missing = Choice("Endpoint missing?")
    missing.add_choice(ChoiceRule.StringMatches(StepInput()["Cause"], NO_ENDPOINT), create)
    missing.default_choice(failed)
    find.add_retry(Retry(error_equals=BUSY, interval_seconds=5, max_attempts=4, backoff_rate=2.0))
    find.add_catch(Catch(error_equals=UNNAMED, next_step=missing))
    wait = _until_in_service(name, config, failed, look_every)
    find.next(update)
    create.next(wait)
    update.next(wait)
    for step in (find, create, update):
        guard(step, failed)
    return Chain([find])


def _until_in_service(name: str, config: Any, failed: Fail, look_every: Any) -> Wait:
    """Look until the endpoint is settled, with a state for each way it can be."""
    field = "seconds_path" if isinstance(look_every, Dynamic) else "seconds"
    wait = Wait("Wait for Endpoint", **{field: look_every})
    look = AwsSdkStep(
        "Look at Endpoint", "sagemaker", "describeEndpoint", parameters={"EndpointName": name}
    )
    settled = Choice("Endpoint settled?")
    status = StepInput()["EndpointStatus"]
    same = ChoiceRule.StringEqualsPath if isinstance(config, Dynamic) else ChoiceRule.StringEquals
    right = same(StepInput()["EndpointConfigName"], config)
    serves = ChoiceRule.StringEquals(status, "InService")
    went_back = Fail(
        "Endpoint went back",
        error="EndpointRolledBack",
        cause="The endpoint serves another config: the former one, where the new model did not"
        " become ready, or that of another execution, which has moved it since",
    )
    broken = Fail("Endpoint failed", error="EndpointFailed", cause="See DescribeEndpoint")
    settled.add_choice(ChoiceRule.And([serves, right]), Succeed("Done"))
    settled.add_choice(serves, went_back)
    settled.add_choice(
        ChoiceRule.Or([ChoiceRule.StringEquals(status, bad) for bad in BROKEN]),
        broken,
    )
    settled.default_choice(wait)
    guard(look, failed)
    wait.next(look).next(settled)
    return wait


def guard(step: State, failed: Fail) -> None:
    """Retry a task's transient errors of SageMaker; route all others to one named end.

    What may be a refusal is asked again for less than half a minute: a refusal stays one.
    """
    if isinstance(step, Task):
        if not step.retries:
            step.add_retry(
                Retry(error_equals=BUSY, interval_seconds=5, max_attempts=4, backoff_rate=2.0)
            )
            step.add_retry(
                Retry(error_equals=UNNAMED, interval_seconds=2, max_attempts=3, backoff_rate=3.0)
            )
        step.add_catch(Catch(error_equals=["States.ALL"], next_step=failed))
