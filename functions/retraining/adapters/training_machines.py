"""Step Functions: the state machines that train in place of the built-in algorithm."""

from __future__ import annotations

import json
from typing import Any, Final

from botocore.exceptions import ClientError

from retraining.adapters.clients import code, message
from retraining.errors import NotOurs, WorkflowRefused
from retraining.rules.names import Names
from retraining.rules.ownership import require_ours

MISSING: Final = "StateMachineDoesNotExist"
REFUSED: Final = frozenset(
    {
        "InvalidDefinition",
        "InvalidLoggingConfiguration",
        "AccessDeniedException",  # the workflow's role may not write its log
        "StateMachineDeleting",
        "StateMachineLimitExceeded",
    }
)


class TrainingMachines:
    """The training workflows of one stack's pipelines, one state machine each."""

    def __init__(self, stepfunctions: Any, names: Names, role: str, log_group: str) -> None:
        self._stepfunctions, self._names = stepfunctions, names
        self._role, self._log_group = role, log_group

    def arn(self, pipeline: str) -> str:
        """The ARN of the pipeline's machine, whether or not it exists, from the log group's."""
        _, partition, _, region, account, *_ = self._log_group.split(":")
        name = self._names.training_machine(pipeline)
        return f"arn:{partition}:states:{region}:{account}:stateMachine:{name}"

    def put(self, pipeline: str, workflow: dict[str, Any]) -> str:
        """Make the pipeline's machine or change it, unless it already matches; its ARN.

        Raises WorkflowRefused with Step Functions' reason.
        """
        found = self.find(pipeline)
        try:
            if found is None:
                self._create(pipeline, workflow)
            elif not self._matches(found, workflow):
                self._stepfunctions.update_state_machine(
                    stateMachineArn=self.arn(pipeline), **self._settings(workflow)
                )
        except ClientError as error:
            if code(error) not in REFUSED:
                raise
            raise WorkflowRefused(f"{code(error)}: {message(error)}") from error
        return self.arn(pipeline)

    def find(self, pipeline: str) -> dict[str, Any] | None:
        """The machine as Step Functions describes it, if it is ours; None also while it goes."""
        try:
            answer: dict[str, Any] = self._stepfunctions.describe_state_machine(
                stateMachineArn=self.arn(pipeline)
            )
        except ClientError as error:
            if code(error) == MISSING:
                return None
            raise
        if answer.get("status") == "DELETING":
            return None
        listed = self._stepfunctions.list_tags_for_resource(resourceArn=self.arn(pipeline))["tags"]
        found = {tag["key"]: tag["value"] for tag in listed}
        require_ours(f"state machine {answer['name']}", found, self._names.tags(pipeline))
        return answer

    def remove(self, pipeline: str) -> None:
        """Remove the pipeline's machine, if it exists and is ours."""
        try:
            found = self.find(pipeline)
        except NotOurs:
            return
        if found is not None:
            self._stepfunctions.delete_state_machine(stateMachineArn=self.arn(pipeline))

    def _create(self, pipeline: str, workflow: dict[str, Any]) -> None:
        labels = self._names.tags(pipeline).items()
        self._stepfunctions.create_state_machine(
            name=self._names.training_machine(pipeline),
            tags=[{"key": key, "value": value} for key, value in labels],
            **self._settings(workflow),
        )

    def _settings(self, workflow: dict[str, Any]) -> dict[str, Any]:
        return {
            "definition": json.dumps(workflow, ensure_ascii=False),
            "roleArn": self._role,
            "loggingConfiguration": {
                "level": "ALL",
                "includeExecutionData": False,
                "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": self._log_group}}],
            },
        }

    def _matches(self, found: dict[str, Any], workflow: dict[str, Any]) -> bool:
        return bool(found["roleArn"] == self._role and json.loads(found["definition"]) == workflow)
