"""The ways a container program fails."""

from __future__ import annotations


class ContainerError(Exception):
    """Base of what a container program reports to the platform in one sentence."""


class UserError(ContainerError):
    """Input that the user can fix: a hyperparameter, a channel, a row."""


class Unsupported(ContainerError):
    """Something the image on AWS takes and this one does not; the text names the way out."""


class BadArtifact(ContainerError):
    """model.tar.gz is not the archive of one model of the container's."""


class BadCode(ContainerError):
    """The code that the model's environment names cannot be entered."""


class BadPayload(ContainerError):
    """A request that the model cannot answer; `status` is what the container's server answers."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = self.status_code = status
