"""The records of runs."""

from __future__ import annotations

from typing import Any

from retraining.adapters.ledger.items import Items
from retraining.adapters.table import Hand
from retraining.documents.run_record import RunRecord
from retraining.rules.names import token6


class Runs(Items):
    """Items `run#<token>`."""

    def open_run(self, record: RunRecord) -> None:
        """Begin a run's record; one that exists stays."""
        item = f"run#{token6(record.token)}"
        self._table.put(record.pipeline, item, _known(record), "attribute_not_exists(pipeline)")

    def run(self, pipeline: str, token: int) -> RunRecord:
        """A run's record; one that knows nothing when there is none."""
        item = self._table.get(pipeline, f"run#{token6(token)}")
        return RunRecord.from_json(item) if item else RunRecord(pipeline=pipeline, token=token)

    def runs(self, pipeline: str) -> list[RunRecord]:
        """Every run's record, oldest first."""
        return [RunRecord.from_json(item) for item in self._table.query(pipeline, "run#")]

    def update_run(self, record: RunRecord) -> RunRecord:
        """Add what this record knows to the stored one; all that is known then."""
        return self._set_run(record, _known(record))

    def close_run(self, record: RunRecord) -> RunRecord:
        """Write the whole record of a run that has ended, what stays unknown as null."""
        return self._set_run(record, _values(record))

    def _set_run(self, record: RunRecord, values: dict[str, Any]) -> RunRecord:
        named = {f"#{i}": name for i, name in enumerate(values)}
        assigned = ", ".join(f"#{i} = :{i}" for i in range(len(values)))
        valued = {f":{i}": value for i, value in enumerate(values.values())}
        item = f"run#{token6(record.token)}"
        changed = self._table.update(record.pipeline, item, f"SET {assigned}", valued, None, named)
        return RunRecord.from_json(changed)

    def move_data(self, record: RunRecord, becomes: str) -> bool:
        """Change what a run's record says of its data; False when it no longer says what it did."""
        changed = self._table.update(
            record.pipeline,
            f"run#{token6(record.token)}",
            "SET data_state = :becomes",
            {":becomes": becomes, ":was": record.data_state},
            "data_state = :was",
            hand=Hand("review_hand"),
        )
        return changed is not None


def _values(record: RunRecord) -> dict[str, Any]:
    """A record's attributes beside the item's key, which holds the pipeline."""
    return {name: value for name, value in record.as_json().items() if name != "pipeline"}


def _known(record: RunRecord) -> dict[str, Any]:
    return {name: value for name, value in _values(record).items() if value is not None}
