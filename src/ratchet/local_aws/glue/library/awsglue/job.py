"""Job: marks the start and end of a script; local AWS has no bookmarks."""

from typing import Any


class Job:
    """Glue's Job object."""

    def __init__(self, glue_context: Any) -> None:
        self.glue_context = glue_context

    def init(self, job_name: str, args: dict[str, Any] | None = None) -> None:
        """Start; a bookmark option other than disable is refused when the job is created."""
        del args
        self.name = job_name

    def commit(self) -> None:
        """End; without bookmarks there is nothing to do."""
