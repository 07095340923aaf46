"""The Amazon States Language: one typed model, its expressions, data and integrations."""
