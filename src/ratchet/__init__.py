"""Ratchet: drop data in S3; a new model serves only after it earns it."""
