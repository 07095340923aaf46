"""Recipe jobs and their runs."""

from __future__ import annotations

import secrets
from typing import Any

from ratchet.local_aws.databrew.api.answers import (
    PAGES,
    checked_name,
    conflict,
    invalid,
    not_found,
    refuse,
)
from ratchet.local_aws.databrew.api.datasets import CsvSource, DatasetOperations, csv_source
from ratchet.local_aws.databrew.api.outputs import csv_output
from ratchet.local_aws.databrew.api.recipes import PUBLISHED, RecipeOperations
from ratchet.local_aws.databrew.compiler.recipe import parse_recipe
from ratchet.local_aws.databrew.compiler.structure import others_of
from ratchet.local_aws.databrew.recipe_runs import RecipeWork, Run
from ratchet.local_aws.running.host import Host
from ratchet.local_aws.shared.background import BackgroundRun

_DEFAULT_TIMEOUT_MINUTES = 2880  # documented default of Timeout


class JobOperations(DatasetOperations, RecipeOperations):
    """The job part of the API."""

    def __init__(self, local: Host) -> None:
        super().__init__(local)
        self.runs: dict[str, dict[str, Run]] = {}

    def create_recipe_job(self, request: dict[str, Any]) -> dict[str, Any]:
        name = checked_name(request["Name"])
        _check(request)
        refuse(request, "ProjectName")
        if not request.get("DatasetName") or not request.get("RecipeReference"):
            raise invalid("A recipe job needs DatasetName and RecipeReference.")
        self.dataset(request["DatasetName"])
        reference = {"RecipeVersion": PUBLISHED} | request["RecipeReference"]
        self.recipe_version(reference["Name"], reference["RecipeVersion"])
        with self.lock:
            if name in self.jobs:
                raise conflict(f"The job {name} already exists.")
            made = self.made("job", _with_defaults(request))
            self.jobs[name] = made | {"Type": "RECIPE", "RecipeReference": reference}
            self.runs[name] = {}
        return {"Name": name}

    def update_recipe_job(self, request: dict[str, Any]) -> dict[str, Any]:
        _check(request)
        with self.lock:
            name = request["Name"]
            self.jobs[name] = self.touched(self._job(name), _with_defaults(request))
        return {"Name": name}

    def describe_job(self, request: dict[str, Any]) -> dict[str, Any]:
        return self.with_tags(self._job(request["Name"]))

    def list_jobs(self, request: dict[str, Any]) -> dict[str, Any]:
        refuse(request, "ProjectName")
        wanted = request.get("DatasetName")
        found = [j for j in self.jobs.values() if wanted in (None, j["DatasetName"])]
        items, more = PAGES.page([*map(self.with_tags, found)], request)
        return {"Jobs": items, **more}

    def delete_job(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["Name"]
        with self.lock:
            self._refuse_open_run(name)
            self.forget(self._job(name)["ResourceArn"])
            del self.jobs[name], self.runs[name]
        return {"Name": name}

    def start_job_run(self, request: dict[str, Any]) -> dict[str, Any]:
        """Start the job as it is defined now; a job has only one open run at a time."""
        name = request["Name"]
        with self.lock:
            job = self._job(name)
            self._refuse_open_run(name)
            work = self._work(job)
            self.runs[name][work.run.id] = work.run
        work.start()
        return {"RunId": work.run.id}

    def describe_job_run(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._run(request).described()

    def list_job_runs(self, request: dict[str, Any]) -> dict[str, Any]:
        self._job(request["Name"])
        newest_first = reversed(self.runs[request["Name"]].values())
        items, more = PAGES.page([run.described() for run in newest_first], request)
        return {"JobRuns": items, **more}

    def stop_job_run(self, request: dict[str, Any]) -> dict[str, Any]:
        run = self._run(request)
        run.stop()
        return {"RunId": run.id}

    def close(self) -> None:
        for runs in list(self.runs.values()):
            for run in list(runs.values()):
                run.stop()

    def _work(self, job: dict[str, Any]) -> RecipeWork:
        """A new run of the job."""
        reference = job["RecipeReference"]
        recipe = self.recipe_version(reference["Name"], reference["RecipeVersion"])
        source = csv_source(self.dataset(job["DatasetName"]))
        outputs = [csv_output(output) for output in job["Outputs"]]
        run_id = "db_" + secrets.token_hex(32)
        background = BackgroundRun(self.local, self.local.folder / "databrew" / run_id)
        run = Run(run_id, dict(job), self.local.clock.now(), background)
        steps = recipe["Steps"]
        return RecipeWork(self.local, run, source, steps, outputs, self._others(steps))

    def _others(self, steps: list[dict[str, Any]]) -> dict[str, CsvSource]:
        """The files that steps read beside the dataset, by address, as their datasets say."""
        found = {}
        for other in others_of(parse_recipe(steps).steps):
            bucket, _, key = other.location.removeprefix("s3://").partition("/")
            place = {"Input": {"S3InputDefinition": {"Bucket": bucket, "Key": key}}}
            known = self.datasets.get(other.dataset, {})
            found[other.location] = csv_source({**known, **place})
        return found

    def _refuse_open_run(self, name: str) -> None:
        self._job(name)
        for run in self.runs[name].values():
            if run.is_open:
                raise conflict(f"The job {name} is running already: {run.id}.")

    def _job(self, name: str) -> dict[str, Any]:
        if name not in self.jobs:
            raise not_found("Job", name)
        return self.jobs[name]

    def _run(self, request: dict[str, Any]) -> Run:
        self._job(request["Name"])
        found = self.runs[request["Name"]].get(request["RunId"])
        if found is None:
            raise not_found("Job run", request["RunId"])
        return found


def _check(request: dict[str, Any]) -> None:
    refuse(request, "DataCatalogOutputs", "DatabaseOutputs", "MaxRetries")
    if not request.get("Outputs"):
        raise invalid("Outputs must name at least one S3 location.")
    for output in request["Outputs"]:
        csv_output(output)


def _with_defaults(request: dict[str, Any]) -> dict[str, Any]:
    defaults = {"Timeout": _DEFAULT_TIMEOUT_MINUTES, "MaxCapacity": 5, "LogSubscription": "ENABLE"}
    given = {key: value for key, value in request.items() if value is not None}
    return defaults | {"MaxRetries": 0} | given
