"""Edits ASL files: whatever is not changed keeps its text, comments and order."""
