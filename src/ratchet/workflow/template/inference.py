"""Train a preprocessor, then an estimator on its output; serve both behind one endpoint."""

from __future__ import annotations

from typing import Any

from ratchet.workflow.inputs import ExecutionInput, Format
from ratchet.workflow.sagemaker.inputs import TrainingInput
from ratchet.workflow.sagemaker.model import PipelineModel
from ratchet.workflow.steps import Chain, TransformStep, fresh_name
from ratchet.workflow.template.base import WorkflowTemplate
from ratchet.workflow.template.gate import Gate


class InferencePipeline(WorkflowTemplate):
    """Train Preprocessor, Create Preprocessor Model, Transform Input, Training, the gate if
    there is one, Create Pipeline Model, Configure Endpoint, Deploy (or Update Endpoint), and wait.
    """

    prefix = "inference-pipeline"

    def __init__(
        self,
        preprocessor: Any,
        estimator: Any,
        inputs: Any,
        s3_bucket: str,
        role: str,
        client: Any = None,
        compression_type: str | None = None,
        content_type: str | None = None,
        pipeline_name: str | None = None,
        *,
        gate: Gate | None = None,
        look_every: int = 30,
    ) -> None:
        self.preprocessor, self.estimator, self.inputs = preprocessor, estimator, inputs
        self.compression_type, self.content_type = compression_type, content_type
        super().__init__(s3_bucket, role, client, pipeline_name, gate, look_every)

    def hyperparameters(self) -> dict[str, str]:
        estimator = self.located(self.estimator)
        return {name: str(value) for name, value in estimator.hyperparameters().items()}

    def build_workflow_definition(self) -> Chain:
        name = self.execution_input["JobName"]
        prepared = Format(f"s3://{self.s3_bucket}/{self.pipeline_name}/{{}}/transform", name)
        preprocess = self.train(
            "Train Preprocessor", self.located(self.preprocessor), self.inputs, "preprocessor", None
        )
        # Each result is kept beside the input: the model at the end needs both artifacts.
        preprocess.result_path = "$.Preprocessor"
        first = self.preprocessor.create_model(model_data=_artifact("Preprocessor"))
        first_name = Format("preprocessor-{}", name)
        first_model = self.model_step("Create Preprocessor Model", first, first_name)
        first_model.result_path = None
        transform = self._transform(prepared, first_name)
        training = self.train(
            "Training",
            self.estimator,
            {"train": TrainingInput(prepared)},
            "estimator",
            self.execution_input["HyperParameters"],
        )
        training.result_path = "$.Estimator"
        second = self.estimator.create_model(model_data=_artifact("Estimator"))
        both = PipelineModel(models=[first, second], role=self.estimator.role)
        model = self.model_step("Create Pipeline Model", both, name)
        before = [preprocess, first_model, transform, training, *self.gated(".Estimator"), model]
        return self.deploy(before, self.estimator)

    def _transform(self, prepared: Format, model_name: Format) -> TransformStep:
        source = self.inputs["train"]
        machine = self.preprocessor.transformer(
            instance_count=self.preprocessor.instance_count,
            instance_type=self.preprocessor.instance_type,
            max_payload=20,
        )
        machine.output_path = prepared
        return TransformStep(
            "Transform Input",
            transformer=machine,
            job_name=fresh_name("transform", self.execution_input["JobName"]),
            model_name=model_name,
            data=getattr(source, "s3_data", source),
            compression_type=self.compression_type,
            content_type=self.content_type,
            result_path=None,
        )


def _artifact(result: str) -> Any:
    from ratchet.workflow.inputs import StepInput

    return StepInput()[result]["ModelArtifacts"]["S3ModelArtifacts"]


__all__ = ["ExecutionInput", "InferencePipeline"]
