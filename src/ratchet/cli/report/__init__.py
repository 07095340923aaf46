"""A run's report: one self-contained HTML file, without script, font or network."""
