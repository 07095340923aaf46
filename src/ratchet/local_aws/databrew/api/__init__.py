"""The operations of DataBrew: datasets, recipes, recipe jobs and their runs."""
