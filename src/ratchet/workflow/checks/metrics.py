"""The metrics of a training job: a list without a promised order."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ratchet.workflow.asl.findings import WARNING, Finding
from ratchet.workflow.checks import walk
from ratchet.workflow.checks.rule import Rule, Subject

_BY_PLACE = re.compile(
    r"""metric\w{0,40}['"`]?\]?[ ]?\[[ ]?(\d{1,4})[ ]?\](?:\.|\[['"])Value\b""", re.IGNORECASE
)
"""Such as $.FinalMetricDataList[0].Value or $['Payload']['trainingMetrics'][0]['Value']."""


class MetricByPlace(Rule):
    """The metrics of a training job are told apart by MetricName: nothing promises their order."""

    id = "metric-place"
    summary = "A metric of a training job is chosen by its name, not by its place in the list"
    link = Rule.link + "connect-sagemaker.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            for path, text in walk.strings(state):
                found = _BY_PLACE.search(text)
                if found is not None:
                    yield self.finding(
                        path,
                        f"The metric at place {found[1]} is whichever comes there: often that of "
                        "the rows that were trained on",
                        "Choose by name: [MetricName = 'validation:auc'] in JSONata, "
                        "[?(@.MetricName == 'validation:auc')] in a ResultSelector of JSONPath",
                        severity=WARNING,
                    )
