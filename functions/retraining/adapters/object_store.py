"""S3: documents, streams of one version, and copies that appear whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from botocore.exceptions import ClientError

from retraining.adapters.clients import code
from retraining.documents.document import Document
from retraining.documents.manifest import ClaimedObject
from retraining.errors import ObjectGone
from retraining.rules import names
from retraining.rules.arrivals import Arrival

PART: Final = 8 << 20  # S3 requires at least 5 MB per part, except the last
PIECE: Final = 1 << 20
MOST_COPIED: Final = 5 << 30  # CopyObject's limit
MISSING: Final = frozenset({"NoSuchKey", "NoSuchVersion", "404", "NotFound"})
TAKEN: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})


D = TypeVar("D", bound=Document)


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of an s3 URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


@dataclass(frozen=True)
class Stored:
    """An object's bytes and the version they are of."""

    body: bytes
    version: str | None


class ObjectStore:
    """One bucket."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3, self.bucket = s3, bucket

    def uri(self, key: str) -> str:
        """The s3 URI of a key."""
        return f"s3://{self.bucket}/{key}"

    def key(self, uri: str) -> str:
        """The key of an s3 URI in this bucket."""
        bucket, key = split_uri(uri)
        if bucket != self.bucket:
            raise ValueError(f"{uri} is not in bucket {self.bucket}")
        return key

    def read(self, key: str, version: str | None = None) -> Stored:
        """A small object, of one version if given; raises ObjectGone."""
        answer = self._get(key, version)
        return Stored(answer["Body"].read(), answer.get("VersionId"))

    def open(self, key: str, version: str | None = None, etag: str | None = None) -> Stream:
        """A stream over one version; without versions, of the content with this ETag."""
        return Stream(lambda place: self._get(key, version, None if version else etag, place))

    def _get(self, key: str, version: str | None, etag: str | None = None, place: int = 0) -> Any:
        which = {"VersionId": version} if version else {"IfMatch": etag} if etag else {}
        if place:
            which["Range"] = f"bytes={place}-"
        try:
            return self._s3.get_object(Bucket=self.bucket, Key=key, **which)
        except ClientError as error:
            if code(error) in MISSING | TAKEN:
                raise ObjectGone(
                    f"{self.uri(key)} (version {version or etag or 'newest'}) no longer exists"
                ) from error
            raise

    def read_json(self, key: str) -> Any:
        """A JSON document; raises ObjectGone."""
        return json.loads(self.read(key).body)

    def read_document(self, kind: type[D], uri: str) -> D:
        """A document of this bucket by its URI; raises ObjectGone."""
        return kind.from_json(self.read_json(self.key(uri)))

    def find_json(self, key: str) -> Any | None:
        """A JSON document, or None."""
        try:
            return self.read_json(key)
        except ObjectGone:
            return None

    def write_json(self, key: str, document: Any) -> str:
        """Write a JSON document; returns its URI."""
        self._s3.put_object(Bucket=self.bucket, Key=key, **_json(document))
        return self.uri(key)

    def write_json_once(self, key: str, document: Any) -> Any:
        """Write unless it exists; returns what is stored then."""
        try:
            self._s3.put_object(Bucket=self.bucket, Key=key, IfNoneMatch="*", **_json(document))
        except ClientError as error:
            if code(error) not in TAKEN:
                raise
            return self.read_json(key)
        return document

    def lines(self, key: str) -> Iterator[str]:
        """The lines of a text object, streamed."""
        for line in self._get(key, None)["Body"].iter_lines(chunk_size=PIECE):
            yield line.decode("utf-8")

    def keys(self, prefix: str) -> list[str]:
        """Every key under a prefix, in order."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix
        )
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def versions(
        self, prefix: str, place: dict[str, str], most: int
    ) -> tuple[list[Arrival], dict[str, str]]:
        """A page of the versions under a prefix, and the place where the next page begins.

        In a bucket without versions each object has the version "null", of which events are silent.
        """
        answer = self._s3.list_object_versions(
            Bucket=self.bucket, Prefix=prefix, MaxKeys=most, **place
        )
        following = {"KeyMarker": "NextKeyMarker", "VersionIdMarker": "NextVersionIdMarker"}
        more = answer.get("IsTruncated", False)
        return (
            [_arrival(version) for version in answer.get("Versions", [])],
            {name: answer[given] for name, given in following.items() if more and given in answer},
        )

    def sha256(self, key: str) -> tuple[str, int]:
        """SHA-256 and size of an object, streamed."""
        digest, size = hashlib.sha256(), 0
        for piece in self._get(key, None)["Body"].iter_chunks(PIECE):
            digest.update(piece)
            size += len(piece)
        return digest.hexdigest(), size

    def copy_in(self, source: ClaimedObject, key: str) -> bool:
        """Copy one version from another bucket; False if it is too large for one copy, or gone."""
        if source.size > MOST_COPIED:
            return False
        origin = {"Bucket": source.bucket, "Key": source.key}
        if source.version:
            origin["VersionId"] = source.version
        try:
            self._s3.copy_object(Bucket=self.bucket, Key=key, CopySource=origin)
        except ClientError as error:
            if code(error) not in MISSING:
                raise
            return False
        return True

    def delete(self, prefix: str) -> int:
        """Delete every object under a prefix of the work bucket; returns how many."""
        keys = self.keys(prefix)
        for start in range(0, len(keys), 1000):
            batch = [{"Key": key} for key in keys[start : start + 1000]]
            answer = self._s3.delete_objects(
                Bucket=self.bucket, Delete={"Objects": batch, "Quiet": True}
            )
            if answer.get("Errors"):
                raise RuntimeError(f"could not delete {answer['Errors'][0]} in {self.bucket}")
        return len(keys)

    def let_expire(self, key: str) -> None:
        """Mark an object of the work bucket for the rule that deletes such objects in time.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
        """
        self._s3.put_object_tagging(
            Bucket=self.bucket, Key=key, Tagging={"TagSet": [names.PASSING_TAG]}
        )

    def discard(self, key: str) -> None:
        """Delete one object of the work bucket, whether it exists or not."""
        self._s3.delete_object(Bucket=self.bucket, Key=key)

    def upload(self, key: str) -> Upload:
        """A copy to write piece by piece."""
        return Upload(self._s3, self.bucket, key)


def _arrival(version: dict[str, Any]) -> Arrival:
    known = version["VersionId"]
    return Arrival(
        key=version["Key"],
        version="" if known == "null" else known,
        etag=version["ETag"].strip('"'),
        size=version["Size"],
        sequencer="",  # a listing has none
        arrived=int(version["LastModified"].timestamp() * 1000),
    )


def _json(document: Any) -> dict[str, Any]:
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    return {"Body": text.encode(), "ContentType": "application/json"}


class Stream:
    """The bytes of one version: one request when read in order, another for each other place."""

    def __init__(self, opened: Callable[[int], Any]) -> None:
        self._opened, self._place = opened, 0
        answer = opened(0)
        self._body, self._size = answer["Body"], int(answer["ContentLength"])

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at most `size`; none at the end."""
        if self._place >= self._size:
            return b""
        if self._body is None:
            self._body = self._opened(self._place)["Body"]
        data: bytes = self._body.read(None if size < 0 else size)
        self._place += len(data)
        return data

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a place, as in Python's files."""
        place = offset + {0: 0, 1: self._place, 2: self._size}[whence]
        if place != self._place:
            if self._body is not None:
                self._body.close()
            self._place, self._body = place, None
        return place

    def tell(self) -> int:
        """The place of the next byte."""
        return self._place

    def seekable(self) -> bool:
        """True."""
        return True


class Upload:
    """An object that appears whole when finished, and never when aborted.

    Up to one part is held in memory; a smaller object is put at once.
    """

    def __init__(self, s3: Any, bucket: str, key: str) -> None:
        self._s3, self._where = s3, {"Bucket": bucket, "Key": key}
        self._id: str | None = None
        self._parts: list[dict[str, Any]] = []
        self._held = bytearray()

    def write(self, data: bytes) -> None:
        """Append; sends a part when enough has gathered."""
        self._held += data
        if len(self._held) >= PART:
            self._send()

    def _send(self) -> None:
        if self._id is None:
            self._id = self._s3.create_multipart_upload(**self._where)["UploadId"]
        number = len(self._parts) + 1
        answer = self._s3.upload_part(
            **self._where, UploadId=self._id, PartNumber=number, Body=bytes(self._held)
        )
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        self._held.clear()

    def finish(self) -> None:
        """Make the object appear."""
        if self._id is None:
            self._s3.put_object(**self._where, Body=bytes(self._held))
            return
        if self._held:
            self._send()
        self._s3.complete_multipart_upload(
            **self._where, UploadId=self._id, MultipartUpload={"Parts": self._parts}
        )

    def abort(self) -> None:
        """Leave nothing behind."""
        self._held.clear()
        if self._id is not None:
            self._s3.abort_multipart_upload(**self._where, UploadId=self._id)
            self._id = None
