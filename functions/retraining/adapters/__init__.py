"""The only boto3 of the functions, speaking the service's words."""

from __future__ import annotations

from functools import cached_property

from botocore.exceptions import BotoCoreError, ClientError

from retraining.adapters.arrivals import Arrivals
from retraining.adapters.clients import client
from retraining.adapters.endpoints import Endpoints
from retraining.adapters.executions import Executions
from retraining.adapters.ledger import Ledger
from retraining.adapters.notices import Notices
from retraining.adapters.object_store import ObjectStore
from retraining.adapters.ownership import Ownership
from retraining.adapters.recipe_jobs import RecipeJobs
from retraining.adapters.recoveries import Recoveries
from retraining.adapters.registry import Registry
from retraining.adapters.run_folder import RunFolder
from retraining.adapters.schedules import Schedules
from retraining.adapters.training_machines import TrainingMachines
from retraining.adapters.wakes import Wakes
from retraining.errors import PipelineNotRegistered
from retraining.rules.names import Names, run_prefix
from retraining.settings import Settings

AwsError = ClientError
"""What an adapter raises when AWS refuses a call."""
TransportError = BotoCoreError
"""What an adapter raises when AWS is not reached, or its answer breaks off."""


class Adapters:
    """What a step may use of AWS, each made when it is first asked for.

    A function has only the settings and rights of the adapters that its step uses.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def work(self) -> ObjectStore:
        """The work bucket."""
        return ObjectStore(client("s3"), self._settings.work_bucket)

    @cached_property
    def landing(self) -> ObjectStore:
        """The landing bucket."""
        return ObjectStore(client("s3"), self._settings.landing_bucket)

    def run_folder(self, pipeline: str, token: int) -> RunFolder:
        """The folder of a run in the work bucket."""
        return RunFolder(self.work, run_prefix(pipeline, token))

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger."""
        return Ledger(client("dynamodb"), self._settings.ledger_table)

    @cached_property
    def names(self) -> Names:
        """Names of what the stack makes outside itself; the first registration begins them."""
        generation = self.ledger.generation()
        if generation is None:
            stack = self._settings.stack
            raise PipelineNotRegistered(f"stack {stack} has no pipeline yet: ratchet push FOLDER")
        return Names(self._settings.stack, generation)

    @cached_property
    def wakes(self) -> Wakes:
        """The queue of delayed wakes."""
        return Wakes(client("sqs"), self._settings.wakes_queue_url)

    @cached_property
    def arrivals(self) -> Arrivals:
        """The queue of arrivals."""
        return Arrivals(client("sqs"), self._settings.arrivals_queue_url)

    @cached_property
    def recoveries(self) -> Recoveries:
        """What settles executions that ended unnoticed."""
        runs, promotions = (
            self._settings.recover_run_function,
            self._settings.recover_promotion_function,
        )
        return Recoveries(client("lambda"), runs, promotions)

    @cached_property
    def schedules(self) -> Schedules:
        """The pipelines' schedules."""
        target = {
            "Arn": self._settings.wakes_queue_arn,
            "RoleArn": self._settings.schedule_role_arn,
            "DeadLetterConfig": {"Arn": self._settings.events_dead_letter_queue_arn},
        }
        group, key = self._settings.schedule_group, self._settings.kms_key_arn
        return Schedules(client("scheduler"), group, target, key)

    @cached_property
    def notices(self) -> Notices:
        """Notices to people."""
        return Notices(client("sns"), self._settings.notices_topic_arn, self._settings.stack)

    @cached_property
    def executions(self) -> Executions:
        """Executions of the retraining state machine."""
        return Executions(client("stepfunctions"), self._settings.retraining_arn)

    @cached_property
    def promotions(self) -> Executions:
        """Executions of the promotion state machine."""
        return Executions(client("stepfunctions"), self._settings.promotion_arn)

    @cached_property
    def ownership(self) -> Ownership:
        """Whose something is in SageMaker."""
        return Ownership(client("sagemaker"), lambda: self.names)

    @cached_property
    def registry(self) -> Registry:
        """The model registry."""
        return Registry(client("sagemaker"), lambda: self.names, self.ownership)

    @cached_property
    def endpoints(self) -> Endpoints:
        """Endpoints, their configs and models."""
        return Endpoints(client("sagemaker"), lambda: client("sagemaker-runtime"), self.ownership)

    @cached_property
    def recipe_jobs(self) -> RecipeJobs:
        """DataBrew recipes, datasets and jobs."""
        return RecipeJobs(
            client("databrew"),
            self.names,
            self._settings.work_bucket,
            self._settings.databrew_role_arn,
            self._settings.kms_key_arn,
        )

    @cached_property
    def training_machines(self) -> TrainingMachines:
        """State machines that train."""
        return TrainingMachines(
            client("stepfunctions"),
            self.names,
            self._settings.training_workflow_role_arn,
            self._settings.training_log_group_arn,
        )
