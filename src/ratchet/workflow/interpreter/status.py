"""The statuses of executions and Map Runs."""

PENDING = "PENDING"  # a child execution that has not been started
RUNNING = "RUNNING"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"
TIMED_OUT = "TIMED_OUT"
ABORTED = "ABORTED"
