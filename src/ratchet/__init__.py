"""Ratchet: drop data in S3; a new model serves only after it earns it."""

__version__ = "0.1.0"
