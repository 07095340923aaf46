"""Which digit is it? A small network for images of 8 x 8 grey values, with PyTorch.

SageMaker's container runs this file to train, and imports it to serve. What is saved is what is
loaded: the weights alone, and the network that they belong to is below.
"""

from __future__ import annotations

import argparse
import io
import os
from pathlib import Path

import numpy as np
import torch
from torch import nn

SIDE = 8
DARKEST = 16.0
CLASSES = 10
WEIGHTS = "weights.pt"


def network() -> nn.Module:
    """Two convolutions and two layers: some 38,000 weights."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 4 * 4, 64), nn.ReLU(), nn.Dropout(0.3),
        nn.Linear(64, CLASSES),
    )  # fmt: skip


def images(rows: np.ndarray) -> torch.Tensor:
    """Rows of grey values as images, from 0 to 1."""
    return torch.from_numpy(rows.reshape(-1, 1, SIDE, SIDE).astype(np.float32) / DARKEST)


def table(folder: str) -> np.ndarray:
    """The rows of a channel: the label, then the grey values."""
    files = [path for path in sorted(Path(folder).iterdir()) if path.stat().st_size]
    return np.concatenate([np.loadtxt(path, delimiter=",", ndmin=2) for path in files])


# --- serving ------------------------------------------------------------------------------------


def model_fn(model_dir: str) -> nn.Module:
    """The trained network."""
    torch.set_num_threads(1)
    model = network()
    weights = torch.load(Path(model_dir) / WEIGHTS, map_location="cpu", weights_only=True)
    model.load_state_dict(weights)
    return model.eval()


def input_fn(body: str | bytes, content_type: str) -> torch.Tensor:
    """Images, one a line, as 64 grey values between commas."""
    if content_type != "text/csv":
        raise ValueError(f"{content_type} is not text/csv")
    text = body.decode() if isinstance(body, bytes) else body
    return images(np.loadtxt(io.StringIO(text), delimiter=",", ndmin=2))


def predict_fn(data: torch.Tensor, model: nn.Module) -> torch.Tensor:
    """The digit of each image."""
    with torch.no_grad():
        return model(data).argmax(dim=1)


def output_fn(prediction: torch.Tensor, accept: str) -> tuple[str, str]:
    """One digit a line."""
    if accept != "text/csv":
        raise ValueError(f"{accept} is not text/csv")
    return "".join(f"{digit}\n" for digit in prediction.tolist()), "text/csv"


# --- training -----------------------------------------------------------------------------------


def train(rows: np.ndarray, epochs: int, batch_size: int, rate: float) -> nn.Module:
    """A network that knows these rows."""
    model, given, wanted = network(), images(rows[:, 1:]), torch.from_numpy(rows[:, 0]).long()
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    for _ in range(epochs):
        model.train()
        for part in torch.randperm(len(given)).split(batch_size):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(given[part]), wanted[part])
            loss.backward()
            optimizer.step()
    return model.eval()


def accuracy(model: nn.Module, rows: np.ndarray) -> float:
    """The share of rows whose digit it knows."""
    with torch.no_grad():
        return float((model(images(rows[:, 1:])).argmax(dim=1).numpy() == rows[:, 0]).mean())


def main() -> None:
    """Train, and say how well it went on rows that it was not fitted on."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=0.002)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    torch.manual_seed(chosen.seed)
    torch.set_num_threads(1)  # so small a network is slower on several: they wait for each other
    rows = table(os.environ["SM_CHANNEL_TRAIN"])
    model = train(rows, chosen.epochs, chosen.batch_size, chosen.learning_rate)
    held_out = table(os.environ["SM_CHANNEL_VALIDATION"])
    print(f"validation accuracy={accuracy(model, held_out):.4f};", flush=True)
    torch.save(model.state_dict(), Path(os.environ["SM_MODEL_DIR"]) / WEIGHTS)


if __name__ == "__main__":
    main()
