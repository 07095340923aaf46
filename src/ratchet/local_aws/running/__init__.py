"""What runs: a local AWS with its folder, its child processes and its clock."""
