"""Amazon SNS: moto's topics, which hand on to the queues of local AWS."""
