"""Plain descriptions of SageMaker jobs, without SDK, session or call; steps make the requests."""

from __future__ import annotations

from typing import NoReturn

from ratchet.workflow.former_names import refuse
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

_SPELT = {
    **dict.fromkeys(
        ("Session", "LocalSession", "get_execution_role", "session", "s3", "S3Uploader"),
        "from ratchet.workflow.session import Session, S3Uploader, get_execution_role",
    ),
    **dict.fromkeys(
        ("amazon", "estimator", "pipeline", "pytorch", "sklearn", "transformer", "tuner"),
        "from ratchet.workflow.sagemaker import the class itself",
    ),
    **dict.fromkeys(
        ("TensorFlow", "MXNet", "Chainer", "HuggingFace", "RLEstimator", "KMeans", "LinearLearner"),
        "Estimator(image_uri=...), which describes a job of any image",
    ),
    "ModelTrainer": "TrainingStep.from_model_trainer(...) with the SDK's own ModelTrainer",
}


def __getattr__(name: str) -> NoReturn:
    refuse(__name__, name, _SPELT)
