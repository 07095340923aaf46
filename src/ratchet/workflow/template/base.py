"""What the templates share: their input, what happens on an error, and a stable endpoint."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ratchet.workflow.inputs import ExecutionInput, Field, Format, StepInput, fresh_name
from ratchet.workflow.operating.execution import Execution
from ratchet.workflow.operating.picture import Picture
from ratchet.workflow.operating.workflow import Workflow
from ratchet.workflow.sagemaker.estimators import Framework
from ratchet.workflow.steps import (
    Chain,
    EndpointConfigStep,
    Fail,
    ModelStep,
    Retry,
    State,
    TrainingStep,
)
from ratchet.workflow.template.endpoint import BUSY, UNNAMED, deploy_endpoint, guard
from ratchet.workflow.template.gate import Gate

JOB_NAME = r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,39}"  # leaves room for a prefix and the attempt


class WorkflowTemplate:
    """A workflow made from estimators. The endpoint keeps the pipeline's name permanently: the
    first execution creates it, later ones update it to the new model. With a gate, a model that
    does not pass is not even created. Every `look_every` seconds it looks whether the endpoint is
    in service.
    """

    prefix = "pipeline"

    def __init__(
        self,
        s3_bucket: str,
        role: str,
        client: Any = None,
        pipeline_name: str | None = None,
        gate: Gate | None = None,
        look_every: int = 30,
    ) -> None:
        self.s3_bucket, self.role = s3_bucket, role
        self.gate, self.look_every = gate, look_every
        self.pipeline_name = pipeline_name or f"{self.prefix}-{timestamp()}"
        self.execution_input = ExecutionInput(schema=self.schema())
        self.definition = self.build_workflow_definition()
        self.workflow = Workflow(
            name=self.pipeline_name,
            definition=self.definition,
            role=role,
            execution_input=self.execution_input,
            client=client,
        )

    def schema(self) -> dict[str, Any]:
        """The input of an execution: a name for its job, model and endpoint config."""
        return {
            "JobName": Field(str, pattern=JOB_NAME),
            "HyperParameters": Field(dict, default=self.hyperparameters()),
        }

    def hyperparameters(self) -> dict[str, str]:
        raise NotImplementedError

    def build_workflow_definition(self) -> Chain:
        """The states, from the first to the end."""
        raise NotImplementedError

    def create(self) -> str:
        """Upload the training scripts to S3, create the state machine and return its ARN."""
        return self.workflow.create()

    def upsert(self) -> str:
        """The same, or update the state machine where there is one. Returns its ARN."""
        return self.workflow.upsert()

    def get_workflow(self) -> Workflow:
        return self.workflow

    def render_graph(self, portrait: bool = False) -> Picture:
        return self.workflow.render_graph(portrait=portrait)

    def execute(
        self, job_name: str | None = None, hyperparameters: dict[str, Any] | None = None
    ) -> Execution:
        """Start an execution. Hyperparameters given here override the estimator's."""
        name = job_name or f"{self.prefix}-{timestamp()}"
        inputs: dict[str, Any] = {"JobName": name}
        if hyperparameters is not None:
            texts = {key: str(value) for key, value in hyperparameters.items()}
            inputs["HyperParameters"] = self.hyperparameters() | texts
        return self.workflow.execute(name=name, inputs=inputs)

    # parts

    def located(self, estimator: Any) -> Any:
        """Give a script's estimator the place of its archive in the bucket."""
        if isinstance(estimator, Framework) and estimator.code_location is None:
            estimator.code_location = f"s3://{self.s3_bucket}/{self.pipeline_name}/source"
        return estimator

    def models_uri(self) -> str:
        return f"s3://{self.s3_bucket}/{self.pipeline_name}/models"

    def train(
        self, name: str, estimator: Any, data: Any, kind: str, hyperparameters: Any
    ) -> TrainingStep:
        """Train under a name that is new at each attempt."""
        return TrainingStep(
            name,
            estimator=estimator,
            job_name=fresh_name(kind, self.execution_input["JobName"]),
            data=data,
            hyperparameters=hyperparameters,
            output_data_config_path=self.models_uri(),
            retry=Retry(
                error_equals=[*BUSY, *UNNAMED, "States.TaskFailed"],
                interval_seconds=30,
                max_attempts=2,
                backoff_rate=2.0,
                jitter_strategy="FULL",
            ),
        )

    def gated(self, job: str) -> list[State]:
        """The gate after a training job, whose description is at `job` of the state's input."""
        return [] if self.gate is None else [self.gate.choice(job)]

    def deploy(self, before: list[State], estimator: Any) -> Chain:
        """Endpoint config, create or update, wait for InService; with a state for errors."""
        name = self.execution_input["JobName"]
        configure = EndpointConfigStep(
            "Configure Endpoint",
            endpoint_config_name=name,
            model_name=name,
            initial_instance_count=estimator.instance_count,
            instance_type=estimator.instance_type,
        )
        failed = Fail("Pipeline Failed", error_path="$.Error", cause_path="$.Cause")
        steps: list[State] = [*before, configure]
        for step in steps:
            guard(step, failed)
        deployment = deploy_endpoint(self.pipeline_name, name, failed, look_every=self.look_every)
        return Chain([*steps, deployment])

    def model_step(self, name: str, model: Any, model_name: Any) -> ModelStep:
        return ModelStep(name, model=model, model_name=model_name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(s3_bucket={self.s3_bucket!r}, workflow={self.workflow!r})"


def timestamp() -> str:
    """To the millisecond: two executions in one second have two names."""
    return datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")[:-3]


def artifact(step: TrainingStep) -> StepInput:
    return step.output()["ModelArtifacts"]["S3ModelArtifacts"]


__all__ = ["Format", "WorkflowTemplate", "artifact"]
