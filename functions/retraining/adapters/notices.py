"""SNS: notices to people, each with the next step."""

from __future__ import annotations

from typing import Any


class Notices:
    """The notices topic."""

    def __init__(self, sns: Any, topic_arn: str, stack: str) -> None:
        self._sns, self._topic, self._stack = sns, topic_arn, stack

    def publish(self, subject: str, text: str) -> None:
        """Send one notice; SNS requires a subject of at most 100 ASCII characters in one line."""
        line = f"[{self._stack}] {subject}".encode("ascii", "replace").decode().replace("\n", " ")
        self._sns.publish(TopicArn=self._topic, Subject=line[:100], Message=text)
