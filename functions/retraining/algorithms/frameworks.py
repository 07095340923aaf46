"""SageMaker's framework images, which train and serve by a script of the pipeline's own.

Versions and tags as `image_uri_config/{sklearn,xgboost,pytorch}.json` of the SageMaker Python SDK
lists them; what was looked up for which Regions is in docs/verified.md. The training image of each
version has a CPU and, where `{processor}` is in the tag, a GPU variant. A model is served on the
CPU: serverless endpoints have nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from retraining.algorithms.algorithm import Image
from retraining.algorithms.scores import ScoreKind

GPU_FAMILIES: Final = ("ml.g", "ml.p")
DEEP_LEARNING: Final = "deep_learning"
"""The registry of the deep learning containers; the others are in that of the algorithms."""


@dataclass(frozen=True)
class Framework:
    """One version of a framework, by the images that train and serve with it."""

    training: Image
    serving: Image
    serves_features: bool = True
    """Whether it has a Python that can run features.py and what lies beside it: 3.10 or newer."""

    def trains_on(self, instance: str) -> Image:
        """The training image for the processor of an instance type."""
        processor = "gpu" if instance.startswith(GPU_FAMILIES) else "cpu"
        return Image(self.training.name.format(processor=processor), self.training.registry)


def _one(name: str, *, serves_features: bool = True) -> Framework:
    """A version whose one image does both."""
    return Framework(Image(name), Image(name), serves_features)


def _pytorch(version: str, python: str) -> Framework:
    return Framework(
        Image(f"pytorch-training:{version}-{{processor}}-{python}", DEEP_LEARNING),
        Image(f"pytorch-inference:{version}-cpu-{python}", DEEP_LEARNING),
    )


FRAMEWORKS: Final = {
    "pytorch": {"2.6.0": _pytorch("2.6.0", "py312"), "2.5.1": _pytorch("2.5.1", "py311")},
    "sklearn": {
        "1.4-2": _one("sagemaker-scikit-learn:1.4-2-cpu-py3"),
        # Python 3.9 (sagemaker-scikit-learn-container, docker/1.2-1/base/Dockerfile.cpu)
        "1.2-1": _one("sagemaker-scikit-learn:1.2-1-cpu-py3", serves_features=False),
    },
    "xgboost": {"3.2-0": _one("sagemaker-xgboost:3.2-0")},
}
"""By framework and version, the newest first, which is what a pipeline gets that names none."""
LIBRARIES: Final = {"pytorch": "torch", "sklearn": "sklearn", "xgboost": "xgboost"}


@dataclass(frozen=True)
class Answer:
    """What the last column of a script's answers says, and which labels go with it."""

    kinds: frozenset[ScoreKind]
    labels: tuple[float | None, float | None] = (None, None)


ANSWERS: Final = {
    "probability": Answer(frozenset({ScoreKind.ORDER, ScoreKind.PROBABILITY}), (0, 1)),
    "class": Answer(frozenset({ScoreKind.CLASS})),
    "value": Answer(frozenset({ScoreKind.ORDER, ScoreKind.NUMBER, ScoreKind.COUNT})),
}


def framework_of(image: str) -> str:
    """The framework that an image serves with; empty for another image."""
    repository = image.rpartition("/")[2].partition(":")[0]
    served = {
        row.serving.name.partition(":")[0]: name
        for name, versions in FRAMEWORKS.items()
        for row in versions.values()
    }
    return served.get(repository, "")


def problem_of_version(framework: str, version: str) -> str | None:
    """Why a framework cannot be had in this version."""
    known = FRAMEWORKS[framework]
    if version in known:
        return None
    return f"no image of {framework} {version} is known; versions: {', '.join(known)}"


def problem_of_answers(scores: str, metric: str, reads: frozenset[ScoreKind]) -> str | None:
    """Why a metric that reads these kinds of scores cannot judge such answers."""
    if ANSWERS[scores].kinds & reads:
        return None
    fitting = [name for name, answer in ANSWERS.items() if answer.kinds & reads]
    return f"metric {metric} cannot read a {scores}; it reads: {', '.join(fitting)}"
