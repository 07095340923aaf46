"""Steps that the old package never had: Athena, Bedrock, HTTP, EMR Serverless, CodeBuild."""

from __future__ import annotations

from ratchet.workflow.steps.service_step import CallbackStep, JobStep, RequestStep


class AthenaStartQueryExecutionStep(JobStep):
    """Runs an Athena query: QueryString, WorkGroup."""

    service, action = "athena", "startQueryExecution"


class AthenaStopQueryExecutionStep(RequestStep):
    """Stops an Athena query: QueryExecutionId."""

    service, action = "athena", "stopQueryExecution"


class AthenaGetQueryExecutionStep(RequestStep):
    """Gets the status of an Athena query: QueryExecutionId."""

    service, action = "athena", "getQueryExecution"


class AthenaGetQueryResultsStep(RequestStep):
    """Reads an Athena query's rows: QueryExecutionId."""

    service, action = "athena", "getQueryResults"


class BedrockInvokeModelStep(CallbackStep):
    """Invokes a Bedrock model: ModelId, Body."""

    service, action = "bedrock", "invokeModel"


class BedrockCreateModelCustomizationJobStep(JobStep):
    """Fine-tunes a Bedrock model."""

    service, action = "bedrock", "createModelCustomizationJob"


class CodeBuildStartBuildStep(JobStep):
    """Runs a CodeBuild project: ProjectName."""

    service, action = "codebuild", "startBuild"


class HttpStep(RequestStep):
    """Calls an HTTPS API: ApiEndpoint, Method, Authentication.ConnectionArn."""

    service, action = "http", "invoke"


class ApiGatewayInvokeStep(CallbackStep):
    """Calls an API Gateway endpoint: ApiEndpoint, Method."""

    service, action = "apigateway", "invoke"


class EmrServerlessCreateApplicationStep(JobStep):
    """Creates an EMR Serverless application."""

    service, action = "emr-serverless", "createApplication"


class EmrServerlessStartApplicationStep(JobStep):
    """Starts an EMR Serverless application."""

    service, action = "emr-serverless", "startApplication"


class EmrServerlessStopApplicationStep(JobStep):
    """Stops an EMR Serverless application."""

    service, action = "emr-serverless", "stopApplication"


class EmrServerlessDeleteApplicationStep(JobStep):
    """Deletes an EMR Serverless application."""

    service, action = "emr-serverless", "deleteApplication"


class EmrServerlessStartJobRunStep(JobStep):
    """Runs an EMR Serverless job: ApplicationId, ExecutionRoleArn, JobDriver."""

    service, action = "emr-serverless", "startJobRun"


class EmrServerlessCancelJobRunStep(JobStep):
    """Cancels an EMR Serverless job."""

    service, action = "emr-serverless", "cancelJobRun"
