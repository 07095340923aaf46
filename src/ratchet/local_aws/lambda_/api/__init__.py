"""The operations of Lambda, one module a kind of resource."""
