"""What the stack gives its functions: the only reader of the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


class SettingMissing(Exception):
    """Raised when a variable that the template sets is missing; names it."""


@dataclass(frozen=True)
class Settings:
    """Typed access to the environment; each value is required when it is first read."""

    environment: Mapping[str, str]

    def _required(self, name: str) -> str:
        value = self.environment.get(name)
        if not value:
            raise SettingMissing(f"environment variable {name} is not set: template.yaml sets it")
        return value

    @property
    def stack(self) -> str:
        """Name of the stack."""
        return self._required("RATCHET_STACK")

    @property
    def ledger_table(self) -> str:
        """Name of the ledger's table."""
        return self._required("RATCHET_LEDGER_TABLE")

    @property
    def landing_bucket(self) -> str:
        """Where data lands."""
        return self._required("RATCHET_LANDING_BUCKET")

    @property
    def landing_prefix(self) -> str:
        """What keys of landed data begin with, before the pipeline's name; empty for none."""
        return self.environment.get("RATCHET_LANDING_PREFIX", "")

    @property
    def work_bucket(self) -> str:
        """Where everything else is."""
        return self._required("RATCHET_WORK_BUCKET")

    @property
    def wakes_queue_url(self) -> str:
        """Queue of delayed wakes."""
        return self._required("RATCHET_WAKES_QUEUE_URL")

    @property
    def arrivals_queue_url(self) -> str:
        """Queue of arrivals; only sweep_ledger has it."""
        return self._required("RATCHET_ARRIVALS_QUEUE_URL")

    @property
    def recover_run_function(self) -> str:
        """The function that settles what an execution left; only sweep_ledger has it."""
        return self._required("RATCHET_RECOVER_RUN_FUNCTION")

    @property
    def recover_promotion_function(self) -> str:
        """The function that ends what a promotion left; only sweep_ledger has it."""
        return self._required("RATCHET_RECOVER_PROMOTION_FUNCTION")

    @property
    def schedule_group(self) -> str:
        """Group of the pipelines' schedules; only register_pipeline makes some."""
        return self._required("RATCHET_SCHEDULE_GROUP")

    @property
    def schedule_role_arn(self) -> str:
        """Role by which a schedule sends its wakes."""
        return self._required("RATCHET_SCHEDULE_ROLE_ARN")

    @property
    def wakes_queue_arn(self) -> str:
        """Where a schedule sends them."""
        return self._required("RATCHET_WAKES_QUEUE_ARN")

    @property
    def events_dead_letter_queue_arn(self) -> str:
        """Where a wake ends that a schedule could not send."""
        return self._required("RATCHET_EVENTS_DEAD_LETTER_QUEUE_ARN")

    @property
    def notices_topic_arn(self) -> str:
        """Topic of notices to people."""
        return self._required("RATCHET_NOTICES_TOPIC_ARN")

    @property
    def databrew_role_arn(self) -> str:
        """Role of DataBrew jobs."""
        return self._required("RATCHET_DATABREW_ROLE_ARN")

    def image(self, name: str, registry: str) -> str:
        """An image of SageMaker's: `registry` is `algorithm` or `deep_learning`."""
        return f"{self._required(f'RATCHET_{registry.upper()}_REGISTRY')}/{name}"

    @property
    def training_workflow_role_arn(self) -> str:
        """Role of pipelines' own training workflows."""
        return self._required("RATCHET_TRAINING_WORKFLOW_ROLE_ARN")

    @property
    def training_log_group_arn(self) -> str:
        """Where these workflows log their executions."""
        return self._required("RATCHET_TRAINING_LOG_GROUP_ARN")

    @property
    def retraining_arn(self) -> str:
        """The retraining state machine; only start_retraining and sweep_ledger have it."""
        return self._required("RATCHET_RETRAINING_ARN")

    @property
    def promotion_arn(self) -> str:
        """The promotion state machine; those that start a promotion again have it."""
        return self._required("RATCHET_PROMOTION_ARN")

    @property
    def kms_key_arn(self) -> str | None:
        """Customer key for data at rest; None: keys owned by AWS."""
        return self.environment.get("RATCHET_KMS_KEY_ARN") or None


settings = Settings(os.environ)
