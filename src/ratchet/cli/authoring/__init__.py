"""Writes a pipeline's folder from a file as its owner has it."""
