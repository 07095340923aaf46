"""The definition that the champion was trained with, and how a pushed one differs from it."""

from __future__ import annotations

from collections.abc import Iterator

from retraining.adapters import Adapters
from retraining.algorithms.catalog import trainer
from retraining.documents.definition import PushedDefinition
from retraining.documents.manifest import Manifest
from retraining.rules import changes, claims, passes
from retraining.settings import settings


def of(aws: Adapters, name: str) -> PushedDefinition | None:
    """The definition that the champion was trained with."""
    champion = aws.ledger.champion(name)
    former = aws.run_folder(name, champion.token).find(Manifest) if champion else None
    return former.definition if former else None


def lacks(aws: Adapters, name: str, definition: PushedDefinition) -> tuple[str, ...]:
    """The columns that the champion needs and the pushed definition has no more."""
    champions = of(aws, name)
    return tuple(changes.gone_columns(champions.json, definition.json)) if champions else ()


def incomparable(aws: Adapters, name: str, definition: PushedDefinition) -> str | None:
    """Why the champion's answers say nothing by the pushed metric, after "it"."""
    champions = of(aws, name)
    return changes.incomparable(champions.json, definition.json) if champions else None


def tested(
    aws: Adapters, name: str, definition: PushedDefinition, baseline: int | None
) -> Iterator[str]:
    """What the next run compares with the champion's before it trains a challenger with it.

    Nothing where no earlier batch is there to test it on, or the champion is not compared.
    """
    champion, champions = aws.ledger.champion(name), of(aws, name)
    history = claims.history(aws.ledger.runs(name), baseline)
    if champion is None or not (history or aws.ledger.state(name).lease):
        return
    if champions is not None:
        before = champion.token < (baseline or 0)
        gone = before and changes.gone_columns(champions.json, definition.json)
        if gone or changes.incomparable(champions.json, definition.json):
            return
    image = trainer(definition.section("training")).training
    wanted = passes.wanted_settings(definition, settings.image(image.name, image.registry))
    if passes.former_settings(champion, wanted, definition) is not None:
        yield "settings"
    if champions is not None and champions.preparation != definition.preparation:
        yield "features"
