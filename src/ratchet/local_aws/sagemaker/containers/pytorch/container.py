"""PyTorch's images, one for training and one for inference, with the torch that is installed here.

Whatever version an image's tag names, it is the installed one that runs, on the CPU.
"""

from __future__ import annotations

from ratchet.local_aws.sagemaker.containers.container import Container, Framework

PYTORCH = Framework(
    "PyTorch",
    "torch",
    f"{__package__}.handlers",
    code_in_archive=True,
    meeting_place=("MASTER_ADDR", "MASTER_PORT"),
    to_install="pip install torch --index-url https://download.pytorch.org/whl/cpu",
)

CONTAINERS = (
    Container(images=("pytorch-training:*-cpu-py3*",), framework=PYTORCH, serves=False),
    Container(images=("pytorch-inference:*-cpu-py3*",), framework=PYTORCH, trains=False),
)
