"""How a deployment can fail.

TemplateError      the template is invalid, or uses what local AWS does not support
DeploymentError    a resource could not be created; the stack was rolled back
"""

from __future__ import annotations


class TemplateError(Exception):
    """Nothing was created: the message names the place, the value and the next step."""


class DeploymentError(Exception):
    """The stack was rolled back: the message names the resource and AWS's reason."""
