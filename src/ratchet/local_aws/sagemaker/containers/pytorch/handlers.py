"""What a PyTorch container does where a program leaves a function out.

Source: sagemaker-pytorch-inference-toolkit (`default_pytorch_inference_handler.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ratchet.local_aws.sagemaker.containers import encoding

MODEL_FILE = "model.pt"
SUFFIXES = (".pt", ".pth")


def model_fn(model_dir: str) -> Any:
    import torch

    folder = Path(model_dir)
    found = [path for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES]
    named = [path for path in found if path.name == MODEL_FILE] or found
    if len(named) != 1:
        names = [path.name for path in found]
        raise ValueError(f"Exactly one .pth or .pt file is required for PyTorch models: {names}")
    try:
        return torch.jit.load(str(named[0]), map_location=torch.device("cpu"))
    except RuntimeError as error:
        raise ValueError(
            f"Failed to load {named[0].name}. Please ensure model is saved using torchscript."
        ) from error


def input_fn(body: Any, content_type: str) -> Any:
    import torch

    array = encoding.decode(body, content_type, encoding.numbers)
    if content_type in encoding.UTF8_TYPES:
        return torch.FloatTensor(array)
    return torch.from_numpy(array)


def predict_fn(data: Any, model: Any) -> Any:
    import torch

    with torch.no_grad():
        model.eval()
        return model(data)


def output_fn(prediction: Any, accept: str) -> Any:
    import torch

    if isinstance(prediction, torch.Tensor):
        prediction = prediction.detach().cpu().numpy().tolist()
    for kind in (part.strip() for part in accept.split(",")):
        if kind in (encoding.JSON, encoding.CSV, encoding.NPY):
            return encoding.encode(prediction, kind, encoding.lines)
    raise encoding.UnsupportedFormatError(accept)
