"""The entrance of local AWS: reads, validates and answers requests as AWS would."""
