"""The containers that SageMaker's jobs and endpoints run here, a folder for each family of images.

What is not a family's own stands beside the folders: the layout of /opt/ml, the archive of a model,
users' scripts, batch transform, the serving HTTP server. These programs speak only the container
contract (folders, SM_* variables, HTTP); they know nothing of AWS or of local AWS.
"""
