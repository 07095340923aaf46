"""The containers that SageMaker's jobs and endpoints run here, one folder per algorithm.

What is not an algorithm's own stands beside the folders: the layout of /opt/ml, the archive of a
model, batch transform, the serving HTTP server. These programs speak only the container contract
(folders, SM_* variables, HTTP); they know nothing of AWS or of local AWS.
"""
