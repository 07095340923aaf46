"""SageMaker's scikit-learn images, with the scikit-learn that is installed here.

The versions are the newest two that SageMaker's Python SDK lists (`image_uri_config/sklearn.json`).
Older ones bring interfaces that today's scikit-learn has dropped, such as `sklearn.externals`.
"""

from __future__ import annotations

from ratchet.local_aws.sagemaker.containers.container import Container, Framework

VERSIONS = ("1.4-2", "1.2-1")

CONTAINERS = (
    Container(
        images=tuple(f"sagemaker-scikit-learn:{version}-cpu-py3" for version in VERSIONS),
        framework=Framework("scikit-learn", "sklearn", f"{__package__}.handlers"),
    ),
)
