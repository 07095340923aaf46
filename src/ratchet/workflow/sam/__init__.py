"""State machines in SAM and CloudFormation templates: their definitions and their roles."""
