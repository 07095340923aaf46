"""The main job as one plain script: clean, split, fit, score the old and the new model.

The peer that main_job.py measures against.

Usage: python benchmarks/plain_script.py HISTORY.csv FRESH.csv [--pipeline FOLDER]

Reads the same files, applies the same recipe, splits by the same hash and fits with the same
hyperparameters as the pipeline; the champion is the model of the first file alone, fitted
before the clock starts. Prints one JSON line: seconds by part and the AUC of both models.
"""

import time

STARTED = time.perf_counter()

import argparse  # noqa: E402 - imports are part of what is measured
import hashlib  # noqa: E402
import json  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.csv  # noqa: E402
import xgboost  # noqa: E402
import yaml  # noqa: E402
from scipy.stats import rankdata  # noqa: E402

IMPORTED = time.perf_counter()


def row_ids(table: pa.Table) -> list[str]:
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    return ["r" + hashlib.sha256(",".join(row).encode()).hexdigest()[:31] for row in rows]


def fraction(row_id: str) -> float:
    return int(row_id[9:17], 16) / 2**32


def apply_recipe(table: pa.Table, steps: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """The three operations that the recipe of bank-marketing uses."""
    columns: dict[str, Any] = {name: table[name].to_pylist() for name in table.column_names}
    for step in (step["Action"] for step in steps):
        parameters = step["Parameters"]
        if step["Operation"] == "CATEGORICAL_MAPPING":
            codes = json.loads(parameters["categoryMap"])
            source = columns[parameters["sourceColumn"]]
            columns[parameters["targetColumn"]] = [codes[value] for value in source]
        elif step["Operation"] == "DELETE":
            for name in json.loads(parameters["sourceColumns"]):
                del columns[name]
        elif step["Operation"] == "RENAME":
            columns[parameters["targetColumn"]] = columns.pop(parameters["sourceColumn"])
        else:
            raise SystemExit(f"the plain script does not know {step['Operation']}")
    return {name: np.asarray(values, dtype=np.float32) for name, values in columns.items()}


def load(path: Path, pipeline: Path, contract: dict[str, Any]) -> tuple[Any, Any, np.ndarray]:
    table = read_text(path, contract["data"]["csv"]["delimiter"])
    columns = apply_recipe(table, json.loads((pipeline / "recipe.json").read_text()))
    label = columns.pop(contract["data"]["label"])
    sides = np.array([fraction(row_id) for row_id in row_ids(table)])
    return np.column_stack(list(columns.values())), label, sides


def read_text(path: Path, delimiter: str) -> pa.Table:
    """All columns as text, as they stand in the file."""
    options = pa.csv.ParseOptions(delimiter=delimiter)
    names = pa.csv.open_csv(path, parse_options=options).schema.names
    texts = pa.csv.ConvertOptions(column_types={name: pa.string() for name in names})
    return pa.csv.read_csv(path, parse_options=options, convert_options=texts)


def fit(x: Any, y: Any, sides: np.ndarray, contract: dict[str, Any]) -> xgboost.Booster:
    split, parameters = contract["split"], dict(contract["training"]["hyperparameters"])
    rounds = parameters.pop("num_round")
    train, rest = sides < split["train"], split["train"] + split["validation"]
    validation = (sides >= split["train"]) & (sides < rest)
    watch = [(xgboost.DMatrix(x[validation], y[validation]), "validation")]
    matrix = xgboost.DMatrix(x[train], y[train])
    return xgboost.train(parameters, matrix, rounds, evals=watch, verbose_eval=False)


def auc(scores: np.ndarray, label: np.ndarray) -> float:
    positives, ranks = int(label.sum()), rankdata(scores)
    above = ranks[label == 1].sum() - positives * (positives + 1) / 2
    return float(above / (positives * (len(label) - positives)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("history", type=Path)
    parser.add_argument("fresh", type=Path)
    parser.add_argument("--pipeline", type=Path, default=Path("pipelines/bank-marketing"))
    arguments = parser.parse_args()
    contract = yaml.safe_load((arguments.pipeline / "pipeline.yaml").read_text())

    old = load(arguments.history, arguments.pipeline, contract)
    champion = fit(*old, contract)  # yesterday's model: not part of today's job
    began = time.perf_counter()
    old = load(arguments.history, arguments.pipeline, contract)
    new = load(arguments.fresh, arguments.pipeline, contract)
    prepared = time.perf_counter()
    both = [np.concatenate(parts) for parts in zip(old, new, strict=True)]
    challenger = fit(*both, contract)
    fitted = time.perf_counter()
    scores = {}
    for name, (x, y, sides) in {"fresh": new, "reference": old}.items():
        held_out = sides >= contract["split"]["train"] + contract["split"]["validation"]
        matrix = xgboost.DMatrix(x[held_out])
        scores[name] = {
            "challenger": auc(challenger.predict(matrix), y[held_out]),
            "champion": auc(champion.predict(matrix), y[held_out]),
        }
    scored = time.perf_counter()
    seconds = {
        "imports": IMPORTED - STARTED,
        "prepare": prepared - began,
        "fit": fitted - prepared,
        "score": scored - fitted,
    }
    print(json.dumps({"seconds": seconds, "total": sum(seconds.values()), "auc": scores}))


if __name__ == "__main__":
    main()
