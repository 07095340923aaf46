"""What runs inside SageMaker's built-in XGBoost container.

The algorithm's behaviour follows the container's published source,
github.com/aws/sagemaker-xgboost-container.
"""
