"""A run of a recipe job: files are fetched, a child runs the recipe, the output goes to S3."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ratchet.local_aws.shared.background import RunFailed
from ratchet.local_aws.shared.job_runs import JobRun
from ratchet.local_aws.shared.logs import LogStream, last_line
from ratchet.local_aws.shared.transfer import delete, fetch, keys_under, put

if TYPE_CHECKING:
    from ratchet.local_aws.databrew.api.datasets import CsvSource
    from ratchet.local_aws.databrew.api.outputs import CsvOutput
    from ratchet.local_aws.running.host import Host

LOG_GROUP = "/aws-glue-databrew/jobs"
PROGRAM = "ratchet.local_aws.databrew.compiler.run_recipe"


class Run(JobRun):
    """A job run as DescribeJobRun shows it."""

    stopped_error: ClassVar[str] = "Job run was stopped"

    @property
    def timed_out_error(self) -> str:
        return f"Job run exceeded its timeout of {self.job['Timeout']} minutes"

    def described(self) -> dict[str, Any]:
        keys = ("DatasetName", "LogSubscription", "Outputs", "RecipeReference")
        return {
            **{key: self.job[key] for key in keys},
            "Attempt": 0,
            "JobName": self.job["Name"],
            "RunId": self.id,
            "State": self.state,
            "LogGroupName": LOG_GROUP,
            "StartedBy": self.job["CreatedBy"],
            "StartedOn": self.started,
            **self.ending(),
        }


@dataclass(frozen=True)
class RecipeWork:
    """What a run does, fixed when it starts."""

    local: Host
    run: Run
    source: CsvSource
    steps: list[dict[str, Any]]
    outputs: list[CsvOutput]
    others: dict[str, CsvSource]
    """What steps read beside the dataset, by address."""

    def start(self) -> None:
        """Do it in the background."""
        self.run.start("DataBrew", self._work, self._end)

    def _work(self) -> None:
        self.run.running()
        inputs = {"source": self._fetch(self.source, "input"), "others": self._fetch_others()}
        parts = [self._apply(inputs, number) for number in range(len(self.outputs))]
        for output, part in zip(self.outputs, parts, strict=True):
            self._put(output, part)

    def _end(self, problem: Exception | None) -> None:
        if self.run.job["LogSubscription"] == "ENABLE":
            LogStream(self.local.client("logs"), LOG_GROUP, self.run.id).send(self._log)
        self.run.end(problem, self.local.clock.now())

    @property
    def _folder(self) -> Path:
        return self.run.background.folder

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _fetch(self, source: CsvSource, folder: str) -> dict[str, Any]:
        """Its files here, as the program is told of them."""
        s3, files = self.local.client("s3"), []
        for number, key in enumerate(source.keys(s3)):
            name = re.sub(r"[^\w.-]", "_", key.rsplit("/", 1)[-1])
            path = self._folder / folder / f"{number:05d}" / name
            fetch(s3, source.bucket, key, path)
            files.append(str(path))
        if not files:
            raise RunFailed(f"The dataset has no files at s3://{source.bucket}/{source.key}")
        return {"files": files, "delimiter": source.delimiter, "header": source.header}

    def _fetch_others(self) -> dict[str, dict[str, Any]]:
        return {
            location: self._fetch(source, f"other-{number}")
            for number, (location, source) in enumerate(self.others.items())
        }

    def _apply(self, inputs: dict[str, Any], number: int) -> Path:
        """Run the recipe for one output; RunFailed carries the program's sentence."""
        part, error = self._folder / f"part-{number}.csv", self._folder / "error"
        order = self._folder / "job.json"
        description = {
            "steps": self.steps,
            **inputs,
            "output": str(part),
            "output_delimiter": self.outputs[number].delimiter,
            "now": self.run.started.isoformat(),
            "error": str(error),
        }
        order.write_text(json.dumps(description))
        limit = timedelta(minutes=self.run.job["Timeout"])
        code = self.run.background.call(PROGRAM, [str(order)], {}, self._folder, self._log, limit)
        if code != 0:
            raise RunFailed(error.read_text() if error.exists() else self._last_line())
        return part

    def _last_line(self) -> str:
        return last_line(self._log) or "The recipe's process ended without output"

    def _put(self, output: CsvOutput, part: Path) -> None:
        s3, key = self.local.client("s3"), output.key(self.run.job["Name"], self.run.started)
        if output.overwrite:
            old = [k for k in keys_under(s3, output.bucket, output.prefix) if k != key]
            delete(s3, output.bucket, old)
        put(s3, part, output.bucket, key)
