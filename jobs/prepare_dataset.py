"""The shared Glue job PrepareDataset: accepted rows in, files ready for training and scoring out.

Usage (arguments of the Glue job run):
    --source     s3 folder of CSV files with header: accepted/<pipeline>/ or a recipe's output
    --champions_source  the same for the champion's rows, where they are prepared its own way, or
                 none
    --manifest   s3 uri of the run's manifest.json
    --output     s3 uri that ends in /prepared
    --label      the label's column
    --landed     how many rows of the new batch landed, and
    --accepted   how many of them were accepted
    --transform  s3 uri of the pipeline's transform.py, whose transform(data: DataFrame) ->
                 DataFrame is applied, or none; the files that it reads lie in files/ there
    --code       s3 uri of the archive of a pipeline's features.py, or none: the features of a row
                 are then what features() makes of it, and files to score hold rows as they landed
    --slices     s3 folder of the accepted copies, in which rows are as they landed, or none: rows
                 are then not judged by the columns of gate.slices
    --parts      what to fit on besides train and validation: none, or some of backtest, alone and
                 refit, separated by commas

Files to fit on (label, features...) are <output>/train and <output>/validation, and the same two
below each of --parts: backtest (what there was before this batch), alone (this batch only), refit
(the holdouts too). Files to score (row_id, kind, cluster, label, features...) are <output>/holdout
(the kinds fresh and reference) and, when there is a champion, <output>/arrival (these and the kind
new: rows of this batch that are not held out, and that no earlier batch has). A held-out row of
this batch that the champion was trained on is not fresh to it: where the champion was refit it is a
reference, and such a champion is not compared there. So it is where batches that the champion was
trained on are none of this run's, as after a new baseline, and have the row. With --code they have,
in place of the features, the landed columns without the label. All are comma-separated without
header and ordered by row_id. <output>/slices has the rows of <output>/holdout in the same order:
row_id, kind, cluster, label, and for each column of gate.slices the code of its value as it landed,
whatever recipe, transform or features made of it. <output>/summary.json tells the features and what
the codes mean, accounts for every row of the new batch, and tells its cut. Every refusal is a
PrepareFailed: its sentence is the run's ErrorMessage.

A row that was held out is trained on once its batch is neither new nor a reference any more, and
then in every batch that has it: it is not judged on again. By its row id a row is on one side in
all batches, that of the first one. A split by time cuts the new batch here, by the column `moment`:
its newest rows are held out. How earlier batches were cut is in the manifest, and how the new one
was, where it is an earlier run's that is judged again.

Numbers are written so that the two readers of SageMaker's XGBoost container read the same 32-bit
float: xgboost's own text parser, for training, and numpy's, for scoring. The former takes `2d` for
2, `true` for a missing value, an empty last field for no column at all, and of a number of 20
digits the lower 64 bits. What it would misread is refused; missing values are written as nan.
"""

import ast
import csv
import functools
import hashlib
import importlib
import io
import itertools
import json
import math
import re
import shutil
import sys
import tarfile
import tempfile
import traceback
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from awsglue.utils import getResolvedOptions
from py4j.protocol import Py4JJavaError
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as f

RESERVED = ("row_id", "split", "batch")
ARRIVAL = "arrival"  # reserved too, where rows replace each other: with a key
MOMENT = "moment"  # reserved too, where the split is by time
CLUSTER_COLUMN = "cluster"  # reserved too, where rows depend on each other
BY_TIME = "time"  # the column `split`, where the batch is cut here
NEW = "new"
FRESH = "fresh"
REFERENCE = "reference"
SIDES = ("train", "validation", "holdout")
GAP = "gap"
UNLABELLED = "unlabelled"
REPLACED_SIDES = {"train": "replaced, train", "validation": "replaced, validation"}
NO_CLUSTER = "-"  # a row without one is its own cluster
SIDE_BY_SIDE = 10  # requests to S3, as many as a client of boto3 has connections for
ROWS_PER_FILE = 500_000
ROWS_AT_ONCE = 10_000  # for features.py
# Readers of a part's folder take every object as data, so no _SUCCESS among them.
NO_MARKER = ("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
SIDE = "side of the row"
KIND = "kind of scored row"
IS_NEW = "whether the row is of the new batch"
CLUSTER = "cluster of the row"
ROWS = "numbers of rows"
BAD_ROWS = "number of bad rows"
LABELS = "least and greatest label by what is fitted on"
LEAST, GREATEST = "least label", "greatest label"
ODD_SIDE = "a side that is none"
LONG = "columns of more than short integers"
BATCH = "place of the batch"
ROW = "place in the batch"
FIRST = "first place, side and moment"
THEIRS = "the same among the champion's batches"
SEEN = "place of the first batch that has the row, with a label or without"
LABELLED = "whether the row has a label"
COPIES = "rows of the new batch that it stands for"
CONFLICT = "rows of the new batch that have its key and differ"
REPEATED = "whether an earlier batch has the row too"
REPLACED = "whether a row of the new batch replaces it"
KNOWN = "whether the champion was trained on the row"
ELSEWHERE = "whether a batch of the champion's that is none of this run's has the row"
SLICES = "values of the row by which it is judged"
MOST_VALUES = 20  # of a column; the rows of all others are one slice
LONGEST_VALUE = 64  # characters; a longer one is among the others
PLACED = "batch that has the row"
APART = "whether the champion cannot be scored on the row"
MARKS = [
    "row_id", SIDE, KIND, IS_NEW, REPEATED, KNOWN, PLACED, APART, CLUSTER, COPIES, CONFLICT,
    SLICES,
]  # fmt: skip
MANIFEST = "manifest/1"  # the documents of docs/documents.md that this job reads and writes
SUMMARY = "prepared-summary/1"
Limits = tuple[float | None, float | None]
TRANSFORM = "transform.py"
# In a worker's traceback: the line, and after the indented frames the exception.
IN_WORKER = re.compile(r'transform[.]py", line ([0-9]+).*?\n(\w[^\n]*)', re.DOTALL)
SPARK_TYPES = {"integer": "long", "number": "double", "boolean": "boolean"}

TO_FIT = {  # by folder, the rows of it in SQL
    "train": f"`{SIDE}` = 'train'",
    "validation": f"`{SIDE}` = 'validation'",
    "backtest/train": f"`{SIDE}` IN ('train', '{REPLACED_SIDES['train']}') AND NOT `{IS_NEW}`",
    "backtest/validation": f"`{SIDE}` IN ('validation', '{REPLACED_SIDES['validation']}')"
    f" AND NOT `{IS_NEW}`",
    "alone/train": f"`{SIDE}` = 'train' AND `{IS_NEW}`",
    "alone/validation": f"`{SIDE}` = 'validation' AND `{IS_NEW}`",
    "refit/train": f"`{SIDE}` IN ('train', 'validation', 'holdout')",
    "refit/validation": f"`{SIDE}` = 'validation'",
}
TO_SCORE = {
    "holdout": f"`{KIND}` IN ('{FRESH}', '{REFERENCE}')",
    "arrival": f"`{KIND}` IS NOT NULL",
}
EXTRA_PARTS = ("backtest", "alone", "refit")
COUNTED = {  # the summary's numbers of rows
    "train": TO_FIT["train"],
    "validation": TO_FIT["validation"],
    "holdout_fresh": f"`{KIND}` = '{FRESH}'",
    "holdout_reference": f"`{KIND}` = '{REFERENCE}'",
    "arrival": f"`{KIND}` IN ('{NEW}', '{FRESH}')",
    "repeated": f"`{REPEATED}` AND `{SIDE}` <> '{UNLABELLED}'",
    "holdout_own": f"`{SIDE}` = 'holdout' AND `{IS_NEW}` AND NOT `{REPEATED}`",
    "apart": f"`{APART}`",
}
KNOWN_ROWS = {  # that the champion would be compared on: none, unless something went wrong
    kind: f"`{KNOWN}` AND `{KIND}` = '{kind}'" for kind in (NEW, FRESH, REFERENCE)
}

ACCOUNT = {  # of the accepted rows of the new batch
    side: f"`{SIDE}` = '{side}' AND `{IS_NEW}`" for side in (UNLABELLED, GAP, *SIDES)
}

FEATURES_SAID = re.compile(r"^(?:\w+[.])*(?:FeaturesFailed|RowsRefused): (.*)$", re.MULTILINE)
LANDED = "landed "  # how the name of a column begins that is kept as it landed
THE_CHAMPIONS = "champion's "  # and of one that the champion alone takes
TEXTS = ("text", "category")  # the types whose values may have several lines
LINE_BREAK = "\r\n|[\r\n]"

MISSING = "nan"
SHORT = "^[+-]?[0-9]{1,18}([.][0-9]{0,17})?$"
NUMBER = "^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$"
WHAT_IT_TAKES = {
    **dict.fromkeys(("integer", "number"), NUMBER),
    "boolean": "^(?i:true|t|yes|y|1|false|f|no|n|0)$",
}
LARGEST, SMALLEST = "3.4E38D", "1.2E-38D"  # of the 32-bit floats that XGBoost computes with
WITHOUT_EXPONENT = ("1E-10D", "9E18D")  # further zeros or digits the text parser would not count


class PrepareFailed(Exception):
    """The data cannot be prepared; the message names the column, the row and the value."""


class DataRefused(PrepareFailed):
    """The new batch cannot be prepared, and it is to blame: the run ends as DATA_REJECTED."""


@dataclass(frozen=True)
class Request:
    """What this run was asked for, from the job's arguments."""

    source: str
    manifest: str
    output: str
    label: str
    landed: int
    accepted: int
    transform: str | None = None
    parts: tuple[str, ...] = ()
    code: str | None = None
    champions_source: str | None = None
    slices: str | None = None


@dataclass(frozen=True)
class Cut:
    """Where a batch was cut by time; what lies between two sides is left in the gap."""

    train_until: float
    validation_from: float
    validation_until: float
    holdout_from: float


@dataclass(frozen=True)
class Split:
    """How this pipeline's rows are told apart, and how a batch is cut by time."""

    reserved: tuple[str, ...] = RESERVED
    duplicates: bool = False  # rows of one batch may have the same key and differ
    validation: float = 0.15
    holdout: float = 0.15
    gap: float = 0.0  # in units of moments

    @property
    def by_key(self) -> bool:
        return ARRIVAL in self.reserved

    @property
    def by_time(self) -> bool:
        return MOMENT in self.reserved


@dataclass(frozen=True)
class Learned:
    """What the champion was trained with: its run's batches, and those whose holdouts judged it."""

    batches: tuple[str, ...]
    judged: tuple[str, ...]
    refit: bool = False  # on these holdouts as well, afterwards


@dataclass(frozen=True)
class Batches:
    """The batches of this run: the new one, those before it, those whose holdouts are judged on."""

    fresh: str
    history: tuple[str, ...]
    reference: tuple[str, ...]
    cuts: tuple[tuple[str, Cut], ...] = ()  # of those before it, where the split is by time
    champion: Learned | None = None

    @property
    def oldest_first(self) -> tuple[str, ...]:
        return (*(batch for batch in self.history if batch != self.fresh), self.fresh)

    @property
    def place(self) -> Column:
        """A row's batch as a number, from 0 for the oldest."""
        places = [(f.lit(batch), f.lit(n)) for n, batch in enumerate(self.oldest_first)]
        return f.create_map(*[item for pair in places for item in pair])[f.col("batch")]

    @property
    def judged(self) -> tuple[int, ...]:
        """The places of the batches whose holdouts are judged on."""
        return self.places((*self.reference, self.fresh))

    def places(self, batches: tuple[str, ...]) -> tuple[int, ...]:
        """The places of these batches; other runs' have none."""
        return tuple(n for n, batch in enumerate(self.oldest_first) if batch in batches)

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """The champion's batches that are none of this run's: those before a new baseline."""
        known = self.champion.batches if self.champion else ()
        return tuple(batch for batch in known if batch not in self.oldest_first)

    @property
    def knows_references(self) -> bool:
        """Whether the champion was trained on rows of the kind `reference`, or may have been."""
        return self.champion is not None and (self.champion.refit or bool(self.elsewhere))

    @property
    def compared(self) -> tuple[str, ...]:
        """The kinds of rows that the champion is compared on, so that it must not know them.

        Where its own batch is judged again, its training rows are new to others alone.
        """
        if self.champion is None:
            return ()
        new = () if self.fresh in self.champion.batches else (NEW,)
        return (*new, FRESH) if self.knows_references else (*new, FRESH, REFERENCE)


# --- arguments ---------------------------------------------------------------------------------


def parse_arguments(argv: list[str]) -> Request:
    names = ["source", "manifest", "output", "label", "landed", "accepted", "transform", "code"]
    given = getResolvedOptions(argv, [*names, "champions_source", "slices", "parts"])
    parts = tuple(part for part in given["parts"].split(",") if part != "none")
    for part in parts:
        if part not in EXTRA_PARTS:
            raise PrepareFailed(f"--parts may name {', '.join(EXTRA_PARTS)} or none, not {part!r}")
    return Request(
        source=given["source"].rstrip("/") + "/",
        champions_source=None if given["champions_source"] == "none" else given["champions_source"],
        manifest=given["manifest"],
        output=given["output"].rstrip("/"),
        label=given["label"],
        landed=int(given["landed"]),
        accepted=int(given["accepted"]),
        transform=None if given["transform"] == "none" else given["transform"],
        parts=parts,
        code=None if given["code"] == "none" else given["code"],
        slices=None if given["slices"] == "none" else given["slices"].rstrip("/") + "/",
    )


def read_manifest(uri: str) -> dict[str, Any]:
    bucket, key = _bucket_and_key(uri)
    body = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    manifest: dict[str, Any] = json.loads(body)
    found = manifest.get("document", MANIFEST)
    if found != MANIFEST:
        raise PrepareFailed(
            f"{uri} is {found!r}, this job reads {MANIFEST!r}: deploy the stack again"
        )
    return manifest


def batches_of(manifest: dict[str, Any]) -> Batches:
    history, reference = tuple(manifest["history"]), tuple(manifest.get("reference") or ())
    return Batches(
        manifest["batch"],
        history,
        reference,
        tuple((batch, Cut(**cut)) for batch, cut in (manifest.get("cuts") or {}).items()),
        learned_of(manifest, history, reference),
    )


def learned_of(
    manifest: dict[str, Any], history: tuple[str, ...], reference: tuple[str, ...]
) -> Learned | None:
    """What the champion was trained with; where that is not known, all that a run before could."""
    champion = manifest.get("champion")
    if not champion:
        return None
    known = manifest.get("learned") or {"batches": history, "judged": reference}
    return Learned(tuple(known["batches"]), tuple(known["judged"]), bool(champion.get("refit")))


def split_of(manifest: dict[str, Any]) -> Split:
    data, split = manifest["definition"]["data"], manifest["definition"]["split"]
    return Split(
        reserved=tuple(manifest["reserved"]),
        duplicates=data["duplicates"] == "last",
        validation=split["validation"],
        holdout=split["holdout"],
        gap=manifest["gap"],
    )


# --- load and transform ------------------------------------------------------------------------


def load(spark: SparkSession, source: str, batches: Batches, split: Split) -> DataFrame:
    """The rows of this run's batches, every column as text; empty fields are null."""
    data = _read(spark, [source])
    _require_reserved(data.columns, split.reserved, "the data at " + source)
    return data.where(f.col("batch").isin(*batches.oldest_first))


def load_by_header(
    spark: SparkSession,
    batches: dict[tuple[str, ...], list[str]],
    columns: dict[str, Any],
    reserved: tuple[str, ...],
) -> DataFrame:
    """The rows of batches that landed under several contracts, each with folders of its header.

    What a batch has not is missing, or has the column's default; what only it has is left out.
    """
    found = []
    for header, folders in batches.items():
        data = _read(spark, folders)
        for name in [name for name in columns if name not in header]:
            default = columns[name].get("default")
            value = f.lit(None if default is None else str(default)).cast("string")
            data = data.withColumn(name, value)
        found.append(data)
    kept = [_column(name) for name in (*columns, *reserved)]
    return functools.reduce(DataFrame.unionByName, [data.select(*kept) for data in found])


def batches_by_header(source: str, batches: Batches) -> dict[tuple[str, ...], list[str]]:
    """The folders of the batches by the columns of their files; a batch without files has none."""
    found: dict[tuple[str, ...], list[str]] = {}
    headers = headers_of(source, batches.oldest_first)
    for batch, header in zip(batches.oldest_first, headers, strict=True):
        if header is not None:
            found.setdefault(header, []).append(f"{source}{batch}/")
    return found


@functools.cache
def headers_of(source: str, batches: tuple[str, ...]) -> list[tuple[str, ...] | None]:
    """The columns of each batch's files; one look a batch: all were accepted under one contract.

    The run's rows, the champion's and those of slices may lie in one place, which is looked at
    once.
    """
    bucket, prefix = _bucket_and_key(source)
    s3 = boto3.client("s3")

    def header(batch: str) -> tuple[str, ...] | None:
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}{batch}/", MaxKeys=1)
        for item in listed.get("Contents", []):
            body = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"]
            line = next(body.iter_lines()).decode("utf-8-sig")
            body.close()
            return tuple(next(csv.reader([line])))
        return None

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return list(pool.map(header, batches))


def loaded(
    spark: SparkSession, source: str, batches: Batches, definition: dict[str, Any], split: Split
) -> DataFrame:
    """The rows of this run's batches by the names of their columns, which may have changed.

    A recipe has read all batches as one table already.
    """
    if definition["etl"]["recipe"]:
        return load(spark, source, batches, split)
    headers = batches_by_header(source, batches)
    if not headers:
        raise PrepareFailed(f"No rows are left of this run's batches at {source}")
    for header in headers:
        _require_reserved(header, split.reserved, "the data at " + source)
    return load_by_header(spark, headers, definition["data"]["columns"], split.reserved)


def with_the_elsewhere(
    data: DataFrame, source: str, batches: Batches, definition: dict[str, Any]
) -> DataFrame:
    """The rows with whether they landed before a new baseline too, for the champion to learn.

    By their ids, which are the same as long as columns and key are.
    """
    if not batches.elsewhere:
        return data
    folders = [source]
    if not definition["etl"]["recipe"]:
        headers = headers_of(source, batches.elsewhere)
        there = zip(batches.elsewhere, headers, strict=True)
        folders = [f"{source}{batch}/" for batch, header in there if header is not None]
    ids = [
        _read(data.sparkSession, [folder]).where(f.col("batch").isin(*batches.elsewhere))
        .select("row_id")
        for folder in folders
    ]  # fmt: skip
    if not ids:
        return data
    known = functools.reduce(DataFrame.unionByName, ids).distinct()
    return data.join(known.withColumn(ELSEWHERE, f.lit(True)), "row_id", "left")


def _read(spark: SparkSession, folders: list[str]) -> DataFrame:
    options = {
        "header": True,
        "enforceSchema": False,  # a file whose header differs from the first one's is an error
        "multiLine": True,
        "escape": '"',
        "recursiveFileLookup": True,
    }
    return spark.read.options(**options).csv(folders)


def typed(data: DataFrame, definition: dict[str, Any]) -> DataFrame:
    """Contract columns in the types of columns.yaml; a recipe may have changed what they mean."""
    if definition["etl"]["recipe"] or definition["etl"]["features"]:
        return data  # features.py is given types by what gives them in the endpoint
    columns = definition["data"]["columns"]
    types = {name: SPARK_TYPES.get(column["type"]) for name, column in columns.items()}
    return data.select(
        *[_column(name).cast(types.get(name) or "string").alias(name) for name in data.columns]
    )


def fetch_transform(
    spark: SparkSession, uri: str, etl: dict[str, Any]
) -> Callable[[DataFrame], Any]:
    """transform() of the transform.py at `uri`.

    With the files that lie beside it it becomes a package named by their hash, here and, unpacked,
    on every worker, so that this run's and the champion's may have files of the same names.
    """
    place = uri.rpartition("/")[0]
    bodies = {TRANSFORM: _pushed(uri, etl["transform"])}
    for name, sha256 in (etl.get("files") or {}).items():
        bodies[name] = _pushed(f"{place}/files/{name}", sha256)
    modules = {name.removesuffix(".py") for name in bodies if name.endswith(".py")}
    digests = sorted(f"{name} {hashlib.sha256(body).hexdigest()}" for name, body in bodies.items())
    package = f"transform_{hashlib.sha256(' '.join(digests).encode()).hexdigest()[:16]}"
    if package not in sys.modules:
        folder = Path(tempfile.mkdtemp(prefix="transform-")) / package
        folder.mkdir()
        (folder / "__init__.py").touch()
        for name, body in bodies.items():
            inside = importing_beside(body, modules) if name.endswith(".py") else body
            (folder / name).write_bytes(inside)
        archive = shutil.make_archive(str(folder), "zip", folder)
        spark.sparkContext.addArchive(f"{archive}#{package}")
        sys.path.insert(0, str(folder.parent))
    found: Callable[[DataFrame], Any] = importlib.import_module(f"{package}.transform").transform
    return found


def _pushed(uri: str, sha256: str) -> bytes:
    bucket, key = _bucket_and_key(uri)
    body: bytes = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    if hashlib.sha256(body).hexdigest() != sha256:
        raise PrepareFailed(f"{uri} is not what was pushed: push the pipeline again")
    return body


def importing_beside(source: bytes, modules: set[str]) -> bytes:
    """The source with these modules imported from its own package; each line stays where it is."""
    lines = source.splitlines(keepends=True)
    nodes = ast.walk(ast.parse(source))
    found = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in sorted(found, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        before, after = lines[first][: node.col_offset], lines[last][node.end_col_offset :]
        lines[last] = lines[last][: node.end_col_offset]
        lines[first] = lines[first][node.col_offset :]
        if isinstance(node, ast.ImportFrom):
            if node.level == 0 and node.module in modules:
                lines[first] = re.sub(rb"^from\s+", b"from .", lines[first], count=1)
        elif modules & {alias.name for alias in node.names}:
            blank = [b"\\\n"] * (last - first)
            lines[first : last + 1] = [*blank, _imports(node, modules)]
        lines[first] = before + lines[first]
        lines[last] += after
    return b"".join(lines)


def _imports(node: ast.Import, modules: set[str]) -> bytes:
    parts = []
    for alias in node.names:
        place = "from . " if alias.name in modules else ""
        renamed = f" as {alias.asname}" if alias.asname else ""
        parts.append(f"{place}import {alias.name}{renamed}")
    return "; ".join(parts).encode()


def apply_transform(
    data: DataFrame, split: Split, transform: Callable[[DataFrame], Any]
) -> DataFrame:
    """What a transform makes of the rows."""
    made = transform(data)
    if not isinstance(made, DataFrame):
        raise PrepareFailed(f"transform returned {type(made).__name__}, not a DataFrame")
    _require_reserved(made.columns, split.reserved, "the result of transform")
    return made


def fetch_code(spark: SparkSession, uri: str) -> dict[str, Any]:
    """Bring the archive of features.py to the driver and its workers; its contract.

    The archive is named by its hash.
    """
    bucket, key = _bucket_and_key(uri)
    body = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    if f"{hashlib.sha256(body).hexdigest()}.tar.gz" != key.rpartition("/")[2]:
        raise PrepareFailed(f"{uri} is not what its name says: push the pipeline again")
    folder = Path(tempfile.mkdtemp(prefix="features-"))
    with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as tar:
        for name in tar.getnames():
            member: Any = tar.extractfile(name)
            file = folder / Path(name).name
            file.write_bytes(member.read())
            bring = spark.sparkContext.addPyFile if file.suffix == ".py" else None
            (bring or spark.sparkContext.addFile)(str(file))
    sys.path.insert(0, str(folder))
    contract: dict[str, Any] = importlib.import_module("contract").CONTRACT
    return contract


def with_features(data: DataFrame, label: str, contract: dict[str, Any]) -> DataFrame:
    """The rows with their features, beside the columns as they landed, which are scored.

    Plain rows go to Python, not Arrow batches: Spark 3.5's Arrow does not know Java 21.
    """
    columns, features = list(contract["columns"]), list(contract["features"])
    kept, at_once = [*MARKS, label], ROWS_AT_ONCE

    def made(rows: Iterator[Any]) -> Iterator[tuple[Any, ...]]:
        import inference  # type: ignore[import-not-found]  # from the archive

        while some := list(itertools.islice(rows, at_once)):
            fields = [row[len(kept) : len(kept) + len(columns)] for row in some]
            texts = dict(zip(columns, zip(*fields, strict=True), strict=True))
            found = inference.features_of(inference.typed(texts, contract), contract, finite=False)
            for row, numbers in zip(some, found.to_numpy(dtype=float).tolist(), strict=True):
                yield (*row, *numbers)

    types = {**dict.fromkeys(kept, "string"), IS_NEW: "boolean", APART: "boolean"}
    types |= {REPEATED: "boolean", KNOWN: "boolean", COPIES: "long", SLICES: "array<string>"}
    types |= {LANDED + name: "string" for name in columns} | dict.fromkeys(features, "double")
    schema = ", ".join(f"{_quoted(name)} {kind}" for name, kind in types.items())
    lines = [one_line(name, column["type"]) for name, column in contract["columns"].items()]
    rows = data.select(*map(_column, kept), *lines).rdd.mapPartitions(made)
    return data.sparkSession.createDataFrame(rows, schema, verifySchema=False)


def one_line(name: str, kind: str) -> Column:
    """A column as it is scored: a row is a line, of which a batch transform would take two for two.

    `typed` of what is served reads texts as this writes them.
    """
    column = _column(name)
    return f.regexp_replace(column, LINE_BREAK, " ").alias(name) if kind in TEXTS else column


def champion_of(manifest: dict[str, Any]) -> dict[str, Any]:
    """The champion that is scored; empty without one."""
    apart = (manifest.get("champions_way") or {}).get("lacks") or manifest.get("incomparable")
    champion: dict[str, Any] = {} if apart else manifest.get("champion") or {}
    return champion


def champions_rows(
    spark: SparkSession, source: str, manifest: dict[str, Any], batches: Batches, split: Split
) -> DataFrame:
    """What the champion takes of each row of a batch that is judged on, prepared its own way."""
    way, champion = manifest["champions_way"], manifest["champion"]
    definition, raw = way["definition"], champion.get("raw")
    label, columns = definition["data"]["label"], definition["data"]["columns"]
    data = loaded(spark, source, batches, definition, split)
    if not definition["etl"]["recipe"]:
        landing = manifest["definition"]["data"]["columns"]
        needed = {name: column for name, column in columns.items() if name in landing}
        data = data.where(_all_there(needed, label))
        data = data.where(_all_read(needed, label, landing))
        definition = _with_fractions(definition, landing)
    data = typed(data, definition)
    if definition["etl"]["transform"]:
        place = f"{way['definition_ref']['uri']}/{TRANSFORM}"
        transform = fetch_transform(spark, place, definition["etl"])
        data = apply_transform(data, split, transform)
    kinds = dict(data.dtypes)
    features = [name for name in data.columns if name not in (*split.reserved, label)]
    if raw is None and features != champion["features"]:
        raise PrepareFailed(_difference(features, champion["features"]))
    texts = {
        name: one_line(name, columns[name]["type"]) if raw else f.expr(_text(name, kinds[name]))
        for name in raw or features
    }
    taken = [text.alias(THE_CHAMPIONS + name) for name, text in texts.items()]
    last = [f.col(ARRIVAL)] if split.by_key else []
    names = [THE_CHAMPIONS + name for name in texts]
    return (
        data.where(f.col("batch").isin(*batches.reference, batches.fresh))
        .groupBy("row_id", f.col("batch").alias(PLACED))
        .agg(f.max(f.struct(*last, *taken)).alias("row"))
        .select("row_id", PLACED, *[f.col("row")[name].alias(name) for name in names])
    )


def _all_there(columns: dict[str, Any], label: str) -> Column:
    """Whether a row has every column that may not be missing."""
    there = f.lit(True)
    for name, column in columns.items():
        if name != label and not column.get("nullable"):
            there &= _column(name).isNotNull()
    return there


def _all_read(columns: dict[str, Any], label: str, landing: dict[str, Any]) -> Column:
    """Whether what lands as text is, where the champion takes numbers or booleans, one of them."""
    read = f.lit(True)
    for name, column in columns.items():
        pattern = WHAT_IT_TAKES.get(column["type"])
        if name != label and pattern and landing[name]["type"] in TEXTS:
            read &= f.coalesce(_column(name).rlike(pattern), f.lit(True))
    return read


def _with_fractions(definition: dict[str, Any], landing: dict[str, Any]) -> dict[str, Any]:
    """The champion's contract, in which a whole number may have become one with a fraction."""
    columns = {
        name: {**column, "type": "number"}
        if column["type"] == "integer" and landing.get(name, column)["type"] != "integer"
        else column
        for name, column in definition["data"]["columns"].items()
    }
    return {**definition, "data": {**definition["data"], "columns": columns}}


def beside_the_champions(data: DataFrame, theirs: DataFrame) -> DataFrame:
    """The rows with what the champion takes; where it cannot be scored, nobody is judged."""
    found = "whether the champion has the row"
    joined = data.join(theirs.withColumn(found, f.lit(True)), ["row_id", PLACED], "left")
    apart = f.col(KIND).isNotNull() & f.col(found).isNull()
    kind = f.when(f.col(found), f.col(KIND))
    return joined.withColumns({APART: apart, KIND: kind}).drop(found)


def with_the_first(data: DataFrame, batches: Batches, split: Split, label: str) -> DataFrame:
    """The rows with the place of the first batch that has the row id with a label, and with side
    and moment there. Nobody was trained on a row without a label."""
    kinds = dict(data.dtypes)
    if label not in kinds:
        raise PrepareFailed(
            f"The label column {label!r} is missing; the columns are {', '.join(data.columns)}"
        )
    moment = f.lit(None).cast("double")
    if split.by_time:
        moment = f.expr(f"try_cast(substring({MOMENT}, 2) AS DOUBLE)")
    own = f.struct(batches.place.alias(BATCH), f.col("split").alias("side"), moment.alias(MOMENT))
    data = data.withColumns({LABELLED: f.expr(f"{_text(label, kinds[label])} IS NOT NULL")})
    labelled, theirs = f.when(f.col(LABELLED), own), f.lit(None)
    if batches.champion:
        theirs = f.when(f.col("batch").isin(*batches.champion.batches), labelled)
    if len(batches.oldest_first) == 1:
        return data.withColumns({FIRST: own, THEIRS: theirs, SEEN: batches.place})
    same_row = Window.partitionBy("row_id")
    first = f.min(labelled).over(same_row)
    # Where a key came several times in its first batch, the row that stays decides.
    own_first = f.when(first[BATCH] == batches.place, own).otherwise(first)
    known = f.min(theirs).over(same_row) if batches.champion else theirs
    seen = f.min(batches.place).over(same_row)
    return data.withColumns({FIRST: own_first, THEIRS: known, SEEN: seen})


def newest_of_each_key(data: DataFrame, batches: Batches, replaced: bool = False) -> DataFrame:
    """One row per row_id, the one that arrived last: batch, object and line decide, in this order.

    Where a transform made several of that one row, the greatest stays. With `replaced`, where that
    one is of the new batch, the last of the earlier ones too, which a backtest is trained on.
    """
    new = f.col("batch") == batches.fresh
    order = (batches.place.alias(BATCH), f.col(ARRIVAL).alias(ROW))
    kept = [name for name in data.columns if name != ARRIVAL]
    apart = (FIRST, THEIRS, SEEN, SLICES, ELSEWHERE)
    said = [_column(name) for name in kept if name not in apart]
    values = f.when(new, f.xxhash64(*said))
    first, final = f.min(f.when(new, f.col(ARRIVAL))), f.max(f.when(new, f.col(ARRIVAL)))
    differ = (first != final) & (f.min(values) != f.max(values))
    row = f.struct(*order, *map(_column, kept))
    told = {COPIES: f.count_if(new), CONFLICT: f.when(differ, f.concat_ws(" ", first, final))}
    found = [f.max(row).alias("row"), *(value.alias(name) for name, value in told.items())]
    columns = [f.col("row")[name].alias(name) for name in kept]
    if not replaced:
        return data.groupBy("row_id").agg(*found).select(*columns, COPIES, CONFLICT)
    former = f.when(f.max(new), f.max(f.when(~new, row))).alias("former")
    each = _with_the_former(data.groupBy("row_id").agg(*found, former))
    return each.select(*columns, COPIES, CONFLICT, REPLACED)


def _with_the_former(keys: DataFrame) -> DataFrame:
    """The last row of each key, and behind it the one that it replaces."""
    none = {COPIES: f.lit(0).cast("long"), CONFLICT: f.lit(None).cast("string")}
    last = f.struct("row", COPIES, CONFLICT, f.lit(False).alias(REPLACED))
    nothing = [value.alias(name) for name, value in none.items()]
    before = f.struct(f.col("former").alias("row"), *nothing, f.lit(True).alias(REPLACED))
    both = f.array_compact(f.array(last, f.when(f.col("former").isNotNull(), before)))
    return keys.select(f.inline(both))


def each_row(data: DataFrame) -> DataFrame:
    """All rows; without a key none replaces another."""
    return data.withColumns({COPIES: f.lit(1), CONFLICT: f.lit(None).cast("string")})


def on_sides(data: DataFrame, batches: Batches, split: Split, cut: Cut | None) -> DataFrame:
    """The rows with what they are for: side, kind, whether they are new, and cluster."""
    new, first = f.col("batch") == batches.fresh, f.col(FIRST)
    own = _side(batches, cut, first)
    knows = f.lit(batches.knows_references)
    elsewhere = f.lit(False)
    if ELSEWHERE in data.columns:
        elsewhere = f.coalesce(f.col(ELSEWHERE), elsewhere)
    learned = _learned(batches, cut) | elsewhere
    known = first[BATCH] < len(batches.oldest_first) - 1
    retired = (own == "holdout") & ~first[BATCH].isin(*batches.judged)
    allowed = SIDES if cut is None else (BY_TIME,)
    side = (
        f.when(f.col("split").isNull(), "null")  # `survey` finds what should not be there
        .when(~f.col("split").isin(*allowed), f.col("split"))
        .when(~f.col(LABELLED), UNLABELLED)
        .when(retired, "train")
        .otherwise(own)
    )
    held_out, earlier = side == "holdout", f.col("batch").isin(*batches.reference)
    kind = (
        f.when(held_out & new & ~learned, FRESH)
        .when(held_out & (new | earlier) & (knows | ~learned), REFERENCE)
        .when(side.isin("train", "validation", GAP) & new & ~known & ~elsewhere, NEW)
    )
    cluster = f.col(CLUSTER_COLUMN) if CLUSTER_COLUMN in split.reserved else f.lit(NO_CLUSTER)
    marks = {SIDE: side, KIND: kind, IS_NEW: new, REPEATED: new & known, KNOWN: learned}
    marks |= {PLACED: f.col("batch"), APART: f.lit(False)}
    if SLICES not in data.columns:
        marks[SLICES] = f.lit(None).cast("array<string>")
    read = [name for name in split.reserved if name != "row_id"]
    data = data.withColumns({**marks, CLUSTER: cluster}).drop(
        *read, FIRST, THEIRS, SEEN, LABELLED, ELSEWHERE
    )
    return replaced_aside(data) if REPLACED in data.columns else data


def replaced_aside(data: DataFrame) -> DataFrame:
    """The rows that the new batch replaces on sides of their own, which a backtest alone reads."""
    side, replaced = f.col(SIDE), f.col(REPLACED)
    for own, theirs in REPLACED_SIDES.items():
        side = f.when(replaced & (f.col(SIDE) == own), theirs).otherwise(side)
    fit = f.col(SIDE).isin(*REPLACED_SIDES)
    return data.where(~replaced | fit).withColumn(SIDE, side).drop(REPLACED)


def _side(batches: Batches, cut: Cut | None, first: Column) -> Column:
    """A row's own side, by its first place."""
    return first["side"] if cut is None else _side_by_time(batches, cut, first)


def _learned(batches: Batches, cut: Cut | None) -> Column:
    """Whether the champion was trained on the row: by what it was for in the champion's run."""
    champion, first = batches.champion, f.col(THEIRS)
    if champion is None or not batches.places(champion.batches):
        return f.lit(False)
    held_out = _side(batches, cut, first) == "holdout"
    judged = held_out & first[BATCH].isin(*batches.places(champion.judged))
    return first.isNotNull() & (~judged | f.lit(champion.refit))


# --- slices ------------------------------------------------------------------------------------


def landed_slices(
    spark: SparkSession,
    request: Request,
    definition: dict[str, Any],
    batches: Batches,
    split: Split,
) -> DataFrame | None:
    """What each accepted row landed with in the columns of gate.slices; None if there are none.

    A value is null where it is too long to be told. A batch that has no such column has no values.
    """
    if request.slices is None:
        return None
    names, columns = list(definition["gate"]["slices"]), definition["data"]["columns"]
    headers, wanted = batches_by_header(request.slices, batches), {n: columns[n] for n in names}
    data = load_by_header(spark, headers, wanted, tuple(_identity(split)))
    values = [f.coalesce(_column(name), f.lit("")) for name in names]
    told = [f.when(f.length(value) <= LONGEST_VALUE, value) for value in values]
    return data.select(*_identity(split), f.array(*told).alias(SLICES)).dropDuplicates(
        _identity(split)
    )


def with_slices(data: DataFrame, landed: DataFrame | None, split: Split) -> DataFrame:
    """The rows with what they landed with, whatever recipe and transform made of it."""
    return data if landed is None else data.join(landed, _identity(split), "left")


def _identity(split: Split) -> list[str]:
    """What tells one landed row from all others; without a key rows of one id are equal."""
    return ["row_id", "batch", ARRIVAL] if split.by_key else ["row_id", "batch"]


def write_slices(
    data: DataFrame, request: Request, found: list[Any], names: list[str]
) -> dict[str, list[str]]:
    """The codes of the rows that are judged; by column its most frequent values, in their order."""
    if not names:
        return {}
    judged, told = data.where(TO_SCORE["holdout"]), {}
    codes = []
    for place, name in enumerate(names):
        value = f.col(SLICES)[place]
        often = judged.where(value.isNotNull()).groupBy(value.alias("value")).count()
        most = often.orderBy(f.desc("count"), "value").limit(MOST_VALUES).collect()
        told[name] = [row["value"] for row in most]
        known = [f.lit(one) for n, v in enumerate(told[name]) for one in (v, n)]
        code = f.create_map(*known)[value] if known else f.lit(None)
        codes.append(f.coalesce(code, f.lit(len(told[name]))).alias(f"code {place}"))
    head = ["row_id", KIND, CLUSTER, request.label]
    coded = judged.select(*map(_column, head), *codes)
    columns = [*head, *(f"code {place}" for place in range(len(names)))]
    size = count_rows(found, TO_SCORE)["holdout"]
    _write(coded, columns, f"{request.output}/slices", size)
    return told


# --- the cut by time ---------------------------------------------------------------------------


def cut_of(data: DataFrame, batches: Batches, split: Split) -> Cut:
    """Where the new batch is cut: by its rows that no earlier batch has, or else by all.

    It may have none such, or too few: a month that lands again with the labels that came late.
    Where only these rows land again, too few for three sides, they are cut as their batch was. Rows
    are counted by moment, for there are fewer moments than rows. An earlier run's batch stays as
    that run cut it.
    """
    for batch, cut in batches.cuts:
        if batch == batches.fresh:
            return cut
    new = data.where((f.col("batch") == batches.fresh) & f.col(LABELLED))
    own = new.where(f.col(FIRST)[BATCH] == len(batches.oldest_first) - 1)
    refused = None
    for rows in (own, new):
        if counted := _rows_by_moment(rows):
            try:
                return cut_at(*counted, split)
            except DataRefused as too_few:
                refused = too_few
    if refused is None:
        raise PrepareFailed("No row of this batch has a label")
    if (former := _former_cut(new, batches)) is None:
        raise refused
    return former


def _former_cut(new: DataFrame, batches: Batches) -> Cut | None:
    """How the last of the batches was cut that had these rows before; None where a row is new."""
    cuts, fresh = dict(batches.cuts), len(batches.oldest_first) - 1
    places = sorted((row[0] for row in new.select(SEEN).distinct().collect()), reverse=True)
    if not places or places[0] == fresh:
        return None
    found = (cuts.get(batches.oldest_first[place]) for place in places)
    return next((cut for cut in found if cut is not None), None)


def _rows_by_moment(rows: DataFrame) -> tuple[Any, Any] | None:
    """The moments in ascending order, and how many rows there are at each; None of no rows."""
    moments, counts = array("d"), array("q")
    moment = f.expr(f"try_cast(substring({MOMENT}, 2) AS DOUBLE)").alias(MOMENT)
    for row in rows.select(moment).groupBy(MOMENT).count().orderBy(MOMENT).toLocalIterator():
        if row[0] is None:
            raise PrepareFailed(f"Reserved column {MOMENT!r} was changed: keep it as it is")
        moments.append(row[0])
        counts.append(row[1])
    return (moments, counts) if moments else None


def cut_at(moments: Any, counts: Any, split: Split) -> Cut:
    """The cut of rows at these moments, in ascending order, that comes nearest to the shares.

    Equal moments stay together, each side has one at least, and a gap lies before two of them.
    """
    rows = sum(counts)
    held_out = _newest(counts, len(moments), split.holdout * rows, 2)
    while held_out < len(moments):
        below = bisect_left(moments, moments[held_out] - split.gap)
        validated = _newest(counts, below, split.validation * rows, 1)
        while validated < below:
            train_until = moments[validated] - split.gap
            if bisect_left(moments, train_until) > 0:
                until = moments[held_out] - split.gap
                return Cut(train_until, moments[validated], until, moments[held_out])
            validated += 1
        held_out += 1
    raise DataRefused(_too_few_moments(len(moments), split.gap))


def _newest(counts: Any, end: int, wanted: float, least: int) -> int:
    """Where the last places before `end` begin that hold nearest to so many rows.

    At least one of them is taken, and `least` are left.
    """
    rows, place = 0, end
    while place > least and (place == end or rows + counts[place - 1] / 2 <= wanted):
        place -= 1
        rows += counts[place]
    return place


def _too_few_moments(count: int, gap: float) -> str:
    gaps = f" with gaps of {gap:g} between them" if gap else ""
    return (
        f"The time column has {count} different value{'' if count == 1 else 's'} in this batch, too"
        f" few to cut it into train, validation and holdout{gaps}: drop a longer period at once"
        " (trigger.min_new_rows lets small drops wait for more), or choose another split. Rows that"
        " land again with their labels are cut as before where data.key names them; without one,"
        " drop their whole period again"
    )


def _side_by_time(batches: Batches, cut: Cut, first: Column) -> Column:
    """A row's side by its first moment and the cut of its first batch."""
    known = {**dict(batches.cuts), batches.fresh: cut}
    for batch in batches.oldest_first:
        if batch not in known:
            raise PrepareFailed(f"Batch {batch} was not cut by time: its run record has no cut")
    cuts = [known[batch] for batch in batches.oldest_first]
    moment = first[MOMENT]

    def bound(name: str) -> Column:
        return f.array(*[f.lit(getattr(one, name)) for one in cuts])[first[BATCH]]

    validated = (moment >= bound("validation_from")) & (moment < bound("validation_until"))
    return (
        f.when(moment >= bound("holdout_from"), "holdout")
        .when(validated, "validation")
        .when(moment < bound("train_until"), "train")
        .otherwise(GAP)
    )


# --- the row contract --------------------------------------------------------------------------


def features_of(data: DataFrame, label: str, champion: list[str] | None) -> list[str]:
    """The ordered features: all columns but the label and the reserved ones."""
    features = [name for name in data.columns if name not in (*MARKS, label)]
    if not features:
        raise PrepareFailed("No feature column is left beside the label")
    if champion is not None and features != champion:
        raise PrepareFailed(_difference(features, champion))
    return features


def with_numbers_of_classes(data: DataFrame, label: str, classes: list[str] | None) -> DataFrame:
    """The rows with the place of their class among all in place of its name.

    A class that is not listed any more stays as it is, for `survey` to find.
    """
    if not classes:
        return data
    named = _column(label)
    number = f.coalesce(*(f.when(named == text, f.lit(str(n))) for n, text in enumerate(classes)))
    return data.withColumn(label, f.coalesce(number, named.cast("string")))


def numbers_as_text(
    data: DataFrame, label: str, features: list[str], landed: tuple[str, ...] = ()
) -> DataFrame:
    """Label and features as the text of a number, null where it is missing.

    True and false become 1 and 0; NaN counts as missing. What is not a number stays as it is, for
    `survey` to find.
    """
    kinds = dict(data.dtypes)
    texts = [f"{_text(name, kinds[name])} AS {_quoted(name)}" for name in (label, *features)]
    return data.selectExpr(*map(_quoted, (*MARKS, *landed)), *texts)


def survey(data: DataFrame, label: str, features: list[str]) -> list[Any]:
    """One pass over the new rows and the earlier ones: how many there are for each purpose, how
    many of them hold a value that is not a number, and for label and each feature whether a value
    is more than a short integer."""
    bad = " OR ".join(map(_is_bad, (label, *features)))
    sides = (*SIDES, *REPLACED_SIDES.values(), GAP, UNLABELLED)
    long = ", ".join(f"coalesce(max({_is_long(name)}), false)" for name in (label, *features))
    purposes = {
        "all": "true",
        **TO_FIT,
        **TO_SCORE,
        **COUNTED,
        **{f"account/{side}": rows for side, rows in ACCOUNT.items()},
        **{f"known/{kind}": rows for kind, rows in KNOWN_ROWS.items()},
    }
    rows = ", ".join(f"'{name}', count_if({which})" for name, which in purposes.items())
    counted = (
        f.expr(f"map({rows})").alias(ROWS),
        f.expr(f"map({', '.join(_labels(label))})").alias(LABELS),
        f.expr(f"count_if(`{SIDE}` <> '{UNLABELLED}' AND ({bad}))").alias(BAD_ROWS),
        f.sum(COPIES).alias(COPIES),
        f.max(CONFLICT).alias(CONFLICT),
        f.expr(f"min(try_cast({_quoted(label)} AS DOUBLE))").alias(LEAST),
        f.expr(f"max(try_cast({_quoted(label)} AS DOUBLE))").alias(GREATEST),
        f.max(f.when(~f.col(SIDE).isin(*sides), f.col(SIDE))).alias(ODD_SIDE),
        f.expr(f"array({long})").alias(LONG),
    )
    found: list[Any] = data.groupBy(IS_NEW).agg(*counted).collect()
    return found


def _labels(label: str) -> Iterator[str]:
    """In SQL, for each part that is fitted on, its least and its greatest label."""
    for part, rows in TO_FIT.items():
        value = f"CASE WHEN {rows} THEN try_cast({_quoted(label)} AS DOUBLE) END"
        yield f"'{part}', array(min({value}), max({value}))"


def surveyed(data: DataFrame, label: str, features: list[str]) -> list[Any]:
    """The same; what features.py failed with is said in its own words."""
    try:
        return survey(data, label, features)
    except Py4JJavaError as error:
        said = FEATURES_SAID.search(str(error))
        if said is None:
            raise
        raise PrepareFailed(said[1]) from error


def readable(data: DataFrame, found: list[Any], label: str, features: list[str]) -> DataFrame:
    """The numbers in the text that both readers of the container read alike.

    Short integers are that already; the other columns alone are worth the work.
    """
    names = [label, *features]
    others = [_quoted(name) for name in data.columns if name not in names]
    wanted = {name for row in found for name, long in zip(names, row[LONG], strict=True) if long}
    for step in (_plain, _readable):
        texts = [
            f"{step(name)} AS {_quoted(name)}" if name in wanted else _quoted(name)
            for name in names
        ]
        data = data.selectExpr(*others, *texts)
    return data


def refuse_bad_values(data: DataFrame, found: list[Any], label: str, features: list[str]) -> None:
    if sum(row[BAD_ROWS] for row in found):
        for name in (label, *features):
            bad = (
                data.where(_is_bad(name))
                .where(f.col(SIDE) != UNLABELLED)
                .select("row_id", _column(name).alias("value"))
            )
            example = bad.orderBy("row_id", "value").first()
            if example is not None:
                refusal = DataRefused if only_the_new_batch_is_bad(found) else PrepareFailed
                raise refusal(_not_a_number(name, bad.count(), *example))


def refuse_odd_sides(found: list[Any]) -> None:
    for odd in (row[ODD_SIDE] for row in found if row[ODD_SIDE] is not None):
        raise PrepareFailed(f"Reserved column 'split' was changed: it holds {odd!r}")


def only_the_new_batch_is_bad(found: list[Any]) -> bool:
    """True when earlier batches came through recipe and transform, and this one does not.

    Without earlier ones recipe or transform may as well be wrong; then the data must not go.
    """
    earlier = [row for row in found if not row[IS_NEW]]
    return bool(earlier) and not any(row[BAD_ROWS] for row in earlier)


def refuse_labels(data: DataFrame, label: str, limits: Limits) -> None:
    """Labels that the objective does not take: training would fail, with every later batch too."""
    least, greatest = limits
    if least is None and greatest is None:
        return
    value = f"CAST({_quoted(label)} AS DOUBLE)"
    low = "false" if least is None else f"{value} < double('{least}')"
    high = "false" if greatest is None else f"{value} > double('{greatest}')"
    rows = data.where(f"{low} OR {high}").select("row_id", _column(label), f.col(IS_NEW))
    example = rows.orderBy("row_id").first()
    if example is not None:
        old = rows.where(~f.col(IS_NEW)).count()
        refusal = PrepareFailed if old else DataRefused
        raise refusal(_outside(label, rows.count(), example[0], example[1], limits))


def count_rows(found: list[Any], purposes: dict[str, str]) -> dict[str, int]:
    """The rows for each of these purposes, of the new batch and the earlier ones together."""
    return {name: sum(row[ROWS][name] for row in found) for name in purposes}


def parts_of(found: list[Any], request: Request) -> list[dict[str, Any]]:
    """What else than the challenger may be fitted: its rows, and whether their labels differ."""
    told = []
    for role in request.parts:
        train, stop = f"{role}/train", f"{role}/validation"
        rows = count_rows(found, {part: TO_FIT[part] for part in (train, stop)})
        labels = {value for row in found for value in row[LABELS][train]} - {None}
        counts = {"train": rows[train], "validation": rows[stop], "labels": len(labels) > 1}
        told.append({"role": role, **counts})
    return told


def refuse_backtest(parts: list[dict[str, Any]]) -> None:
    """A training that cannot succeed, though the champion was trained on these batches."""
    for part in parts:
        for side in ("train", "validation"):
            if part["role"] == "backtest" and not part[side]:
                raise PrepareFailed(
                    "The new features cannot be tested on the batches before this one: no row of"
                    f" them is left for {side}. Change what recipe or transform makes of them, or"
                    " push with --new-baseline"
                )


def count_shared(data: DataFrame, request: Request, *, arrival: bool) -> int:
    """Row ids that a model is both fitted and judged on: none, unless something went wrong."""
    pairs = [("train", "holdout"), ("validation", "holdout")]
    if "backtest" in request.parts and arrival:
        pairs += [("backtest/train", "arrival"), ("backtest/validation", "arrival")]
    both = " OR ".join(
        f"(bool_or({TO_FIT[fitted]}) AND bool_or({TO_SCORE[judged]}))" for fitted, judged in pairs
    )
    found = data.groupBy("row_id").agg(f.expr(both).alias("shared")).where("shared")
    return found.count()


def count_known(found: list[Any], batches: Batches) -> int:
    """Rows that the champion is compared on and was trained on: none as well."""
    return sum(row[ROWS][f"known/{kind}"] for row in found for kind in batches.compared)


def refuse_empty_parts(counts: dict[str, int], unlabelled: int = 0, held_out: int = 0) -> None:
    """`held_out`: rows of this batch; the champion may have been trained on all of them."""
    needed = ("train", "validation") if held_out else ("train", "validation", "holdout_fresh")
    judged = ("holdout_fresh", "holdout_reference")
    rows = sum(counts[name] for name in ("train", "validation", *judged))
    without = f"; {unlabelled} rows of this batch have no label" if unlabelled else ""
    if not rows:
        raise PrepareFailed(f"No rows are left of this run's batches{without}")
    for part in needed:
        if not counts[part]:
            raise PrepareFailed(f"No rows are left for {part}; {rows} rows in all{without}")


def refuse_conflicts(found: list[Any], split: Split, objects: list[dict[str, Any]]) -> None:
    """A key that says two things in one batch: which of them holds?"""
    conflict = next((row[CONFLICT] for row in found if row[CONFLICT] is not None), None)
    if conflict is not None and not split.duplicates:
        first, last = (_landed_as(arrival, objects) for arrival in conflict.split())
        raise DataRefused(
            f"The key is not unique: {first} and {last} have the same key and differ. Drop each key"
            " once, or set data.duplicates to last, which takes the row that came last"
        )


def _landed_as(arrival: str, objects: list[dict[str, Any]]) -> str:
    """Where a row landed; `arrival` is o<place of its object>r<its number>."""
    place, row = arrival[1:].split("r")
    return f"row {int(row)} of {objects[int(place)]['key']}"


def refuse_one_label(found: list[Any], label: str) -> None:
    """What a recipe or transform makes is not known before; a label that lands JudgeData knows."""
    for row in found:
        if row[IS_NEW] and row[LEAST] is not None and row[LEAST] == row[GREATEST]:
            refusal = DataRefused if len(found) > 1 else PrepareFailed
            raise refusal(f"Label {label!r} is {row[LEAST]:g} in every row of this batch")


def account_for(found: list[Any], request: Request) -> dict[str, int]:
    """Every landed row of the new batch, by what became of it."""
    new = [row for row in found if row[IS_NEW]]
    sides = {side: sum(row[ROWS][f"account/{side}"] for row in new) for side in ACCOUNT}
    rows, prepared = sum(row[ROWS]["all"] for row in new), sum(row[COPIES] for row in new)
    replaced, removed = prepared - rows, request.accepted - prepared
    if removed < 0:
        raise PrepareFailed(
            f"Recipe or transform made {prepared} rows of {request.accepted}: of one row they may"
            " make one or none. A join finds several rows where its key is not unique"
        )
    if rows != sum(sides.values()):
        raise PrepareFailed(f"The rows do not add up: {rows} of this batch, by side {sides}")
    quarantined = {"landed": request.landed, "quarantined": request.landed - request.accepted}
    left_out = {"accepted": request.accepted, "replaced": replaced, "removed": removed}
    return {**quarantined, **left_out, **sides}


# --- save --------------------------------------------------------------------------------------


def write_parts(
    data: DataFrame,
    request: Request,
    features: list[str],
    found: list[Any],
    *,
    arrival: bool,
    landed: tuple[str, ...] = (),
) -> None:
    """Each part ordered by row_id, in as few files as their size allows."""
    columns = [request.label, *features]
    head = ["row_id", KIND, CLUSTER, request.label]
    absent = "" if landed else MISSING
    to_fit = {part: rows for part, rows in TO_FIT.items() if _wanted(part, request)}
    to_score = {part: rows for part, rows in TO_SCORE.items() if arrival or part != "arrival"}
    sizes = count_rows(found, {**to_fit, **to_score})
    for part, rows in to_fit.items():
        _write(data.where(rows), columns, f"{request.output}/{part}", sizes[part])
    for part, rows in to_score.items():
        folder, chosen = f"{request.output}/{part}", data.where(rows)
        _write(chosen, [*head, *(landed or features)], folder, sizes[part], absent)


def write_champions(
    data: DataFrame, request: Request, found: list[Any], theirs: list[str], absent: str
) -> None:
    """The files to score with what the champion takes in place of what the challenger takes."""
    columns = ["row_id", KIND, CLUSTER, request.label, *theirs]
    for part, size in count_rows(found, TO_SCORE).items():
        folder = f"{request.output}/champion/{part}"
        _write(data.where(TO_SCORE[part]), columns, folder, size, absent)


def _wanted(part: str, request: Request) -> bool:
    folder, below, _ = part.partition("/")
    return not below or folder in request.parts


def write_summary(request: Request, **summary: Any) -> None:
    bucket, key = _bucket_and_key(request.output + "/summary.json")
    body = json.dumps({"document": SUMMARY, "label": request.label, **summary}, indent=1)
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=body.encode())


# --- helpers -----------------------------------------------------------------------------------


def _bucket_and_key(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return parts.netloc, parts.path.lstrip("/")


def _column(name: str) -> Column:
    return f.col(_quoted(name))


def _require_reserved(columns: Sequence[str], reserved: tuple[str, ...], what: str) -> None:
    for name in reserved:
        if name not in columns:
            raise PrepareFailed(
                f"Reserved column {name!r} is missing from {what}; keep it unchanged"
            )


def _difference(features: list[str], champion: list[str]) -> str:
    added = [name for name in features if name not in champion]
    gone = [name for name in champion if name not in features]
    parts = [f"new: {', '.join(added)}"] * bool(added) + [f"gone: {', '.join(gone)}"] * bool(gone)
    return "The features differ from the champion's, so it could not be scored on these rows: " + (
        "; ".join(parts) or f"another order: {', '.join(features)}"
    )


def _quoted(name: str) -> str:
    """A column's name in SQL: dots and backticks are part of the name."""
    return "`" + name.replace("`", "``") + "`"


def _text(name: str, kind: str) -> str:
    """The value's text in SQL, null where it is missing."""
    column = _quoted(name)
    if kind == "boolean":
        return f"CAST(CAST({column} AS INT) AS STRING)"
    text = f"trim(CAST({column} AS STRING))"
    cases = "WHEN 'true' THEN '1' WHEN 'false' THEN '0' WHEN 'nan' THEN NULL WHEN '' THEN NULL"
    return f"CASE lower({text}) {cases} ELSE {text} END"


def _plain(name: str) -> str:
    """The text in SQL, without an exponent where the number can do without; short ones stay."""
    column = _quoted(name)
    number = f"try_cast({column} AS DOUBLE)"
    low, high = WITHOUT_EXPONENT
    short = f"(length({column}) < 19 AND {_without_letters(column)} OR {column} RLIKE '{SHORT}')"
    return (
        f"CASE WHEN {short} THEN {column}"
        f" WHEN abs({number}) < {SMALLEST} THEN '0'"
        f" WHEN abs({number}) BETWEEN {low} AND {high} THEN {_decimals(number)}"
        f" ELSE CAST({number} AS STRING) END"
    )


def _readable(name: str) -> str:
    """The text in SQL, or where it would be misread the decimals of the 32-bit float itself.

    The text parser adds integer and fraction in 32 bits: of 1.453 it makes 1.4530001. A model
    would see one value in training and another in scoring, on either side of a split.
    """
    column = _quoted(name)
    number = f"try_cast({column} AS DOUBLE)"
    fraction = f"try_cast(concat('0.', substring_index({column}, '.', -1)) AS DOUBLE)"
    read = f"CAST(floor(abs({number})) AS FLOAT) + CAST({fraction} AS FLOAT)"
    misread = f"{read} <> CAST(abs({number}) AS FLOAT)"
    decimal = f"contains({column}, '.') AND {_without_letters(column)}"
    single = _decimals(f"CAST(CAST({number} AS FLOAT) AS DOUBLE)")
    return f"CASE WHEN {decimal} AND {misread} THEN {single} ELSE {column} END"


def _without_letters(column: str) -> str:
    return f"NOT {column} RLIKE '[a-zA-Z]'"


def _decimals(number: str) -> str:
    return f"regexp_replace(format_string('%.19f', {number}), '[.]?0+$', '')"


def _is_long(name: str) -> str:
    column = _quoted(name)
    return f"length({column}) > 18 OR {column} RLIKE '[.a-zA-Z]'"


def _is_bad(name: str) -> str:
    """True where the value is not a number that XGBoost can hold; it may be missing."""
    column = _quoted(name)
    held = f"coalesce(abs(try_cast({column} AS DOUBLE)) <= {LARGEST}, false)"
    return f"({column} IS NOT NULL AND NOT ({column} RLIKE '{NUMBER}' AND {held}))"


def _not_a_number(name: str, count: int, row_id: str, value: str) -> str:
    problem = f"holds {value!r}, which is not a number,"
    if re.match(NUMBER, value):
        problem = f"holds {value!r}, which is larger than XGBoost's 32-bit floats (3.4E38),"
    return (
        f"Column {name!r} {problem} in row {row_id} ({count} such rows);"
        " the label and all features must be numbers: convert it in the recipe or the transform"
    )


def _outside(label: str, count: int, row_id: str, value: str, limits: Limits) -> str:
    least, greatest = ("any" if limit is None else f"{limit:g}" for limit in limits)
    return (
        f"Label {label!r} is {value} in row {row_id} ({count} such rows), but the objective takes"
        f" labels from {least} to {greatest}: fix the data, or convert the label in the recipe or"
        " the transform"
    )


def _write(
    rows: DataFrame, columns: list[str], folder: str, count: int, missing: str = MISSING
) -> None:
    files = max(1, math.ceil(count / ROWS_PER_FILE))
    ranges = rows.coalesce(1) if files == 1 else rows.repartitionByRange(files, "row_id")
    ordered = ranges.sortWithinPartitions("row_id", *map(_column, columns))
    written = ordered.select(*map(_column, columns)).write.mode("overwrite")
    as_it_is = {"ignoreLeadingWhiteSpace": False, "ignoreTrailingWhiteSpace": False, "escape": '"'}
    written.option(*NO_MARKER).options(nullValue=missing, **as_it_is).csv(folder)
    _remove_marker(rows.sparkSession, folder)


def _remove_marker(spark: SparkSession, folder: str) -> None:
    """For a committer that writes one whatever it is told; no page says whether Glue's does."""
    jvm: Any = spark._jvm  # noqa: SLF001  the only way to Hadoop's file systems
    configuration: Any = spark._jsc.hadoopConfiguration()  # noqa: SLF001
    marker = jvm.org.apache.hadoop.fs.Path(f"{folder}/_SUCCESS")
    marker.getFileSystem(configuration).delete(marker, False)


def main(argv: list[str]) -> None:
    request = parse_arguments(argv)
    manifest = read_manifest(request.manifest)
    batches, split = batches_of(manifest), split_of(manifest)
    spark = SparkSession.builder.getOrCreate()

    definition, champion = manifest["definition"], champion_of(manifest)
    data = typed(loaded(spark, request.source, batches, definition, split), definition)
    if request.transform:
        transform = fetch_transform(spark, request.transform, definition["etl"])
        data = apply_transform(data, split, transform)
    slices = landed_slices(spark, request, definition, batches, split)
    data = with_the_elsewhere(with_slices(data, slices, split), request.source, batches, definition)
    data, cut = rows_on_sides(data, request, batches, split)
    contract = fetch_code(spark, request.code) if request.code else None
    if contract is not None:
        data = with_features(data, request.label, contract)
    landed = tuple(LANDED + name for name in contract["columns"]) if contract else ()
    known = None if contract or manifest.get("champions_way") else champion.get("features")
    features = features_of(data.drop(*landed), request.label, known)
    data = with_numbers_of_classes(data, request.label, manifest.get("classes"))
    data = numbers_as_text(data, request.label, features, landed)
    theirs: list[str] = []
    if request.champions_source:
        others = champions_rows(spark, request.champions_source, manifest, batches, split)
        data = beside_the_champions(data, others)
        theirs = [name for name in others.columns if name not in MARKS]
    numbers = [*features, *([] if champion.get("raw") else theirs)]
    data = data.persist(StorageLevel.MEMORY_AND_DISK)
    found = surveyed(data, request.label, numbers)
    refuse_odd_sides(found)
    account = account_for(found, request)
    if not manifest.get("again"):  # or it was trained on as it is
        refuse_conflicts(found, split, manifest["objects"])
    if request.label not in definition["data"]["columns"]:
        refuse_one_label(found, request.label)
    refuse_bad_values(data, found, request.label, numbers)
    data = data.where(f.col(SIDE) != UNLABELLED)
    refuse_labels(
        data, request.label, (manifest.get("least_label"), manifest.get("greatest_label"))
    )
    counts = count_rows(found, COUNTED)
    refuse_empty_parts(counts, account[UNLABELLED], account["holdout"])
    parts = parts_of(found, request)
    refuse_backtest(parts)
    shared = count_shared(data, request, arrival=bool(champion)) + count_known(found, batches)

    names = list(definition["gate"]["slices"]) if slices is not None else []
    data = readable(data, found, request.label, numbers)
    write_parts(data, request, features, found, arrival=bool(champion), landed=landed)
    if theirs:
        write_champions(data, request, found, theirs, "" if champion.get("raw") else MISSING)
    raw = {"raw": list(contract["columns"])} if contract else {}
    told = {"features": features, **raw, "rows": counts, "parts": parts, "account": account}
    told["slices"] = write_slices(data, request, found, names)
    write_summary(request, **told, cut=cut and asdict(cut), shared=shared)
    print(json.dumps(counts))


def rows_on_sides(
    data: DataFrame, request: Request, batches: Batches, split: Split
) -> tuple[DataFrame, Cut | None]:
    """The prepared rows of this run's batches on their sides, and where the new one was cut."""
    data = one_of_each(data, batches, split, request.label, replaced="backtest" in request.parts)
    cut = None
    if split.by_time:  # read twice
        data = data.persist(StorageLevel.MEMORY_AND_DISK)
        cut = cut_of(data, batches, split)
    return on_sides(data, batches, split, cut), cut


def one_of_each(
    data: DataFrame, batches: Batches, split: Split, label: str, *, replaced: bool = False
) -> DataFrame:
    """The rows with their first place, of each key the last one; `replaced`: see there."""
    data = with_the_first(data, batches, split, label)
    return newest_of_each_key(data, batches, replaced) if split.by_key else each_row(data)


def located(error: Exception) -> PrepareFailed | None:
    """The error with the line of transform.py that it comes from, if it comes from there.

    What a function of the transform raises in one of Spark's Python workers has its traceback in
    the message.
    """
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename.endswith("/" + TRANSFORM)]
    text, worker = str(error).strip(), IN_WORKER.search(str(error))
    if worker:
        return PrepareFailed(f"{TRANSFORM}, line {worker[1]}: {worker[2]}")
    if lines:
        what = text.splitlines()[0] if text else "without a message"
        return PrepareFailed(f"{TRANSFORM}, line {lines[-1]}: {type(error).__name__}: {what}")
    return None


def run(argv: list[str]) -> None:
    """The job; what transform.py raises is told with its line."""
    try:
        main(argv)
    except PrepareFailed:
        raise
    except Exception as error:
        if told := located(error):
            raise told from error
        raise


if __name__ == "__main__":
    run(sys.argv)
