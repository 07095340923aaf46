"""Any AWS API call as a step, through Step Functions' `aws-sdk` integrations."""

from __future__ import annotations

from typing import Any

from ratchet.workflow.integrations.sdk import SDK_NAMES
from ratchet.workflow.steps.integration_resources import get_service_integration_arn
from ratchet.workflow.steps.service_step import CALL, TOKEN
from ratchet.workflow.steps.states import Task

_BY_BOTOCORE_NAME = {name: sdk_name for sdk_name, name in SDK_NAMES.items()}


class AwsSdkStep(Task):
    """Calls `action` of `service`: `AwsSdkStep('List', 's3', 'listObjectsV2', parameters=...)`.

    Both may be spelt as in boto3 (`logs`, `create_log_group`) or as in ASL (`cloudwatchlogs`,
    `createLogGroup`). The checks find out whether the action exists.
    """

    def __init__(
        self,
        state_id: str,
        service: str,
        action: str,
        wait_for_callback: bool = False,
        **fields: Any,
    ) -> None:
        name = _BY_BOTOCORE_NAME.get(service, service.replace("-", ""))
        pattern = TOKEN if wait_for_callback else CALL
        arn = get_service_integration_arn(f"aws-sdk:{name}", _camel(action), pattern)
        super().__init__(state_id, resource=arn, **fields)


def _camel(action: str) -> str:
    first, *rest = action.split("_")
    return first[:1].lower() + first[1:] + "".join(part.capitalize() for part in rest)
