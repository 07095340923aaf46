"""Step Functions: our interpreter behind AWS's API, calling the other services as Tasks ask."""

from ratchet.local_aws.stepfunctions.service import StepFunctions

__all__ = ["StepFunctions"]
