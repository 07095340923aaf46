"""Compiles recipes to DuckDB SQL, a module per family of operations, and runs them."""
