"""EventBridge Scheduler: schedules on the clock of local AWS."""
