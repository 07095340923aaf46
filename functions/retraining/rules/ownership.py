"""Whose something is that exists under one of our names: its tags say so, never its name."""

from __future__ import annotations

from collections.abc import Mapping

from retraining.errors import NotOurs


def require_ours(what: str, found: Mapping[str, str], ours: Mapping[str, str]) -> None:
    """Refuse what does not carry our tags, before it is adopted, changed or deleted."""
    if all(found.get(key) == value for key, value in ours.items()):
        return
    owner = ", ".join(f"{key}={found[key]}" for key in ours if key in found)
    wanted = ", ".join(f"{key}={value}" for key, value in ours.items())
    raise NotOurs(
        f"{what} already exists, with {owner or 'none of our tags'} instead of {wanted}: nothing of"
        " it was changed. Delete it, or give it these tags if it is this pipeline's"
    )
