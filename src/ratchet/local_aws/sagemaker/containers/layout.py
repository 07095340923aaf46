"""The folders and variables of SageMaker's training container, below a work folder.

On AWS a container has /opt/ml to itself; here the SM_* variables, which the container's toolkit
sets too, say where each folder is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ratchet.local_aws.sagemaker.containers import opt_ml
from ratchet.local_aws.sagemaker.containers.toolkit import (
    Hyperparameters,
    of_script,
    read_hyperparameters,
    variables,
)

HOST = "algo-1"


@dataclass(frozen=True)
class Layout:
    """Where things lie: `root` stands for /opt/ml."""

    root: Path
    config: Path
    data: Path
    model: Path
    output: Path
    environment: dict[str, str]


def lay_out(folder: Path, name: str, arn: str, request: Mapping[str, Any]) -> Layout:
    """Make the folders, write the configuration files, compose the variables."""
    root = folder / "opt" / "ml"
    config, data = root / "input" / "config", root / "input" / "data"
    model, output = root / "model", root / "output"
    channels = {item["ChannelName"]: item for item in request.get("InputDataConfig", [])}
    for made in (config, data, model, output / "data", *(data / channel for channel in channels)):
        made.mkdir(parents=True)
    files = {
        "hyperparameters": request.get("HyperParameters", {}),
        "inputdataconfig": {key: _channel_config(item) for key, item in channels.items()},
        "resourceconfig": _resources(request["ResourceConfig"]),
    }
    for file, content in files.items():
        (config / f"{file}.json").write_text(json.dumps(content), encoding="utf-8")
    given = read_hyperparameters(files["hyperparameters"])
    own = {name: opt_ml.here(value, root) for name, value in request.get("Environment", {}).items()}
    environment = {
        **own,
        "TRAINING_JOB_NAME": name,
        "TRAINING_JOB_ARN": arn,
        **variables(_facts(root, files, given)),
    }
    return Layout(root, config, data, model, output, environment)


def _facts(root: Path, files: Mapping[str, Any], given: Hyperparameters) -> dict[str, Any]:
    channels = sorted(files["inputdataconfig"])
    resources = files["resourceconfig"]
    facts = {
        "input_dir": str(root / "input"),
        "input_config_dir": str(root / "input" / "config"),
        "model_dir": str(root / "model"),
        "output_dir": str(root / "output"),
        "output_data_dir": str(root / "output" / "data"),
        "output_intermediate_dir": str(root / "output" / "intermediate"),
        "channels": channels,
        "hosts": resources["hosts"],
        "current_host": HOST,
        "current_instance_type": resources["current_instance_type"],
        "network_interface_name": resources["network_interface_name"],
        "num_gpus": 0,
        "num_cpus": os.cpu_count() or 1,
        "input_data_config": files["inputdataconfig"],
        "resource_config": resources,
    }
    folders = {f"channel_{name}": str(root / "input" / "data" / name) for name in channels}
    return {**facts, **folders, **of_script(given, facts)}


def _resources(config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "current_host": HOST,
        "current_instance_type": config.get("InstanceType", "local"),
        "hosts": [f"algo-{number}" for number in range(1, config.get("InstanceCount", 1) + 1)],
        "network_interface_name": "lo",
    }


def _channel_config(channel: Mapping[str, Any]) -> dict[str, str]:
    source = channel["DataSource"]["S3DataSource"]
    stated = {"ContentType": channel["ContentType"]} if channel.get("ContentType") else {}
    return {
        **stated,
        "TrainingInputMode": "File",
        "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": "None",
    }
