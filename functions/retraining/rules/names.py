"""Every name and S3 key the service derives, in one place, so that none is spelled twice."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final, Literal

PIPELINE_PATTERN: Final = r"^[a-z](-?[a-z0-9])+$"
SHORTEST_PIPELINE: Final = 2
LONGEST_PIPELINE: Final = 24
SEPARATOR: Final = "--"  # no stack or pipeline has it in its name, nor a hyphen at the end
ARRIVAL_COLUMN: Final = "arrival"  # only where rows replace each other
MOMENT_COLUMN: Final = "moment"  # only where the split is by time
CLUSTER_COLUMN: Final = "cluster"  # only where rows depend on each other
RESERVED_COLUMNS: Final = (
    "row_id", "split", "batch", ARRIVAL_COLUMN, MOMENT_COLUMN, CLUSTER_COLUMN
)  # fmt: skip
SEQUENCER_DIGITS: Final = 32
PASSING_TAG: Final = {"Key": "ratchet:passing", "Value": "true"}  # of objects that S3 is to expire
VARIANT: Final = "serving"  # must never change: AWS ties an endpoint's updates to its name
TUNING_DIGITS: Final = 12
LONGEST_TUNING: Final = 32  # of a tuning job (CreateHyperParameterTuningJob, API reference)
LONGEST_NAME: Final = 63  # of SageMaker's jobs, models, endpoints and package groups

GENERATION_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
GENERATION_LENGTH: Final = 4

Purpose = Literal[
    "check", "training", "champion", "challenger", "refit", "backtest", "former", "alone"
]
"""What a name may end in, beside the generation and the token."""


def is_pipeline(name: str) -> bool:
    """True for a name a pipeline may have."""
    fits = SHORTEST_PIPELINE <= len(name) <= LONGEST_PIPELINE
    return fits and re.match(PIPELINE_PATTERN, name) is not None and not name.endswith("\n")


def token6(token: int) -> str:
    """A fencing token as it is printed in names and keys."""
    return f"{token:06d}"


def run_id(pipeline: str, token: int) -> str:
    """Id of a run; also the name of its Step Functions execution."""
    return f"{pipeline}-{token6(token)}"


def batch(token: int) -> str:
    """Value of the reserved column `batch`; text, so that no engine reads it as a number."""
    return f"run-{token6(token)}"


def token_of(batch: str) -> int:
    """The fencing token of the run that accepted a batch."""
    return int(batch.removeprefix("run-"))


def object_id(key: str, version: str) -> str:
    """Id of an object version in the ledger and in quarantine."""
    return hashlib.sha256(f"{key}\0{version}".encode()).hexdigest()[:32]


def arrival(place: int, row: int) -> str:
    """Value of the reserved column `arrival`: the greater, the later the row came in its batch.

    `place` is the object's in the manifest, `row` the data row from 1. Text, so that no engine
    reads it as a number.
    """
    return f"o{place:06d}r{row:010d}"


def sequence(sequencer: str) -> str:
    """An S3 sequencer as text that sorts: of a greater one, the later write of the same key.

    "Right pad the shorter value with zeros, and then do a lexicographic comparison" (Amazon S3
    user guide, "Event message structure").
    """
    return sequencer.lower().ljust(SEQUENCER_DIGITS, "0")


def pending_mark(arrived: int, sequencer: str, identifier: str) -> str:
    """Sort key of the sparse index of pending objects: oldest first."""
    return f"{arrived:015d}#{sequence(sequencer)}#{identifier}"


def landing_prefix(root: str, pipeline: str) -> str:
    """Key prefix under which a pipeline's data lands; `root` is the stack's part of the bucket."""
    return f"{root}{pipeline}/"


def definition_prefix(pipeline: str, content_hash: str) -> str:
    """Key prefix under which push puts a pipeline's folder."""
    return f"pipelines/{pipeline}/{content_hash}"


def definition_file(folder: str, name: str) -> str:
    """Key of a file that lies beside transform.py; `folder` is the definition's."""
    return f"{folder}/files/{name}"


def run_prefix(pipeline: str, token: int) -> str:
    """Key prefix of everything a run writes, without a trailing slash."""
    return f"runs/{pipeline}/{token6(token)}"


def recipe_output(pipeline: str, token: int) -> str:
    """Key prefix of what a run's recipe makes of the accepted data."""
    return f"{run_prefix(pipeline, token)}/recipe/"


def champions_recipe_output(pipeline: str, token: int) -> str:
    """Key prefix of what the champion's recipe makes of them, where it is another."""
    return f"{run_prefix(pipeline, token)}/champion/recipe/"


def accepted_prefix(pipeline: str) -> str:
    """Key prefix of all accepted data of a pipeline."""
    return f"accepted/{pipeline}/"


def accepted_batch(pipeline: str, token: int) -> str:
    """Key prefix of the data one run accepted."""
    return f"{accepted_prefix(pipeline)}{batch(token)}/"


def accepted_key(pipeline: str, token: int, chunk: int, place: int) -> str:
    """Key of the accepted copy of the object in this place of the manifest."""
    return f"{accepted_batch(pipeline, token)}chunk-{chunk}-{place}.csv"


def quarantine_prefix(pipeline: str, token: int, identifier: str) -> str:
    """Key prefix of a rejected object's copy and report."""
    return f"quarantine/{pipeline}/{token6(token)}/{identifier}"


def is_stack(name: str) -> bool:
    """True for a stack's name from which no other stack's names can be made.

    Without capitals: SageMaker takes endpoint names without regard to case (API reference of
    CreateEndpoint) and writes ARNs, which roles are compared with, in lower case.
    """
    return SEPARATOR not in name and not name.endswith("-") and name == name.lower()


def generation(now: float) -> str:
    """Four base-36 digits of the minute; they come again after 3.2 years."""
    minute, digits = int(now // 60), ""
    for _ in range(GENERATION_LENGTH):
        minute, digit = divmod(minute, len(GENERATION_DIGITS))
        digits = GENERATION_DIGITS[digit] + digits
    return digits


def began(generation: str, now: float) -> float:
    """When a ledger of this generation began, in epoch seconds: the last such minute."""
    cycle, minute = len(GENERATION_DIGITS) ** GENERATION_LENGTH, int(now // 60)
    since = (minute - int(generation, len(GENERATION_DIGITS))) % cycle
    return (minute - since) * 60.0


@dataclass(frozen=True)
class Names:
    """Names of all that a stack makes outside itself, where they are unique in the account.

    `<stack>--<pipeline>--<generation>[-<token>][-<purpose>][-<attempt>]`: equal only if stack,
    pipeline, generation, token, purpose and attempt are.
    """

    stack: str
    generation: str  # of the ledger: a stack that is made again makes no name again

    def made(
        self,
        pipeline: str,
        token: int | None = None,
        purpose: Purpose | None = None,
        attempt: int | None = None,
    ) -> str:
        """The one rule behind every name."""
        number = None if token is None else token6(token)
        parts = (self.generation, number, purpose, attempt)
        last = "-".join(str(part) for part in parts if part is not None)
        return SEPARATOR.join((self.stack, pipeline, last))

    def standing(self, pipeline: str) -> str:
        """Name of what a pipeline has one of: endpoint, package group, recipe, dataset, job."""
        return self.made(pipeline)

    def champions_recipe_job(self, pipeline: str) -> str:
        """Name of the job that runs the champion's recipe, where another was pushed since."""
        return self.made(pipeline, purpose="champion")

    def check_endpoint(self, pipeline: str) -> str:
        """Name of the short-lived endpoint that answers golden rows before the real one changes."""
        return self.made(pipeline, purpose="check")

    def training_machine(self, pipeline: str) -> str:
        """Name of the state machine by which a pipeline trains, if it has its own."""
        return self.made(pipeline, purpose="training")

    def run(self, pipeline: str, token: int) -> str:
        """Name of a run's model and endpoint config, with which its jobs' names begin."""
        return self.made(pipeline, token)

    def tuning(self, pipeline: str, token: int) -> str:
        """With which the names of a run's tuning jobs begin: they have at most 32 characters."""
        digest = hashlib.sha256(self.run(pipeline, token).encode()).hexdigest()
        return f"{self.stack}{SEPARATOR}{digest[:TUNING_DIGITS]}"

    def searched(self, pipeline: str, token: int) -> str:
        """With which the folders of what a run's search trained begin, below the run's own.

        SageMaker names its training jobs after the tuning job, and puts each one's artifact into a
        folder of the job's name (CreateHyperParameterTuningJob, OutputDataConfig, API reference).
        """
        return f"model/{self.tuning(pipeline, token)}-"

    def longest_tuning(self, pipeline: str) -> str:
        """The longest name of a tuning job that a run makes."""
        return f"{self.tuning(pipeline, 1)}-10"

    def check_config(self, pipeline: str, token: int) -> str:
        """Name of the config under which a run's model answers at the check endpoint."""
        return self.made(pipeline, token, "check")

    def longest(self, pipeline: str) -> str:
        """The longest name a run makes: of the jobs that train and score the challenger."""
        return self.made(pipeline, 1, "challenger", 10)

    def client_token(self, pipeline: str, token: int) -> str:
        """What tells SageMaker that a request of a run is the same again: 36 characters at most."""
        return hashlib.sha256(self.run(pipeline, token).encode()).hexdigest()[:36]

    def tags(self, pipeline: str) -> dict[str, str]:
        """Tags of everything made outside the stack."""
        return {"ratchet:stack": self.stack, "ratchet:pipeline": pipeline}

    def tags_of(self, name: str) -> dict[str, str]:
        """Tags that something of this name has, if this stack made it."""
        _, pipeline, _ = name.split(SEPARATOR)
        return self.tags(pipeline)

    def tag_list(self, pipeline: str) -> list[dict[str, str]]:
        """The same tags in SageMaker's spelling."""
        return [{"Key": key, "Value": value} for key, value in self.tags(pipeline).items()]
