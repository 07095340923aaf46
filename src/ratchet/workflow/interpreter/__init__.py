"""Runs state machines with AWS's semantics, history and errors, by a clock that tests can set."""
