"""The transforms that Glue's script template imports with a star, over DynamicFrames.

Each is called as on AWS, `ApplyMapping.apply(frame=..., mappings=..., transformation_ctx=...)`.
What local AWS has not is there by name and says so when a script calls it. Source: "AWS Glue
PySpark transforms reference" in the Glue developer guide.
"""

from typing import Any

from .dynamicframe import DynamicFrame

_IGNORED = ("transformation_ctx", "info", "stageThreshold", "totalThreshold")


class GlueTransform:
    """A function of one frame; local AWS counts no errors by stage."""

    method = ""  # of DynamicFrame

    @classmethod
    def apply(cls, *args: Any, **named: Any) -> DynamicFrame:
        """The frame that the transform makes."""
        return cls()(*args, **named)

    @classmethod
    def name(cls) -> str:
        """Its name, as Glue gives it."""
        return cls.__name__

    def __call__(self, frame: DynamicFrame, *args: Any, **named: Any) -> DynamicFrame:
        kept = {key: value for key, value in named.items() if key not in _IGNORED}
        made: DynamicFrame = getattr(frame, self.method)(*args, **kept)
        return made


class ApplyMapping(GlueTransform):
    """Choose, rename and cast columns."""

    method = "apply_mapping"


class DropFields(GlueTransform):
    """All columns but these."""

    method = "drop_fields"


class DropNullFields(GlueTransform):
    """All columns that have a value somewhere."""

    method = "drop_null_fields"


class Filter(GlueTransform):
    """The records for which a function is true."""

    method = "filter"


class Map(GlueTransform):
    """What a function makes of each record."""

    method = "map"


class RenameField(GlueTransform):
    """One column under another name."""

    method = "rename_field"


class ResolveChoice(GlueTransform):
    """Columns cast as asked; a DataFrame's column has one type, so there is nothing to choose."""

    method = "resolveChoice"


class SelectFields(GlueTransform):
    """These columns alone."""

    method = "select_fields"


class _NotHere(GlueTransform):
    def __call__(self, *_args: Any, **_named: Any) -> DynamicFrame:
        msg = (
            f"the transform {self.name()} is not supported on local AWS; "
            "work on frame.toDF() instead, and come back with DynamicFrame.fromDF"
        )
        raise NotImplementedError(msg)


_ABSENT = (
    "ErrorsAsDynamicFrame", "EvaluateDataQuality", "FillMissingValues", "FindIncrementalMatches",
    "FindMatches", "FlatMap", "Join", "MapToCollection", "Relationalize", "SelectFromCollection",
    "Simplify_ddb_json", "Spigot", "SplitFields", "SplitRows", "Unbox", "UnnestFrame",
)  # fmt: skip
for _name in _ABSENT:
    globals()[_name] = type(_name, (_NotHere,), {"__doc__": "Not on local AWS."})

__all__ = [  # noqa: PLE0604 - the names made above
    "ApplyMapping",
    "DropFields",
    "DropNullFields",
    "Filter",
    "GlueTransform",
    "Map",
    "RenameField",
    "ResolveChoice",
    "SelectFields",
    *_ABSENT,
]
