"""The errors of the service; a class name is the error name that the state machines match.

RatchetError
|-- ReviewRefused            nothing of a run is set aside, or somebody else has decided
|-- PipelineRejected          a pushed definition breaks its contract
|-- NotOurs                   what exists under one of our names carries another owner's tags
|-- WorkflowRefused           Step Functions refuses a pipeline's own training workflow
|-- ScheduleRefused           EventBridge Scheduler refuses a pipeline's own schedule
|-- PipelineNotRegistered     a run was started for a pipeline that nobody pushed
|-- DefinitionChanged         the stored definition is not the one that was registered
|-- LeaseLost                 a run acts with a fencing token that is no longer the pipeline's
|-- NothingPending            a run was started and no object is waiting
|-- SweepIncomplete           a sweep could not look after every pipeline
|-- DocumentUnreadable        a stored document has another version, or lacks a field
|-- ObjectGone                an object version was deleted before it was read
|-- DataUnreadable            an object is damaged, or unpacks to more than may be read
|-- DataDefeatsCheck          an object makes the data check fail instead of finding a problem
|-- ScoresUnreadable          a batch transform wrote lines that are not scores
|-- RegistrationFailed        the artifact to register is missing or empty
|-- RunFailed                 a run that failed is recorded, and its execution fails with it
|-- PromotionRefused
|   |-- ChampionChanged       the verdict was reached against another champion than today's
|   |-- PackageRejected       somebody has rejected the package in the registry
|   |-- PromotionLocked       another promotion of this endpoint is under way
|   |   `-- PromotionLost     this execution no longer holds the promotion
|   |-- PromotionStopped      an earlier execution of the promotion ended before its end
|   `-- EndpointNeedsAttention  the endpoint is in a state that only a person can resolve
|-- EndpointNotReady          the endpoint is still settling, or SageMaker is busy: ask again
|-- EndpointLimitReached      the account's quota has no room for the endpoint now
|-- EndpointFailed            the endpoint ended in a state other than the one asked for
`-- GoldenRowsDiffer          the endpoint answers golden rows unlike the batch scores
"""

from __future__ import annotations


class RatchetError(Exception):
    """Every refusal of the service, with a message that says what, where and the next step."""


class ReviewRefused(RatchetError):
    """Raised when there is nothing to release or discard, or when it is decided already."""


class DeletionRefused(RatchetError):
    """Raised when the pipeline to delete does not exist, or has an open run or promotion."""


class PipelineRejected(RatchetError):
    """Raised at push when the definition breaks its contract; lists every problem."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class NotOurs(RatchetError):
    """Raised before anything is adopted, changed or deleted that this pipeline did not make."""


class WorkflowRefused(RatchetError):
    """Raised when Step Functions refuses the training workflow of a pipeline, with its reason."""


class ScheduleRefused(RatchetError):
    """Raised when EventBridge Scheduler refuses the schedule of a pipeline, with its reason."""


class PipelineNotRegistered(RatchetError):
    """Raised when a run finds no registration of its pipeline."""


class DefinitionChanged(RatchetError):
    """Raised when the bytes of a stored definition differ from those that were registered."""


class LeaseLost(RatchetError):
    """Raised when a run's fencing token does not hold the pipeline's lease."""


class NothingPending(RatchetError):
    """Raised when a run has nothing to claim."""


class SweepIncomplete(RatchetError):
    """Raised at the end of a sweep that some pipelines made fail; names them."""


class DocumentUnreadable(RatchetError):
    """Raised when a document is of an unknown version, or a field is missing or of a wrong type."""


class ObjectGone(RatchetError):
    """Raised when the object version to read no longer exists."""


class DataUnreadable(RatchetError):
    """Raised when an object is damaged, unpacks to too much, or is not of its pipeline's format."""


class DataDefeatsCheck(RatchetError):
    """Raised when the data check of an object ends in an exception that it does not foresee."""


class ScoresUnreadable(RatchetError):
    """Raised when a score file contains a line that is not a score."""


class RegistrationFailed(RatchetError):
    """Raised when a model cannot be registered because its artifact is missing or empty."""


class RunFailed(RatchetError):
    """Raised by FinishRun when all is recorded, so that the execution fails as its run did."""


class PromotionRefused(RatchetError):
    """Raised when a promotion must not proceed; the endpoint is left as it is."""


class ChampionChanged(PromotionRefused):
    """Raised when the verdict judged another champion than the one that serves now."""


class PipelineDeleted(PromotionRefused):
    """Raised when the pipeline was deleted after the promotion was asked for."""


class PackageRejected(PromotionRefused):
    """Raised when the package to promote was rejected in the registry, by whoever it was."""


class PromotionLocked(PromotionRefused):
    """Raised when another promotion holds the pipeline's promotion lock."""


class PromotionLost(PromotionLocked):
    """Raised when an execution acts on a promotion that another one has taken over."""


class PromotionStopped(PromotionRefused):
    """Raised to go back, where an earlier execution was stopped, failed or ran out of time."""


class EndpointNeedsAttention(PromotionRefused):
    """Raised when the endpoint's state can only be resolved by a person."""


class EndpointNotReady(RatchetError):
    """Raised while an endpoint settles or SageMaker is busy; the state machine asks again."""


class EndpointLimitReached(RatchetError):
    """Raised when a quota leaves no room for an endpoint: the promotion is postponed."""


class EndpointFailed(RatchetError):
    """Raised when an endpoint ended in a state other than the one asked for."""


class GoldenRowsDiffer(RatchetError):
    """Raised when an endpoint answers golden rows unlike the batch transform did."""
