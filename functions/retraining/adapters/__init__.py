"""The only boto3 of the functions, speaking the service's words; made once per process."""

from __future__ import annotations

from functools import cache

from botocore.exceptions import ClientError

from retraining.adapters.clients import client
from retraining.adapters.endpoint import Endpoints
from retraining.adapters.executions import Executions
from retraining.adapters.jobs import RecipeJobs
from retraining.adapters.ledger import Ledger
from retraining.adapters.notices import Notices
from retraining.adapters.object_store import ObjectStore
from retraining.adapters.registry import Registry
from retraining.adapters.training_machines import TrainingMachines
from retraining.adapters.wakes import Wakes
from retraining.settings import settings

AwsError = ClientError
"""What an adapter raises when AWS refuses a call."""


@cache
def work() -> ObjectStore:
    """The work bucket."""
    return ObjectStore(client("s3"), settings.work_bucket)


@cache
def landing() -> ObjectStore:
    """The landing bucket."""
    return ObjectStore(client("s3"), settings.landing_bucket)


@cache
def ledger() -> Ledger:
    """The ledger."""
    return Ledger(client("dynamodb"), settings.ledger_table)


@cache
def wakes() -> Wakes:
    """The queue of delayed wakes."""
    return Wakes(client("sqs"), settings.wakes_queue_url)


@cache
def notices() -> Notices:
    """Notices to people."""
    return Notices(client("sns"), settings.notices_topic_arn, settings.stack)


@cache
def executions() -> Executions:
    """Executions of the retraining state machine."""
    return Executions(client("stepfunctions"), settings.retraining_arn)


@cache
def registry() -> Registry:
    """The model registry."""
    return Registry(client("sagemaker"), settings.stack)


@cache
def endpoints() -> Endpoints:
    """Endpoints, their configs and models."""
    return Endpoints(client("sagemaker"), lambda: client("sagemaker-runtime"))


@cache
def recipe_jobs() -> RecipeJobs:
    """DataBrew recipes, datasets and jobs."""
    return RecipeJobs(
        client("databrew"),
        settings.stack,
        settings.work_bucket,
        settings.databrew_role_arn,
        settings.kms_key_arn,
    )


@cache
def training_machines() -> TrainingMachines:
    """State machines that train."""
    return TrainingMachines(
        client("stepfunctions"),
        settings.stack,
        settings.training_workflow_role_arn,
        settings.training_log_group_arn,
    )
