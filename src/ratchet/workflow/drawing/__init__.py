"""Draws a state machine as one picture that an execution colours."""
