"""Imports xgboost without what it does not need here, and without threads that burn CPU waiting.

pandas, scikit-learn and matplotlib cost up to a second where they are installed, and the built-in
algorithm uses none of them.
"""

from __future__ import annotations

import sys
from typing import Any

from ratchet.local_aws.sagemaker.containers.threads import wait_quietly

OPTIONAL = ("pandas", "sklearn", "matplotlib", "dask", "graphviz")


def import_xgboost() -> Any:
    """The xgboost module; its optional companions stay unimported in this process."""
    wait_quietly()
    for name in OPTIONAL:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    import xgboost

    return xgboost
