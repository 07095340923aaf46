"""Train an estimator and serve its model."""

from __future__ import annotations

from typing import Any

from ratchet.workflow.steps import Chain
from ratchet.workflow.template.base import WorkflowTemplate
from ratchet.workflow.template.gate import Gate


class TrainingPipeline(WorkflowTemplate):
    """Training, the gate if there is one, Create Model, Configure Endpoint, Deploy (or Update
    Endpoint), and wait.
    """

    prefix = "training-pipeline"

    def __init__(
        self,
        estimator: Any,
        role: str,
        inputs: Any,
        s3_bucket: str,
        client: Any = None,
        pipeline_name: str | None = None,
        *,
        gate: Gate | None = None,
        look_every: int = 30,
    ) -> None:
        self.estimator, self.inputs = estimator, inputs
        super().__init__(s3_bucket, role, client, pipeline_name, gate, look_every)

    def hyperparameters(self) -> dict[str, str]:
        estimator = self.located(self.estimator)
        return {name: str(value) for name, value in estimator.hyperparameters().items()}

    def build_workflow_definition(self) -> Chain:
        training = self.train(
            "Training",
            self.estimator,
            self.inputs,
            "estimator",
            self.execution_input["HyperParameters"],
        )
        model = self.model_step(
            "Create Model", training.get_expected_model(), self.execution_input["JobName"]
        )
        return self.deploy([training, *self.gated(""), model], self.estimator)
