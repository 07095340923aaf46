"""Runs the command of a processing job, below the folder that stands for /opt/ml.

Usage: python -m ratchet.local_aws.sagemaker.containers.process IMAGE FAILURE COMMAND...

Runs in that folder. Ends with the command's exit code; if it is not 0, the file FAILURE says what
the command said about it.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from ratchet.local_aws.sagemaker.containers import opt_ml, user_process

PYTHONS = ("python", "python3", "/miniconda3/bin/python")
"""Names of the image's Python."""


def main(image: str, failure: str, *command: str) -> int:
    """Run the command; its exit code."""
    root = Path.cwd()
    work = root / "work"
    work.mkdir()
    opt_ml.point(root / "processing", root)
    user_process.say_what_runs(image)
    program, *arguments = (opt_ml.here(part, root) for part in command)
    program = sys.executable if program in PYTHONS else program
    # From here on the command is told to end, not its parent.
    signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        ending = user_process.run([program, *arguments], work)
    except OSError as error:
        ending = user_process.Ending(127, f"{program} cannot be run: {error}")
    opt_ml.restore(root / "processing", root)
    if ending.code:
        Path(failure).write_text(ending.said, encoding="utf-8")
    return ending.code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
