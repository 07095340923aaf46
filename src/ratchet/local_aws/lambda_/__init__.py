"""Living Lambda: handlers run in warm worker processes, with AWS's limits, errors and triggers."""

from ratchet.local_aws.lambda_.service import Lambda

__all__ = ["Lambda"]
