"""Living DataBrew: datasets, recipes and recipe jobs."""

from __future__ import annotations

from ratchet.local_aws.databrew.api.jobs import JobOperations


class DataBrew(JobOperations):
    """Projects, schedules, rulesets and profile jobs are refused."""

    name = "databrew"
    model = "databrew"
