"""The package's optional parts: what a command needs beyond the base installation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import metadata

from ratchet import __version__
from ratchet.cli.errors import WRONG_USAGE, CliError

DISTRIBUTION = "ratchet-retraining"
"""The name that pip and the wheel know; the import and the command are `ratchet`."""


def require(extra: str) -> None:
    """CliError when a package that pyproject.toml lists under this extra is not installed."""
    missing = [name for name in packages(extra) if not _is_installed(name)]
    if missing:
        wheel = f"{DISTRIBUTION.replace('-', '_')}-{__version__}-py3-none-any.whl"
        raise CliError(
            f"this command needs the extra `{extra}`, which is not installed "
            f"(missing: {', '.join(missing)})",
            f"Install it from the checkout: pip install '.[{extra}]'   "
            f"Or from the wheel: pip install '{wheel}[{extra}]'",
            code=WRONG_USAGE,
        )


def packages(extra: str) -> Iterator[str]:
    """The distributions that the installed package lists under an extra."""
    try:
        requirements = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:  # run from its source: nothing is known to be missing
        return
    for requirement in requirements:
        name = re.match(r"[\w.-]+", requirement)
        if name and re.search(rf"""\bextra\s*==\s*["']{extra}["']""", requirement):
            yield name[0]


def _is_installed(distribution: str) -> bool:
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True
