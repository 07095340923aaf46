"""Registered pipelines, and the generation of the ledger itself."""

from __future__ import annotations

from retraining.adapters.ledger.items import LEDGER, REGISTRATIONS, STATE, Items
from retraining.adapters.table import Held
from retraining.documents.registration import Registration


class Registrations(Items):
    """Items of the partitions of all pipelines."""

    def generation(self) -> str | None:
        """The ledger's generation; None before the first registration."""
        item = self._table.get(LEDGER, "generation")
        return str(item["generation"]) if item else None

    def begin(self, generation: str) -> None:
        """Give the ledger this generation unless it has one."""
        values = {"generation": generation}
        self._table.put(LEDGER, "generation", values, "attribute_not_exists(pipeline)")

    def registration(self, pipeline: str) -> Registration | None:
        """A registered pipeline, or None."""
        item = self._table.get(REGISTRATIONS, pipeline)
        return Registration.from_json(item) if item else None

    def registered(self) -> list[str]:
        """Names of all registered pipelines."""
        return [item["item"] for item in self._table.query(REGISTRATIONS)]

    def register_after(self, pipeline: str, registration: Registration, token: int) -> bool:
        """Write a registration, unless a run has begun since the one of this token."""
        body = registration.as_json()
        return self._table.put_while(REGISTRATIONS, pipeline, body, _newest(pipeline, token))

    def unregister_after(self, pipeline: str, token: int) -> bool:
        """Remove a registration, unless a run has begun since, or a promotion is under way."""
        unlocked = Held(pipeline, "promotion", "attribute_not_exists(holder)")
        return self._table.delete_while(REGISTRATIONS, pipeline, _newest(pipeline, token), unlocked)


def _newest(pipeline: str, token: int) -> Held:
    """The pipeline's last run is the one of this token; 0: there was none."""
    same = "#token = :token" if token else "attribute_not_exists(#token) OR #token = :token"
    return Held(pipeline, STATE, same, {":token": token}, {"#token": "token"})
