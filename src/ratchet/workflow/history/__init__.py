"""Execution histories: what their events mean, and the one reader that turns them into visits."""
