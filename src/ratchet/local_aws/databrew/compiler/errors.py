"""The errors of a recipe: one sentence each."""


class RecipeError(Exception):
    """A recipe or one of its steps cannot be accepted, or cannot be applied to this data."""


class NotSupportedError(RecipeError):
    """DataBrew knows it, local AWS does not run it."""
