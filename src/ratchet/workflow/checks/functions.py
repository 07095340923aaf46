"""The functions of JSONata 2.0 and those that Step Functions adds: minimum and maximum arguments.

The minimum excludes the argument that JSONata takes from the context when it is omitted.
"""

from __future__ import annotations

from collections.abc import Mapping

MANY = 10_000

FUNCTIONS: Mapping[str, tuple[int, int]] = {
    # strings
    "string": (0, 2), "length": (0, 1), "substring": (1, 3), "substringBefore": (1, 2),
    "substringAfter": (1, 2), "uppercase": (0, 1), "lowercase": (0, 1), "trim": (0, 1),
    "pad": (1, 3), "contains": (1, 2), "split": (1, 3), "join": (1, 2), "match": (1, 3),
    "replace": (2, 4), "base64encode": (0, 1), "base64decode": (0, 1),
    "encodeUrlComponent": (0, 1), "encodeUrl": (0, 1), "decodeUrlComponent": (0, 1),
    "decodeUrl": (0, 1),
    # numbers
    "number": (0, 1), "abs": (0, 1), "floor": (0, 1), "ceil": (0, 1), "round": (0, 2),
    "power": (1, 2), "sqrt": (0, 1), "formatNumber": (1, 3), "formatBase": (0, 2),
    "formatInteger": (1, 2), "parseInteger": (1, 2), "sum": (1, 1), "max": (1, 1),
    "min": (1, 1), "average": (1, 1),
    # booleans
    "boolean": (0, 1), "not": (0, 1), "exists": (1, 1),
    # arrays and objects
    "count": (1, 1), "append": (2, 2), "sort": (1, 2), "reverse": (1, 1), "shuffle": (1, 1),
    "distinct": (1, 1), "zip": (1, MANY), "keys": (0, 1), "lookup": (1, 2), "spread": (0, 1),
    "merge": (1, 1), "sift": (0, 2), "each": (0, 2), "error": (0, 1), "assert": (1, 2),
    "type": (1, 1),
    # times
    "now": (0, 2), "millis": (0, 0), "fromMillis": (0, 3), "toMillis": (0, 2),
    # higher-order functions
    "map": (1, 2), "filter": (1, 2), "single": (1, 2), "reduce": (1, 3), "eval": (0, 2),
    "clone": (0, 1),
    # added by Step Functions
    "partition": (2, 2), "range": (3, 3), "hash": (1, 2), "random": (0, 1), "uuid": (0, 0),
    "parse": (1, 1),
}  # fmt: skip
