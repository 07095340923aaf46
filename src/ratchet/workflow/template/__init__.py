"""Ready-made workflows: train and deploy, with or without a preprocessor; and their parts."""

from __future__ import annotations

from ratchet.workflow.template.endpoint import deploy_endpoint, guard
from ratchet.workflow.template.gate import Gate
from ratchet.workflow.template.inference import InferencePipeline
from ratchet.workflow.template.training import TrainingPipeline

__all__ = ["Gate", "InferencePipeline", "TrainingPipeline", "deploy_endpoint", "guard"]
