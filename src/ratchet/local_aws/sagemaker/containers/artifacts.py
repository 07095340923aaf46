"""model.tar.gz and code: packed to the same bytes from the same files, unpacked without trust."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import tarfile
from pathlib import Path

from ratchet.local_aws.sagemaker.containers.errors import BadArtifact

MAX_MEMBERS = 100
MAX_UNPACKED_BYTES = 1024**3


def pack(folder: Path, archive: Path) -> bool:
    """Write the folder's files as a tar.gz; False, and no archive, if there are none.

    Owner, times and order are fixed, so the same files give the same SHA-256.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    if not files:
        return False
    with (
        archive.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for path in files:
            tar.add(path, arcname=str(path.relative_to(folder)), filter=_plain)
    return True


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    member.mode = 0o644
    return member


def sha256(archive: Path) -> str:
    """SHA-256 of the archive's bytes, in hex."""
    with archive.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_single(archive: Path, name: str) -> tuple[bytes, str]:
    """The bytes of the archive's one file, the model, and the SHA-256 of the archive.

    Nothing is written to disk and nothing in the archive is executed. Raises BadArtifact for a
    broken archive, a path that leaves it, a link, an oversized member, or a file of another name
    (a built-in container would load every file as a further model).
    """
    digest = sha256(archive)
    try:
        with tarfile.open(archive, mode="r:gz") as tar:
            return _one_file(tar, name), digest
    except (tarfile.TarError, OSError, EOFError) as error:
        raise BadArtifact(f"it is not a valid tar.gz archive ({error})") from error


def unpack(archive: Path, folder: Path) -> None:
    """Every file of a tar.gz, into the folder; BadArtifact for what `read_single` refuses too."""
    folder.mkdir(parents=True)
    try:
        with tarfile.open(archive, mode="r:gz") as tar:
            size = 0
            for count, member in enumerate(tar, start=1):
                _check_member(member, count)
                size += member.size
                if size > MAX_UNPACKED_BYTES:
                    raise BadArtifact(f"its files have more than {MAX_UNPACKED_BYTES} bytes")
            for member in tar:
                _write(tar, member, folder / member.name)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise BadArtifact(f"it is not a valid tar.gz archive ({error})") from error


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    """A checked member's bytes. TarFile.extractall has no filter before Python 3.11.4."""
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    source = tar.extractfile(member)
    if source is not None:
        with source, target.open("wb") as file:
            shutil.copyfileobj(source, file)


def _one_file(tar: tarfile.TarFile, name: str) -> bytes:
    model: bytes | None = None
    for count, member in enumerate(tar, start=1):
        _check_member(member, count)
        if member.isdir():
            continue
        if member.name.removeprefix("./") != name:
            raise BadArtifact(
                f"member {member.name!r} is not {name!r}: the container serves one model and no "
                "code of yours"
            )
        file = tar.extractfile(member)
        model = file.read() if file else b""
    if model is None:
        raise BadArtifact(f"it has no member {name!r}")
    return model


def _check_member(member: tarfile.TarInfo, count: int) -> None:
    if count > MAX_MEMBERS:
        raise BadArtifact(f"it has more than {MAX_MEMBERS} members")
    if member.name.startswith("/") or ".." in Path(member.name).parts:
        raise BadArtifact(f"member {member.name!r} leaves the archive's folder")
    if not (member.isreg() or member.isdir()):
        raise BadArtifact(f"member {member.name!r} is neither a file nor a folder")
    if member.size > MAX_UNPACKED_BYTES:
        raise BadArtifact(f"member {member.name!r} is larger than {MAX_UNPACKED_BYTES} bytes")
