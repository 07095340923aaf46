"""State machines inside SAM and CloudFormation templates: where they are and what they may do."""
