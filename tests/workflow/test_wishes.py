"""What users of the old package asked for and did not get, or got step by step.

Each request is looked at where it arrives: in the arguments of the call that an execution makes.
"""

from __future__ import annotations

from typing import Any

import pytest

from ratchet.workflow import Workflow
from ratchet.workflow.inputs import ExecutionInput, Format
from ratchet.workflow.sagemaker import (
    Estimator,
    Model,
    ModelPackage,
    ProcessingInput,
    ProcessingOutput,
    Processor,
    PyTorch,
    TrainingInput,
    Transformer,
)
from ratchet.workflow.steps import (
    Chain,
    Choice,
    ChoiceRule,
    ModelPackageStep,
    ModelStep,
    Pass,
    ProcessingStep,
    State,
    Succeed,
    TrainingStep,
    TransformStep,
)
from ratchet.workflow.testing import MachineRun, returns, run_machine, sample

ROLE = "arn:aws:iam::123456789012:role/sagemaker"
PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/3"
ARTIFACT = "s3://made/by/the/job/output/model.tar.gz"


def ran(states: list[State], given: dict[str, Any]) -> MachineRun:
    """An execution of these states, in which each call is answered as its API would."""
    workflow = Workflow("asked-for", Chain(states), ROLE)
    assert workflow.check() == ()
    answers = {
        state.state_id: returns(answer(str(state.to_dict()["Resource"])))
        for state in states
        if "Resource" in state.to_dict()
    }
    run = run_machine(workflow.to_dict(), given, answers)
    assert run.status == "SUCCEEDED", run.cause
    return run


def answer(resource: str) -> Any:
    trained = {"ModelArtifacts": {"S3ModelArtifacts": ARTIFACT}}
    return sample(resource, **(trained if "createTrainingJob" in resource else {}))


GIVEN = {
    "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/own:7",
    "Data": "s3://bucket/2030-01",
    "Output": "s3://bucket/runs/7",
    "Machine": "ml.m5.large",
    "Machines": 2,
    "Rounds": 40,
    "Name": "seventh",
}


def test_image_places_machines_and_settings_may_be_given_with_each_execution() -> None:
    given = ExecutionInput(schema={name: type(value) for name, value in GIVEN.items()})
    machines = {"instance_count": given["Machines"], "instance_type": given["Machine"]}
    estimator = Estimator(
        given["Image"], ROLE, output_path=given["Output"],
        hyperparameters={"num_round": given["Rounds"]}, **machines,
    )  # fmt: skip
    processor = Processor(image_uri=given["Image"], role=ROLE, **machines)
    place = Format("{}/prepared", given["Output"])
    run = ran(
        [
            ProcessingStep(
                "Prepare",
                processor,
                given["Name"],
                inputs=[ProcessingInput(given["Data"], "/opt/ml/processing/input")],
                outputs=[ProcessingOutput("/opt/ml/processing/train", destination=place)],
                container_arguments=["--rounds", given["Rounds"]],
            ),
            TrainingStep("Train", estimator, given["Name"], {"train": TrainingInput(place)}),
            TransformStep(
                "Score",
                Transformer(model_name=None, output_path=given["Output"], **machines),
                given["Name"],
                given["Name"],
                given["Data"],
            ),
        ],
        GIVEN,
    )
    prepare, train, score = (run.arguments(name) for name in ("Prepare", "Train", "Score"))
    prepared = f"{GIVEN['Output']}/prepared"
    assert prepare["AppSpecification"] == {
        "ImageUri": GIVEN["Image"],
        "ContainerArguments": ["--rounds", "40"],
    }
    assert prepare["ProcessingInputs"][0]["S3Input"]["S3Uri"] == GIVEN["Data"]
    assert prepare["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] == prepared
    assert train["AlgorithmSpecification"]["TrainingImage"] == GIVEN["Image"]
    assert train["OutputDataConfig"] == {"S3OutputPath": GIVEN["Output"]}
    assert train["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] == prepared
    assert train["HyperParameters"] == {"num_round": "40"}
    assert score["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"] == GIVEN["Data"]
    assert score["TransformOutput"] == {"S3OutputPath": GIVEN["Output"]}
    for job in (
        prepare["ProcessingResources"]["ClusterConfig"],
        train["ResourceConfig"],
        score["TransformResources"],
    ):
        assert (job["InstanceCount"], job["InstanceType"]) == (2, "ml.m5.large")


def test_job_and_model_have_the_names_of_their_steps_and_the_artifact_of_the_answer() -> None:
    training = TrainingStep(
        "Train",
        Estimator("image", ROLE, instance_type="ml.m5.large", output_path="s3://bucket"),
        ExecutionInput()["Name"],
        "s3://bucket/train",
    )
    model = ModelStep("Save", training.get_expected_model())
    run = ran([training, model], GIVEN)
    assert run.arguments("Train")["TrainingJobName"] == "seventh"
    made = run.arguments("Save")
    assert made["ModelName"] == "seventh"
    assert made["PrimaryContainer"]["ModelDataUrl"] == ARTIFACT


@pytest.mark.parametrize("script", [False, True])
def test_the_environment_of_an_estimator_reaches_its_job_and_its_model(script: bool) -> None:
    kept = {"TZ": "Europe/Berlin", "LEVEL": ExecutionInput()["Name"]}
    common: dict[str, Any] = {
        "role": ROLE, "instance_type": "ml.m5.large", "environment": kept,
        "output_path": "s3://bucket",
    }  # fmt: skip
    estimator = (
        PyTorch("train.py", source_dir="s3://bucket/code.tar.gz", framework_version="2.3", **common)
        if script
        else Estimator("image", **common)
    )
    training = TrainingStep("Train", estimator, "job", {"train": "s3://bucket/train"})
    run = ran([training, ModelStep("Save", training.get_expected_model())], GIVEN)
    expected = {"TZ": "Europe/Berlin", "LEVEL": "seventh"}
    assert run.arguments("Train")["Environment"] == expected
    model = run.arguments("Save")["PrimaryContainer"]["Environment"]
    assert expected.items() <= model.items()
    assert ("SAGEMAKER_PROGRAM" in model) is script


def test_a_model_is_registered_and_a_registered_one_is_created() -> None:
    model = Model(image_uri="image", model_data=ARTIFACT, role=ROLE, env={"TZ": "UTC"})
    run = ran(
        [
            ModelPackageStep("Register", model, "churn"),
            ModelStep("Save", ModelPackage(ROLE, PACKAGE), model_name="third"),
        ],
        GIVEN,
    )
    assert run.arguments("Register") == {
        "ModelPackageGroupName": "churn",
        "ModelApprovalStatus": "PendingManualApproval",
        "InferenceSpecification": {
            "Containers": [
                {"Image": "image", "ModelDataUrl": ARTIFACT, "Environment": {"TZ": "UTC"}}
            ],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    }
    assert run.arguments("Save") == {
        "ModelName": "third",
        "ExecutionRoleArn": ROLE,
        "Containers": [{"ModelPackageName": PACKAGE}],
    }


@pytest.mark.parametrize(("value", "path"), [(1, ["Ask", "One"]), (2, ["Ask", "Other", "Done"])])
def test_a_chain_continues_with_the_default_of_its_choice(value: int, path: list[str]) -> None:
    choice = Choice("Ask")
    choice.add_choice(ChoiceRule.NumericEquals("$.n", 1), Succeed("One"))
    assert ran([choice, Pass("Other"), Succeed("Done")], {"n": value}).path == path
