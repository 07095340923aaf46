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
    environment = {
        **request.get("Environment", {}),
        "TRAINING_JOB_NAME": name,
        "TRAINING_JOB_ARN": arn,
        **_folders(root, list(channels)),
        **_facts(files, list(channels)),
    }
    return Layout(root, config, data, model, output, environment)


def _folders(root: Path, channels: list[str]) -> dict[str, str]:
    named = {f"SM_CHANNEL_{channel.upper()}": f"input/data/{channel}" for channel in channels}
    folders = {
        "SM_INPUT_DIR": "input",
        "SM_INPUT_CONFIG_DIR": "input/config",
        "SM_MODEL_DIR": "model",
        "SM_OUTPUT_DIR": "output",
        "SM_OUTPUT_DATA_DIR": "output/data",
        **named,
    }
    return {variable: str(root / folder) for variable, folder in folders.items()}


def _facts(files: Mapping[str, Any], channels: list[str]) -> dict[str, str]:
    return {
        "SM_HOSTS": json.dumps([HOST]),
        "SM_CURRENT_HOST": HOST,
        "SM_NUM_GPUS": "0",
        "SM_NUM_CPUS": str(os.cpu_count() or 1),
        "SM_CHANNELS": json.dumps(channels),
        "SM_HPS": json.dumps(files["hyperparameters"]),
        "SM_INPUT_DATA_CONFIG": json.dumps(files["inputdataconfig"]),
        "SM_RESOURCE_CONFIG": json.dumps(files["resourceconfig"]),
    }


def _resources(config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "current_host": HOST,
        "current_instance_type": config.get("InstanceType", "local"),
        "hosts": [HOST],
        "network_interface_name": "lo",
    }


def _channel_config(channel: Mapping[str, Any]) -> dict[str, str]:
    source = channel["DataSource"]["S3DataSource"]
    return {
        "ContentType": channel["ContentType"],
        "TrainingInputMode": "File",
        "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": "None",
    }
