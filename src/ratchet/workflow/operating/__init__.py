"""Operating: workflows and executions over boto3, the same on AWS and on local AWS."""
