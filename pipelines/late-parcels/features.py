"""A parcel's features, from the parcel alone: the endpoint is asked for one at a time."""

import numpy as np
import pandas as pd

CARRIERS = {"Albatross": 0, "Badger": 1, "Cheetah": 2}
ISLANDS = ("Anglesey", "Skye", "Wight")


def features(rows: pd.DataFrame) -> pd.DataFrame:
    """One row of numbers for each parcel; NaN where a value is missing."""
    day, town = rows["day"].dt, rows["town"].fillna("").str.strip().str.title()
    return pd.DataFrame(
        {
            "weekday": day.dayofweek,
            "december": day.month == 12,
            "carrier": rows["carrier"].map(CARRIERS),
            "island": town.isin(ISLANDS),
            "distance": np.log1p(rows["distance"]),
            "weight": rows["weight"],
            "pace": rows["distance"] / rows["promised"],
        }
    )
