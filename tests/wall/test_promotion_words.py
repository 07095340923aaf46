"""Statuses and outcomes that the commands read mean what the functions write."""

from __future__ import annotations

from ratchet.cli import approve, in_step
from retraining.adapters import registry
from retraining.rules import promotion, settlement


def test_an_endpoint_settles_for_info_as_it_does_for_a_promotion() -> None:
    assert set(in_step.SETTLING) == promotion.SETTLING


def test_what_waits_for_approval_is_called_the_same_on_both_sides() -> None:
    assert settlement.APPROVAL_PENDING == approve.WAITS
    statuses = (registry.APPROVED, registry.REJECTED, registry.PENDING_APPROVAL)
    assert statuses == (approve.APPROVED, approve.REJECTED, approve.PENDING)
