"""Where SageMaker's own images are: the account of each region, and the URI made from it.

Accounts as listed by the SageMaker Python SDK 2.257.7 for xgboost 1.7-1, scikit-learn 1.2-1 and
pytorch 1.8.1; an unlisted region is refused by name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

ALGORITHMS: Mapping[str, str] = {
    "af-south-1": "510948584623",
    "ap-east-1": "651117190479",
    "ap-northeast-1": "354813040037",
    "ap-northeast-2": "366743142698",
    "ap-northeast-3": "867004704886",
    "ap-south-1": "720646828776",
    "ap-south-2": "628508329040",
    "ap-southeast-1": "121021644041",
    "ap-southeast-2": "783357654285",
    "ap-southeast-3": "951798379941",
    "ap-southeast-4": "106583098589",
    "ca-central-1": "341280168497",
    "ca-west-1": "190319476487",
    "cn-north-1": "450853457545",
    "cn-northwest-1": "451049120500",
    "eu-central-1": "492215442770",
    "eu-central-2": "680994064768",
    "eu-north-1": "662702820516",
    "eu-south-1": "978288397137",
    "eu-south-2": "104374241257",
    "eu-west-1": "141502667606",
    "eu-west-2": "764974769150",
    "eu-west-3": "659782779980",
    "il-central-1": "898809789911",
    "me-central-1": "272398656194",
    "me-south-1": "801668240914",
    "sa-east-1": "737474898029",
    "us-east-1": "683313688378",
    "us-east-2": "257758044811",
    "us-gov-east-1": "237065988967",
    "us-gov-west-1": "414596584902",
    "us-iso-east-1": "833128469047",
    "us-isob-east-1": "281123927165",
    "us-isof-east-1": "108575199400",
    "us-isof-south-1": "124985052026",
    "us-west-1": "746614075791",
    "us-west-2": "246618743249",
}

# Deep learning containers are in one account almost everywhere.
DEEP_LEARNING = "763104351884"
DEEP_LEARNING_REGIONS = frozenset(
    {
        "ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1",
        "ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1",
        "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1",
        "us-west-2",
    }
)  # fmt: skip
DEEP_LEARNING_ELSEWHERE: Mapping[str, str] = {
    "af-south-1": "626614931356",
    "ap-east-1": "871362719292",
    "ap-east-2": "975050140332",
    "ap-northeast-3": "364406365360",
    "ap-south-2": "772153158452",
    "ap-southeast-3": "907027046896",
    "ap-southeast-4": "457447274322",
    "ap-southeast-5": "550225433462",
    "ap-southeast-6": "633930458069",
    "ap-southeast-7": "590183813437",
    "ca-west-1": "204538143572",
    "cn-north-1": "727897471807",
    "cn-northwest-1": "727897471807",
    "eu-central-2": "380420809688",
    "eu-south-1": "692866216735",
    "eu-south-2": "503227376785",
    "il-central-1": "780543022126",
    "me-central-1": "914824155844",
    "me-south-1": "217643126080",
    "mx-central-1": "637423239942",
    "us-gov-east-1": "446045086412",
    "us-gov-west-1": "442386744353",
    "us-iso-east-1": "886529160074",
    "us-isob-east-1": "094389454867",
}

_REPOSITORIES = {
    "xgboost": "sagemaker-xgboost",
    "sklearn": "sagemaker-scikit-learn",
}
_NEWEST = {"xgboost": "3.2-0", "sklearn": "1.4-2"}


def region_name() -> str:
    """The region in the environment, or else us-east-1."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def retrieve(
    framework: str,
    region: str | None = None,
    version: str | None = None,
    py_version: str | None = None,
    instance_type: str | None = None,
    image_scope: str = "training",
) -> str:
    """The URI of an image: xgboost, sklearn or pytorch. Raises ValueError for anything else."""
    region = region or region_name()
    if framework == "pytorch":
        return _pytorch(region, version, py_version or "py3", instance_type or "", image_scope)
    if framework not in _REPOSITORIES:
        raise ValueError(
            f"No image table for '{framework}' here; known are {', '.join(_REPOSITORIES)} and "
            "pytorch. Give image_uri='<account>.dkr.ecr...' instead"
        )
    account = _account(ALGORITHMS, region, framework)
    tag = _NEWEST[framework] if version in (None, "latest") else version
    name = _REPOSITORIES[framework]
    suffix = "-cpu-py3" if framework == "sklearn" else ""
    return f"{account}.dkr.ecr.{region}.{_domain(region)}/{name}:{tag}{suffix}"


def _pytorch(region: str, version: str | None, python: str, instance: str, scope: str) -> str:
    if version is None:
        raise ValueError("pytorch images need a version, such as '1.8.1'")
    account = (
        DEEP_LEARNING
        if region in DEEP_LEARNING_REGIONS
        else _account(DEEP_LEARNING_ELSEWHERE, region, "pytorch")
    )
    family = instance.removeprefix("ml.")[:1]
    processor = "gpu" if family in ("p", "g") else "cpu"
    name = f"pytorch-{scope}"
    return f"{account}.dkr.ecr.{region}.{_domain(region)}/{name}:{version}-{processor}-{python}"


def _account(table: Mapping[str, str], region: str, framework: str) -> str:
    if region not in table:
        raise ValueError(f"No {framework} image is known for the region '{region}'")
    return table[region]


def _domain(region: str) -> str:
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


def get_image_uri(region: str, framework: str, repo_version: str = "latest") -> str:
    """`retrieve` with its former name and argument order."""
    return retrieve(framework, region, repo_version)
