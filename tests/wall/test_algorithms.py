"""The service, local AWS and the authoring SDK know the same algorithms."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from samtranslator.yaml_helper import yaml_parse

from ratchet.local_aws.sagemaker.containers.catalog import (
    CONTAINERS,
    find_container,
    framework_named,
)
from ratchet.local_aws.sagemaker.containers.errors import UserError
from ratchet.local_aws.sagemaker.containers.xgboost import container, hyperparameters
from ratchet.workflow.sagemaker import image_uris, xgboost
from retraining.algorithms.algorithm import CONTENT_TYPE
from retraining.algorithms.catalog import ALGORITHMS
from retraining.algorithms.frameworks import FRAMEWORKS, LIBRARIES, Framework
from retraining.algorithms.xgboost.hyperparameters import EVAL_METRICS
from retraining.steps.push_problems import NO_ACCOUNT

ROOT = Path(__file__).parents[2]
SERVICE = ALGORITHMS["xgboost"]
OF_SERVICE = {*SERVICE.hyperparameters, *SERVICE.aliases, *SERVICE.refused}
OF_CONTAINER = {
    *hyperparameters.KNOWN, *hyperparameters.ALIASES, *hyperparameters.UNSUPPORTED
}  # fmt: skip
ON_AWS_ONLY = {"use_dask_gpu_training", "save_model_on_termination"}
"""What a pipeline may ask of AWS and local AWS refuses: no GPU, and no intermediate models."""
OLD_PYTORCH = ("us-iso-east-1", "us-isob-east-1")
"""Where the SDK's table has PyTorch 1.8.1, but none of the versions that a pipeline may name."""
TEXTS = (
    "-1", "0", "0.5", "1", "1.0", "1.5", "2", "3", "4", "2147483647", "nan", "inf", "true", "false",
    "deep", "", "(1,-1,0)", "(1,2)", "[[1,2],[3]]", "[[0]]", "[1]", "error@0.5", "auc@0.5",
    "logloss,error", "logloss,roc", "gbtree", "gblinear", "dart", "forest", "uniform", "weighted",
    "gradient_based", "auto", "exact", "approx", "hist", "gpu_hist", "depthwise", "lossguide",
    "tree", "normal", "logistic", "extreme",
)  # fmt: skip


def test_each_algorithm_of_the_service_has_a_container_here() -> None:
    found = [find_container(row.image.name) for row in ALGORITHMS.values()]
    assert all(container and container.algorithm for container in found)
    assert len(found) == sum(bool(row.algorithm) for row in CONTAINERS)


def test_the_authoring_sdk_takes_the_same_image_when_none_is_asked_for() -> None:
    uri = image_uris.retrieve("xgboost", "us-east-1")
    assert uri.endswith(f".amazonaws.com/{SERVICE.image.name}")


ROWS = [
    (name, version, row)
    for name, versions in FRAMEWORKS.items()
    for version, row in versions.items()
]


@pytest.mark.parametrize(("name", "version", "row"), ROWS)
def test_each_framework_trains_and_serves_here_in_the_image_that_the_authoring_sdk_takes(
    name: str, version: str, row: Framework
) -> None:
    for scope, image in (("training", row.trains_on("ml.m5.large")), ("inference", row.serving)):
        container = find_container(image.name)
        assert container is not None
        assert container.framework.module == LIBRARIES[name]
        assert framework_named(name) == container.framework
        assert container.trains if scope == "training" else container.serves
        python = image.name.rpartition("-")[2]
        uri = image_uris.retrieve(name, "af-south-1", version, python, "ml.m5.large", scope)
        registry = {"algorithm": "510948584623", "deep_learning": "626614931356"}[image.registry]
        assert uri == f"{registry}.dkr.ecr.af-south-1.amazonaws.com/{image.name}"


def test_a_gpu_trains_with_the_image_for_it() -> None:
    newest = next(iter(FRAMEWORKS["pytorch"].values()))
    assert "-gpu-" in newest.trains_on("ml.g5.xlarge").name
    assert "-cpu-" in newest.serving.name


def test_the_template_gives_functions_the_registries_of_the_images() -> None:
    template = yaml_parse((ROOT / "template.yaml").read_text())
    accounts = template["Mappings"]["ImageRegistries"]
    assert {region: row["Account"] for region, row in accounts.items()} == image_uris.ALGORITHMS
    deep = {region: row["DeepLearning"] for region, row in accounts.items()}
    main = dict.fromkeys(image_uris.DEEP_LEARNING_REGIONS, image_uris.DEEP_LEARNING)
    known = {**image_uris.DEEP_LEARNING_ELSEWHERE, **main, **dict.fromkeys(OLD_PYTORCH, NO_ACCOUNT)}
    assert deep == {region: known.get(region, NO_ACCOUNT) for region in accounts}
    given = template["Globals"]["Function"]["Environment"]["Variables"]
    for registry, column in (("ALGORITHM", "Account"), ("DEEP_LEARNING", "DeepLearning")):
        text, values = given[f"RATCHET_{registry}_REGISTRY"]["Fn::Sub"]
        assert text.endswith(".dkr.ecr.${AWS::Region}.${AWS::URLSuffix}")
        assert values["Account"]["Fn::FindInMap"][2] == column


def test_artifacts_and_content_types_are_the_same() -> None:
    assert SERVICE.artifact == container.MODEL_FILE
    algorithms = [row.algorithm for row in CONTAINERS if row.algorithm]
    assert {algorithm.content_type for algorithm in algorithms} == {CONTENT_TYPE}
    machine = (ROOT / "statemachines" / "retraining.asl.yaml").read_text()
    assert set(_values(yaml.safe_load(machine), "ContentType", "Accept")) == {CONTENT_TYPE}


def test_hyperparameters_have_the_same_names_in_all_three_places() -> None:
    assert OF_SERVICE == OF_CONTAINER == set(xgboost.XGBOOST)
    assert SERVICE.aliases == hyperparameters.ALIASES
    assert not OF_SERVICE & xgboost.OF_SOME_IMAGES


def test_the_service_refuses_what_xgboost_cannot_use_here_either() -> None:
    assert set(hyperparameters.UNSUPPORTED) - set(SERVICE.refused) == {"use_dask_gpu_training"}
    assert set(SERVICE.refused) <= set(hyperparameters.UNSUPPORTED)


def test_objectives_and_metrics_of_training_are_the_same() -> None:
    assert set(SERVICE.objectives) == set(hyperparameters.OBJECTIVES)
    computed = {*hyperparameters.MAXIMIZE, *hyperparameters.MINIMIZE}
    assert set(EVAL_METRICS) == computed | set(hyperparameters.SCIKIT_LEARN_METRICS)


@pytest.mark.parametrize("name", sorted(OF_SERVICE - ON_AWS_ONLY))
def test_a_value_is_taken_by_both_or_by_neither(name: str) -> None:
    differing = [
        text for text in TEXTS if _service_takes(name, text) != _container_takes(name, text)
    ]
    assert differing == (["1"] if name == "csv_weights" else [])


def _context(name: str, text: str) -> dict[str, str]:
    """Values beside which this one is complete."""
    return {"num_round": "5", "tree_method": "hist", name: text}


def _service_takes(name: str, text: str) -> bool:
    return SERVICE.problems(_context(name, text)) == []


def _container_takes(name: str, text: str) -> bool:
    raw = _context(name, text)
    try:
        hyperparameters.read(raw)
    except UserError:
        return False
    return hyperparameters.unsupported(raw) is None


def _values(document: object, *keys: str) -> list[object]:
    """The values of these keys at any depth."""
    if isinstance(document, list):
        return [found for item in document for found in _values(item, *keys)]
    if not isinstance(document, dict):
        return []
    inside = [found for value in document.values() for found in _values(value, *keys)]
    return inside + [document[key] for key in keys if key in document]
