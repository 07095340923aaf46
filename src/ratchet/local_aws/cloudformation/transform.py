"""The SAM transform, by AWS's own translator."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

from ratchet.local_aws.cloudformation.errors import TemplateError

_LOCK = threading.Lock()


def sam_transform(template: dict[str, Any], values: dict[str, str], region: str) -> dict[str, Any]:
    """The CloudFormation template that a SAM template stands for. Raises TemplateError."""
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.arn_generator import ArnGenerator
    from samtranslator.translator.translator import Translator
    from samtranslator.utils.py27hash_fix import (
        to_py27_compatible_template,
        undo_mark_unicode_str_in_template,
    )

    with _LOCK:  # the translator stores the region in a class
        ArnGenerator.BOTO_SESSION_REGION_NAME = region
        to_py27_compatible_template(template, values)
        translator = Translator(None, Parser(), boto_session=SimpleNamespace(region_name=region))
        try:
            translated = translator.translate(template, parameter_values=values)
        except InvalidDocumentException as error:
            causes = "; ".join(cause.message for cause in error.causes) or error.message
            raise TemplateError(f"the SAM transform refuses the template: {causes}") from error
        finally:
            translator.metrics.publish()  # otherwise its destructor writes an error to the terminal
        result: dict[str, Any] = undo_mark_unicode_str_in_template(translated)
        return result
