"""DataBrew, alive: recipes compiled to DuckDB SQL and run in a child process."""
