"""Ready-made workflows: train and deploy, with or without a preprocessor; and their parts."""

from __future__ import annotations

from typing import NoReturn

from ratchet.workflow.former_names import refuse
from ratchet.workflow.template.endpoint import deploy_endpoint, guard
from ratchet.workflow.template.gate import Gate
from ratchet.workflow.template.inference import InferencePipeline
from ratchet.workflow.template.training import TrainingPipeline

__all__ = ["Gate", "InferencePipeline", "TrainingPipeline", "deploy_endpoint", "guard"]

_SPELT = {"pipeline": "from ratchet.workflow.template import TrainingPipeline, InferencePipeline"}


def __getattr__(name: str) -> NoReturn:
    refuse(__name__, name, _SPELT)
