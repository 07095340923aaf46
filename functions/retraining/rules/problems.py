"""What a data check found: a bounded list of problems, and counts of all of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

from retraining.documents.check_report import Findings, Problem, ProblemCount

LISTED: Final = 100  # problems in one report
LISTED_EACH: Final = 10  # of one rule in one column
COUNTED: Final = 1000  # rules and columns; a stranger's header may have a hundred thousand names
LONGEST_VALUE: Final = 100
LONGEST_SENTENCE: Final = 2000  # a notice has 256 KB (SNS API reference, Publish)


@dataclass
class Problems:
    """Collects problems in bounded memory."""

    listed: list[Problem] = field(default_factory=list)
    counts: Counter[tuple[str, str | None]] = field(default_factory=Counter)

    def add(self, problem: Problem, count: int = 1) -> None:
        """Count a problem, and list it while there is room."""
        if len(problem.sentence) > LONGEST_SENTENCE:
            problem = replace(problem, sentence=f"{problem.sentence[:LONGEST_SENTENCE]}...")
        if self.room(problem.rule, problem.column):
            self.listed.append(problem)
        self.count(problem.rule, problem.column, count)

    def count(self, rule: str, column: str | None, count: int) -> None:
        """Count problems that are not listed one by one; beyond so many columns, without them."""
        known = (rule, column) in self.counts or len(self.counts) < COUNTED
        self.counts[rule, column if known else None] += count

    def room(self, rule: str, column: str | None) -> int:
        """How many more problems of this rule in this column will be listed."""
        return max(0, min(LISTED - len(self.listed), LISTED_EACH - self.counts[rule, column]))

    def explain(self, problem: Problem, cause: str) -> None:
        """Say what may be behind a listed problem, and list it first."""
        self.listed.remove(problem)
        self.listed.insert(0, replace(problem, sentence=f"{problem.sentence}; {cause}"))

    def __bool__(self) -> bool:
        return bool(self.counts)

    def sentence(self) -> str:
        """The first problem and how many there are."""
        total = sum(self.counts.values())
        more = f" (and {total - 1:,} more)" if total > 1 else ""
        return f"{self.listed[0].sentence}{more}" if self.listed else ""

    def findings(self) -> Findings:
        """The problems listed, and the counts of all."""
        counts = tuple(ProblemCount(r, c, n) for (r, c), n in self.counts.items())
        return Findings(problems=tuple(self.listed), counts=counts)


def shown(value: str) -> str:
    """A value as it is quoted in a report: cut when long."""
    return value if len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE] + "..."
