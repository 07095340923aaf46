"""Operations on the text of a column: letters, patterns, affixes, JSON paths, digests."""

import re

from ratchet.local_aws.databrew.compiler import sql
from ratchet.local_aws.databrew.compiler.errors import NotSupportedError, RecipeError
from ratchet.local_aws.databrew.compiler.step import (
    Operation,
    Select,
    Step,
    Table,
    adds,
    changes,
    keys,
    select,
    source,
    unchanged,
)

_CASE = "A letter whose other case has two letters stays one: ß becomes ẞ, in Java SS."

_PUNCTUATION, _QUOTES = ".!,?", "'\""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SPECIAL = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_ONE_OF_ALL = {
    "removeAllPunctuation": _PUNCTUATION,
    "removeAllQuotes": _QUOTES,
    "removeLetters": _LETTERS,
    "removeNumbers": "0123456789",
    "removeSpecialCharacters": _SPECIAL,
}
_AT_THE_ENDS = {
    "removeLeadingAndTrailingPunctuation": _PUNCTUATION,
    "removeLeadingAndTrailingQuotes": _QUOTES,
}
_REMOVALS = (
    "collapseConsecutiveWhitespace",
    "removeAllPunctuation",
    "removeAllQuotes",
    "removeAllWhitespace",
    "removeCustomCharacters",
    "removeCustomValue",
    "removeLeadingAndTrailingPunctuation",
    "removeLeadingAndTrailingQuotes",
    "removeLeadingAndTrailingWhitespace",
    "removeLetters",
    "removeNumbers",
    "removeSpecialCharacters",
)
"""As CloudFormation and the examples of the reference spell them, in its order."""

_DIGESTS = {"MD5": "md5", "SHA1": "sha1", "SHA256": "sha256"}
_OTHER_DIGESTS = ("SHA512", "HMAC_MD5", "HMAC_SHA1", "HMAC_SHA256", "HMAC_SHA512")

_KEY = r"(?:`[^`]+`|[^`.\[\]]+)"
_INDEX = r"\[\d+\]"
_PATH = re.compile(rf"(?:{_KEY}|{_INDEX})(?:\.{_KEY}|{_INDEX})*")
_PARTS = re.compile(r"`([^`]+)`|\[(\d+)\]|([^`.\[\]]+)")


def _replace_text(step: Step, table: Table) -> str:
    column, value = source(step, table), step.get("value")
    if step.flag("isText"):
        return f"replace({column}, {sql.text(step.get('pattern'))}, {sql.text(value)})"
    groups = re.sub(r"\$(\d)", r"\\\1", value.replace("\\", "\\\\"))
    return f"regexp_replace({column}, {step.pattern('pattern')}, {sql.text(groups)}, 'g')"


def _extract_pattern(step: Step, table: Table) -> str:
    column, pattern = source(step, table), step.pattern("pattern")
    found = f"regexp_extract({column}, {pattern})"
    return f"CASE WHEN regexp_matches({column}, {pattern}) THEN {found} END"


def _add_prefix(step: Step, table: Table) -> str:
    return f"{sql.text(step.get('pattern'))} || {source(step, table)}"


def _add_suffix(step: Step, table: Table) -> str:
    return f"{source(step, table)} || {sql.text(step.get('pattern'))}"


def _remove_combined(step: Step, table: Table) -> str:
    """The wanted removals, one after the other in the order of the reference."""
    value = source(step, table)
    for removal in _REMOVALS:
        if step.flag(removal):
            value = _without(step, removal, value)
    return value


def _without(step: Step, removal: str, value: str) -> str:
    if removal in _ONE_OF_ALL:
        return f"translate({value}, {sql.text(_ONE_OF_ALL[removal])}, '')"
    if removal in _AT_THE_ENDS:
        return f"trim({value}, {sql.text(_AT_THE_ENDS[removal])})"
    if removal == "removeCustomCharacters":
        return f"translate({value}, {sql.text(_given(step, 'customCharacters'))}, '')"
    if removal == "removeCustomValue":
        return f"replace({value}, {sql.text(_given(step, 'customValue'))}, '')"
    pattern, instead = {
        "collapseConsecutiveWhitespace": (r"\s{2,}", " "),
        "removeAllWhitespace": (r"\s+", ""),
        "removeLeadingAndTrailingWhitespace": (r"^\s+|\s+$", ""),
    }[removal]
    return f"regexp_replace({value}, {sql.text(pattern)}, {sql.text(instead)}, 'g')"


def _given(step: Step, key: str) -> str:
    if not step.get(key):
        raise RecipeError(f"remove{key[:1].upper()}{key[1:]} is true, but {key} is missing")
    return step.get(key)


def _extract_value(step: Step, table: Table) -> str:
    column, path = source(step, table), sql.text(_json_path(step))
    return f"CASE WHEN json_valid({column}) THEN json_extract_string({column}, {path}) END"


def _json_path(step: Step) -> str:
    """`user`.`phone`[1] on column user, or phone[1], as a path of JSON."""
    path, column = step.get("path"), step.get("sourceColumn")
    if not _PATH.fullmatch(path) or '"' in path:
        raise RecipeError(f"path {path!r} is not a path such as `{column}`.`key`[0] or key[0]")
    parts = [part for part in _PARTS.findall(path) if any(part)]
    if path.startswith("`"):
        if parts[0][0] != column:
            raise RecipeError(f"path {path!r} has to begin with its column, `{column}`")
        parts = parts[1:]
    return "$" + "".join(f"[{n}]" if n else f'."{quoted or plain}"' for quoted, n, plain in parts)


def _cryptographic_hash(step: Step, table: Table) -> Select:
    columns, where = step.items("sourceColumns"), step.where(table)
    hashed = {}
    for name in columns:
        column = table.column(name)
        digest = f"{_digest(step)}({column})"
        hashed[name] = f"CASE WHEN {where} THEN {digest} ELSE {column} END" if where else digest
    return select(table, {**unchanged(table), **hashed})


def _digest(step: Step) -> str:
    name = step.one_of("algorithm", (*_DIGESTS, *_OTHER_DIGESTS), default="HMAC_SHA256")
    if name not in _DIGESTS:
        reason = "needs a secret of Secrets Manager" if "HMAC" in name else "is unknown to DuckDB"
        raise NotSupportedError(
            f"algorithm {name} {reason}: not supported on local AWS; give {', '.join(_DIGESTS)}"
        )
    return _DIGESTS[name]


OPERATIONS: dict[str, Operation] = {
    "UPPER_CASE": changes(lambda step, table: f"upper({source(step, table)})", doubt=_CASE),
    "LOWER_CASE": changes(lambda step, table: f"lower({source(step, table)})"),
    "REPLACE_TEXT": changes(
        _replace_text,
        "pattern",
        "value isText",
        doubt="Regular expressions are RE2's: look-around and back references are refused.",
    ),
    "EXTRACT_PATTERN": adds(
        _extract_pattern,
        "sourceColumn pattern",
        doubt="The first match; missing without one. Regular expressions are RE2's.",
    ),
    "ADD_PREFIX": changes(_add_prefix, "pattern", doubt="A missing value stays missing."),
    "ADD_SUFFIX": changes(_add_suffix, "pattern", doubt="A missing value stays missing."),
    "REMOVE_COMBINED": changes(
        _remove_combined,
        "",
        " ".join((*_REMOVALS, "customCharacters", "customValue")),
        doubt=(
            "Removals are made in the order in which the reference lists them, which does not say"
            " in which they are. It misprints removeLeadingAndTrailingPunctuation and -Quotes;"
            " CloudFormation and its own examples spell them as here. White space is ASCII's."
        ),
    ),
    "EXTRACT_VALUE": adds(
        _extract_value,
        "sourceColumn path",
        doubt=(
            "The column's values are JSON text. A path in backticks begins with the column's name;"
            " one without is relative to the value. What is not JSON is missing."
        ),
    ),
    "CRYPTOGRAPHIC_HASH": Operation(
        _cryptographic_hash,
        keys("sourceColumns"),
        keys("algorithm"),
        doubt=(
            "MD5, SHA1 and SHA256 alone, in hexadecimal; which encoding DataBrew writes is not"
            " documented. The default, HMAC_SHA256, and the others are refused by name."
        ),
    ),
}
