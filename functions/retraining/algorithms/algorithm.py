"""What an algorithm is: its image, its hyperparameters, and what its models' scores say."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from retraining.algorithms.hyperparameters import Check, Value, as_text
from retraining.algorithms.scores import ScoreKind

CONTENT_TYPE: Final = "text/csv"
"""What every algorithm reads and answers: data is prepared once, the label first, no header."""
MOST_SHOWN: Final = 4

ALGORITHMS: Final = "algorithm"
"""The registry of SageMaker's own algorithms, as the settings name it."""


@dataclass(frozen=True)
class Image:
    """A container image: repository and tag, and whose registry it is in.

    The accounts of the registries differ by Region; the template has them.
    """

    name: str
    registry: str = ALGORITHMS


Together = Callable[[Mapping[str, str]], list[str]]


@dataclass(frozen=True)
class Algorithm:
    """One algorithm of SageMaker's. `name` is what pipeline.yaml calls it, `title` what people do.

    `artifact` is the file in model.tar.gz. `refused` are hyperparameters that the image knows and a
    pipeline cannot use, each with the reason; `required` those without which it does not train,
    each with an example.
    `labels` are the least and greatest label of the objectives that refuse others in training.
    `classes` are the objectives of several classes, 0 and up, each with the hyperparameter that
    says how many there are. `tunable` are the hyperparameters that a tuning job may search, each
    with the kind of its range; `searched_by` are the metrics that it goes by for each of the
    gate's, of two classes and of several, and `maximized` those of them that are better the greater
    they are. `together` finds what is wrong with values that are right
    one by one.
    """

    name: str
    title: str
    image: Image
    artifact: str
    hyperparameters: Mapping[str, Check]
    aliases: Mapping[str, str]
    refused: Mapping[str, str]
    required: Mapping[str, str]
    objectives: Mapping[str, frozenset[ScoreKind]]
    default_objective: str
    labels: Mapping[str, tuple[float, float]]
    tunable: Mapping[str, str] = field(default_factory=dict)
    searched_by: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    maximized: frozenset[str] = frozenset()
    classes: Mapping[str, str] = field(default_factory=dict)
    together: tuple[Together, ...] = ()

    def problems(self, chosen: Mapping[str, Value]) -> list[str]:
        """What is wrong with a pipeline's hyperparameters, each problem beginning with a name."""
        texts = {name: as_text(value) for name, value in sorted(chosen.items())}
        found = [problem for name, text in texts.items() if (problem := self._problem(name, text))]
        found += self._said_twice(texts)
        canonical = {self.aliases.get(name, name): text for name, text in texts.items()}
        found += [
            f"{name}: missing; {self.title} requires it (for example {name}: {example})"
            for name, example in self.required.items()
            if name not in canonical
        ]
        return found or [problem for rule in self.together for problem in rule(canonical)]

    def score_problems(
        self, chosen: Mapping[str, Value], metric: str, reads: frozenset[ScoreKind]
    ) -> list[str]:
        """Why `metric`, which reads these kinds of scores, cannot judge the objective's scores."""
        objective = self._objective(chosen)
        if objective not in self.objectives or self.objectives[objective] & reads:
            return []
        fitting = [name for name, kinds in self.objectives.items() if kinds & reads]
        shown, more = fitting[:MOST_SHOWN], len(fitting) - MOST_SHOWN
        names = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
        problem = f"objective: {objective} gives no scores that metric {metric} can read"
        return [f"{problem}; objectives that do: {names}"]

    def label_range(self, chosen: Mapping[str, Value]) -> tuple[float | None, float | None]:
        """The least and the greatest label that the objective takes; None where it takes any."""
        classes = self.class_count(chosen)
        if classes is not None:
            return 0, classes - 1
        return self.labels.get(self._objective(chosen), (None, None))

    def kinds(self, chosen: Mapping[str, Value]) -> frozenset[ScoreKind]:
        """What the objective's scores are; nothing for an objective that is not known."""
        return self.objectives.get(self._objective(chosen), frozenset())

    def told(self, chosen: Mapping[str, Value]) -> str:
        """The objective in words."""
        return f"objective {self._objective(chosen)}"

    def counts_classes(self, chosen: Mapping[str, Value]) -> str | None:
        """The hyperparameter that says how many classes there are; None for other objectives."""
        return self.classes.get(self._objective(chosen))

    def class_count(self, chosen: Mapping[str, Value]) -> int | None:
        """How many classes the objective tells apart; None for other objectives."""
        name = self.counts_classes(chosen)
        return int(chosen[name]) if name is not None and name in chosen else None

    def answers(self, chosen: Mapping[str, Value]) -> int:
        """How many numbers a model answers a row with: the probability of each class, or one."""
        several = ScoreKind.PROBABILITIES in self.kinds(chosen)
        return (self.class_count(chosen) or 1) if several else 1

    def _objective(self, chosen: Mapping[str, Value]) -> str:
        return as_text(chosen.get("objective", self.default_objective))

    def range_problems(self, ranges: Mapping[str, tuple[str, tuple[float, float]]]) -> list[str]:
        """What is wrong with what is searched: of each name the kind of its range, and the ends."""
        found = []
        for name, (kind, ends) in sorted(ranges.items()):
            wanted = self.tunable.get(name)
            if wanted is None:
                found.append(self._not_tunable(name))
            elif kind != wanted:
                found.append(f"{name}: say {wanted}: [LEAST, GREATEST], not {kind}")
            else:
                texts = (as_text(int(end) if kind == "integer" else end) for end in ends)
                found += [said for text in texts if (said := self._problem(name, text))]
        return found

    def _not_tunable(self, name: str) -> str:
        if name in self.aliases:
            return f"{name}: say {self.aliases[name]}, as {self.title} calls it"
        if name not in self.hyperparameters:
            return self._unknown(name)
        return f"{name}: cannot be searched; those that can: {', '.join(sorted(self.tunable))}"

    def aim(self, chosen: Mapping[str, Value], metric: str) -> tuple[str, str]:
        """The metric that a tuning job goes by for the gate's, and what is better of it."""
        two, several = self.searched_by[metric]
        name = two if self.counts_classes(chosen) is None else several
        return f"validation:{name}", "Maximize" if name in self.maximized else "Minimize"

    def _problem(self, name: str, text: str) -> str | None:
        if name in self.refused:
            return f"{name}: {self.refused[name]}"
        check = self.hyperparameters.get(self.aliases.get(name, name))
        if check is None:
            return self._unknown(name)
        wanted = check(text)
        return f"{name}: must be {wanted}, not {text}" if wanted else None

    def _unknown(self, name: str) -> str:
        near = difflib.get_close_matches(name, [*self.hyperparameters, *self.aliases], n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return f"{name}: not a hyperparameter of {self.title}{hint}"

    def _said_twice(self, texts: Mapping[str, str]) -> list[str]:
        """The image would take the one it happens to read last."""
        return [
            f"{alias}: another name of {name}, which is given too; keep one"
            for alias, name in self.aliases.items()
            if alias in texts and name in texts
        ]
