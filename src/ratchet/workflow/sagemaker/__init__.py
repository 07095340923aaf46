"""Plain descriptions of SageMaker jobs, without SDK, session or call; steps make the requests."""

from __future__ import annotations

from ratchet.workflow.sagemaker import image_uris
from ratchet.workflow.sagemaker.estimators import (
    Estimator,
    Framework,
    PyTorch,
    SKLearn,
    Transformer,
    XGBoost,
)
from ratchet.workflow.sagemaker.image_uris import get_image_uri
from ratchet.workflow.sagemaker.inputs import (
    DataCaptureConfig,
    ProcessingInput,
    ProcessingOutput,
    TrainingInput,
    s3_input,
)
from ratchet.workflow.sagemaker.model import Model, ModelPackage, PipelineModel
from ratchet.workflow.sagemaker.processing import Processor, ScriptProcessor, SKLearnProcessor
from ratchet.workflow.sagemaker.source import Source, Upload
from ratchet.workflow.sagemaker.tuning import (
    CategoricalParameter,
    ContinuousParameter,
    HyperparameterTuner,
    IntegerParameter,
)

__all__ = [
    "CategoricalParameter",
    "ContinuousParameter",
    "DataCaptureConfig",
    "Estimator",
    "Framework",
    "HyperparameterTuner",
    "IntegerParameter",
    "Model",
    "ModelPackage",
    "PipelineModel",
    "ProcessingInput",
    "ProcessingOutput",
    "Processor",
    "PyTorch",
    "SKLearn",
    "SKLearnProcessor",
    "ScriptProcessor",
    "Source",
    "TrainingInput",
    "Transformer",
    "Upload",
    "XGBoost",
    "get_image_uri",
    "image_uris",
    "s3_input",
]
