"""Amazon ECS and AWS Fargate."""

from __future__ import annotations

from ratchet.workflow.integrations.row import (
    GUIDE,
    Integration,
    Job,
    Polling,
    Service,
    answer,
    argument,
)

ECS = Service(
    "ecs",
    "ECS",
    "ecs",
    "ecs",
    GUIDE + "connect-ecs.html",
    principal="ecs-tasks.amazonaws.com",
)
_TASK = answer("Tasks", 0, "TaskArn")

ROWS = (
    Integration(
        ECS,
        "runTask",
        callback=True,
        job=Job(
            rights=("ecs:DescribeTasks", "ecs:StopTask"),
            rule="StepFunctionsGetEventsForECSTaskRule",
            source=ECS.source,
            anywhere=True,
            polling=Polling(
                describe="DescribeTasks",
                named={
                    "Cluster": argument("Cluster"),
                    "Tasks": answer("Tasks", 0, "TaskArn", in_list=True),
                },
                inside=("tasks", "[]"),
                # A stopped task has succeeded if its essential containers exited with 0.
                status=("lastStatus",),
                good=frozenset({"STOPPED"}),
                bad=frozenset(),
                stop="StopTask",
                stopped={"Cluster": argument("Cluster"), "Task": _TASK},
            ),
        ),
    ),
)
