"""Execution histories: what their events mean, and one reader that makes visits of them."""
