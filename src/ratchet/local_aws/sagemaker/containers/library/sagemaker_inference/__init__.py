"""Stands for the toolkit of SageMaker's containers where a model's code imports it."""
