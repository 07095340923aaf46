"""A program: the problems of the definition on stdin, one a line, as a push of it is refused."""

from __future__ import annotations

import sys

from retraining.errors import PipelineRejected
from retraining.rules.contracts import parse_definition


def main() -> None:
    """Print the problems; `ratchet push --check` runs this, as it has no stack to ask."""
    try:
        parse_definition(sys.stdin.buffer.read())
    except PipelineRejected as error:
        print(error)


if __name__ == "__main__":
    main()
