"""What local SageMaker knows of a container image: what it takes, and the programs behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol


class Predictor(Protocol):
    """A loaded model that answers rows of text."""

    def predict(self, rows: Sequence[Sequence[str]]) -> list[str]:
        """One answer per row, as the container prints it; raises BadPayload."""
        ...


class Container(Protocol):
    """A container image that can train, transform and serve here."""

    @property
    def image(self) -> str:
        """The image's repository and tag; accounts and regions differ only in the registry."""
        ...

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

    def load(self, archive: Path) -> tuple[Predictor, str]:
        """The model of an archive and the archive's SHA-256; raises BadArtifact.

        Called in the process that answers with the model, never in that of local AWS.
        """
        ...
