"""Errors by which a model's code chooses the status of an answer."""


class BaseInferenceToolkitError(Exception):
    """Answered with its status, instead of 500."""

    def __init__(self, status_code: int, message: str, phrase: str) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.message = message
        self.phrase = phrase


class GenericInferenceToolkitError(BaseInferenceToolkitError):
    """The same, with a phrase that need not be given."""

    def __init__(
        self, status_code: int, message: str | None = None, phrase: str | None = None
    ) -> None:
        super().__init__(status_code, message or "", phrase or "")
