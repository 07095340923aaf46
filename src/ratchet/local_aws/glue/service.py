"""Living Glue: jobs and their runs. The catalog, crawlers and triggers are refused."""

from __future__ import annotations

import secrets
import threading
from typing import Any

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.glue.definitions import check_arguments, checked, invalid, merged_arguments
from ratchet.local_aws.glue.script_runs import Run, ScriptWork
from ratchet.local_aws.running.host import Host
from ratchet.local_aws.running.service import Service
from ratchet.local_aws.shared.background import BackgroundRun
from ratchet.local_aws.shared.listing import Pager

_PAGES = Pager(lambda token: invalid(f"NextToken {token!r} is not valid"), size=200, most=1_000)
_REFUSED_AT_START = (
    "JobRunId",
    "JobRunQueuingEnabled",
    "NotificationProperty",
    "SecurityConfiguration",
    "ExecutionRoleSessionPolicy",
)


class Glue(Service):
    """Jobs by name, runs by job and id, in memory."""

    name = "glue"
    model = "glue"

    def __init__(self, local: Host) -> None:
        super().__init__(local)
        self._lock = threading.RLock()
        self._jobs: dict[str, dict[str, Any]] = {}
        self._runs: dict[str, dict[str, Run]] = {}
        self._tags: dict[str, dict[str, str]] = {}

    # Jobs

    def create_job(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["Name"]
        job = checked({key: value for key, value in request.items() if key != "Tags"})
        now = self.local.clock.now()
        with self._lock:
            if name in self._jobs:
                raise ServiceError("AlreadyExistsException", f"Job with name {name} already exists")
            self._jobs[name] = job | {"CreatedOn": now, "LastModifiedOn": now}
            self._runs[name] = {}
            self._tags[self._arn(name)] = dict(request.get("Tags") or {})
        return {"Name": name}

    def update_job(self, request: dict[str, Any]) -> dict[str, Any]:
        """The whole definition is replaced, as documented."""
        with self._lock:
            old = self._job(request["JobName"])
            new = checked(request["JobUpdate"] | {"Name": old["Name"]})
            dates = {"CreatedOn": old["CreatedOn"], "LastModifiedOn": self.local.clock.now()}
            self._jobs[old["Name"]] = new | dates
        return {"JobName": request["JobName"]}

    def get_job(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"Job": self._job(request["JobName"])}

    def get_jobs(self, request: dict[str, Any]) -> dict[str, Any]:
        items, more = _PAGES.page(list(self._jobs.values()), request)
        return {"Jobs": items, **more}

    def list_jobs(self, request: dict[str, Any]) -> dict[str, Any]:
        wanted = (request.get("Tags") or {}).items()
        names = [name for name in self._jobs if wanted <= self._tags[self._arn(name)].items()]
        items, more = _PAGES.page(names, request)
        return {"JobNames": items, **more}

    def delete_job(self, request: dict[str, Any]) -> dict[str, Any]:
        """Deleting a job that does not exist is not an error, as documented."""
        name = request["JobName"]
        with self._lock:
            if self._jobs.pop(name, None):
                self._stop_all(self._runs.pop(name))
                del self._tags[self._arn(name)]
        return {"JobName": name}

    # Runs

    def start_job_run(self, request: dict[str, Any]) -> dict[str, Any]:
        for key in _REFUSED_AT_START:
            if request.get(key):
                raise invalid(f"{key} is not supported on local AWS; leave it out")
        given = request.get("Arguments") or {}
        check_arguments(given)
        with self._lock:
            job = self._job(request["JobName"])
            self._refuse_too_many(job)
            sizes = {k: request[k] for k in ("WorkerType", "NumberOfWorkers") if request.get(k)}
            run_id = "jr_" + secrets.token_hex(32)
            run = Run(
                run_id,
                job | sizes,
                self.local.clock.now(),
                BackgroundRun(self.local, self.local.folder / "glue" / run_id),
                arguments=given,
                merged=merged_arguments(job, given),
                timeout=request.get("Timeout") or job["Timeout"],
            )
            self._runs[job["Name"]][run.id] = run
        ScriptWork(self.local, run).start()
        return {"JobRunId": run.id}

    def get_job_run(self, request: dict[str, Any]) -> dict[str, Any]:
        self._job(request["JobName"])
        run = self._runs[request["JobName"]].get(request["RunId"])
        if run is None:
            raise _not_found(f"JobRun with id {request['RunId']} not found")
        return {"JobRun": run.described()}

    def get_job_runs(self, request: dict[str, Any]) -> dict[str, Any]:
        self._job(request["JobName"])
        newest_first = reversed(list(self._runs[request["JobName"]].values()))
        items, more = _PAGES.page([run.described() for run in newest_first], request)
        return {"JobRuns": items, **more}

    def batch_stop_job_run(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["JobName"]
        self._job(name)
        stopped: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for run_id in request["JobRunIds"]:
            place = {"JobName": name, "JobRunId": run_id}
            run = self._runs[name].get(run_id)
            if run is None:
                errors.append(place | _detail("EntityNotFoundException", "Job run not found"))
            elif run.stop():
                stopped.append(place)
            else:
                detail = _detail("InvalidInputException", f"Job run is {run.state} already")
                errors.append(place | detail)
        return {"SuccessfulSubmissions": stopped, "Errors": errors}

    # Tags

    def tag_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        self._tags_of(request["ResourceArn"]).update(request["TagsToAdd"])
        return {}

    def untag_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        tags = self._tags_of(request["ResourceArn"])
        for key in request["TagsToRemove"]:
            tags.pop(key, None)
        return {}

    def get_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"Tags": dict(self._tags_of(request["ResourceArn"]))}

    def close(self) -> None:
        for runs in list(self._runs.values()):
            self._stop_all(runs)

    def _stop_all(self, runs: dict[str, Run]) -> None:
        for run in list(runs.values()):
            run.stop()

    def _refuse_too_many(self, job: dict[str, Any]) -> None:
        most = job["ExecutionProperty"].get("MaxConcurrentRuns", 1)
        if sum(run.is_open for run in self._runs[job["Name"]].values()) >= most:
            raise ServiceError(
                "ConcurrentRunsExceededException", f"Concurrent runs exceeded for {job['Name']}"
            )

    def _arn(self, name: str) -> str:
        return f"arn:aws:glue:{self.local.region}:{self.local.account}:job/{name}"

    def _job(self, name: str) -> dict[str, Any]:
        if name not in self._jobs:
            raise _not_found(f"Job with name: {name} not found.")
        return self._jobs[name]

    def _tags_of(self, arn: str) -> dict[str, str]:
        if arn not in self._tags:
            raise _not_found(f"Resource {arn} not found; local AWS has jobs only")
        return self._tags[arn]


def _not_found(message: str) -> ServiceError:
    return ServiceError("EntityNotFoundException", message)


def _detail(code: str, message: str) -> dict[str, Any]:
    return {"ErrorDetail": {"ErrorCode": code, "ErrorMessage": message}}
