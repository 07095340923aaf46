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
    answer,
)

STATES = Service(
    "states",
    "Step Functions",
    "stepfunctions",
    "states",
    GUIDE + "connect-stepfunctions.html",
    error=Error("StepFunctions", "AWSStepFunctions"),
)
_EXECUTION = {"ExecutionArn": answer("ExecutionArn")}

ROWS = (
    Integration(
        STATES,
        "startExecution",
        callback=True,
        targets=(Target("StateMachineArn", "states", "stateMachine:%s"),),
        job=Job(
            rights=("states:DescribeExecution", "states:StopExecution"),
            rule="StepFunctionsGetEventsForStepFunctionsExecutionRule",
            source=STATES.source,
            watched=Target("StateMachineArn", "states", "execution:%s:*"),
            has_second_version=True,
            polling=Polling(
                describe="DescribeExecution",
                named=_EXECUTION,
                status=("status",),
                good=frozenset({"SUCCEEDED"}),
                bad=frozenset({"FAILED", "TIMED_OUT", "ABORTED"}),
                stop="StopExecution",
                stopped=_EXECUTION,
            ),
        ),
    ),
)
