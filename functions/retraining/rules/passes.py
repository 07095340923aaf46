"""Who is judged in a run: what each candidate is trained on, and which rows it scores.

The model that would serve has the run's own name, the others have their role behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Self

from retraining.algorithms.catalog import answers, counts_classes, names_of_all
from retraining.algorithms.hyperparameters import STOPS_EARLY, as_text
from retraining.documents.candidates import Candidate
from retraining.documents.champion import Champion
from retraining.documents.definition import PushedDefinition
from retraining.documents.manifest import Manifest
from retraining.rules import serving
from retraining.rules.candidates import ALONE, BACKTEST, CHALLENGER, CHAMPION, FORMER, REFIT

ROLES: Final = (CHAMPION, CHALLENGER, REFIT, BACKTEST, FORMER, ALONE)
SERVING: Final = (REFIT, CHALLENGER)
"""Who would serve: the first of these that there is."""


@dataclass(frozen=True)
class Settings:
    """How a model is trained and served, besides its rows.

    A script's hyperparameters name its archive by its hash, so another script is other settings.
    """

    hyperparameters: dict[str, str]
    image: str | None = None
    serving_image: str | None = field(default=None, compare=False)
    code: str | None = field(default=None, compare=False)  # where a script's archive is


@dataclass(frozen=True)
class Plan:
    """What a run may train: by name, place, champion and settings."""

    name: str  # of the model that would serve
    uri: str  # of the run's folder
    champion: str | None  # its model
    settings: Settings
    former: Settings | None = None  # the champion's, where they or the features differ
    refit: bool = False
    other_features: bool = False  # than the champion's
    again: bool = False  # the batch is an earlier one, which the champion may know
    testable: bool = True  # the settings, by what both can be trained on
    algorithm: str | None = None
    champions: dict[str, str] = field(default_factory=dict)
    searched: frozenset[str] = frozenset()  # hyperparameters of the challenger
    theirs: str = ""  # folder of the champion's own rows below prepared/, if it has any
    untested: bool = False  # what was pushed is taken, as no earlier batch could test it
    features: str | None = None  # S3 URI of the archive that carries features.py

    @classmethod
    def of(cls, manifest: Manifest, uri: str) -> Self:
        """The plan of a run whose folder is at `uri`."""
        champion, wanted = manifest.compared, settings_of(manifest)
        other_features = champion is not None and manifest.champions_way is not None
        former = former_settings(champion, wanted, manifest.definition)
        former = former or (wanted if other_features else None)
        untested = former is not None and not manifest.history and not manifest.again
        if untested:
            former = None  # a new baseline has nothing to test on, and takes what was pushed
        return cls(
            manifest.name,
            uri,
            champion.model if champion else None,
            wanted,
            former,
            manifest.definition.refit,
            other_features,
            manifest.again,
            not manifest.again or (bool(manifest.history) and not other_features),
            manifest.definition.algorithm,
            dict(champion.hyperparameters) if champion else {},
            frozenset((manifest.definition.tuning or {}).get("ranges", ())),
            "champion/" if manifest.own_rows else "",
            untested,
            manifest.code,
        )

    @property
    def parts(self) -> tuple[str, ...]:
        """What PrepareDataset writes to fit on, besides train and validation.

        With a champion a model of the batch alone may be needed, as soon as it is scored.
        """
        wanted = {
            BACKTEST: self.former is not None and self.testable,
            ALONE: self.champion is not None and not self.again,
            REFIT: self.refit,
        }
        return tuple(part for part, needed in wanted.items() if needed)

    def first_pass(self) -> tuple[Candidate, ...]:
        """The candidates before the gate has seen any; the champion scores meanwhile.

        Changed settings come first, without a challenger: which settings it has is then known.
        """
        if self.former is None:
            return (*self._served(), *self._serving(self.settings))
        return (*self._served(), *self._backtested(self.former))

    def further(
        self, role: str, *, former: bool, judged: Mapping[str, str] | None = None
    ) -> tuple[Candidate, ...]:
        """A candidate that the gate asks for, with the new settings or with the former ones.

        A refit has the hyperparameters of the challenger that was `judged`.
        """
        settings = self.former if former and self.former is not None else self.settings
        if role == CHALLENGER:
            return self._serving(settings)
        found = self._trained(role, settings, "holdout")
        if role == REFIT and judged is not None:
            found = replace(found, hyperparameters=dict(judged))
        return (found,)

    @property
    def refits_last(self) -> bool:
        """Whether the model of all rows is trained once the challenger has passed.

        Before that nobody knows the settings that a search finds.
        """
        return self.refit and bool(self.searched)

    @property
    def aside(self) -> tuple[str, ...]:
        """The names of models that the run may have trained and that never serve."""
        judged = (CHALLENGER,) if self.refit else ()
        parts = tuple(part for part in self.parts if part != REFIT)
        former = (FORMER,) if self.again and BACKTEST in parts else ()
        return tuple(f"{self.name}-{role}" for role in (*judged, *parts, *former))

    def _backtested(self, former: Settings) -> tuple[Candidate, ...]:
        """Who shows which settings are better on a batch that neither has seen."""
        if not self.testable:
            return ()
        found = (self._trained(BACKTEST, self.settings, "arrival"),)
        return (*found, self._trained(FORMER, former, "arrival")) if self.again else found

    def _served(self) -> tuple[Candidate, ...]:
        if self.champion is None:
            return ()
        rows = self._rows(f"{self.theirs}{'holdout' if self.again else 'arrival'}")
        return (
            Candidate(
                role=CHAMPION,
                model=self.champion,
                train=None,
                validation=None,
                hyperparameters={},
                tuned=False,
                score=rows,
                answers=_answers(self.algorithm, self.champions),
            ),
        )

    def _serving(self, settings: Settings) -> tuple[Candidate, ...]:
        """The challenger, and beside it the model of all rows that serves in its place."""
        beside = self.refit and not self.refits_last
        roles = (CHALLENGER, REFIT) if beside else (CHALLENGER,)
        return tuple(self._trained(role, settings, "holdout") for role in roles)

    def _trained(self, role: str, settings: Settings, score: str) -> Candidate:
        folder = {CHALLENGER: "", FORMER: f"{BACKTEST}/"}.get(role, f"{role}/")
        serves = role == (REFIT if self.refit else CHALLENGER)
        tuned = role == CHALLENGER and bool(self.searched)
        return Candidate(
            role=role,
            model=self.name if serves else f"{self.name}-{role}",
            train=self._rows(f"{folder}train"),
            validation=self._rows(f"{folder}validation"),
            hyperparameters=self._fixed(settings, tuned=tuned),
            tuned=tuned,
            score=self._rows(score),
            answers=_answers(self.algorithm, settings.hyperparameters),
            training_image=settings.image,
            serving_image=settings.serving_image,
            code=settings.code,
            features=self.features if settings.code else None,
            variables=serving.variables(
                self.features, settings.hyperparameters, settings.serving_image
            ),
        )

    def _fixed(self, settings: Settings, *, tuned: bool) -> dict[str, str]:
        """The hyperparameters that are given to training; a search finds the rest itself.

        A model that is only compared with has what the champion's search found, if there was one.
        """
        theirs = self.champions.items()
        found = {} if tuned else {name: text for name, text in theirs if name in self.searched}
        open_names = self.searched if tuned else frozenset(found)
        if not open_names:
            return settings.hyperparameters
        others = names_of_all(self.algorithm, open_names)
        given = settings.hyperparameters.items()
        return {**{name: text for name, text in given if name not in others}, **found}

    def _rows(self, folder: str) -> str:
        return f"{self.uri}/prepared/{folder}/"


def _answers(algorithm: str | None, hyperparameters: dict[str, str]) -> int:
    """How many numbers a model answers a row with; a script answers one."""
    return 1 if serving.SCRIPT in hyperparameters else answers(algorithm, hyperparameters)


def former_settings(
    champion: Champion | None, wanted: Settings, definition: PushedDefinition
) -> Settings | None:
    """The champion's settings where others are wanted; a workflow has none.

    A refit has no rows left to stop on: settings by which built-in training stops early are not to
    go back to; what a script does with them is its own. How many classes there are is not theirs to
    say: the data do. Where settings are searched, each run searches again, so none are compared.
    """
    if champion is None or not (champion.hyperparameters and wanted.hyperparameters):
        return None
    theirs = dict(champion.hyperparameters)
    classes = counts_classes(definition.section("training"))
    if classes in theirs and classes in wanted.hyperparameters:
        theirs[classes] = wanted.hyperparameters[classes]
    former = Settings(theirs, champion.training_image, champion.image, champion.code)
    if former == wanted or definition.tuning:
        return None
    stops_early = STOPS_EARLY in theirs and serving.SCRIPT not in theirs
    return None if definition.refit and stops_early else former


def settings_of(manifest: Manifest) -> Settings:
    """The settings that the run's definition asks for, and what they are served with."""
    wanted = wanted_settings(manifest.definition, manifest.image)
    return replace(wanted, serving_image=manifest.serving_image, code=manifest.script)


def wanted_settings(definition: PushedDefinition, image: str) -> Settings:
    """The settings that a definition asks for, as far as they are compared."""
    chosen = {name: as_text(value) for name, value in definition.hyperparameters.items()}
    if definition.script:
        chosen |= serving.of_script(definition.script)
    return Settings(chosen, image)
