"""Python files of a pipeline's folder, read before anything runs them."""

from __future__ import annotations

from pathlib import Path

from ratchet.cli.errors import CliError


def refuse_bad_python(path: Path, source: bytes) -> None:
    """CliError with the line of the first syntax error."""
    try:
        compile(source, str(path), "exec")
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise CliError(f"{path}:{line}: not valid Python: {error}") from error
