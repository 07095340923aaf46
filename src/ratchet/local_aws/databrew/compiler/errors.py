"""The error of a recipe: one sentence."""


class RecipeError(Exception):
    """A recipe or one of its steps cannot be accepted, or cannot be applied to this data."""
