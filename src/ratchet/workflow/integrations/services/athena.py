"""Amazon Athena."""

from __future__ import annotations

from ratchet.workflow.integrations.row import GUIDE, Integration, Job, Polling, Service, response

ATHENA = Service("athena", "Athena", "athena", "athena", GUIDE + "connect-athena.html")
_QUERY = {"QueryExecutionId": response("QueryExecutionId")}

ROWS = (
    Integration(
        ATHENA,
        "startQueryExecution",
        job=Job(
            permissions=("athena:GetQueryExecution", "athena:StopQueryExecution"),
            optional_permissions=("athena:GetDataCatalog",),
            source=ATHENA.source,
            polling=Polling(
                describe="GetQueryExecution",
                describe_with=_QUERY,
                status_path=("QueryExecution", "Status", "State"),
                succeeded=frozenset({"SUCCEEDED"}),
                failed=frozenset({"FAILED", "CANCELLED"}),
                stop="StopQueryExecution",
                stop_with=_QUERY,
            ),
        ),
    ),
    Integration(ATHENA, "stopQueryExecution"),
    Integration(ATHENA, "getQueryExecution"),
    Integration(ATHENA, "getQueryResults"),
)
