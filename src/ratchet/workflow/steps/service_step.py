"""Task states that call a service: the four ways a step class says which patterns it has."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

from ratchet.workflow.steps.block import nearest
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
    """A Task whose Resource the class knows. `parameters` are the API's (`arguments` in JSONata).

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
            raise TypeError(f"{type(self).__name__} '{state_id}' makes its resource itself")
        version = self.version if chosen is JOB else None
        arn = get_service_integration_arn(self.service, self.action, chosen, version)
        super().__init__(state_id, resource=arn, **fields)

    def _label(self) -> str:
        return f"{type(self).__name__} '{self.state_id}'"

    def _advice(self, name: str) -> str:
        taken = inspect.signature(type(self)).parameters
        known = [*self.allowed_fields(), *(given for given in taken if given != "fields")]
        return nearest(name, known) or "; what the API takes goes into parameters={...}"


class RequestStep(ServiceStep):
    """Calls and goes on with the answer."""

    def __init__(self, state_id: str, **fields: Any) -> None:
        super().__init__(state_id, **fields)


class JobStep(ServiceStep):
    """Starts a job and, by default, waits for its end."""

    patterns = (JOB, CALL)

    def __init__(self, state_id: str, wait_for_completion: bool = True, **fields: Any) -> None:
        super().__init__(state_id, pattern=JOB if wait_for_completion else CALL, **fields)


class CallbackStep(ServiceStep):
    """Calls; with `wait_for_callback` it goes on when somebody sends the task token back."""

    patterns = (CALL, TOKEN)

    def __init__(self, state_id: str, wait_for_callback: bool = False, **fields: Any) -> None:
        super().__init__(state_id, pattern=TOKEN if wait_for_callback else CALL, **fields)


class PatternStep(ServiceStep):
    """Starts something; `integration_pattern` says how to wait, by default for its end."""

    patterns: ClassVar[tuple[IntegrationPattern, ...]] = (JOB, CALL)

    def __init__(
        self, state_id: str, integration_pattern: IntegrationPattern | None = None, **fields: Any
    ) -> None:
        super().__init__(state_id, pattern=integration_pattern, **fields)
