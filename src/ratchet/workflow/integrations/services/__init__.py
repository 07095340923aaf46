"""The rows, by service; small related services share a file."""
