"""One pipeline's run as a plain script: features, split, fit, score the old and the new model.

The peer that pipelines.py measures against, for pipelines with features.py or a script that trains;
that of the one with a recipe is plain_script.py.

Usage: python benchmarks/plain_pipeline.py HISTORY.csv FRESH.csv --pipeline FOLDER

Reads the same files, prepares them with the pipeline's own features.py, splits in the same way,
fits with the same hyperparameters (or runs the same script), searches and refits where the pipeline
does. The
champion is the model of the first file alone, fitted before the clock starts. Prints one JSON line:
the seconds, and the metric of both models on the new and the earlier held-out rows.
"""

import time

STARTED = time.perf_counter()

import argparse  # noqa: E402 - imports are part of what is measured
import hashlib  # noqa: E402
import importlib.util  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import yaml  # noqa: E402

YES, NO = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
SHARES = {"train": 0.7, "validation": 0.15, "holdout": 0.15}


@dataclass(frozen=True)
class Pipeline:
    """A pipeline's folder, read."""

    folder: Path
    contract: dict[str, Any]
    columns: dict[str, Any]

    @property
    def training(self) -> dict[str, Any]:
        training: dict[str, Any] = self.contract["training"]
        return training

    def module(self, name: str) -> Any:
        """One of the folder's Python files."""
        spec = importlib.util.spec_from_file_location(name, self.folder / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


@dataclass(frozen=True)
class Rows:
    """Features, label and side of each row."""

    x: np.ndarray
    label: np.ndarray
    sides: np.ndarray

    def on(self, *sides: str) -> tuple[np.ndarray, np.ndarray]:
        chosen = np.isin(self.sides, sides)
        return self.x[chosen], self.label[chosen]


def load(path: Path, pipeline: Pipeline) -> Rows:
    data = pipeline.contract["data"]
    delimiter = (data.get("csv") or {}).get("delimiter", ",")
    text = pd.read_csv(path, sep=delimiter, dtype=str, keep_default_na=False)
    label = number(text[data["label"]])
    landed = {
        name: typed(text[name], column["type"])
        for name, column in pipeline.columns.items()
        if name != data["label"]
    }
    made = pd.DataFrame(landed)
    if (pipeline.contract.get("etl") or {}).get("features"):
        made = pipeline.module("features").features(made)
    return Rows(made.to_numpy(dtype=float), label, sides(text, pipeline.contract))


def number(text: pd.Series) -> np.ndarray:
    return pd.to_numeric(text, errors="coerce").to_numpy(dtype=float)


def typed(text: pd.Series, kind: str) -> Any:
    """A column as features.py takes it."""
    if kind in ("integer", "number"):
        return number(text)
    if kind in ("date", "timestamp"):
        return pd.to_datetime(text)
    if kind == "boolean":
        return text.str.lower().map({**dict.fromkeys(YES, 1.0), **dict.fromkeys(NO, 0.0)})
    return text.where(text != "", None)


def sides(text: pd.DataFrame, contract: dict[str, Any]) -> np.ndarray:
    """The side of each row, by chance, by group or by time."""
    split = contract.get("split") or {}
    shares = {name: split.get(name, share) for name, share in SHARES.items()}
    if split.get("by") == "time":
        places = pd.to_datetime(text[split["column"]]).rank(pct=True, method="min").to_numpy()
    else:
        whole = [text[split["column"]]] if split.get("by") == "group" else [text[c] for c in text]
        said = (",".join(row) for row in zip(*whole, strict=True))
        places = np.array([int(hashlib.sha256(row.encode()).hexdigest()[:8], 16) for row in said])
        places = places / 2**32
    bounds = [shares["train"], shares["train"] + shares["validation"]]
    return np.array(list(SHARES))[np.searchsorted(bounds, places, side="right")]


# --- models ------------------------------------------------------------------------------------


def fit(train: Any, validation: Any, pipeline: Pipeline) -> Any:
    """Something that answers rows with scores."""
    run = fit_by_script if "script" in pipeline.training else fit_boosted
    return run(train, validation, pipeline)


def fit_boosted(train: Any, validation: Any, pipeline: Pipeline) -> Any:
    import xgboost

    given = dict(pipeline.training["hyperparameters"])
    rounds, metric = given.pop("num_round"), given["eval_metric"]
    matrix, watched = xgboost.DMatrix(*train), xgboost.DMatrix(*validation)
    found = []
    for tried in settings(pipeline.training.get("tuning")):
        told: dict[str, dict[str, list[float]]] = {}
        booster = xgboost.train(
            given | tried, matrix, rounds, evals=[(watched, "validation")], evals_result=told,
            verbose_eval=False,
        )  # fmt: skip
        value = told["validation"][metric][-1]
        found.append((-value if metric == "rmse" else value, booster))
    best = max(found, key=lambda one: one[0])[1]
    return lambda rows: best.predict(xgboost.DMatrix(rows))


def settings(tuning: dict[str, Any] | None) -> list[dict[str, float]]:
    """What to try in place of the pipeline's hyperparameters: as many draws as the search has."""
    if tuning is None:
        return [{}]
    chance = np.random.default_rng(0)
    return [
        {
            name: int(chance.integers(*one["integer"], endpoint=True))
            if "integer" in one
            else float(chance.uniform(*one["continuous"]))
            for name, one in tuning["ranges"].items()
        }
        for _ in range(tuning["jobs"])
    ]


def fit_by_script(train: Any, validation: Any, pipeline: Pipeline) -> Any:
    """By the pipeline's script in a process, as it expects it."""
    given = pipeline.training["hyperparameters"].items()
    arguments = [part for name, value in given for part in (f"--{name}", str(value))]
    with tempfile.TemporaryDirectory() as temporary:
        environment = {**os.environ, "SM_MODEL_DIR": temporary}
        for name, (x, label) in {"train": train, "validation": validation}.items():
            channel = Path(temporary) / name
            channel.mkdir()
            np.savetxt(channel / "part.csv", np.column_stack([label, x]), fmt="%g", delimiter=",")
            environment[f"SM_CHANNEL_{name.upper()}"] = str(channel)
        script = pipeline.folder / pipeline.training["script"]
        command = [sys.executable, str(script), *arguments]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        module = pipeline.module(script.stem)
        model = module.model_fn(temporary)

    def answers(rows: np.ndarray) -> np.ndarray:
        body = "\n".join(",".join(f"{value:g}" for value in row) for row in rows)
        return np.asarray(module.predict_fn(module.input_fn(body, "text/csv"), model), dtype=float)

    return answers


def measured(metric: str, scores: np.ndarray, label: np.ndarray) -> float:
    if metric == "rmse":
        return float(np.sqrt(np.mean((scores - label) ** 2)))
    if metric == "accuracy":
        return float(np.mean(scores == label))
    ranks, positives = pd.Series(scores).rank().to_numpy(), int(label.sum())
    above = ranks[label == 1].sum() - positives * (positives + 1) / 2
    return float(above / (positives * (len(label) - positives)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("history", type=Path)
    parser.add_argument("fresh", type=Path)
    parser.add_argument("--pipeline", type=Path, required=True)
    arguments = parser.parse_args()
    folder = arguments.pipeline
    contract, columns = (
        yaml.safe_load((folder / name).read_text()) for name in ("pipeline.yaml", "columns.yaml")
    )
    pipeline = Pipeline(folder, contract, columns["columns"])
    imported = time.perf_counter() - STARTED

    old = load(arguments.history, pipeline)
    champion = fit(old.on("train"), old.on("validation"), pipeline)  # not part of today's job
    began = time.perf_counter()
    old, new = load(arguments.history, pipeline), load(arguments.fresh, pipeline)
    joined = zip((old.x, old.label, old.sides), (new.x, new.label, new.sides), strict=True)
    both = Rows(*(np.concatenate(parts) for parts in joined))
    challenger = fit(both.on("train"), both.on("validation"), pipeline)
    if pipeline.training.get("refit"):
        fit(both.on(*SHARES), both.on("validation"), pipeline)
    found = {}
    for name, rows in {"fresh": new, "reference": old}.items():
        x, label = rows.on("holdout")
        models = {"challenger": challenger, "champion": champion}
        metric = contract["gate"]["metric"]
        found[name] = {role: measured(metric, model(x), label) for role, model in models.items()}
    total = imported + time.perf_counter() - began
    print(json.dumps({"total": total, contract["gate"]["metric"]: found}))


if __name__ == "__main__":
    main()
