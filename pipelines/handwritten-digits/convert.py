"""Makes a drop of MNIST's files: images of 28 x 28 bytes become 8 x 8 grey values from 0 to 16.

    python convert.py t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz digits.csv

The grey value of a block of 4 x 4 pixels is their mean, as the file of 8 x 8 digits was made. What
is a drop already is copied as it is:

    python convert.py digits.csv copy.csv
"""

from __future__ import annotations

import csv
import gzip
import shutil
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

SIDE, BLOCK, DARKEST = 8, 4, 16
MNIST = 28
MARGIN = (SIDE * BLOCK - MNIST) // 2
HEADER = [f"p{row}{column}" for row in range(SIDE) for column in range(SIDE)] + ["digit"]
IMAGES, LABELS = 2051, 2049  # the magic numbers of the idx format


class NotDigits(Exception):
    """The file is not one of those this script knows."""


def unpacked(path: Path) -> bytes:
    """The bytes of a file, packed by gzip or not."""
    body = path.read_bytes()
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


def images(body: bytes) -> Iterator[list[int]]:
    """The images of an idx file, made smaller."""
    magic, count, rows, columns = struct.unpack(">4I", body[:16])
    if (magic, rows, columns) != (IMAGES, MNIST, MNIST):
        raise NotDigits(f"not an idx file of images of {MNIST} x {MNIST}")
    size = MNIST * MNIST
    if len(body) != 16 + count * size:
        raise NotDigits(f"{count} images are announced, and the file has another length")
    yield from (smaller(body[16 + n * size : 16 + (n + 1) * size]) for n in range(count))


def labels(body: bytes) -> bytes:
    """The digits of an idx file."""
    magic, count = struct.unpack(">2I", body[:8])
    if magic != LABELS or len(body) != 8 + count:
        raise NotDigits("not a whole idx file of labels")
    return body[8:]


def smaller(image: bytes) -> list[int]:
    """8 x 8 grey values of an image, which lies in the middle of 32 x 32 pixels."""
    sums = [0] * (SIDE * SIDE)
    for place, grey in enumerate(image):
        if grey:
            row, column = divmod(place, MNIST)
            sums[(row + MARGIN) // BLOCK * SIDE + (column + MARGIN) // BLOCK] += grey
    return [round(total * DARKEST / (255 * BLOCK * BLOCK)) for total in sums]


def convert(given: list[Path], out: Path) -> None:
    """Write the drop."""
    if len(given) == 1:
        header = given[0].open(encoding="utf-8", errors="replace").readline().strip().split(",")
        if header != HEADER:
            raise NotDigits(f"{given[0]} is not a drop: of MNIST, give the images, then the labels")
        shutil.copyfile(given[0], out)
        return
    digits = labels(unpacked(given[1]))
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        pairs = zip(images(unpacked(given[0])), digits, strict=True)
        writer.writerows([*image, digit] for image, digit in pairs)


def main(arguments: list[str]) -> int:
    """Convert; 1 and a sentence for a file that is not what it should be."""
    if len(arguments) not in (2, 3):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    *given, out = map(Path, arguments)
    try:
        convert(given, out)
    except (NotDigits, OSError, ValueError, struct.error) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
