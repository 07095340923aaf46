"""The door of local AWS: it reads, checks and answers requests as AWS would."""
