"""The sections of pipeline.yaml and of definition.json, one module each."""
