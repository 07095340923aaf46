"""Step Functions: starting the execution that is a run or a promotion, at most once."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from retraining.adapters.clients import code
from retraining.rules.sweeping import GONE, ExecutionFacts


class Executions:
    """Executions of one state machine."""

    def __init__(self, stepfunctions: Any, machine_arn: str) -> None:
        self._stepfunctions, self._machine = stepfunctions, machine_arn

    def arn(self, name: str) -> str:
        """The execution's ARN, which follows from its machine's."""
        return f"{self._machine.replace(':stateMachine:', ':execution:')}:{name}"

    def start(self, name: str, payload: str) -> bool:
        """Start an execution; False when the name is taken by one that has ended.

        While an execution of this name and input is open AWS answers as if it had started it.
        """
        try:
            self._stepfunctions.start_execution(
                stateMachineArn=self._machine, name=name, input=payload
            )
        except ClientError as error:
            if code(error) != "ExecutionAlreadyExists":
                raise
            answer = self._stepfunctions.describe_execution(executionArn=self.arn(name))
            return bool(answer["status"] == "RUNNING" and answer.get("input") == payload)
        return True

    def facts(self, arn: str) -> ExecutionFacts:
        """Whether an execution is open and how it ended; GONE when AWS no longer knows it."""
        try:
            answer = self._stepfunctions.describe_execution(executionArn=arn)
        except ClientError as error:
            if code(error) != "ExecutionDoesNotExist":
                raise
            return ExecutionFacts(GONE)
        stopped = answer.get("stopDate")
        return ExecutionFacts(
            status=answer["status"],
            stopped=stopped.timestamp() if stopped else None,
            input=answer.get("input"),
            error=answer.get("error"),
            cause=answer.get("cause"),
        )
