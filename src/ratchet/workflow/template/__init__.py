"""Ready-made workflows: train and deploy, with or without a preprocessor."""

from __future__ import annotations

from ratchet.workflow.template.gate import Gate
from ratchet.workflow.template.inference import InferencePipeline
from ratchet.workflow.template.training import TrainingPipeline

__all__ = ["Gate", "InferencePipeline", "TrainingPipeline"]
