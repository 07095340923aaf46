"""The part of sagemaker-containers that programs import from."""
