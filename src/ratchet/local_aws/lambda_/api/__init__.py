"""The operations of Lambda, one module per kind of resource."""
