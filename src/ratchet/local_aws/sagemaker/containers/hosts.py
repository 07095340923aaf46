"""The hosts of a training job: processes of this machine, each with its own /opt/ml.

Input and configuration are the same for all; models and outputs are put together at the end, as
SageMaker does it, the first host's file where several have written one of the same name.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

WRITTEN = ("model", "output/data")


@dataclass(frozen=True)
class Host:
    """A host: its name, the folder that stands for /opt/ml, and its variables."""

    name: str
    root: Path
    variables: Mapping[str, str]


def hosts_of(root: Path) -> list[Host]:
    """The hosts that SM_HOSTS names, with their folders; the first one's is `root`."""
    first, *others = json.loads(os.environ["SM_HOSTS"])
    return [Host(first, root, {}), *(_made(root, name) for name in others)]


def _made(root: Path, name: str) -> Host:
    own = root.parents[1] / name / "opt" / "ml"
    shutil.copytree(root / "input" / "config", own / "input" / "config")
    (own / "input" / "data").symlink_to(root / "input" / "data")
    for folder in WRITTEN:
        (own / folder).mkdir(parents=True)
    (first, *_) = json.loads(os.environ["SM_HOSTS"])
    resources = own / "input" / "config" / "resourceconfig.json"
    resources.write_text(_renamed(resources.read_text(encoding="utf-8"), first, name))
    told = {
        key: value
        for key, value in os.environ.items()
        if key.startswith("SM_") or str(root) in value
    }
    variables = {
        key: _renamed(value.replace(str(root), str(own)), first, name)
        for key, value in told.items()
    }
    return Host(name, own, {**variables, "SM_CURRENT_HOST": name})


def _renamed(text: str, first: str, name: str) -> str:
    """JSON that describes the first host, for another one."""
    try:
        described = json.loads(text)
    except ValueError:
        return text
    found = [described] if isinstance(described, dict) else []
    found += [part for part in found for part in part.values() if isinstance(part, dict)]
    for part in found:
        if part.get("current_host") == first:
            part["current_host"] = name
    return json.dumps(described) if found else text


def meeting_place(names: Sequence[str]) -> dict[str, str]:
    """The variables by which the hosts find the first one; none if the framework has none."""
    if not names:
        return {}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        values = ("127.0.0.1", str(free.getsockname()[1]))
    return dict(zip(names, values, strict=True))


def gather(hosts: Sequence[Host]) -> None:
    """Put what the other hosts wrote beside what the first one did."""
    first, *others = hosts
    for host in others:
        for folder in WRITTEN:
            _add(host.root / folder, first.root / folder)


def _add(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_file() and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
