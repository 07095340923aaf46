"""Imports xgboost without what it does not need here, and without threads that burn CPU waiting.

pandas, scikit-learn and matplotlib cost up to a second where they are installed, and the built-in
algorithm uses none of them. OpenMP's threads spin while they wait for each other by default: on a
busy machine with two cores that made a fit of 0.6 s last 9 s.
"""

from __future__ import annotations

import os
import sys
from typing import Any

OPTIONAL = ("pandas", "sklearn", "matplotlib", "dask", "graphviz")
THREADS = {"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_NUM_THREADS": "1"}


def import_xgboost() -> Any:
    """The xgboost module; its optional companions stay unimported in this process."""
    for name, value in THREADS.items():
        os.environ.setdefault(name, value)
    for name in OPTIONAL:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    import xgboost

    return xgboost
