"""Each cause is retried by one policy and caught in one way, in both of our machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from our_machines import DIED, FOLDER

MACHINES = {
    name: yaml.safe_load((FOLDER / f"{name}.asl.yaml").read_text())
    for name in ("retraining", "promotion")
}
LAMBDA = ("Lambda.ClientExecutionTimeoutException", "Lambda.ServiceException",
          "Lambda.AWSLambdaException", "Lambda.SdkClientException",
          "Lambda.TooManyRequestsException", "Lambda.ResourceNotReadyException",
          "Lambda.ENINotReadyException")  # fmt: skip
CAUSES = {
    "Lambda is busy or broken": [LAMBDA],
    "a function ran out of memory or time": [DIED],
    "the check dies on an object": [DIED],
    "a service has too much to do": [
        ("DataBrew.ConflictException", "DataBrew.ServiceQuotaExceededException",
         "DataBrew.AWSGlueDataBrewException"),
        ("Glue.ConcurrentRunsExceededException", "Glue.ResourceNumberLimitExceededException",
         "Glue.ThrottlingException", "Glue.InternalServiceException"),
        ("SageMaker.ThrottlingException", "SageMaker.ResourceLimitExceededException"),
        ("StepFunctions.ThrottlingException",),
        ("EndpointLimitReached",),
    ],
    "no instance is free for a job": [
        ("SageMaker.ThrottlingException", "SageMaker.ResourceLimitExceededException"),
    ],
    "SageMaker failed, or refuses": [("SageMaker.AmazonSageMakerException",)],
    "another promotion is under way": [("EndpointNotReady", "PromotionLocked")],
    "an endpoint is settling": [("EndpointNotReady",)],
    "an endpoint has not loaded its model": [("EndpointNotReady",)],
}  # fmt: skip
"""What is retried, and the errors that stand for it: a cause has one policy."""

Entry = tuple[str, dict[str, Any], dict[str, Any]]
"""Where a Retry or Catch stands, its state, and the entry itself."""


def entries(field: str) -> Iterator[Entry]:
    for machine, definition in MACHINES.items():
        for name, state in states(definition["States"]):
            for entry in state.get(field, []):
                yield f"{machine} {name}", state, entry


def states(given: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in given.items():
        yield name, state
        yield from states(state.get("ItemProcessor", {}).get("States", {}))


SAGEMAKER = "arn:${Partition}:states:::sagemaker"
OF_SOME = {
    "the check dies on an object": {"${CheckDataFunctionArn}"},
    "an endpoint has not loaded its model": {"${VerifyEndpointFunctionArn}"},
    "no instance is free for a job": {
        f"{SAGEMAKER}:createTrainingJob.sync", f"{SAGEMAKER}:createTransformJob.sync",
        f"{SAGEMAKER}:createHyperParameterTuningJob.sync",
    },
}  # fmt: skip
"""Causes of these functions or calls, whose errors stand for another cause in every other one."""


def cause_of(state: dict[str, Any], errors: tuple[str, ...]) -> str:
    called = state["Arguments"].get("FunctionName", state["Resource"])
    found = [cause for cause, known in CAUSES.items() if errors in known]
    assert found, f"no cause is known for {errors}"
    own = [cause for cause in found if called in OF_SOME.get(cause, ())]
    return own[0] if own else next(cause for cause in found if cause not in OF_SOME)


def policy(entry: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted((key, value) for key, value in entry.items() if key != "ErrorEquals"))


@pytest.mark.parametrize("cause", CAUSES)
def test_a_cause_is_retried_by_one_policy_wherever_it_occurs(cause: str) -> None:
    """A changed policy is changed everywhere: this names each place that differs."""
    policies = {
        f"{place}: {', '.join(entry['ErrorEquals'])}": policy(entry)
        for place, state, entry in entries("Retry")
        if cause_of(state, tuple(entry["ErrorEquals"])) == cause
    }
    assert policies, "nothing is retried for it any more"
    ((usual, _),) = Counter(policies.values()).most_common(1)
    assert {place: other for place, other in policies.items() if other != usual} == {}


def test_every_call_of_a_function_is_retried_when_lambda_is_busy_or_broken() -> None:
    without = [
        f"{machine} {name}"
        for machine, definition in MACHINES.items()
        for name, state in states(definition["States"])
        if state.get("Resource", "").endswith(":lambda:invoke")
        and list(LAMBDA) not in [entry["ErrorEquals"] for entry in state.get("Retry", [])]
    ]
    assert without == []


CAUGHT = '{% $merge([$states.errorOutput, {"State": $states.context.State.Name}]) %}'
CLEARING_UP = {"ClosePromotion"}
"""Here a failure is not worth more than the one that led there, which is kept."""

RECORDED = ["RunFailed"]
"""FinishRun raises it to let the run fail; what is kept is why."""

OF_A_SEARCH = ["States.TaskFailed"]
"""TuneModel: a search that was stopped has a best model; any other failure is passed on."""


def test_every_catch_keeps_what_failed_and_in_which_state() -> None:
    caught = [
        (place, entry)
        for place, _, entry in entries("Catch")
        if entry["ErrorEquals"] not in (RECORDED, OF_A_SEARCH)
    ]
    assert {tuple(entry["ErrorEquals"]) for _, entry in caught} == {("States.ALL",)}
    kept = {place.split()[1]: entry.get("Assign", {}) for place, entry in caught}
    assert {name for name, assigned in kept.items() if not assigned} == CLEARING_UP
    expressions = [list(assigned.values()) for assigned in kept.values() if assigned]
    assert [other for other in expressions if other != [CAUGHT]] == []


def test_every_task_of_a_machine_itself_is_caught() -> None:
    free = [
        f"{machine} {name}"
        for machine, definition in MACHINES.items()
        for name, state in definition["States"].items()
        if state["Type"] in ("Task", "Map") and "Catch" not in state
    ]
    assert free == []
