"""Optimised integrations: actions and the patterns in which AWS offers them.

Tables from the AWS documentation page "Integrating optimized services with Step Functions".
"""

from __future__ import annotations

REQUEST: frozenset[str] = frozenset({"request"})
JOB: frozenset[str] = frozenset({"request", "sync"})
CALLBACK: frozenset[str] = frozenset({"request", "waitForTaskToken"})
BOTH: frozenset[str] = JOB | CALLBACK

OPTIMISED: dict[str, dict[str, frozenset[str]]] = {
    "apigateway": {"invoke": CALLBACK},
    "athena": {
        "startQueryExecution": JOB,
        "stopQueryExecution": REQUEST,
        "getQueryExecution": REQUEST,
        "getQueryResults": REQUEST,
    },
    "batch": {"submitJob": JOB},
    "bedrock": {"invokeModel": CALLBACK, "createModelCustomizationJob": JOB},
    "bedrockagentcore": {"invokeHarness": REQUEST},
    "codebuild": {
        "startBuild": JOB,
        "stopBuild": REQUEST,
        "batchDeleteBuilds": REQUEST,
        "batchGetReports": REQUEST,
        "startBuildBatch": JOB,
        "stopBuildBatch": REQUEST,
        "retryBuildBatch": JOB,
        "deleteBuildBatch": REQUEST,
    },
    "databrew": {"startJobRun": JOB},
    "dynamodb": {
        "getItem": REQUEST,
        "putItem": REQUEST,
        "deleteItem": REQUEST,
        "updateItem": REQUEST,
    },
    "ecs": {"runTask": BOTH},
    "eks": {
        "call": CALLBACK,
        "runJob": BOTH,
        "createCluster": JOB,
        "deleteCluster": JOB,
        "createNodegroup": JOB,
        "deleteNodegroup": JOB,
        "createFargateProfile": JOB,
        "deleteFargateProfile": JOB,
    },
    "elasticmapreduce": {
        "createCluster": JOB,
        "terminateCluster": JOB,
        "addStep": JOB,
        "cancelStep": REQUEST,
        "setClusterTerminationProtection": REQUEST,
        "modifyInstanceFleetByName": REQUEST,
        "modifyInstanceGroupByName": REQUEST,
    },
    "emr-containers": {
        "createVirtualCluster": REQUEST,
        "deleteVirtualCluster": JOB,
        "startJobRun": JOB,
    },
    "emr-serverless": {
        "createApplication": JOB,
        "startApplication": JOB,
        "stopApplication": JOB,
        "deleteApplication": JOB,
        "startJobRun": JOB,
        "cancelJobRun": JOB,
    },
    "events": {"putEvents": CALLBACK},
    "glue": {"startJobRun": JOB},
    "http": {"invoke": REQUEST},
    "lambda": {"invoke": CALLBACK},
    "mediaconvert": {"createJob": JOB},
    "sagemaker": {
        "createEndpoint": REQUEST,
        "createEndpointConfig": REQUEST,
        "createHyperParameterTuningJob": JOB,
        "createLabelingJob": JOB,
        "createModel": REQUEST,
        "createProcessingJob": JOB,
        "createTrainingJob": JOB,
        "createTransformJob": JOB,
        "updateEndpoint": REQUEST,
    },
    "sns": {"publish": CALLBACK},
    "sqs": {"sendMessage": CALLBACK},
    "states": {"startExecution": BOTH | {"sync:2"}},
}
