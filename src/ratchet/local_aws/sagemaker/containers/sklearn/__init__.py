"""What runs inside SageMaker's scikit-learn container.

Source: github.com/aws/sagemaker-scikit-learn-container.
"""
