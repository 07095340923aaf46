"""Stands in for sagemaker-xgboost-container, as far as programs beside a model use it."""
