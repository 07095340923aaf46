"""The algorithms of this release: every folder here that has an `algorithm` module."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from retraining import algorithms
from retraining.algorithms.algorithm import Algorithm


def _known() -> dict[str, Algorithm]:
    folders = [found.name for found in iter_modules(algorithms.__path__) if found.ispkg]
    modules = [import_module(f"{algorithms.__name__}.{name}.algorithm") for name in folders]
    rows: list[Algorithm] = [module.ALGORITHM for module in modules]
    return {row.name: row for row in rows}


ALGORITHMS: Final = _known()
DEFAULT: Final = "xgboost"
"""What trains when pipeline.yaml names nothing, and whose image workflows are given."""
