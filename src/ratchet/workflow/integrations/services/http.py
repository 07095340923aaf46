"""HTTP requests: to any address with a connection, and to API Gateway."""

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
        calls=None,
        arguments=arguments(
            "ApiEndpoint Method",
            "Headers Stage Path QueryParameters RequestBody AllowNullValues AuthType",
        ),
        own_result=True,
        rights=("execute-api:Invoke",),
        is_certain=False,  # needed with AuthType IAM_ROLE alone
    ),
    Integration(
        HTTP,
        "invoke",
        calls=None,
        arguments=arguments(
            "ApiEndpoint Method",
            "Authentication InvocationConfig Headers QueryParameters RequestBody Transform",
        ),
        own_result=True,
        rights=("states:InvokeHTTPEndpoint",),
    ),
)
