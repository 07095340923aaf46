"""Job arguments, read as Glue 5 documents it; abbreviated names are not accepted."""

from collections.abc import Iterable

RESERVED_OPTIONS = ("job-bookmark-option", "job-bookmark-from", "job-bookmark-to", "TempDir")


class GlueArgumentError(Exception):
    """A job argument is missing or has no value."""


def getResolvedOptions(args: list[str], options: Iterable[str]) -> dict[str, str]:  # noqa: N802
    """Values of `--<option> value` or `--<option>=value` by name; all options are required."""
    given = _pairs(list(args)[1:])
    wanted = list(options)
    missing = [name for name in wanted if name not in given]
    if missing:
        raise GlueArgumentError(
            "the following arguments are required: " + ", ".join(f"--{n}" for n in missing)
        )
    resolved = {name.lstrip("-"): given[name] for name in wanted}
    for name in RESERVED_OPTIONS:
        if name in given:
            resolved[name.replace("-", "_")] = given[name]
    return resolved


def _pairs(args: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    position = 0
    while position < len(args):
        name, equals, value = args[position].partition("=")
        position += 1
        if not name.startswith("--"):
            continue
        if not equals and position < len(args) and not args[position].startswith("--"):
            value = args[position]
            position += 1
        found[name[2:]] = value
    return found
