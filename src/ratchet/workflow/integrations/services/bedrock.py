"""Amazon Bedrock and Bedrock AgentCore."""

from __future__ import annotations

from ratchet.workflow.integrations.row import (
    GUIDE,
    Integration,
    Job,
    Polling,
    Service,
    arguments,
    response,
)

BEDROCK = Service("bedrock", "Bedrock", "bedrock", "bedrock", GUIDE + "connect-bedrock.html")
AGENT_CORE = Service(
    "bedrockagentcore",
    "Bedrock AgentCore",
    "bedrock-agentcore",
    "bedrock-agentcore",
    GUIDE + "connect-bedrockagentcore.html",
)
_JOB = {"JobIdentifier": response("JobArn")}

ROWS = (
    Integration(
        BEDROCK,
        "invokeModel",
        callback=True,
        model="bedrock-runtime",
        arguments=arguments(
            "ModelId",
            "Body Accept ContentType Input Output Trace GuardrailIdentifier GuardrailVersion "
            "PerformanceConfigLatency ServiceTier",
        ),
        has_own_result=True,
        is_certain=False,
    ),
    Integration(
        BEDROCK,
        "createModelCustomizationJob",
        has_own_result=True,
        job=Job(
            permissions=("bedrock:GetModelCustomizationJob", "bedrock:StopModelCustomizationJob"),
            source=BEDROCK.source,
            polling=Polling(
                describe="GetModelCustomizationJob",
                describe_with=_JOB,
                status_path=("status",),
                succeeded=frozenset({"Completed"}),
                failed=frozenset({"Failed", "Stopped"}),
                stop="StopModelCustomizationJob",
                stop_with=_JOB,
                is_result=False,
            ),
        ),
    ),
    Integration(AGENT_CORE, "invokeHarness", is_certain=False),
)
