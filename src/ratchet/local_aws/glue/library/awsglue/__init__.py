"""The part of Glue's Python library that job scripts use, written for local AWS.

Local Glue jobs import it as `awsglue`; on AWS they import the real one.
"""
