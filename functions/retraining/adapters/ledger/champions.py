"""The champion, the promotion that may move its endpoint, and one that waits for room."""

from __future__ import annotations

from dataclasses import dataclass

from retraining.adapters.ledger.items import STATE, Items
from retraining.adapters.table import Held
from retraining.documents.champion import Champion
from retraining.documents.promotion import PostponedPromotion, Promotion


@dataclass(frozen=True)
class HeldPromotion:
    """What is wanted of the pipeline's endpoint, and the execution that alone may move it."""

    promotion: Promotion
    holder: str


class Champions(Items):
    """Items `champion` and `promotion`, and the postponed one in `state`."""

    def champion(self, pipeline: str) -> Champion | None:
        """The champion; None before the first promotion."""
        item = self._table.get(pipeline, "champion")
        return Champion.from_json(item) if item else None

    def set_champion(
        self, pipeline: str, champion: Champion, holder: str, replaces: str | None = None
    ) -> bool:
        """Name the champion, while this execution holds the promotion.

        False when it no longer does, or when a newer run's model already is the champion, unless
        that one is what it `replaces`.
        """
        return self._table.put_while(
            pipeline,
            "champion",
            champion.as_json(),
            Held(pipeline, "promotion", "holder = :holder", {":holder": holder}),
            "attribute_not_exists(#token) OR #token <= :token OR package = :replaces",
            {":token": champion.token, ":replaces": replaces or "-"},
            {"#token": "token"},
        )

    def drop_champion(self, pipeline: str, package: str) -> None:
        """Name no champion any more, if it is this package's model."""
        self._table.delete(pipeline, "champion", "package = :package", {":package": package})

    def lock_promotion(
        self, promotion: Promotion, holder: str, now: int, until: int, ended: str | None = None
    ) -> bool:
        """Write down what is wanted, which takes the lock; the same holder may do so again.

        `ended`: the execution that held it and is over.
        """
        return self._table.put(
            promotion.pipeline,
            "promotion",
            {**promotion.as_json(), "holder": holder, "until": until},
            "attribute_not_exists(holder) OR holder IN (:holder, :ended) OR #until < :now",
            {":holder": holder, ":ended": ended or holder, ":now": now},
            {"#until": "until"},
        )

    def promotion(self, pipeline: str) -> HeldPromotion | None:
        """The promotion under way, and the execution that holds it."""
        item = self._table.get(pipeline, "promotion")
        if not item or "holder" not in item:
            return None
        return HeldPromotion(Promotion.from_json(item), item["holder"])

    def close_promotion(self, pipeline: str, holder: str) -> None:
        """Give the promotion lock back, if it is still this execution's."""
        self._table.update(
            pipeline,
            "promotion",
            "REMOVE holder, #until",
            {":holder": holder},
            "holder = :holder",
            {"#until": "until"},
        )

    def postponed(self, pipeline: str) -> PostponedPromotion | None:
        """The promotion that waits for room, if one does."""
        found = (self._table.get(pipeline, STATE) or {}).get("postponed")
        return PostponedPromotion.from_json(found) if found else None

    def postpone(self, pipeline: str, promotion: PostponedPromotion) -> None:
        """Remember a promotion to try again, in place of an earlier one."""
        values = {":promotion": promotion.as_json()}
        self._table.update(pipeline, STATE, "SET postponed = :promotion", values)

    def count_try(self, pipeline: str, promotion: PostponedPromotion, now: int) -> None:
        """Count a try that ended without a word, unless somebody has counted or ended it."""
        self._table.update(
            pipeline,
            STATE,
            "SET postponed.tries = :next, postponed.#at = :now",
            {
                ":package": promotion.package,
                ":tries": promotion.tries,
                ":next": promotion.tries + 1,
                ":now": now,
            },
            "postponed.package = :package AND postponed.tries = :tries",
            {"#at": "at"},
        )

    def drop_postponed(self, pipeline: str, package: str) -> None:
        """Forget the postponed promotion of this package, if it is the one that waits."""
        values = {":package": package}
        self._table.update(
            pipeline, STATE, "REMOVE postponed", values, "postponed.package = :package"
        )
