"""The child that runs a Glue job's script; imports only the standard library, nothing of ours.

Usage: boot.py RUN.json with {"script", "argv", "path": folders and archives for sys.path,
"output", "errors": files for stdout and stderr, "reason": file for the last line of a traceback}.
"""

import json
import os
import runpy
import sys
import traceback
from pathlib import Path
from typing import Any


def main(run: dict[str, Any]) -> int:
    """Run the script as __main__; 0 on success, else 1 with the reason in a file."""
    _redirect(run["output"], run["errors"])
    sys.path[:0] = run["path"]
    sys.argv = [run["script"], *run["argv"]]
    try:
        runpy.run_path(run["script"], run_name="__main__")
    except SystemExit as end:
        if end.code in (None, 0):
            return 0
        return _failed(run, end)
    except BaseException as error:  # noqa: BLE001 - whatever a script raises ends its run
        return _failed(run, error)
    return 0


def _redirect(output: str, errors: str) -> None:
    for descriptor, path in ((1, output), (2, errors)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)


def _failed(run: dict[str, Any], error: BaseException) -> int:
    traceback.print_exception(error)
    line = traceback.format_exception_only(error)[-1].strip().splitlines()[0]
    kind, colon, message = line.partition(":")
    Path(run["reason"]).write_text(kind.rsplit(".", 1)[-1] + colon + message)
    return 1


if __name__ == "__main__":
    code = main(json.loads(Path(sys.argv[1]).read_text()))
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit(code)
