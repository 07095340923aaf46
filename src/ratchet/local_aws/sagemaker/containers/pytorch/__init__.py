"""What runs inside the PyTorch images of AWS's deep learning containers.

Sources: github.com/aws/sagemaker-pytorch-training-toolkit and
github.com/aws/sagemaker-pytorch-inference-toolkit.
"""
