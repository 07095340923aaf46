"""The gate: are the data bad, which settings, and is the challenger better? One room a question."""
