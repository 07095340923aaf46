"""AWS Step Functions itself."""

from __future__ import annotations

from ratchet.workflow.integrations.row import (
    GUIDE,
    Error,
    Integration,
    Job,
    Polling,
    Service,
    Target,
    response,
)

STATES = Service(
    "states",
    "Step Functions",
    "stepfunctions",
    "states",
    GUIDE + "connect-stepfunctions.html",
    error=Error("StepFunctions", "AWSStepFunctions"),
)
_EXECUTION = {"ExecutionArn": response("ExecutionArn")}

ROWS = (
    Integration(
        STATES,
        "startExecution",
        callback=True,
        targets=(Target("StateMachineArn", "states", "stateMachine:%s"),),
        job=Job(
            permissions=("states:DescribeExecution", "states:StopExecution"),
            rule="StepFunctionsGetEventsForStepFunctionsExecutionRule",
            source=STATES.source,
            followed=Target("StateMachineArn", "states", "execution:%s:*"),
            has_second_version=True,
            polling=Polling(
                describe="DescribeExecution",
                describe_with=_EXECUTION,
                status_path=("status",),
                succeeded=frozenset({"SUCCEEDED"}),
                failed=frozenset({"FAILED", "TIMED_OUT", "ABORTED"}),
                stop="StopExecution",
                stop_with=_EXECUTION,
            ),
        ),
    ),
)
