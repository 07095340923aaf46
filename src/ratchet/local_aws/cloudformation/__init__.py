"""Living CloudFormation: the SAM transform, then every resource by plain API calls."""

from ratchet.local_aws.cloudformation.deploying import deploy
from ratchet.local_aws.cloudformation.errors import DeploymentError, TemplateError
from ratchet.local_aws.cloudformation.service import CloudFormation

__all__ = ["CloudFormation", "DeploymentError", "TemplateError", "deploy"]
