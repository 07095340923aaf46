"""Archives of code, as the containers of SageMaker take it."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping


def packed(files: Mapping[str, bytes]) -> bytes:
    """A tar.gz of these files, the same bytes from the same files."""
    data = io.BytesIO()
    with (
        gzip.GzipFile(filename="", fileobj=data, mode="wb", compresslevel=6, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name, body in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body))
    return data.getvalue()
