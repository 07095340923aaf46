"""What users of `stepfunctions` wrote works with only its imports changed.

Written from descriptions of the package's README and of the seven sample workflows: churn
retraining, hello world, PyTorch MNIST, processing with scikit-learn, abalone, Online Retail, and
DataBrew with Bank Marketing. What cannot work under its old name is refused with the new spelling.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import ratchet.workflow
from ratchet.workflow import Workflow, sagemaker, steps, template
from ratchet.workflow.inputs import ExecutionInput, StepInput
from ratchet.workflow.sagemaker import (
    Estimator,
    ProcessingInput,
    ProcessingOutput,
    PyTorch,
    SKLearn,
    SKLearnProcessor,
    TrainingInput,
    get_image_uri,
    image_uris,
    s3_input,
)
from ratchet.workflow.steps import (
    Catch,
    Chain,
    Choice,
    ChoiceRule,
    Fail,
    LambdaStep,
    Parallel,
    Pass,
    Retry,
    Succeed,
    Wait,
)
from ratchet.workflow.template import InferencePipeline, TrainingPipeline

pytestmark = pytest.mark.filterwarnings("ignore:.*Default.*")
ROLE = "arn:aws:iam::123456789012:role/workflow"
SAGEMAKER_ROLE = "arn:aws:iam::123456789012:role/sagemaker"
BUCKET = "bucket"


def states_of(workflow: Workflow) -> dict[str, Any]:
    """The states of a workflow that the checks find nothing wrong with."""
    assert [found for found in workflow.check() if found.severity == "ERROR"] == []
    states: dict[str, Any] = workflow.definition.to_dict()["States"]
    return states


def test_the_readme_chain_of_hello_and_world() -> None:
    hello = Pass(state_id="HelloWorld", result="Hello World!")
    definition = Chain([hello, Succeed("Done")])
    workflow = Workflow(name="MyWorkflow", definition=definition, role=ROLE)
    assert states_of(workflow)["HelloWorld"] == {
        "Type": "Pass",
        "Result": "Hello World!",
        "Next": "Done",
    }


def test_hello_world_both_ways() -> None:
    schema = {"IsHelloWorldExample": bool}
    start = Pass(state_id="MyPassState", output_schema=schema)
    wait = Wait(state_id="Wait for 3 seconds", seconds=3)
    parallel = Parallel("MyParallelState")
    parallel.add_branch(Pass(state_id="Hello"))
    parallel.add_branch(Pass(state_id="World"))
    lambda_state = LambdaStep(
        state_id="Convert HelloWorld to Base64",
        parameters={"FunctionName": "base64", "Payload": {"input": "HelloWorld"}},
    )
    lambda_state.add_retry(
        Retry(
            error_equals=["States.TaskFailed"],
            interval_seconds=15,
            max_attempts=2,
            backoff_rate=4.0,
        )
    )
    lambda_state.add_catch(
        Catch(error_equals=["States.TaskFailed"], next_step=Fail("LambdaTaskFailed"))
    )
    succeed = Succeed("HelloWorldSuccessful")
    happy = Chain([wait, parallel, lambda_state, succeed])
    choice = Choice(state_id="Is this Hello World example?")
    choice.add_choice(
        rule=ChoiceRule.BooleanEquals(variable=start.output()["IsHelloWorldExample"], value=True),
        next_step=happy,
    )
    choice.add_choice(
        ChoiceRule.BooleanEquals(variable=start.output()["IsHelloWorldExample"], value=False),
        next_step=Fail("HelloWorldFailed"),
    )
    workflow = Workflow(name="MyWorkflow_v2", definition=Chain([start, choice]), role=ROLE)
    states = states_of(workflow)
    assert len(states) == 8
    assert states["Is this Hello World example?"]["Choices"][0] == {
        "Variable": "$['IsHelloWorldExample']",
        "BooleanEquals": True,
        "Next": "Wait for 3 seconds",
    }
    assert states["Convert HelloWorld to Base64"]["Retry"][0]["BackoffRate"] == 4.0


def churn() -> Workflow:
    execution_input = ExecutionInput(
        schema={
            "TrainingJobName": str,
            "GlueJobName": str,
            "ModelName": str,
            "EndpointName": str,
            "LambdaFunctionName": str,
        }
    )
    etl_step = steps.GlueStartJobRunStep(
        "Extract, Transform, Load",
        parameters={
            "JobName": execution_input["GlueJobName"],
            "Arguments": {"--S3_SOURCE": "s3://bucket/data", "--TRAIN_KEY": "train/"},
        },
    )
    container = image_uris.retrieve("xgboost", "us-east-1", version="1.2-1")
    xgb = Estimator(
        container,
        SAGEMAKER_ROLE,
        instance_count=1,
        instance_type="ml.m4.xlarge",
        output_path=f"s3://{BUCKET}/churn/output",
    )
    xgb.set_hyperparameters(
        max_depth=5,
        eta=0.2,
        gamma=4,
        objective="binary:logistic",
        eval_metric="error",
        num_round=100,
    )
    training_step = steps.TrainingStep(
        "Model Training",
        estimator=xgb,
        data={
            "train": TrainingInput(f"s3://{BUCKET}/train", content_type="text/csv"),
            "validation": TrainingInput(f"s3://{BUCKET}/validation", content_type="text/csv"),
        },
        job_name=execution_input["TrainingJobName"],
        wait_for_completion=True,
    )
    model_step = steps.ModelStep(
        "Save Model",
        model=training_step.get_expected_model(),
        model_name=execution_input["ModelName"],
        result_path="$.ModelStepResults",
    )
    lambda_step = steps.compute.LambdaStep(
        "Query Training Results",
        parameters={
            "FunctionName": execution_input["LambdaFunctionName"],
            "Payload": {"TrainingJobName.$": "$.TrainingJobName"},
        },
    )
    check_accuracy_step = steps.states.Choice("Accuracy > 90%")
    endpoint_config_step = steps.EndpointConfigStep(
        "Create Model Endpoint Config",
        endpoint_config_name=execution_input["ModelName"],
        model_name=execution_input["ModelName"],
        initial_instance_count=1,
        instance_type="ml.m4.xlarge",
    )
    endpoint_step = steps.EndpointStep(
        "Update Model Endpoint",
        endpoint_name=execution_input["EndpointName"],
        endpoint_config_name=execution_input["ModelName"],
        update=False,
    )
    fail_step = steps.states.Fail(
        "Model Accuracy Too Low", comment="Validation accuracy lower than threshold"
    )
    threshold_rule = steps.choice_rule.ChoiceRule.NumericLessThan(
        variable=lambda_step.output()["Payload"]["trainingMetrics"][0]["Value"], value=0.1
    )
    check_accuracy_step.add_choice(rule=threshold_rule, next_step=endpoint_config_step)
    check_accuracy_step.default_choice(next_step=fail_step)
    endpoint_config_step.next(endpoint_step)
    workflow_definition = steps.Chain(
        [etl_step, training_step, model_step, lambda_step, check_accuracy_step]
    )
    return Workflow(
        name="MyInferenceRoutine",
        definition=workflow_definition,
        role=ROLE,
        execution_input=execution_input,
    )


def test_churn_retraining() -> None:
    with pytest.warns(UserWarning, match="metric at place 0 is whichever comes there"):
        workflow = churn()
    states = states_of(workflow)
    assert list(states)[:5] == [
        "Extract, Transform, Load",
        "Model Training",
        "Save Model",
        "Query Training Results",
        "Accuracy > 90%",
    ]
    training = states["Model Training"]["Parameters"]
    assert training["TrainingJobName.$"] == "$$.Execution.Input['TrainingJobName']"
    assert training["ResourceConfig"] == {
        "InstanceCount": 1,
        "InstanceType": "ml.m4.xlarge",
        "VolumeSizeInGB": 30,
    }
    assert training["HyperParameters"]["eta"] == "0.2"
    model = states["Save Model"]["Parameters"]["PrimaryContainer"]
    assert model["ModelDataUrl.$"] == "$['ModelArtifacts']['S3ModelArtifacts']"
    assert states["Accuracy > 90%"]["Choices"] == [
        {
            "Variable": "$['Payload']['trainingMetrics'][0]['Value']",
            "NumericLessThan": 0.1,
            "Next": "Create Model Endpoint Config",
        }
    ]
    assert states["Update Model Endpoint"]["Resource"].endswith("sagemaker:createEndpoint")


def test_databrew_before_the_split() -> None:
    execution_input = ExecutionInput(schema={"DatabrewJobName": str, "GlueETLJobName": str})
    databrew_step = steps.GlueDataBrewStartJobRunStep(
        "Apply Transformation", parameters={"Name": execution_input["DatabrewJobName"]}
    )
    split_step = steps.GlueStartJobRunStep(
        "Split Train & Test DataSet", parameters={"JobName": execution_input["GlueETLJobName"]}
    )
    definition = steps.Chain([databrew_step, split_step])
    workflow = Workflow("DataBrewWorkflow", definition, ROLE, execution_input=execution_input)
    states = states_of(workflow)
    assert states["Apply Transformation"]["Resource"].endswith(":databrew:startJobRun.sync")
    assert states["Apply Transformation"]["Parameters"] == {
        "Name.$": "$$.Execution.Input['DatabrewJobName']"
    }


def test_online_retail_and_what_its_gate_compared() -> None:
    """Its choice asked whether one text is at least another one: it is built, and warned of."""
    execution_input = ExecutionInput(schema={"JobName": str, "ModelName": str})
    lambda_step = steps.compute.LambdaStep(
        "Validating RMSE (Lambda)",
        parameters={
            "FunctionName": "validate",
            "Payload": {"TrainingJobName.$": "$.TrainingJobName"},
        },
    )
    lambda_step.add_retry(
        steps.states.Retry(
            error_equals=["States.TaskFailed"],
            interval_seconds=15,
            max_attempts=2,
            backoff_rate=4.0,
        )
    )
    transform_step = steps.TransformStep(
        "Batch inference (SageMaker)",
        transformer=Estimator("image", SAGEMAKER_ROLE).transformer(1, "ml.m5.large"),
        job_name=execution_input["JobName"],
        model_name=execution_input["ModelName"],
        data="s3://bucket/test/",
        content_type="text/csv",
    )
    choice = steps.states.Choice("RMSE >=50% ?")
    choice.add_choice(
        rule=ChoiceRule.StringGreaterThanEquals(
            variable=lambda_step.output()["Payload"]["rmse"], value="50"
        ),
        next_step=transform_step,
    )
    choice.default_choice(next_step=Pass("Worse model"))
    with pytest.warns(UserWarning, match="compares letter by letter.*NumericGreaterThanEquals"):
        workflow = Workflow("Retail", Chain([lambda_step, choice]), ROLE)
    assert states_of(workflow)["RMSE >=50% ?"]["Choices"][0]["StringGreaterThanEquals"] == "50"


@pytest.mark.parametrize(
    ("code", "spelling"),
    [
        ("old.set_stream_logger(level=20)", "logging.basicConfig(level=logging.INFO)"),
        ("old.workflow.Workflow", "from ratchet.workflow import Workflow, Execution"),
        ("old.template.pipeline.TrainingPipeline", "from ratchet.workflow.template import"),
        ("old.steps.states.Chain", "from ratchet.workflow.steps import Chain"),
        ("from ratchet.workflow.steps.states import Graph", "ratchet.workflow.steps import Graph"),
        ("sagemaker.Session()", "from ratchet.workflow.session import Session"),
        ("sagemaker.get_execution_role()", "get_execution_role"),
        ("from ratchet.workflow.sagemaker import S3Uploader", "ratchet.workflow.session import"),
        ("sagemaker.s3.S3Uploader", "from ratchet.workflow.session import"),
        ("sagemaker.estimator.Estimator", "import the class itself"),
        ("sagemaker.amazon.amazon_estimator.image_uris", "import the class itself"),
        ("from ratchet.workflow.sagemaker import TensorFlow", "Estimator(image_uri=...)"),
        ("sagemaker.Estimator('image', ROLE).fit({})", "a TrainingStep or a TuningStep"),
        ("sagemaker.Estimator('image', ROLE).deploy(1, 'm')", "template.deploy_endpoint"),
        ("sagemaker.Model('image').deploy(1, 'm')", "template.deploy_endpoint"),
        ("sagemaker.Processor(ROLE).run()", "a ProcessingStep of a workflow runs it"),
        ("sagemaker.Estimator('image', ROLE).transformer(1, 'm').transform()", "TransformStep"),
    ],
)
def test_a_former_name_is_refused_with_its_new_spelling(code: str, spelling: str) -> None:
    with pytest.raises((ImportError, AttributeError), match=re.escape(spelling)):
        exec(code, {"old": ratchet.workflow, "sagemaker": sagemaker, "ROLE": ROLE})


@pytest.mark.parametrize("module", [ratchet.workflow, sagemaker, template, steps.states])
def test_any_other_name_is_missing_as_names_of_modules_are(module: Any) -> None:
    assert not hasattr(module, "nothing_of_this_name")
    assert not hasattr(Estimator("image", ROLE), "nothing_of_this_name")


def test_pytorch_mnist_by_the_training_pipeline(tmp_path: Path) -> None:
    script = tmp_path / "mnist.py"
    script.write_text("print('train')\n")
    estimator = PyTorch(
        entry_point=str(script),
        role=SAGEMAKER_ROLE,
        framework_version="1.8.1",
        py_version="py3",
        instance_count=2,
        instance_type="ml.c4.xlarge",
        hyperparameters={"epochs": 6, "backend": "gloo"},
    )
    pipeline = TrainingPipeline(
        estimator=estimator,
        role=ROLE,
        inputs={"training": f"s3://{BUCKET}/mnist"},
        s3_bucket=BUCKET,
        pipeline_name="mnist",
    )
    states = states_of(pipeline.get_workflow())
    assert {"Training", "Create Model", "Configure Endpoint", "Deploy"} <= set(states)
    given = pipeline.hyperparameters()
    assert given["epochs"] == "6"
    assert given["backend"] == '"gloo"'
    assert given["sagemaker_program"] == '"mnist.py"'
    assert given["sagemaker_submit_directory"].startswith('"s3://bucket/mnist/source/')
    assert "<svg" in pipeline.render_graph().svg
    image = states["Training"]["Parameters"]["AlgorithmSpecification"]["TrainingImage"]
    assert image.endswith("pytorch-training:1.8.1-cpu-py3")


def test_processing_training_evaluation() -> None:
    execution_input = ExecutionInput(
        schema={
            "PreprocessingJobName": str,
            "TrainingJobName": str,
            "EvaluationProcessingJobName": str,
        }
    )
    processor = SKLearnProcessor(
        framework_version="0.20.0",
        role=SAGEMAKER_ROLE,
        instance_type="ml.m5.xlarge",
        instance_count=1,
        max_runtime_in_seconds=1200,
    )
    processing_step = steps.ProcessingStep(
        "SageMaker pre-processing step",
        processor=processor,
        job_name=execution_input["PreprocessingJobName"],
        inputs=[
            ProcessingInput(
                source="s3://bucket/input",
                destination="/opt/ml/processing/input",
                input_name="input-1",
            )
        ],
        outputs=[
            ProcessingOutput(
                source="/opt/ml/processing/train",
                destination="s3://bucket/train",
                output_name="train_data",
            )
        ],
        container_arguments=["--train-test-split-ratio", "0.2"],
        container_entrypoint=["python3", "/opt/ml/processing/input/code/preprocessing.py"],
    )
    sklearn = SKLearn(
        entry_point="train.py",
        source_dir="s3://bucket/code/sourcedir.tar.gz",
        role=SAGEMAKER_ROLE,
        framework_version="0.20.0",
        instance_type="ml.m5.xlarge",
    )
    training_step = steps.TrainingStep(
        "SageMaker Training Step",
        estimator=sklearn,
        data={"train": TrainingInput("s3://bucket/train", content_type="text/csv")},
        job_name=execution_input["TrainingJobName"],
        wait_for_completion=True,
    )
    evaluation_step = steps.ProcessingStep(
        "SageMaker Processing Model Evaluation step",
        processor=processor,
        job_name=execution_input["EvaluationProcessingJobName"],
        outputs=[ProcessingOutput(source="/opt/ml/out", destination="s3://bucket/evaluation")],
    )
    failed = Fail("ML Workflow failed", cause="SageMakerProcessingJobFailed")
    catch = Catch(error_equals=["States.TaskFailed"], next_step=failed)
    for step in (processing_step, training_step, evaluation_step):
        step.add_catch(catch)
    graph = Chain([processing_step, training_step, evaluation_step])
    states = states_of(
        Workflow("SageMakerProcessingWorkflow", graph, ROLE, execution_input=execution_input)
    )
    job = states["SageMaker pre-processing step"]["Parameters"]
    assert job["AppSpecification"]["ContainerArguments"] == ["--train-test-split-ratio", "0.2"]
    assert job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3UploadMode"] == "EndOfJob"
    assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 1200}


def test_abalone_with_its_sdk_1_names_and_its_misspelt_hyperparameter() -> None:
    execution_input = ExecutionInput(schema={"JobName": str, "ModelName": str, "EndpointName": str})
    xgb = Estimator(
        get_image_uri("us-east-1", "xgboost"),
        SAGEMAKER_ROLE,
        train_instance_count=1,
        train_instance_type="ml.m4.4xlarge",
        train_volume_size=5,
        output_path=f"s3://{BUCKET}/abalone/output",
        sagemaker_session=object(),
    )
    xgb.set_hyperparameters(objective="reg:linear", num_round=50, max_depth=5, eta=0.2, gamme=4)
    with pytest.warns(UserWarning, match=r"'gamme'.*did you mean 'gamma'"):
        training_step = steps.TrainingStep(
            "Train Step",
            estimator=xgb,
            data={
                "train": s3_input("s3://bucket/train", content_type="text/libsvm"),
                "validation": s3_input("s3://bucket/validation", content_type="text/libsvm"),
            },
            job_name=execution_input["JobName"],
        )
    model_step = steps.ModelStep(
        "Save model",
        model=training_step.get_expected_model(),
        model_name=execution_input["ModelName"],
    )
    transform_step = steps.TransformStep(
        "Transform Input Dataset",
        transformer=xgb.transformer(
            instance_count=1, instance_type="ml.m5.large", output_path="s3://bucket/out"
        ),
        job_name=execution_input["JobName"],
        model_name=execution_input["ModelName"],
        data="s3://bucket/test",
        content_type="text/libsvm",
    )
    endpoint_config_step = steps.EndpointConfigStep(
        "Create Endpoint Config",
        endpoint_config_name=execution_input["ModelName"],
        model_name=execution_input["ModelName"],
        initial_instance_count=1,
        instance_type="ml.m5.large",
    )
    endpoint_step = steps.EndpointStep(
        "Create Endpoint",
        endpoint_name=execution_input["EndpointName"],
        endpoint_config_name=execution_input["ModelName"],
    )
    workflow_definition = steps.Chain(
        [training_step, model_step, transform_step, endpoint_config_step, endpoint_step]
    )
    workflow = Workflow(
        name="MyTrainTransformDeploy_v1",
        definition=workflow_definition,
        role=ROLE,
        execution_input=execution_input,
    )
    states = states_of(workflow)
    assert states["Train Step"]["Parameters"]["ResourceConfig"]["VolumeSizeInGB"] == 5
    assert states["Transform Input Dataset"]["Parameters"]["TransformInput"] == {
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/test"}},
        "ContentType": "text/libsvm",
    }


def test_the_inference_pipeline(tmp_path: Path) -> None:
    script = tmp_path / "prepare.py"
    script.write_text("print('prepare')\n")
    preprocessor = SKLearn(
        entry_point=str(script),
        role=SAGEMAKER_ROLE,
        framework_version="1.2-1",
        instance_count=1,
        instance_type="ml.m5.large",
    )
    estimator = Estimator(
        image_uris.retrieve("xgboost", "us-east-1", version="1.7-1"),
        SAGEMAKER_ROLE,
        instance_type="ml.m5.large",
        hyperparameters={"num_round": 10},
    )
    pipeline = InferencePipeline(
        preprocessor=preprocessor,
        estimator=estimator,
        inputs={"train": TrainingInput("s3://bucket/train", content_type="text/csv")},
        s3_bucket=BUCKET,
        role=ROLE,
        compression_type=None,
        content_type="text/csv",
        pipeline_name="both",
    )
    states = states_of(pipeline.get_workflow())
    assert list(states)[:6] == [
        "Train Preprocessor",
        "Create Preprocessor Model",
        "Transform Input",
        "Training",
        "Create Pipeline Model",
        "Configure Endpoint",
    ]
    containers = states["Create Pipeline Model"]["Parameters"]["Containers"]
    assert [part["ModelDataUrl.$"] for part in containers] == [
        "$['Preprocessor']['ModelArtifacts']['S3ModelArtifacts']",
        "$['Estimator']['ModelArtifacts']['S3ModelArtifacts']",
    ]


def test_placeholders_as_the_documentation_shows_them() -> None:
    execution_input = ExecutionInput(schema={"myDynamicInput": {"key1": str}})
    placeholder = execution_input.get("myDynamicInput", dict).get("key1", str)
    first = Pass("First", output_schema={"key": str})
    second = Pass("Second", parameters={"a": first.output()["key"], "b": placeholder})
    states = states_of(Workflow("Placeholders", Chain([first, second]), ROLE))
    assert states["Second"]["Parameters"] == {
        "a.$": "$['key']",
        "b.$": "$$.Execution.Input['myDynamicInput']['key1']",
    }
    assert isinstance(first.output(), StepInput)
