"""Reads a file that somebody named: any kind of file, within limits of size and time."""

from __future__ import annotations

import errno
import os
import select
import time
from pathlib import Path

MAX_BYTES = 16 * 1024 * 1024
MAX_SECONDS = 5.0  # to wait for the content of a pipe


def content_of(path: Path) -> bytes:
    """The content of a file or a pipe. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return _read(handle)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from error
    finally:
        os.close(handle)


def _read(handle: int) -> bytes:
    parts: list[bytes] = []
    size, until = 0, time.monotonic() + MAX_SECONDS
    while size <= MAX_BYTES:
        ready, _, _ = select.select([handle], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise TimeoutError(errno.ETIMEDOUT, f"No data within {MAX_SECONDS:g} seconds")
        part = os.read(handle, 1024 * 1024)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
    raise OSError(errno.EFBIG, f"File too large: more than {MAX_BYTES // 1024 // 1024} MiB")
