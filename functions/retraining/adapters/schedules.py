"""EventBridge Scheduler: one schedule for each pipeline that asks for one, in the stack's group."""

from __future__ import annotations

import json
from typing import Any, Final

from botocore.exceptions import ClientError

from retraining.adapters.clients import code, message
from retraining.errors import ScheduleRefused
from retraining.rules.arrivals import SCHEDULE

WINDOW_MINUTES: Final = 15  # pipelines that ask for the same minute start spread over as many


class Schedules:
    """The schedules of one stack's group, which are nobody else's; named after their pipelines."""

    def __init__(self, scheduler: Any, group: str, target: dict[str, Any], key: str | None) -> None:
        self._scheduler, self._group, self._target, self._key = scheduler, group, target, key

    def put(self, pipeline: str, expression: str) -> None:
        """Make the pipeline's schedule or change it; raises ScheduleRefused with AWS's reason."""
        request = {
            "Name": pipeline,
            "GroupName": self._group,
            "Description": f"Starts what waits for pipeline {pipeline}",
            "ScheduleExpression": expression,
            "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": WINDOW_MINUTES},
            "Target": {
                **self._target,
                "Input": json.dumps({"pipeline": pipeline, "reason": SCHEDULE}),
                "RetryPolicy": {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86_400},
            },
            **({"KmsKeyArn": self._key} if self._key else {}),
        }
        try:
            self._make_or_change(request)
        except ClientError as error:
            if code(error) != "ValidationException":
                raise
            raise ScheduleRefused(message(error)) from error

    def _make_or_change(self, request: dict[str, Any]) -> None:
        try:
            self._scheduler.create_schedule(**request)
        except ClientError as error:
            if code(error) != "ConflictException":
                raise
            self._scheduler.update_schedule(**request)  # replaces the whole of it (API reference)

    def remove(self, pipeline: str) -> None:
        """Remove the pipeline's schedule, if it has one."""
        try:
            self._scheduler.delete_schedule(Name=pipeline, GroupName=self._group)
        except ClientError as error:
            if code(error) != "ResourceNotFoundException":
                raise
