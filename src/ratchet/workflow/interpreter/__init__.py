"""Runs a state machine with AWS's semantics, histories and errors, on a clock tests can turn."""
