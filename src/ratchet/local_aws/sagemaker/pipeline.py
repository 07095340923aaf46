"""The containers of an endpoint as one: a request goes through them in their order.

Source: developer guide, "Inference pipelines in Amazon SageMaker AI". The answer of one container
is the request of the next, with its media type; only the last is told what the caller accepts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ratchet.local_aws.sagemaker.serving import Reply, Serving

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Children
    from ratchet.local_aws.sagemaker.placing import Placed
    from ratchet.local_aws.shared.logs import LogStream

ANYTHING = "*/*"


class Pipeline:
    """Running containers, of which each answers what the one before it said."""

    def __init__(
        self, local: Children, placed: Sequence[Placed], log_of: Callable[[str], LogStream]
    ) -> None:
        self._servings: list[Serving] = []
        try:
            for part in placed:
                self._servings.append(Serving(local, part, log_of(part.name)))
        except BaseException:
            self.kill()
            raise

    @property
    def sha256(self) -> str:
        """The SHA-256 of each artifact that was loaded."""
        return " ".join(serving.sha256 for serving in self._servings)

    @property
    def pids(self) -> list[int]:
        """The process of each container."""
        return [serving.pid for serving in self._servings]

    @property
    def asked(self) -> int:
        """How many requests it is answering now."""
        return self._servings[0].asked

    def alive(self) -> bool:
        """Whether all processes run."""
        return all(serving.alive() for serving in self._servings)

    def enter(self) -> bool:
        """Count another request; False once the containers are being retired."""
        entered: list[Serving] = []
        for serving in self._servings:
            if not serving.enter():
                break
            entered.append(serving)
        else:
            return True
        for serving in entered:
            serving.leave()
        return False

    def leave(self) -> None:
        """A counted request is finished."""
        for serving in self._servings:
            serving.leave()

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """The last answer, or the first that is an error."""
        *earlier, last = self._servings
        given = {**headers, "Accept": ANYTHING}
        for serving in earlier:
            reply = serving.invoke(body, given)
            if reply.status >= 300:
                return reply
            body, given = reply.body, {"Content-Type": reply.content_type, "Accept": ANYTHING}
        return last.invoke(body, {**given, "Accept": headers.get("Accept", ANYTHING)})

    def retire(self) -> None:
        """Take no more requests and end the processes once they are idle; returns at once."""
        for serving in self._servings:
            serving.retire()

    def kill(self) -> None:
        """End the processes at once."""
        for serving in self._servings:
            serving.kill()
