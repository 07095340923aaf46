"""What local SageMaker knows of a container image: what it takes, and the programs behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from ratchet.local_aws.sagemaker.containers.errors import BadCode

LIBRARY = Path(__file__).with_name("library")


class RowPredictor(Protocol):
    """A loaded model that answers rows of text."""

    def predict(self, rows: Sequence[Sequence[str]]) -> list[str]:
        """One answer per row, as the container prints it; raises BadPayload."""
        ...


class Predictor(RowPredictor, Protocol):
    """One that answers whole bodies too, without a script of the user's."""

    def predict_body(self, body: bytes, content_type: str) -> list[str]:
        """One answer per record of a body; raises BadPayload, 415 for an unknown media type."""
        ...


class Algorithm(Protocol):
    """What an image does by itself, without a script of the user's (algorithm mode)."""

    @property
    def training_program(self) -> str:
        """The module that trains under the container contract, run by `python -m`."""
        ...

    @property
    def content_type(self) -> str:
        """The media type that transform jobs and endpoints send and get."""
        ...

    def unsupported(self, hyperparameters: Mapping[str, str]) -> str | None:
        """Why these cannot be trained with here, though the image on AWS could; None if they can.

        Hyperparameters that the image itself refuses are its training program's to refuse.
        """
        ...

    def check_channel(self, content_type: str | None) -> None:
        """Raise UserError for a type of training data that the image refuses, Unsupported for one
        that only AWS can read."""
        ...

    def metrics(self, line: str) -> list[tuple[str, float]]:
        """The metrics that a line of the training log reports, by SageMaker's names for them."""
        ...

    def aimed_at(self, metric: str, kind: str, given: Mapping[str, str]) -> dict[str, str]:
        """The hyperparameters with which training reports a tuning job's metric.

        `kind` is Maximize or Minimize. Raises UserError for a metric that it never reports, or
        that is better the other way.
        """
        ...

    def load(self, archive: Path) -> tuple[Predictor, str]:
        """The model of an archive and the archive's SHA-256; raises BadArtifact.

        Called in the process that answers with the model, never in that of local AWS.
        """
        ...


@dataclass(frozen=True)
class Framework:
    """What an image brings for scripts: `name`, as its users write it, and the Python module.

    `handlers` is the module of the functions that serve where a program leaves them out.
    `code_in_archive`: a model's program is looked for in `code` of its archive alone.
    `meeting_place`: the variables that say address and port of the first of several hosts.
    `to_install`: the command, where it is not part of the extra `local`.
    """

    name: str
    module: str
    handlers: str
    code_in_archive: bool = False
    meeting_place: tuple[str, ...] = ()
    to_install: str = ""

    @property
    def installed(self) -> bool:
        """Whether it can be imported here; nothing is imported to find out."""
        return find_spec(self.module) is not None

    @property
    def libraries(self) -> list[Path]:
        """Folders that stand in for the toolkits that an image brings: of all images, and its."""
        found = find_spec(self.handlers)
        own = [Path(found.origin).with_name("library")] if found and found.origin else []
        return [LIBRARY, *own]


@dataclass(frozen=True)
class Container:
    """A row of the catalog. `images` are repositories with tags, in which * stands for any text.

    Accounts and regions differ only in the registry. `algorithm` is None where the image runs
    nothing but scripts.
    """

    images: tuple[str, ...]
    framework: Framework
    algorithm: Algorithm | None = None
    trains: bool = True
    serves: bool = True

    @property
    def own(self) -> Algorithm:
        """The image's algorithm; raises BadCode if it has none."""
        if self.algorithm is None:
            raise BadCode(
                f"the {self.framework.name} image has no algorithm of its own: name a script "
                "(sagemaker_program and sagemaker_submit_directory to train, SAGEMAKER_PROGRAM "
                "and SAGEMAKER_SUBMIT_DIRECTORY to serve)"
            )
        return self.algorithm

    def is_named(self, image: str) -> bool:
        """Whether this is the container of an image."""
        return any(fnmatchcase(image, pattern) for pattern in self.images)
