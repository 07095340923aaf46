"""S3, which moto answers: the events that its writes cause."""
