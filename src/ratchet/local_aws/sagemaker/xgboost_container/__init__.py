"""What runs inside SageMaker's built-in XGBoost container: train, batch transform, serve.

The programs speak only the container contract (folders, SM_* variables, HTTP); they know nothing
of AWS or of local AWS. The algorithm's behaviour follows the container's published source,
github.com/aws/sagemaker-xgboost-container.
"""
