"""What the machines' Tasks call: functions, SageMaker, jobs that take their time, executions."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from botocore.exceptions import ClientError
from model_calls import Frame, ReplyLost, snake
from model_dynamodb import refused
from model_faults import Crash
from model_sagemaker import holdout, scored

from ratchet.workflow.asl.errors import StateError
from ratchet.workflow.interpreter.clock import sleep
from ratchet.workflow.interpreter.execution import Execution
from ratchet.workflow.interpreter.tasks import TaskCall

JOB = 300  # seconds that a job takes
JOBS = {
    "create_training_job": "TrainingJobName",
    "create_transform_job": "TransformJobName",
    "create_hyper_parameter_tuning_job": "HyperParameterTuningJobName",
}
"""What starts a job of SageMaker's, and the field that names it, permanently."""


class StepFunctions:
    """What functions ask of Step Functions."""

    def __init__(self, world: Any) -> None:
        self._world = world

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> Any:  # noqa: A002
        cloud = self._world.cloud
        known = set(cloud.executions)
        arn = self._world.start(stateMachineArn, name, input)
        if arn not in known:
            cloud.waiting.append(arn)
        return {"executionArn": arn}

    def describe_execution(self, *, executionArn: str) -> Any:
        found = self._world.cloud.executions.get(executionArn)
        if found is None:
            raise refused("ExecutionDoesNotExist", executionArn, "DescribeExecution")
        ended = {"stopDate": found["stopped"]} if "stopped" in found else {}
        shown = {key: found.get(key) for key in ("status", "input", "error", "cause")}
        return {"executionArn": executionArn, **shown, **ended}

    def describe_state_machine(self, *, stateMachineArn: str) -> Any:
        raise refused("StateMachineDoesNotExist", stateMachineArn, "DescribeStateMachine")


class Runner:
    """The Tasks of one execution: functions, SageMaker's calls, and jobs that succeed."""

    def __init__(self, world: Any) -> None:
        self._world = world
        self.execution: Execution | None = None
        self._child: tuple[Execution | None, asyncio.Future[Execution]] | None = None

    def refusal(self, call: TaskCall) -> str | None:
        return None

    async def request(self, call: TaskCall) -> Any:
        """The answer of the function or service."""
        world = self._world
        world.trace.append(f" [{call.state}]")
        try:
            return self._requested(call)
        except Crash:
            raise StateError("Runtime.ExitError", "the function died") from None
        except ReplyLost:
            raise StateError("Lambda.SdkClientException", "no reply") from None
        except ClientError as error:
            raise self._failed(call, error) from None
        except StateError:
            raise
        except Exception as error:  # noqa: BLE001 - Lambda reports whatever the function raises
            world.trace.append(f"  raised {error!r:.200}")
            cause = json.dumps({"errorMessage": str(error), "errorType": type(error).__name__})
            raise StateError(type(error).__name__, cause) from None
        finally:
            await world.stop_if_asked()

    def _requested(self, call: TaskCall) -> Any:
        world, service = self._world, call.resource.service
        if service == "lambda":
            function = snake(call.arguments["FunctionName"].rpartition(":")[2])
            answer = world.invoke(function, call.arguments["Payload"], self.execution)
            return {"Payload": answer, "StatusCode": 200}
        operation = snake(call.resource.action)
        world._frames.append(Frame(call.state, function=False, execution=self.execution))
        try:
            return world.call(service, operation, call.arguments, lambda: self._act(call))
        finally:
            world._frames.pop()

    def _failed(self, call: TaskCall, error: ClientError) -> StateError:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if call.resource.service == "lambda":
            return StateError("ClientError", json.dumps({"errorMessage": f"{code}: {message}"}))
        prefix = {"states": "StepFunctions", "sagemaker": "SageMaker", "glue": "Glue"}.get(
            call.resource.service, "DataBrew"
        )
        if code == "ThrottlingException":
            return StateError(f"{prefix}.ThrottlingException", message)
        known = {
            "SageMaker": ("SageMakerException", "AmazonSageMakerException"),
            "StepFunctions": (code, code),
            "Glue": (code, code),
            "DataBrew": (code, "AWSGlueDataBrewException"),
        }[prefix]
        return StateError(f"{prefix}.{known[call.resource.kind == 'optimised']}", message)

    def _act(self, call: TaskCall) -> Any:
        """What the service does for the state's own call."""
        world, given = self._world, call.arguments
        operation = snake(call.resource.action)
        if operation == "start_execution":
            payload, known = json.dumps(given["Input"]), set(world.cloud.executions)
            arn = world.start(given["StateMachineArn"], given["Name"], payload)
            if arn not in known:
                world.cloud.waiting.append(arn)
            return {"ExecutionArn": arn}
        if named := JOBS.get(operation):
            name = given[named]
            jobs = world.cloud.things.setdefault("job", {})
            if name in jobs:
                raise refused("ResourceInUse", f"{name} already exists", operation)
            jobs[name] = given
            return {"name": name}
        if operation == "start_job_run":
            return {"JobRunId": "jr"}
        return getattr(world.sagemaker, operation)(**given)

    async def complete(self, call: TaskCall, answer: Any) -> Any:
        """The result of a job."""
        if call.resource.service == "states":
            return await self._nested(answer["ExecutionArn"])
        await sleep(self._world.clock, JOB)
        self._world.deliver()
        return self._done(call)

    def _done(self, call: TaskCall) -> Any:
        operation, given = snake(call.resource.action), call.arguments
        if operation == "create_training_job":
            return self._trained(given)
        if operation == "create_hyper_parameter_tuning_job":
            return self._searched(given)
        if operation == "create_transform_job":
            return self._scored(given)
        if call.resource.service == "glue":
            return self._prepared(given["Arguments"])
        return {}

    def _trained(self, given: Any) -> Any:
        name, output = given["TrainingJobName"], given["OutputDataConfig"]["S3OutputPath"]
        artifact = self._made(name, f"{output}/{name}/model.tar.gz")
        return {"TrainingJobName": name, "ModelArtifacts": {"S3ModelArtifacts": artifact}}

    def _searched(self, given: Any) -> Any:
        """A tuning job: SageMaker names its training jobs after it."""
        name = f"{given['HyperParameterTuningJobName']}-001-0123abcd"
        output = given["TrainingJobDefinition"]["OutputDataConfig"]["S3OutputPath"]
        self._made(name, f"{output}/{name}/output/model.tar.gz")
        best = {"TrainingJobName": name, "TunedHyperParameters": {"max_depth": "4"}}
        return {"BestTrainingJob": best}

    def _made(self, job: str, uri: str) -> str:
        """The artifact of a training job that ends well."""
        world, cloud = self._world, self._world.cloud
        if cloud.failing_trainings:
            cloud.failing_trainings -= 1
            raise StateError("States.TaskFailed", "AlgorithmError: exit code 1")
        skill = cloud.skills.pop(0) if len(cloud.skills) > 1 else cloud.skills[0]
        if cloud.break_next:
            cloud.break_next = False
            cloud.broken.add(job.rpartition("-challenger")[0])
        world.s3.put("work", uri.removeprefix("s3://work/"), json.dumps({"skill": skill}).encode())
        return uri

    def _scored(self, given: Any) -> Any:
        world = self._world
        source = given["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
        lines = world.cloud.body_of(f"{source}part-0.csv").decode().splitlines()
        text = scored(world.sagemaker.skill_of(given["ModelName"]), lines)
        place = given["TransformOutput"]["S3OutputPath"].removeprefix("s3://work/")
        world.s3.put("work", f"{place}part-0.csv.out", text.encode())
        return {}

    def _prepared(self, given: Any) -> Any:
        world = self._world
        manifest = json.loads(world.cloud.body_of(given["--manifest"]))
        place = given["--output"].removeprefix("s3://work/")
        lines = [*holdout("fresh"), *(holdout("reference") if manifest["reference"] else ())]
        parts = {"train": 9, "validation": 9, "arrival": len(holdout("fresh") + holdout("new"))}
        counts = {f"holdout_{share}": len(holdout(share)) for share in ("fresh", "reference")}
        counts["holdout_reference"] *= bool(manifest["reference"])
        counts["holdout_own"] = counts["holdout_fresh"]
        summary = {"schema": 1, "features": ["noise", "signal"], "label": "y"}
        summary |= {
            "rows": {**parts, **counts},
            "parts": [],
            "shared": 0,
            "cut": None,
            "slices": {},
        }
        summary["account"] = account(int(given["--landed"]), int(given["--accepted"]))
        world.s3.put("work", f"{place}/holdout/part-0.csv", "\n".join(sorted(lines)).encode())
        if manifest["champion"]:
            arrived = "\n".join(sorted([*lines, *holdout("new")]))
            world.s3.put("work", f"{place}/arrival/part-0.csv", arrived.encode())
        world.s3.put("work", f"{place}/summary.json", json.dumps(summary).encode())
        return {"JobRunState": "SUCCEEDED"}

    async def _nested(self, arn: str) -> Any:
        self._world.cloud.waiting.remove(arn)
        execution = asyncio.ensure_future(self._world.execute(arn, self.execution))
        ended = await asyncio.shield(execution)
        if ended.status != "SUCCEEDED":
            cause = json.dumps({"Error": ended.error, "Cause": ended.cause, "Status": ended.status})
            raise StateError("States.TaskFailed", cause)
        output = ended.output.value if ended.output is not None else None
        return {"ExecutionArn": arn, "Output": output, "Status": "SUCCEEDED"}

    async def cancel(self, call: TaskCall, answer: Any) -> None:
        """Step Functions stops what a stopped execution waits for."""
        child = self._world._running.get(answer.get("ExecutionArn", ""))
        if child is not None:
            await child.stopped_by("Stopped", "its parent was stopped")


def account(landed: int, accepted: int) -> dict[str, int]:
    """A row account of a batch whose rows are all trained on."""
    left_out = dict.fromkeys(("replaced", "removed", "unlabelled", "gap"), 0)
    sides = {"train": accepted, "validation": 0, "holdout": 0}
    known = {"landed": landed, "quarantined": landed - accepted, "accepted": accepted}
    return {**known, **left_out, **sides}
