"""What a function does, step by step: rules and adapters put together, free of event shapes."""
