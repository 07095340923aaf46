"""Recipes compiled to DuckDB SQL: a module per family of operations, and their child."""
