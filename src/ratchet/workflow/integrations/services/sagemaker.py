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
    """A kind of job. Step Functions tags the jobs it follows, which takes a permission too."""
    named = {f"{kind}Name": argument(f"{kind}Name")}
    return Integration(
        SAGEMAKER,
        f"create{kind}",
        targets=(Target(f"{kind}Name", "sagemaker", path),),
        tagging_permission=_TAGS,
        job=Job(
            permissions=(f"sagemaker:Describe{kind}", f"sagemaker:Stop{kind}"),
            rule=rule and f"StepFunctionsGetEventsForSageMaker{rule}JobsRule",
            starting_permissions=(_TAGS,),
            source=SAGEMAKER.source,
            polling=Polling(
                describe=f"Describe{kind}",
                describe_with=named,
                status_path=(f"{kind}Status",),
                succeeded=frozenset({"Completed"}),
                failed=frozenset({"Failed", "Stopped"}),
                stop=f"Stop{kind}",
                stop_with=named,
            ),
        ),
    )


ROWS = (
    Integration(SAGEMAKER, "createEndpoint", targets=(ENDPOINT, _CONFIG), tagging_permission=_TAGS),
    Integration(SAGEMAKER, "createEndpointConfig", targets=(_CONFIG,), tagging_permission=_TAGS),
    _job("HyperParameterTuningJob", "hyper-parameter-tuning-job/%s", "Tuning"),
    # AWS documents no EventBridge rule for labeling jobs.
    _job("LabelingJob", "labeling-job/%s", None),
    Integration(
        SAGEMAKER,
        "createModel",
        targets=(Target("ModelName", "sagemaker", "model/%s"),),
        tagging_permission=_TAGS,
    ),
    _job("ProcessingJob", "processing-job/%s", "Processing"),
    _job("TrainingJob", "training-job/%s", "Training"),
    _job("TransformJob", "transform-job/%s", "Transform"),
    Integration(SAGEMAKER, "updateEndpoint", targets=(ENDPOINT, _CONFIG)),
)
