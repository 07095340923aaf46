"""Trains by a pipeline's script, and puts the script beside the model that it made.

Runs in a framework's container, in the folder of the code, in place of the script that
SM_FRAMEWORK_PARAMS names (`sagemaker_script`, a hyperparameter of the platform's): the same
arguments, variables and folder. A model's artifact then carries what loads it, below `code`, where
the containers that serve look for it. The archive in the channel `features`, if there is one, is
unpacked there too. Standard library only.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

SCRIPT = "sagemaker_script"
LEFT_OUT = ("keep_code.py", "__pycache__", "setup.py", "setup.cfg", "MANIFEST.in", "*.egg-info")
"""Ours, and what the container itself makes to install the code."""


def main(arguments: list[str]) -> int:
    """Run the script; its exit code. What it left in `code` of the model stays."""
    script = json.loads(os.environ["SM_FRAMEWORK_PARAMS"])[SCRIPT]
    ended = subprocess.run([sys.executable, script, *arguments], check=False).returncode
    if ended == 0:
        folder = Path(os.environ["SM_MODEL_DIR"]) / "code"
        ignored = shutil.ignore_patterns(*LEFT_OUT)
        shutil.copytree(Path.cwd(), folder, ignore=ignored, dirs_exist_ok=True)
        channel = os.environ.get("SM_CHANNEL_FEATURES")
        for archive in Path(channel).glob("*.tar.gz") if channel else ():
            with tarfile.open(archive) as tar:
                tar.extractall(folder)  # noqa: S202  what push packed
    return ended if ended >= 0 else 128 - ended


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
