"""Machines as people write them. AWS accepts each, and so nothing may be found in any of them."""

from __future__ import annotations

SEMAPHORE = """
StartAt: Take
States:
  Take:
    Type: Parallel
    ResultPath: null
    Next: Work
    Branches:
      - StartAt: Acquire
        States:
          Acquire:
            Type: Task
            Resource: arn:aws:states:::dynamodb:updateItem
            Parameters:
              TableName: ${LocksTable}
              Key: {lock: {S: trainer}}
              ExpressionAttributeNames: {"#held": held, "#owner.$": $$.Execution.Id}
              ExpressionAttributeValues:
                ":one": {N: "1"}
                ":most": {N: "${Limit}"}
                ":now": {"S.$": $$.State.EnteredTime}
              UpdateExpression: "SET #held = #held + :one, #owner = :now"
              ConditionExpression: "#held < :most"
            Retry:
              - ErrorEquals: [DynamoDB.AmazonDynamoDBException]
                MaxAttempts: 0
              - ErrorEquals: [States.ALL]
                MaxAttempts: 6
                BackoffRate: 2
            Catch:
              - ErrorEquals: [DynamoDB.ConditionalCheckFailedException]
                ResultPath: $.lock.error
                Next: Read
            End: true
          Read:
            Type: Task
            Resource: arn:aws:states:::dynamodb:getItem
            Parameters:
              TableName: ${LocksTable}
              Key: {lock: {S: trainer}}
              ExpressionAttributeNames: {"#owner.$": $$.Execution.Id}
              ProjectionExpression: "#owner"
            ResultSelector:
              Item.$: $.Item
              Text.$: States.JsonToString($.Item)
            ResultPath: $.lock.item
            Next: Mine?
          Mine?:
            Type: Choice
            Choices:
              - And:
                  - {Variable: $.lock.item.Text, IsPresent: true}
                  - {Variable: $.lock.item.Text, StringMatches: "*Z*"}
                Next: Held
            Default: Pause
          Held: {Type: Pass, End: true}
          Pause: {Type: Wait, Seconds: 3, Next: Acquire}
  Work:
    Type: Task
    Resource: arn:aws:lambda:us-east-1:123456789012:function:work:live
    TimeoutSecondsPath: $.limits.seconds
    Next: Done
  Done: {Type: Succeed}
"""

PAGES = """
{
\t"StartAt": "First page",
\t"States": {
\t\t"First page": {
\t\t\t"Type": "Task",
\t\t\t"Resource": "arn:aws:states:::aws-sdk:dynamodb:scan",
\t\t\t"Parameters": {"TableName": "${Table}", "Limit": 50},
\t\t\t"Next": "Items"
\t\t},
\t\t"Items": {
\t\t\t"Type": "Map",
\t\t\t"ItemsPath": "$.Items",
\t\t\t"MaxConcurrency": ${Concurrency},
\t\t\t"Parameters": {"item.$": "$$.Map.Item.Value", "index.$": "$$.Map.Item.Index"},
\t\t\t"Iterator": {
\t\t\t\t"StartAt": "Put",
\t\t\t\t"States": {
\t\t\t\t\t"Put": {
\t\t\t\t\t\t"Type": "Task",
\t\t\t\t\t\t"Resource": "arn:aws:states:::dynamodb:putItem",
\t\t\t\t\t\t"Parameters": {"TableName": "${Table}", "Item.$": "$.item"},
\t\t\t\t\t\t"End": true
\t\t\t\t\t}
\t\t\t\t}
\t\t\t},
\t\t\t"ResultSelector": {"pairs.$": "$.[*].['bucket', 'key']", "count.$": "$.length()"},
\t\t\t"ResultPath": null,
\t\t\t"Next": "More?"
\t\t},
\t\t"More?": {
\t\t\t"Type": "Choice",
\t\t\t"Choices": [{"Variable": "$.LastEvaluatedKey", "IsPresent": true, "Next": "Page"}],
\t\t\t"Default": "End"
\t\t},
\t\t"Page": {
\t\t\t"Type": "Task",
\t\t\t"Resource": "arn:aws:states:::aws-sdk:dynamodb:scan",
\t\t\t"Parameters": {"TableName": "${Table}", "ExclusiveStartKey.$": "$.LastEvaluatedKey"},
\t\t\t"Next": "Items"
\t\t},
\t\t"End": {"Type": "Succeed"}
\t}
}
"""

SNAPSHOT = """
StartAt: Describe
States:
  Describe:
    Type: Task
    Resource: arn:aws:states:::aws-sdk:rds:describeDBInstances
    Parameters: {DbInstanceIdentifier.$: $.name}
    Next: Snapshot
  Snapshot:
    Type: Task
    Resource: arn:aws:states:::aws-sdk:rds:createDBSnapshot
    Parameters:
      DbInstanceIdentifier.$: $.DbInstances[0].DbInstanceIdentifier
      DbSnapshotIdentifier.$: >-
        States.Format('{}-{}', $.DbInstances[0].DbInstanceIdentifier,
        States.ArrayGetItem(States.StringSplit($$.Execution.StartTime, 'T'), 0))
      Tags: [{Key: by, Value.$: $$.StateMachine.Name}]
    ResultPath: $.snapshot
    Next: Encrypt
  Encrypt:
    Type: Task
    Resource: arn:aws:states:::aws-sdk:s3:putBucketEncryption
    Parameters:
      Bucket: ${Bucket}
      ServerSideEncryptionConfiguration:
        Rules: [{ApplyServerSideEncryptionByDefault: {SseAlgorithm: AES256}}]
    ResultPath: null
    Next: Stop
  Stop:
    Type: Task
    Resource: arn:aws:states:::aws-sdk:ec2:stopInstances
    Parameters:
      InstanceIds.$: $..Instances[?(@.State.Name == 'running')].InstanceId
    Catch:
      - ErrorEquals: [Ec2.Ec2Exception, States.Http.StatusCode.429]
        Next: Missed
    End: true
  Missed:
    Type: Fail
    ErrorPath: $.Error
    CausePath: States.Format('stopped badly, {}', $.Cause)
"""

BATCHES = """
QueryLanguage: JSONata
StartAt: Begin
States:
  Begin:
    Type: Pass
    Assign:
      task: '{% $states.input.task_id %}'
      file: "{% 'total-' & $string($millis()) & '.csv' %}"
    Next: Each
  Each:
    Type: Map
    Label: EachPlace
    MaxConcurrency: 5
    ToleratedFailurePercentage: 5
    ItemReader:
      Resource: arn:aws:states:::s3:getObject
      ReaderConfig: {InputType: CSV, CSVHeaderLocation: FIRST_ROW, MaxItems: 1000}
      Arguments: {Bucket: '{% $states.input.bucket %}', Key: places.csv}
    ItemBatcher:
      MaxItemsPerBatch: 10
      BatchInput: {task: '{% $task %}'}
    ItemSelector: {row: '{% $states.context.Map.Item.Value %}'}
    ItemProcessor:
      ProcessorConfig: {Mode: DISTRIBUTED, ExecutionType: STANDARD}
      StartAt: Ask
      States:
        Ask:
          Type: Task
          Resource: arn:aws:states:::http:invoke
          Arguments:
            ApiEndpoint: "{% 'https://example.com/' & $states.input.Items[0].row.id %}"
            Method: GET
            InvocationConfig: {ConnectionArn: '${Connection}'}
          Retry:
            - ErrorEquals: [States.Http.StatusCode.503, States.Timeout]
              MaxDelaySeconds: 60
              JitterStrategy: FULL
            - ErrorEquals: [States.ALL]
          Assign:
            place: '{% $states.input.BatchInput.task %}'
          Output: '{% $states.result.ResponseBody %}'
          Next: Any?
        Any?:
          Type: Choice
          Choices:
            - Condition: '{% $number($states.input.failed) > 0 or $exists($retry) %}'
              Next: Child
          Default: Nothing
        Child:
          Type: Task
          Resource: arn:aws:states:::states:startExecution.sync:2
          Arguments:
            StateMachineArn: ${Child}
            Input:
              place: '{% $place %}'
              AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: '{% $states.context.Execution.Id %}'
          Next: Nothing
        Nothing: {Type: Pass, Output: {}, End: true}
    ResultWriter:
      Resource: arn:aws:states:::s3:putObject
      Arguments: {Bucket: '{% $states.input.bucket %}', Prefix: results}
      WriterConfig: {Transformation: COMPACT, OutputType: JSONL}
    Next: Train
  Train:
    Type: Task
    Resource: arn:aws:states:::sagemaker:createTrainingJob.sync
    Arguments:
      TrainingJobName: "{% 'train-' & $uuid() %}"
      RoleArn: arn:aws:iam::123456789012:role/train
      AlgorithmSpecification: {TrainingImage: image, TrainingInputMode: File}
      HyperParameters: {max_depth: "5", sagemaker_program: '"train.py"'}
      OutputDataConfig: {S3OutputPath: '{% $states.input.uri & "/model" %}'}
      ResourceConfig: {InstanceType: ml.m5.large, InstanceCount: 1, VolumeSizeInGB: 30}
      StoppingCondition: {MaxRuntimeInSeconds: 3600}
    TimeoutSeconds: '{% 3600 + 60 %}'
    HeartbeatSeconds: 60
    Catch:
      - ErrorEquals: [SageMaker.AmazonSageMakerException, States.TaskFailed]
        Output: '{% $merge([$states.input, {"why": $states.errorOutput.Cause}]) %}'
        Next: Sorry
      - ErrorEquals: [States.ALL]
        Next: Sorry
    Output: >-
      {% (
        $all := $states.result.FinalMetricDataList;
        $best := $sort($all, function($a, $b) { $a.Value < $b.Value });
        $rows := $map($best, function($row, $i) { $i & ': ' & $row.Value });
        {'best': $best[0].Value, 'rows': $rows ~> $join(', '), 'file': $file}
      ) %}
    Next: Know
  Know:
    Type: Task
    Resource: arn:aws:states:::aws-sdk:bedrockagent:createKnowledgeBase
    Arguments:
      Name: "{% 'base' & $uuid() %}"
      RoleArn: arn:aws:iam::123456789012:role/base
      KnowledgeBaseConfiguration:
        Type: VECTOR
        VectorKnowledgeBaseConfiguration: {EmbeddingModelArn: '{% $states.input.model %}'}
    End: true
  Sorry: {Type: Fail, Error: '{% $states.input.Error %}', Cause: Training failed}
"""

SERVICES = """
StartAt: Side by side
States:
  Side by side:
    Type: Parallel
    ResultSelector: {"all.$": "$[*]"}
    End: true
    Branches:
      - StartAt: Container
        States:
          Container:
            Type: Task
            Resource: arn:aws:states:::ecs:runTask.waitForTaskToken
            HeartbeatSeconds: 600
            Parameters:
              Cluster: ${Cluster}
              TaskDefinition: ${Task}
              LaunchType: FARGATE
              NetworkConfiguration:
                AwsvpcConfiguration: {Subnets: ["${SubnetA}"], AssignPublicIp: DISABLED}
              Overrides:
                ContainerOverrides:
                  - Name: main
                    Command.$: States.Array('run', $.file)
                    Environment: [{Name: TOKEN, Value.$: $$.Task.Token}]
            End: true
      - StartAt: Batch
        States:
          Batch:
            Type: Task
            Resource: arn:aws:states:::batch:submitJob.sync
            Parameters:
              JobName: nightly
              JobQueue: ${Queue}
              JobDefinition: ${Job}
              Parameters: {day.$: $.day}
              ContainerOverrides:
                ResourceRequirements: [{Type: MEMORY, Value: "2048"}]
            End: true
      - StartAt: Cluster
        States:
          Cluster:
            Type: Task
            Resource: arn:aws:states:::elasticmapreduce:createCluster.sync
            Parameters:
              Name: spark
              ServiceRole: ${Role}
              JobFlowRole: ${Profile}
              ReleaseLabel: emr-7.0.0
              Applications: [{Name: Spark}]
              Instances: {KeepJobFlowAliveWhenNoSteps: true, InstanceFleets.$: $.fleets}
            ResultPath: $.cluster
            Next: Step
          Step:
            Type: Task
            Resource: arn:aws:states:::elasticmapreduce:addStep.sync
            Parameters:
              ClusterId.$: $.cluster.ClusterId
              Step:
                Name: count
                ActionOnFailure: CONTINUE
                HadoopJarStep: {Jar: command-runner.jar, Args: [spark-submit, "s3://b/count.py"]}
            End: true
      - StartAt: Query
        States:
          Query:
            Type: Task
            Resource: arn:aws:states:::athena:startQueryExecution.sync
            Parameters: {QueryString: "SELECT 1", WorkGroup: primary}
            Next: Tell
          Tell:
            Type: Task
            Resource: arn:aws:states:::sns:publish
            Parameters:
              TopicArn: ${Topic}
              Message: {text: done, run.$: $$.Execution.Id}
              MessageAttributes: {kind: {DataType: String, StringValue: done}}
            ResultPath: $.told
            Next: Queue
          Queue:
            Type: Task
            Resource: arn:aws:states:::sqs:sendMessage.waitForTaskToken
            Parameters: {QueueUrl: "${Url}", MessageBody: {token.$: $$.Task.Token, in.$: $}}
            Next: Event
          Event:
            Type: Task
            Resource: arn:aws:states:::events:putEvents
            Parameters:
              Entries: [{Detail: {a.$: $.a}, DetailType: done, EventBusName: default, Source: me}]
            Next: Model
          Model:
            Type: Task
            Resource: arn:aws:states:::bedrock:invokeModel
            Parameters:
              ModelId: amazon.titan-text-lite-v1
              Body: {inputText.$: $.question}
              ContentType: application/json
            End: true
      - StartAt: Ask person
        States:
          Ask person:
            Type: Task
            QueryLanguage: JSONata
            Resource: arn:aws:states:::apigateway:invoke.waitForTaskToken
            Arguments:
              ApiEndpoint: abc.execute-api.us-east-1.amazonaws.com
              Method: POST
              Headers: {TaskToken: "{% $string($states.context.Task.Token) ~> $split(',') %}"}
              Path: ask
              AuthType: IAM_ROLE
            Output: '{% $states.result.ResponseBody %}'
            Next: Yes?
          Yes?:
            Type: Choice
            Choices:
              - {Variable: $.answer, BooleanEquals: true, Next: Kept}
              - {Variable: $.answer, BooleanEquals: false, Next: Put away}
          Kept:
            Type: Pass
            Parameters: {amount.$: "States.MathAdd($.n, -1)", id.$: States.UUID()}
            Assign: {last.$: $.n, "seen": true}
            Next: Put away
          Put away:
            Type: Task
            Resource: arn:aws:states:::aws-sdk:s3:putObject
            Parameters:
              Bucket: ${Bucket}
              Key.$: States.Format('{}.json', $$.Execution.Name)
              Body: {"left.$": $.n}
            End: true
"""

PLAIN_VALUES = """
StartAt: Note
States:
  Note:
    Type: Task
    Resource: arn:aws:states:::dynamodb:putItem
    Parameters:
      TableName: ${Orders}
      Item: {id.$: $$.Execution.Id, state: new, late: {BOOL: "false"}, seen: {L: [first]}}
    ResultPath: null
    Next: Race
  Race:
    Type: Parallel
    Catch:
      - {ErrorEquals: [States.Enough], Next: Keep}
    Branches:
      - StartAt: Enough
        States:
          Enough: {Type: Fail, Error: States.Enough}
      - StartAt: List
        States:
          List:
            Type: Task
            Resource: arn:aws:states:::aws-sdk:config:listDiscoveredResources
            Parameters: {ResourceType.$: $.kind, Limit: "50"}
            ResultSelector:
              first.$: "$.ResourceIdentifiers.[0].ResourceId"
              sure.$: "$[?(@.p > .8)]"
            ResultPath: $.found
            Next: Migrate
          Migrate:
            Type: Task
            Resource: arn:aws:states:::aws-sdk:databasemigration:startReplicationTask
            Parameters:
              ReplicationTaskArn.$: $.task
              StartReplicationTaskType: reload-target
            End: true
    Next: Keep
  Keep:
    Type: Task
    Resource: arn:aws:states:::aws-sdk:ec2:modifyInstanceAttribute
    Parameters: {InstanceId.$: $.instance, DisableApiTermination: {Value: "true"}}
    Next: Ask
  Ask:
    Type: Task
    Resource: arn:aws:states:::bedrockagentcore:invokeHarness
    Parameters:
      HarnessArn: ${Harness}
      RuntimeSessionId.$: $$.Execution.Name
      Messages: [{Role: user, Content: [{"Text.$": "States.Format('\\n\\\\\\\\{}', $.question)"}]}]
    End: true
"""

FINE = {
    "semaphore": SEMAPHORE,
    "pages": PAGES,
    "snapshot": SNAPSHOT,
    "batches": BATCHES,
    "services": SERVICES,
    "plain values": PLAIN_VALUES,
}
