"""Stands in for sagemaker-containers, as far as programs beside a model use it."""
