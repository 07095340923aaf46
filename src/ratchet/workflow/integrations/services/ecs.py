"""Amazon ECS and AWS Fargate."""

from __future__ import annotations

from ratchet.workflow.integrations.row import (
    GUIDE,
    Integration,
    Job,
    Polling,
    Service,
    argument,
    response,
)

ECS = Service(
    "ecs",
    "ECS",
    "ecs",
    "ecs",
    GUIDE + "connect-ecs.html",
    principal="ecs-tasks.amazonaws.com",
)
_TASK = response("Tasks", 0, "TaskArn")

ROWS = (
    Integration(
        ECS,
        "runTask",
        callback=True,
        job=Job(
            permissions=("ecs:DescribeTasks", "ecs:StopTask"),
            rule="StepFunctionsGetEventsForECSTaskRule",
            source=ECS.source,
            on_any_resource=True,
            polling=Polling(
                describe="DescribeTasks",
                describe_with={
                    "Cluster": argument("Cluster"),
                    "Tasks": response("Tasks", 0, "TaskArn", in_list=True),
                },
                job_path=("tasks", "[]"),
                # A stopped task has succeeded if its essential containers exited with code 0.
                status_path=("lastStatus",),
                succeeded=frozenset({"STOPPED"}),
                failed=frozenset(),
                stop="StopTask",
                stop_with={"Cluster": argument("Cluster"), "Task": _TASK},
            ),
        ),
    ),
)
