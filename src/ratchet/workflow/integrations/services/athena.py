"""Amazon Athena."""

from __future__ import annotations

from ratchet.workflow.integrations.row import GUIDE, Integration, Job, Polling, Service, answer

ATHENA = Service("athena", "Athena", "athena", "athena", GUIDE + "connect-athena.html")
_QUERY = {"QueryExecutionId": answer("QueryExecutionId")}

ROWS = (
    Integration(
        ATHENA,
        "startQueryExecution",
        job=Job(
            rights=("athena:GetQueryExecution", "athena:StopQueryExecution"),
            also=("athena:GetDataCatalog",),
            source=ATHENA.source,
            polling=Polling(
                describe="GetQueryExecution",
                named=_QUERY,
                status=("QueryExecution", "Status", "State"),
                good=frozenset({"SUCCEEDED"}),
                bad=frozenset({"FAILED", "CANCELLED"}),
                stop="StopQueryExecution",
                stopped=_QUERY,
            ),
        ),
    ),
    Integration(ATHENA, "stopQueryExecution"),
    Integration(ATHENA, "getQueryExecution"),
    Integration(ATHENA, "getQueryResults"),
)
