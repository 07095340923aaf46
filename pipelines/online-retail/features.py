"""An order's features, from the order alone: the endpoint is asked about one at a time."""

import numpy as np
import pandas as pd

HOME = "United Kingdom"


def features(rows: pd.DataFrame) -> pd.DataFrame:
    """One row of numbers for each order; NaN where there is no earlier one."""
    ordered = rows["ordered"].dt
    return pd.DataFrame(
        {
            "value": np.log1p(rows["value"]),
            "items": np.log1p(rows["items"]),
            "products": rows["products"],
            "domestic": rows["country"] == HOME,
            "orders_before": rows["orders_before"],
            "spent_before": np.log1p(rows["spent_before"]),
            "days_since_last": rows["days_since_last"],
            "days_since_first": rows["days_since_first"],
            "hour": ordered.hour,
            "weekday": ordered.dayofweek,
        }
    )
