"""S3, which moto answers: the events that writes cause."""
