"""The ledger: what happened to every object version, who may run, which model is champion.

A room keeps what changes together: `objects`, `state` (wakes, requests, the lease), `runs`,
`champions` (with promotions), `registrations`, `notes`. Every conditional write is a method whose
docstring is its condition.
"""

from __future__ import annotations

from retraining.adapters.ledger.champions import Champions
from retraining.adapters.ledger.notes import Notes
from retraining.adapters.ledger.objects import Objects
from retraining.adapters.ledger.registrations import Registrations
from retraining.adapters.ledger.runs import Runs
from retraining.adapters.ledger.state import States


class Ledger(Objects, States, Runs, Champions, Registrations, Notes):
    """The ledger's items and the conditions under which each may change."""
