"""What can be wrong with a recipe, said in one sentence."""


class RecipeError(Exception):
    """A recipe or one of its steps cannot be accepted, or cannot be applied to this data."""
