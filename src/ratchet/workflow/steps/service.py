"""Steps for data, messages, clusters and nested workflows."""

from __future__ import annotations

from ratchet.workflow.steps.service_step import (
    CALL,
    JOB,
    TOKEN,
    CallbackStep,
    JobStep,
    PatternStep,
    RequestStep,
)


class DynamoDBGetItemStep(RequestStep):
    """Reads an item: TableName, Key."""

    service, action = "dynamodb", "getItem"


class DynamoDBPutItemStep(RequestStep):
    """Writes an item: TableName, Item."""

    service, action = "dynamodb", "putItem"


class DynamoDBUpdateItemStep(RequestStep):
    """Updates an item: TableName, Key, UpdateExpression."""

    service, action = "dynamodb", "updateItem"


class DynamoDBDeleteItemStep(RequestStep):
    """Deletes an item: TableName, Key."""

    service, action = "dynamodb", "deleteItem"


class SnsPublishStep(CallbackStep):
    """Publishes a message: TopicArn, Message."""

    service, action = "sns", "publish"


class SqsSendMessageStep(CallbackStep):
    """Sends a message: QueueUrl, MessageBody."""

    service, action = "sqs", "sendMessage"


class EventBridgePutEventsStep(CallbackStep):
    """Puts events on a bus: Entries."""

    service, action = "events", "putEvents"


class StepFunctionsStartExecutionStep(PatternStep):
    """Runs another workflow: StateMachineArn, Input. Its output comes back as JSON."""

    service, action = "states", "startExecution"
    patterns, version = (JOB, CALL, TOKEN), 2


class GlueDataBrewStartJobRunStep(PatternStep):
    """Runs a DataBrew job: Name."""

    service, action = "databrew", "startJobRun"


class EksCreateClusterStep(PatternStep):
    """Creates an EKS cluster."""

    service, action = "eks", "createCluster"


class EksDeleteClusterStep(PatternStep):
    """Deletes an EKS cluster."""

    service, action = "eks", "deleteCluster"


class EksCreateFargateProfileStep(PatternStep):
    """Creates a Fargate profile."""

    service, action = "eks", "createFargateProfile"


class EksDeleteFargateProfileStep(PatternStep):
    """Deletes a Fargate profile."""

    service, action = "eks", "deleteFargateProfile"


class EksCreateNodegroupStep(PatternStep):
    """Creates a node group."""

    service, action = "eks", "createNodegroup"


class EksDeleteNodegroupStep(PatternStep):
    """Deletes a node group."""

    service, action = "eks", "deleteNodegroup"


class EksRunJobStep(PatternStep):
    """Runs a Kubernetes job."""

    service, action = "eks", "runJob"


class EksCallStep(PatternStep):
    """Calls the Kubernetes API."""

    service, action = "eks", "call"
    patterns = (CALL,)


class EmrCreateClusterStep(JobStep):
    """Starts an EMR cluster."""

    service, action = "elasticmapreduce", "createCluster"


class EmrTerminateClusterStep(JobStep):
    """Terminates an EMR cluster."""

    service, action = "elasticmapreduce", "terminateCluster"


class EmrAddStepStep(JobStep):
    """Runs a step on an EMR cluster."""

    service, action = "elasticmapreduce", "addStep"


class EmrCancelStepStep(RequestStep):
    """Cancels an EMR step."""

    service, action = "elasticmapreduce", "cancelStep"


class EmrSetClusterTerminationProtectionStep(RequestStep):
    """Turns the termination protection of an EMR cluster on or off."""

    service, action = "elasticmapreduce", "setClusterTerminationProtection"


class EmrModifyInstanceFleetByNameStep(RequestStep):
    """Changes the capacities of an EMR instance fleet."""

    service, action = "elasticmapreduce", "modifyInstanceFleetByName"


class EmrModifyInstanceGroupByNameStep(RequestStep):
    """Changes the size of an EMR instance group."""

    service, action = "elasticmapreduce", "modifyInstanceGroupByName"
