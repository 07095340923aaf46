"""Amazon Bedrock: models, and harnesses of AgentCore."""

from __future__ import annotations

from ratchet.workflow.integrations.row import (
    GUIDE,
    Integration,
    Job,
    Polling,
    Service,
    answer,
    arguments,
)

BEDROCK = Service("bedrock", "Bedrock", "bedrock", "bedrock", GUIDE + "connect-bedrock.html")
AGENT_CORE = Service(
    "bedrockagentcore",
    "Bedrock AgentCore",
    "bedrock-agentcore",
    "bedrock-agentcore",
    GUIDE + "connect-bedrockagentcore.html",
)
_JOB = {"JobIdentifier": answer("JobArn")}

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
        own_result=True,
        is_certain=False,
    ),
    Integration(
        BEDROCK,
        "createModelCustomizationJob",
        own_result=True,
        job=Job(
            rights=("bedrock:GetModelCustomizationJob", "bedrock:StopModelCustomizationJob"),
            source=BEDROCK.source,
            polling=Polling(
                describe="GetModelCustomizationJob",
                named=_JOB,
                status=("status",),
                good=frozenset({"Completed"}),
                bad=frozenset({"Failed", "Stopped"}),
                stop="StopModelCustomizationJob",
                stopped=_JOB,
                is_result=False,
            ),
        ),
    ),
    Integration(AGENT_CORE, "invokeHarness", is_certain=False),
)
