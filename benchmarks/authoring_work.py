"""The work that authoring.py measures; one process, either package: `--old` takes stepfunctions.

Prints one JSON object: seconds for the import, the eight-state retraining graph with its JSON,
chains of n states, and the drawing of the longest; the name of an error where one ended it. The
old package draws with scripts that a browser loads from the network: not measured.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

OLD = "--old" in sys.argv
SIZES = (100, 300, 900, 1_000, 10_000)
ROLE = "arn:aws:iam::123456789012:role/workflow"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-1"

start = time.perf_counter()
if OLD:
    import stepfunctions  # noqa: F401
else:
    import ratchet.workflow  # noqa: F401
imported = time.perf_counter() - start

if OLD:
    import boto3
    import sagemaker
    from sagemaker.estimator import Estimator
    from sagemaker.inputs import TrainingInput
    from stepfunctions import steps
    from stepfunctions.inputs import ExecutionInput

    SESSION = sagemaker.Session(boto3.Session(region_name="us-east-1"), default_bucket="bucket")
else:
    from ratchet.workflow import steps
    from ratchet.workflow.inputs import ExecutionInput
    from ratchet.workflow.sagemaker import Estimator, TrainingInput

    SESSION = None
ready = time.perf_counter() - start


def retraining() -> str:
    """The churn retraining workflow: eight states, as JSON."""
    names = ("TrainingJobName", "GlueJobName", "ModelName", "EndpointName", "LambdaFunctionName")
    given = ExecutionInput(schema=dict.fromkeys(names, str))
    etl = steps.GlueStartJobRunStep(
        "Extract, Transform, Load", parameters={"JobName": given["GlueJobName"]}
    )
    estimator = Estimator(
        IMAGE,
        ROLE,
        instance_count=1,
        instance_type="ml.m4.xlarge",
        output_path="s3://bucket/output",
        sagemaker_session=SESSION,
    )
    estimator.set_hyperparameters(max_depth=5, eta=0.2, num_round=100)
    training = steps.TrainingStep(
        "Model Training",
        estimator=estimator,
        data={name: TrainingInput(f"s3://bucket/{name}") for name in ("train", "validation")},
        job_name=given["TrainingJobName"],
    )
    model = steps.ModelStep(
        "Save Model",
        model=training.get_expected_model(),
        model_name=given["ModelName"],
        result_path="$.ModelStepResults",
    )
    query = steps.LambdaStep(
        "Query Training Results", parameters={"FunctionName": given["LambdaFunctionName"]}
    )
    accurate = steps.Choice("Accuracy > 90%")
    config = steps.EndpointConfigStep(
        "Create Model Endpoint Config", given["ModelName"], given["ModelName"], 1, "ml.m4.xlarge"
    )
    endpoint = steps.EndpointStep(
        "Update Model Endpoint", given["EndpointName"], given["ModelName"]
    )
    value = query.output()["Payload"]["trainingMetrics"][0]["Value"]
    accurate.add_choice(steps.ChoiceRule.NumericLessThan(value, 0.1), config)
    accurate.default_choice(steps.Fail("Model Accuracy Too Low"))
    config.next(endpoint)
    return str(steps.Graph(steps.Chain([etl, training, model, query, accurate])).to_json())


def chain(length: int) -> str:
    """A chain of Pass states, as JSON."""
    states = [steps.Pass(f"s{number}") for number in range(length)]
    return str(steps.Graph(steps.Chain(states)).to_json())


def drawing(form: str) -> float | str:
    """The picture of the longest chain as one text, its JSON is ready."""
    if OLD:
        return "in a browser"
    from ratchet.workflow.drawing import draw, mermaid, pages

    forms = {"SVG": draw.draw, "HTML": pages.page, "Mermaid": mermaid.mermaid}
    return seconds(forms[form], json.loads(chain(SIZES[-1])))


def seconds(work: object, *given: object) -> float | str:
    begun = time.perf_counter()
    try:
        work(*given)  # type: ignore[operator]
    except RecursionError:
        return "RecursionError"
    return time.perf_counter() - begun


def main() -> None:
    argparse.ArgumentParser(description=__doc__).add_argument("--old", action="store_true")
    first = seconds(retraining)
    measured = {
        "import": imported,
        "import with steps and inputs": ready,
        "eight states, first": first,
        "eight states, again": seconds(retraining),
        **{f"chain of {size:,}": seconds(chain, size) for size in SIZES},
        **{f"{SIZES[-1]:,} drawn as {form}": drawing(form) for form in ("SVG", "HTML", "Mermaid")},
    }
    print(json.dumps(measured))


main()
