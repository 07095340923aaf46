"""What the service knows of the algorithms that can train a challenger, one folder each.

Adding one is a folder with an `algorithm` module that defines ALGORITHM; the contract, its JSON
Schema, the checks of hyperparameters and the claim of a run read it from there. What trains by a
script is a row of `frameworks`. The registries of the images come from the template.
"""
