"""EventBridge: buses, rules, patterns and the delivery to targets."""
