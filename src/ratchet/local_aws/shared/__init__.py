"""What several services share: paged lists, S3 transfer, logs and background runs."""
