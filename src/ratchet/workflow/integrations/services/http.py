"""HTTP requests: through an EventBridge connection, and to API Gateway."""

from __future__ import annotations

from ratchet.workflow.integrations.row import GUIDE, Integration, Service, arguments

API_GATEWAY = Service(
    "apigateway", "API Gateway", "", "execute-api", GUIDE + "connect-api-gateway.html"
)
HTTP = Service("http", "HTTP", "", "states", GUIDE + "call-https-apis.html")

ROWS = (
    Integration(
        API_GATEWAY,
        "invoke",
        callback=True,
        operation_name=None,
        arguments=arguments(
            "ApiEndpoint Method",
            "Headers Stage Path QueryParameters RequestBody AllowNullValues AuthType",
        ),
        has_own_result=True,
        permissions=("execute-api:Invoke",),
        is_certain=False,  # needed only with AuthType IAM_ROLE
    ),
    Integration(
        HTTP,
        "invoke",
        operation_name=None,
        arguments=arguments(
            "ApiEndpoint Method",
            "Authentication InvocationConfig Headers QueryParameters RequestBody Transform",
        ),
        has_own_result=True,
        permissions=("states:InvokeHTTPEndpoint",),
    ),
)
