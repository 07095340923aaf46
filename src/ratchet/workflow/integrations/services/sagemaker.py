"""Amazon SageMaker: jobs, models and endpoints."""

from __future__ import annotations

from ratchet.workflow.integrations.row import (
    GUIDE,
    Error,
    Integration,
    Job,
    Polling,
    Service,
    Target,
    argument,
)

SAGEMAKER = Service(
    "sagemaker",
    "SageMaker",
    "sagemaker",
    "sagemaker",
    GUIDE + "connect-sagemaker.html",
    error=Error("SageMaker", "AmazonSageMaker"),
)
ENDPOINT = Target("EndpointName", "sagemaker", "endpoint/%s")
_CONFIG = Target("EndpointConfigName", "sagemaker", "endpoint-config/%s")
_TAGS = "sagemaker:AddTags"


def _job(kind: str, path: str, rule: str | None) -> Integration:
    """A kind of job. Step Functions tags those that it follows, which is one more right."""
    named = {f"{kind}Name": argument(f"{kind}Name")}
    return Integration(
        SAGEMAKER,
        f"create{kind}",
        targets=(Target(f"{kind}Name", "sagemaker", path),),
        tagging=_TAGS,
        job=Job(
            rights=(f"sagemaker:Describe{kind}", f"sagemaker:Stop{kind}"),
            rule=rule and f"StepFunctionsGetEventsForSageMaker{rule}JobsRule",
            starting=(_TAGS,),
            source=SAGEMAKER.source,
            polling=Polling(
                describe=f"Describe{kind}",
                named=named,
                status=(f"{kind}Status",),
                good=frozenset({"Completed"}),
                bad=frozenset({"Failed", "Stopped"}),
                stop=f"Stop{kind}",
                stopped=named,
            ),
        ),
    )


ROWS = (
    Integration(SAGEMAKER, "createEndpoint", targets=(ENDPOINT, _CONFIG), tagging=_TAGS),
    Integration(SAGEMAKER, "createEndpointConfig", targets=(_CONFIG,), tagging=_TAGS),
    _job("HyperParameterTuningJob", "hyper-parameter-tuning-job/%s", "Tuning"),
    # AWS names no rule for labeling jobs: they are polled.
    _job("LabelingJob", "labeling-job/%s", None),
    Integration(
        SAGEMAKER,
        "createModel",
        targets=(Target("ModelName", "sagemaker", "model/%s"),),
        tagging=_TAGS,
    ),
    _job("ProcessingJob", "processing-job/%s", "Processing"),
    _job("TrainingJob", "training-job/%s", "Training"),
    _job("TransformJob", "transform-job/%s", "Transform"),
    Integration(SAGEMAKER, "updateEndpoint", targets=(ENDPOINT, _CONFIG)),
)
