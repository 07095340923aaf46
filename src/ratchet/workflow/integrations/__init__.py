"""Everything Ratchet knows about the integrations that Task states call."""
