"""What the service decides, as functions of values alone: no AWS, no clock, no settings."""
