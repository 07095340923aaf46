"""What can be wrong with a template or a deployment.

TemplateError      the template cannot be understood or asks for what local AWS does not have
DeploymentError    a resource could not be made; what had been made is rolled back
"""

from __future__ import annotations


class TemplateError(Exception):
    """Nothing was made: the message names the place, the value and the next step."""


class DeploymentError(Exception):
    """The stack was rolled back: the message names the resource and AWS's reason."""
