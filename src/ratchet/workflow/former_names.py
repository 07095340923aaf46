"""Names of the old SDKs that are spelt otherwise here: refused with the new spelling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn


class FormerName(ImportError):
    """A name of stepfunctions or of the SageMaker SDK that has another spelling here.

    An ImportError, because `from module import name` hides the text of an AttributeError.
    """


def refuse(module: str, name: str, spelt: Mapping[str, str]) -> NoReturn:
    """The end of a module's `__getattr__`; `spelt` has the new spelling of old names."""
    if name in spelt:
        raise FormerName(f"{module} has no {name}: write {spelt[name]}")
    raise AttributeError(f"module {module!r} has no attribute {name!r}")


_DONE_BY_STEPS = {
    "fit": "a TrainingStep or a TuningStep of a workflow trains",
    "run": "a ProcessingStep of a workflow runs it",
    "transform": "a TransformStep of a workflow runs it",
    "deploy": "a ModelStep creates a model, ratchet.workflow.template.deploy_endpoint serves it",
    "register": "a ModelPackageStep of a workflow registers a model",
}


class Description:
    """What a step makes a request of. The SDK's objects of these names made it themselves."""

    __slots__ = ()
    if not TYPE_CHECKING:  # a type checker is to find misspelt attributes

        def __getattr__(self, name: str) -> NoReturn:
            kind = type(self).__name__
            if name in _DONE_BY_STEPS:
                raise AttributeError(
                    f"{kind}.{name}: {kind} describes, and starts nothing; {_DONE_BY_STEPS[name]}"
                )
            raise AttributeError(f"{kind!r} object has no attribute {name!r}")
