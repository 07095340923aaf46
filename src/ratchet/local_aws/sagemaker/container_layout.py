"""The folders and variables of SageMaker's training container, below a work folder.

/opt/ml belongs to a container of its own; here the SM_* variables, which the container's toolkit
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
    channels = [channel["ChannelName"] for channel in request.get("InputDataConfig", [])]
    for made in (config, data, model, output / "data", *(data / channel for channel in channels)):
        made.mkdir(parents=True)
    parameters = request.get("HyperParameters", {})
    resources = {
        "current_host": HOST,
        "current_instance_type": request["ResourceConfig"].get("InstanceType", "local"),
        "hosts": [HOST],
        "network_interface_name": "lo",
    }
    inputs = {
        channel["ChannelName"]: _channel_config(channel)
        for channel in request.get("InputDataConfig", [])
    }
    _write(config / "hyperparameters.json", parameters)
    _write(config / "inputdataconfig.json", inputs)
    _write(config / "resourceconfig.json", resources)
    environment = {
        **request.get("Environment", {}),
        "TRAINING_JOB_NAME": name,
        "TRAINING_JOB_ARN": arn,
        "SM_HOSTS": json.dumps([HOST]),
        "SM_CURRENT_HOST": HOST,
        "SM_NUM_GPUS": "0",
        "SM_NUM_CPUS": str(os.cpu_count() or 1),
        "SM_HPS": json.dumps(parameters),
        "SM_CHANNELS": json.dumps(channels),
        "SM_RESOURCE_CONFIG": json.dumps(resources),
        "SM_INPUT_DATA_CONFIG": json.dumps(inputs),
        "SM_INPUT_DIR": str(root / "input"),
        "SM_INPUT_CONFIG_DIR": str(config),
        "SM_MODEL_DIR": str(model),
        "SM_OUTPUT_DIR": str(output),
        "SM_OUTPUT_DATA_DIR": str(output / "data"),
        **{f"SM_CHANNEL_{channel.upper()}": str(data / channel) for channel in channels},
    }
    return Layout(root, config, data, model, output, environment)


def _channel_config(channel: Mapping[str, Any]) -> dict[str, str]:
    source = channel["DataSource"]["S3DataSource"]
    return {
        "ContentType": channel["ContentType"],
        "TrainingInputMode": "File",
        "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": "None",
    }


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")
