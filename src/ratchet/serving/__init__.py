"""The code that travels with a model, into containers that have nothing else of Ratchet."""
