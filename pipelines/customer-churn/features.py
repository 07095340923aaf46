"""A customer's features, from the customer alone: the endpoint is asked about one at a time."""

import pandas as pd

PRICES = {"day": 0.17, "evening": 0.085, "night": 0.045, "international": 0.27}  # a minute


def features(rows: pd.DataFrame) -> pd.DataFrame:
    """One row of numbers for each customer."""
    minutes = {part: rows[f"{part}_minutes"] for part in PRICES}
    bill = sum(minutes[part] * price for part, price in PRICES.items())
    return pd.DataFrame(
        {
            "account_days": rows["account_days"],
            "international_plan": rows["international_plan"],
            "voicemail_plan": rows["voicemail_plan"],
            "voicemail_messages": rows["voicemail_messages"],
            "bill": bill,
            "day_share": minutes["day"] * PRICES["day"] / bill.where(bill > 0),
            **{f"{part}_minutes": minutes[part] for part in PRICES},
            **{f"{part}_calls": rows[f"{part}_calls"] for part in PRICES},
            "service_calls": rows["service_calls"],
        }
    )
