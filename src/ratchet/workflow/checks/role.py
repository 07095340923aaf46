"""What the role of a machine may do, as far as its template shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

_PLACEHOLDER = re.compile(r"\$\{([^}!]+)\}")


@dataclass(frozen=True, slots=True)
class Grant:
    """Actions allowed on some resources: names in the template, or None for all of them."""

    actions: tuple[str, ...]
    targets: frozenset[str] | None = None

    def covers(self, action: str) -> bool:
        return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in self.actions)


@dataclass(frozen=True, slots=True)
class Role:
    """The grants of a role. An open one has more than the template shows, so nothing is missed.

    `names` maps a substitution of the definition to the name in the template it stands for.
    """

    grants: tuple[Grant, ...]
    is_open: bool = False
    names: Mapping[str, str] = field(default_factory=dict)

    def allows(self, action: str) -> bool:
        return self.is_open or any(grant.covers(action) for grant in self.grants)

    def allows_on(self, action: str, target: str) -> bool:
        """Whether an allowed action is allowed on this resource of the template."""
        grants = [grant for grant in self.grants if grant.covers(action)]
        return (
            self.is_open
            or not grants
            or any(grant.targets is None or target in grant.targets for grant in grants)
        )

    def named(self, text: str) -> str | None:
        """The resource of the template that a value such as `${ScoreFunctionArn}` stands for."""
        found = _PLACEHOLDER.findall(text)
        return self.names.get(found[0]) if len(found) == 1 else None
