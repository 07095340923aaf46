"""An abalone's features, from its own measures alone: the endpoint is asked about one at a time."""

import pandas as pd

MEASURES = (
    "length",
    "diameter",
    "height",
    "whole_weight",
    "shucked_weight",
    "viscera_weight",
    "shell_weight",
)


def features(rows: pd.DataFrame) -> pd.DataFrame:
    """One row of numbers for each animal; NaN for a share of no weight."""
    weight = rows["whole_weight"].where(rows["whole_weight"] > 0)
    size = rows["length"] * rows["diameter"] * rows["height"]
    return pd.DataFrame(
        {
            "infant": rows["sex"] == "I",
            "male": rows["sex"] == "M",
            **{measure: rows[measure] for measure in MEASURES},
            "shell_share": rows["shell_weight"] / weight,
            "meat_share": rows["shucked_weight"] / weight,
            "density": rows["whole_weight"] / size.where(size > 0),
        }
    )
