"""What an S3 request does to objects, read from its method, path, query and headers.

Path style only (`/bucket/key`), as all clients use with 127.0.0.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree as ET

Environ = dict[str, Any]

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_NOT_IN_XML = re.compile(r"[\x00-\x1f\ufffe\uffff]")
_SIGNATURE_FIELDS = {"awsaccesskeyid", "signature", "expires", "x-id"}


@dataclass(frozen=True)
class S3Request:
    """A request. `resources` are the names in the query except signature and operation hints."""

    method: str
    bucket: str
    key: str
    query: dict[str, str]
    resources: frozenset[str]
    copies: bool

    @property
    def creates(self) -> str | None:
        """The reason in S3's "Object Created" event if this request creates an object."""
        if self.method == "POST" and self.key and self.resources == {"uploadId"}:
            return "CompleteMultipartUpload"
        if self.method == "PUT" and self.key and not self.resources:
            return "CopyObject" if self.copies else "PutObject"
        return None

    @property
    def names_what_xml_cannot(self) -> bool:
        """Whether the key has characters that no list of keys could hold."""
        return _NOT_IN_XML.search(self.key) is not None

    @property
    def deletes(self) -> bool:
        """Whether this deletes an object, or hides or removes a version of it."""
        return self.method == "DELETE" and bool(self.key) and self.resources <= {"versionId"}

    @property
    def deletes_many(self) -> bool:
        """Whether this is DeleteObjects."""
        return self.method == "POST" and not self.key and "delete" in self.resources

    @property
    def posts_a_form(self) -> bool:
        """Whether this is a browser's form upload (POST Object)."""
        return self.method == "POST" and not self.key and not self.resources

    @property
    def about_notification(self) -> bool:
        """Whether this reads or writes the bucket's notification configuration."""
        return "notification" in self.resources and not self.key

    @property
    def about_policy(self) -> bool:
        """Whether this reads, writes or deletes the bucket's policy."""
        return "policy" in self.resources and not self.key

    @property
    def deletes_bucket(self) -> bool:
        return self.method == "DELETE" and not self.key and not self.resources


def read_request(environ: Environ) -> S3Request:
    path, _, text = environ["RAW_URI"].partition("?")
    bucket, _, key = path.lstrip("/").partition("/")
    query = dict(parse_qsl(text, keep_blank_values=True))
    return S3Request(
        method=environ["REQUEST_METHOD"],
        bucket=unquote(bucket),
        key=unquote(key),
        query=query,
        resources=frozenset(name for name in query if not _is_signature(name)),
        copies="HTTP_X_AMZ_COPY_SOURCE" in environ,
    )


def _is_signature(name: str) -> bool:
    return name.lower() in _SIGNATURE_FIELDS or name.lower().startswith("x-amz-")


@dataclass(frozen=True)
class Deletion:
    """One object of a DeleteObjects request, or of a DeleteObject."""

    key: str
    version: str | None


def read_deletions(body: bytes) -> list[Deletion]:
    """The objects that a DeleteObjects request names."""
    return [
        Deletion(item.findtext("{*}Key") or "", item.findtext("{*}VersionId"))
        for item in parse(body).iterfind("{*}Object")
    ]


def read_failed_keys(body: bytes) -> set[str]:
    """The keys that a DeleteObjects response says were not deleted."""
    return {item.findtext("{*}Key") or "" for item in parse(body).iterfind("{*}Error")}


def parse(body: bytes) -> ET.Element:
    """The root element; ET.ParseError if the body is not XML."""
    return ET.fromstring(body)  # noqa: S314  (a client of this machine; expat bounds expansion)


def local_name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
