"""Task states that call a service: four base classes by the patterns they support."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

from ratchet.workflow.similar_names import did_you_mean
from ratchet.workflow.steps.integration_resources import (
    IntegrationPattern,
    get_service_integration_arn,
    is_integration_pattern_valid,
)
from ratchet.workflow.steps.states import Task

CALL = IntegrationPattern.CallAndContinue
JOB = IntegrationPattern.WaitForCompletion
TOKEN = IntegrationPattern.WaitForTaskToken


class ServiceStep(Task):
    """A Task whose class sets its Resource. `parameters` are the API's (`arguments` in JSONata).

    `version` is the number after `.sync`: sync:2 gives a nested execution's output as JSON.
    """

    service: ClassVar[str]
    action: ClassVar[str]
    patterns: ClassVar[tuple[IntegrationPattern, ...]] = (CALL,)
    version: ClassVar[int | None] = None

    def __init__(
        self, state_id: str, *, pattern: IntegrationPattern | None = None, **fields: Any
    ) -> None:
        chosen = self.patterns[0] if pattern is None else pattern
        try:
            is_integration_pattern_valid(chosen, self.patterns)
        except ValueError as error:
            raise ValueError(f"{type(self).__name__} '{state_id}': {error}") from error
        if "resource" in fields:
            raise TypeError(f"{type(self).__name__} '{state_id}' determines its resource itself")
        version = self.version if chosen is JOB else None
        arn = get_service_integration_arn(self.service, self.action, chosen, version)
        super().__init__(state_id, resource=arn, **fields)

    def _label(self) -> str:
        return f"{type(self).__name__} '{self.state_id}'"

    def _advice(self, name: str) -> str:
        taken = inspect.signature(type(self)).parameters
        known = [*self.allowed_fields(), *(given for given in taken if given != "fields")]
        return did_you_mean(name, known) or "; arguments of the API go into parameters={...}"


class RequestStep(ServiceStep):
    """Calls and continues with the response."""

    def __init__(self, state_id: str, **fields: Any) -> None:
        super().__init__(state_id, **fields)


class JobStep(ServiceStep):
    """Starts a job and, by default, waits until it ends."""

    patterns = (JOB, CALL)

    def __init__(self, state_id: str, wait_for_completion: bool = True, **fields: Any) -> None:
        super().__init__(state_id, pattern=JOB if wait_for_completion else CALL, **fields)


class CallbackStep(ServiceStep):
    """Calls; with `wait_for_callback` it continues when the task token is returned."""

    patterns = (CALL, TOKEN)

    def __init__(self, state_id: str, wait_for_callback: bool = False, **fields: Any) -> None:
        super().__init__(state_id, pattern=TOKEN if wait_for_callback else CALL, **fields)


class PatternStep(ServiceStep):
    """Starts something; `integration_pattern` sets how to wait, by default until it ends."""

    patterns: ClassVar[tuple[IntegrationPattern, ...]] = (JOB, CALL)

    def __init__(
        self, state_id: str, integration_pattern: IntegrationPattern | None = None, **fields: Any
    ) -> None:
        super().__init__(state_id, pattern=integration_pattern, **fields)
