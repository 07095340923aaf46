"""The part of Glue's Python library that job scripts use, written anew for local AWS.

It stands on the path of local Glue jobs under the name `awsglue`; on AWS the real one does.
"""
