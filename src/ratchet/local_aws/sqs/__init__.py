"""Amazon SQS: standard queues that stay as fast with 10,000 waiting messages as with ten."""

from ratchet.local_aws.sqs.service import Sqs

__all__ = ["Sqs"]
