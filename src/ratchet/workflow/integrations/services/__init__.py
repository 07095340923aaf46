"""The rows: one file for each service, or for a few with little to say."""
