"""What is known of the services that Task states call."""
