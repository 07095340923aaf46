"""Threads that wait for each other without burning CPU.

OpenMP's threads spin while they wait by default: on a busy machine with two cores that made a fit
of 0.6 s last 9 s.
"""

from __future__ import annotations

import os

QUIET = {"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_NUM_THREADS": "1"}


def wait_quietly() -> None:
    """To be called before a library that computes in parallel is imported."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
