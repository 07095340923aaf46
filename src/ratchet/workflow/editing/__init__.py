"""Editing ASL files: what is not touched stays as it was, comments and order included."""
