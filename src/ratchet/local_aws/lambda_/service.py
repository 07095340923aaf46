"""The Lambda service: all its operations over one state."""

from __future__ import annotations

from ratchet.local_aws.lambda_.api.event_source_mappings import MappingOperations
from ratchet.local_aws.lambda_.api.functions import FunctionOperations
from ratchet.local_aws.lambda_.api.layers import LayerOperations
from ratchet.local_aws.lambda_.api.permissions import PermissionOperations


class Lambda(FunctionOperations, LayerOperations, PermissionOperations, MappingOperations):
    """Answers Lambda's API; Python functions run in worker processes."""

    def close(self) -> None:
        """Stop taking messages and events, then end every worker."""
        with self.lock:
            mappings = list(self.mappings.values())
        for mapping in mappings:
            if mapping.poller is not None:
                mapping.poller.close()
        self.asynchronous.close()
        self.sandboxes.close()
