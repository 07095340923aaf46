"""Steps that run code and containers."""

from __future__ import annotations

from typing import Any

from ratchet.workflow.steps.service_step import CALL, JOB, TOKEN, CallbackStep, JobStep, ServiceStep


class LambdaStep(CallbackStep):
    """Invokes a Lambda function: FunctionName, Payload."""

    service, action = "lambda", "invoke"


class GlueStartJobRunStep(JobStep):
    """Runs a Glue job: JobName, Arguments."""

    service, action = "glue", "startJobRun"


class BatchSubmitJobStep(JobStep):
    """Runs an AWS Batch job: JobName, JobQueue, JobDefinition."""

    service, action = "batch", "submitJob"


class EcsRunTaskStep(ServiceStep):
    """Runs an ECS or Fargate task: Cluster, TaskDefinition. `wait_for_callback` is new."""

    service, action = "ecs", "runTask"
    patterns = (JOB, CALL, TOKEN)

    def __init__(
        self,
        state_id: str,
        wait_for_completion: bool = True,
        wait_for_callback: bool = False,
        **fields: Any,
    ) -> None:
        waits = JOB if wait_for_completion else CALL
        super().__init__(state_id, pattern=TOKEN if wait_for_callback else waits, **fields)
