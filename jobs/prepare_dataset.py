"""The shared Glue job PrepareDataset: accepted rows in, files ready for training and scoring out.

Usage (arguments of the Glue job run):
    --source     s3 folder of CSV files with header: accepted/<pipeline>/ or a recipe's output
    --manifest   s3 uri of the run's manifest.json
    --output     s3 uri that ends in /prepared
    --label      the label's column
    --split_by   row | key; by key only the row of each key that arrived last stays
    --transform  true | false; true applies transform(data: DataFrame) -> DataFrame of the module
                 `transform` that --extra-py-files brings

Writes <output>/train and <output>/validation (label, features...), <output>/holdout (row_id,
fresh|reference, label, features...), all comma-separated without header and ordered by row_id, and
<output>/summary.json. Every refusal is a PrepareFailed: its sentence is the run's ErrorMessage.

Numbers are written so that the two readers of SageMaker's XGBoost container read the same 32-bit
float: xgboost's own text parser, for training, and numpy's, for scoring. The former takes `2d` for
2, `true` for a missing value, an empty last field for no column at all, and of a number of 20
digits the lower 64 bits. What it would misread is refused; missing values are written as nan.
"""

import json
import math
import re
import sys
import traceback
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from awsglue.utils import getResolvedOptions
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

RESERVED = ("row_id", "split", "batch")
ARRIVAL = "arrival"  # reserved too, where rows replace each other: split by key
FRESH = "fresh"
REFERENCE = "reference"
PARTS = ("train", "validation", "holdout")
ROWS_PER_FILE = 500_000
# Readers of a part's folder take every object as data, so no _SUCCESS among them.
NO_MARKER = ("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
KIND = "kind of holdout row"
ROWS = "number of rows"
BAD_ROWS = "number of bad rows"
LONG = "columns of more than short integers"
BATCH = "place of the batch"
ROW = "place in the batch"
MANIFEST = "manifest/1"  # the documents of docs/documents.md that this job reads and writes
SUMMARY = "prepared-summary/1"
Limits = tuple[float | None, float | None]
TRANSFORM = "transform.py"
# In a worker's traceback: the line, and after the indented frames the exception.
IN_WORKER = re.compile(r'transform[.]py", line ([0-9]+).*?\n(\w[^\n]*)', re.DOTALL)
SPARK_TYPES = {"integer": "long", "number": "double"}

MISSING = "nan"
SHORT = "^[+-]?[0-9]{1,18}([.][0-9]{0,17})?$"
NUMBER = "^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$"
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
    by_key: bool
    transform: bool

    @property
    def reserved(self) -> tuple[str, ...]:
        return (*RESERVED, ARRIVAL) if self.by_key else RESERVED


@dataclass(frozen=True)
class Batches:
    """The batches of this run: the new one, those before it, those of promoted runs."""

    fresh: str
    history: tuple[str, ...]
    reference: tuple[str, ...]

    @property
    def oldest_first(self) -> tuple[str, ...]:
        return (*(batch for batch in self.history if batch != self.fresh), self.fresh)


# --- arguments ---------------------------------------------------------------------------------


def parse_arguments(argv: list[str]) -> Request:
    names = ["source", "manifest", "output", "label", "split_by", "transform"]
    given = getResolvedOptions(argv, names)
    for name, allowed in {"split_by": ("row", "key"), "transform": ("true", "false")}.items():
        if given[name] not in allowed:
            raise PrepareFailed(f"--{name} must be {' or '.join(allowed)}, not {given[name]!r}")
    return Request(
        source=given["source"].rstrip("/") + "/",
        manifest=given["manifest"],
        output=given["output"].rstrip("/"),
        label=given["label"],
        by_key=given["split_by"] == "key",
        transform=given["transform"] == "true",
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
    return Batches(
        manifest["batch"], tuple(manifest["history"]), tuple(manifest.get("reference") or ())
    )


# --- load and transform ------------------------------------------------------------------------


def load(spark: SparkSession, request: Request, batches: Batches) -> DataFrame:
    """The rows of this run's batches, every column as text; empty fields are null."""
    options = {
        "header": True,
        "enforceSchema": False,  # a file whose header differs from the first one's is an error
        "multiLine": True,
        "escape": '"',
        "recursiveFileLookup": True,
    }
    data = spark.read.options(**options).csv(request.source)
    _require_reserved(data, request.reserved, "the data at " + request.source)
    return data.where(f.col("batch").isin(*batches.oldest_first))


def typed(data: DataFrame, definition: dict[str, Any]) -> DataFrame:
    """Contract columns in the types of columns.yaml; a recipe may have changed what they mean."""
    if definition["etl"]["recipe"]:
        return data
    columns = definition["data"]["columns"]
    types = {name: SPARK_TYPES.get(column["type"]) for name, column in columns.items()}
    return data.select(
        *[_column(name).cast(types.get(name) or "string").alias(name) for name in data.columns]
    )


def apply_transform(data: DataFrame, request: Request) -> DataFrame:
    from transform import transform  # type: ignore[import-not-found]  # --extra-py-files

    made = transform(data)
    if not isinstance(made, DataFrame):
        raise PrepareFailed(f"transform returned {type(made).__name__}, not a DataFrame")
    _require_reserved(made, request.reserved, "the result of transform")
    return made


def newest_of_each_key(data: DataFrame, batches: Batches) -> DataFrame:
    """One row per row_id, the one that arrived last: batch, object and line decide, in this order.

    Where a transform made several of that one row, the greatest stays.
    """
    places = {batch: place for place, batch in enumerate(batches.oldest_first)}
    newest = f.create_map(*[f.lit(item) for pair in places.items() for item in pair])
    order = (newest[f.col("batch")].alias(BATCH), f.col(ARRIVAL).alias(ROW))
    kept = [name for name in data.columns if name != ARRIVAL]
    return (
        data.groupBy("row_id")
        .agg(f.max(f.struct(*order, *map(_column, kept))).alias("row"))
        .select(*[f.col("row")[name].alias(name) for name in kept])
    )


# --- the row contract --------------------------------------------------------------------------


def features_of(data: DataFrame, label: str, champion: list[str] | None) -> list[str]:
    """The ordered features: all columns but the label and the reserved ones."""
    if label not in data.columns:
        raise PrepareFailed(
            f"The label column {label!r} is missing; the columns are {', '.join(data.columns)}"
        )
    features = [name for name in data.columns if name not in (*RESERVED, label)]
    if not features:
        raise PrepareFailed("No feature column is left beside the label")
    if champion is not None and features != champion:
        raise PrepareFailed(_difference(features, champion))
    return features


def numbers_as_text(data: DataFrame, label: str, features: list[str]) -> DataFrame:
    """Label and features as the text of a number, null where it is missing.

    True and false become 1 and 0; NaN counts as missing. What is not a number stays as it is, for
    `survey` to find.
    """
    kinds = dict(data.dtypes)
    texts = [f"{_text(name, kinds[name])} AS {_quoted(name)}" for name in (label, *features)]
    return data.selectExpr(*RESERVED, *texts)


def survey(data: DataFrame, label: str, features: list[str], batches: Batches) -> list[Any]:
    """One pass: rows by split and kind, how many of them hold a value that is not a number, and
    for label and each feature whether a value is more than a short integer."""
    bad = " OR ".join(_is_bad(name, label) for name in (label, *features))
    groups = data.groupBy("split", _kind(batches).alias(KIND))
    rows = f.count(f.lit(1)).alias(ROWS)
    long = ", ".join(f"coalesce(max({_is_long(name)}), false)" for name in (label, *features))
    counted = (
        rows,
        f.expr(f"count_if({bad})").alias(BAD_ROWS),
        f.expr(f"array({long})").alias(LONG),
    )
    found: list[Any] = groups.agg(*counted).collect()
    return found


def readable(data: DataFrame, found: list[Any], label: str, features: list[str]) -> DataFrame:
    """The numbers in the text that both readers of the container read alike.

    Short integers are that already; the other columns alone are worth the work.
    """
    names = [label, *features]
    wanted = {name for row in found for name, long in zip(names, row[LONG], strict=True) if long}
    for step in (_plain, _readable):
        texts = [
            f"{step(name)} AS {_quoted(name)}" if name in wanted else _quoted(name)
            for name in names
        ]
        data = data.selectExpr(*RESERVED, *texts)
    return data


def refuse_bad_values(data: DataFrame, found: list[Any], label: str, features: list[str]) -> None:
    if sum(row[BAD_ROWS] for row in found):
        for name in (label, *features):
            bad = data.where(_is_bad(name, label)).select("row_id", _column(name).alias("value"))
            example = bad.orderBy("row_id", "value").first()
            if example is not None:
                refusal = DataRefused if only_the_new_batch_is_bad(found) else PrepareFailed
                raise refusal(_not_a_number(name, bad.count(), *example))
    odd = sorted({str(row["split"]) for row in found if row["split"] not in PARTS})
    if odd:
        raise PrepareFailed(f"Reserved column 'split' was changed: it holds {odd[0]!r}")


def only_the_new_batch_is_bad(found: list[Any]) -> bool:
    """True when earlier batches came through recipe and transform, and this one does not.

    Without earlier ones recipe or transform may as well be wrong; then the data must not go.
    """
    earlier = [row for row in found if row[KIND] != FRESH]
    return bool(earlier) and not any(row[BAD_ROWS] for row in earlier)


def refuse_labels(data: DataFrame, label: str, batches: Batches, limits: Limits) -> None:
    """Labels that the objective does not take: training would fail, with every later batch too."""
    least, greatest = limits
    if least is None and greatest is None:
        return
    value = f"CAST({_quoted(label)} AS DOUBLE)"
    low = "false" if least is None else f"{value} < double('{least}')"
    high = "false" if greatest is None else f"{value} > double('{greatest}')"
    rows = data.where(f"{low} OR {high}").select(
        "row_id", _column(label), _kind(batches).alias(KIND)
    )
    example = rows.orderBy("row_id").first()
    if example is not None:
        old = rows.where(f"{_quoted(KIND)} IS DISTINCT FROM '{FRESH}'").count()
        refusal = PrepareFailed if old else DataRefused
        raise refusal(_outside(label, rows.count(), example[0], example[1], limits))


def count_rows(found: list[Any]) -> dict[str, int]:
    counts = dict.fromkeys(("train", "validation", "holdout_fresh", "holdout_reference"), 0)
    for row in found:
        name = row["split"] if row["split"] != "holdout" else f"holdout_{row[KIND]}"
        if name in counts:
            counts[name] += row[ROWS]
    return counts


def refuse_empty_parts(counts: dict[str, int]) -> None:
    if not any(counts.values()):
        raise PrepareFailed("No rows are left of this run's batches")
    for part in ("train", "validation", "holdout_fresh"):
        if not counts[part]:
            raise PrepareFailed(f"No rows are left for {part}; {sum(counts.values())} rows in all")


# --- save --------------------------------------------------------------------------------------


def write_parts(
    data: DataFrame, request: Request, features: list[str], batches: Batches, counts: dict[str, int]
) -> None:
    """Each part ordered by row_id, in as few files as their size allows."""
    columns = [request.label, *features]
    for part in ("train", "validation"):
        rows = data.where(f.col("split") == part)
        _write(rows, columns, f"{request.output}/{part}", counts[part])
    holdout = data.withColumn(KIND, _kind(batches)).where(
        (f.col("split") == "holdout") & _column(KIND).isNotNull()
    )
    size = counts["holdout_fresh"] + counts["holdout_reference"]
    _write(holdout, ["row_id", KIND, *columns], f"{request.output}/holdout", size)


def write_summary(output: str, label: str, features: list[str], counts: dict[str, int]) -> None:
    bucket, key = _bucket_and_key(output + "/summary.json")
    summary = {"document": SUMMARY, "features": features, "label": label, "rows": counts}
    body = json.dumps(summary, indent=1)
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=body.encode())


# --- helpers -----------------------------------------------------------------------------------


def _bucket_and_key(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return parts.netloc, parts.path.lstrip("/")


def _column(name: str) -> Column:
    return f.col(_quoted(name))


def _require_reserved(data: DataFrame, reserved: tuple[str, ...], what: str) -> None:
    for name in reserved:
        if name not in data.columns:
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


def _kind(batches: Batches) -> Column:
    fresh = f.when(f.col("batch") == batches.fresh, FRESH)
    return fresh.when(f.col("batch").isin(*batches.reference), REFERENCE)


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


def _is_bad(name: str, label: str) -> str:
    """True where the value is not a number that XGBoost can hold; only a feature may be missing."""
    column = _quoted(name)
    held = f"coalesce(abs(try_cast({column} AS DOUBLE)) <= {LARGEST}, false)"
    missing = "true" if name == label else "false"
    bad = f"NOT ({column} RLIKE '{NUMBER}' AND {held})"
    return f"(CASE WHEN {column} IS NULL THEN {missing} ELSE {bad} END)"


def _not_a_number(name: str, count: int, row_id: str, value: str | None) -> str:
    problem = "has no value" if value is None else f"holds {value!r}, which is not a number,"
    if value is not None and re.match(NUMBER, value):
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


def _write(rows: DataFrame, columns: list[str], folder: str, count: int) -> None:
    files = max(1, math.ceil(count / ROWS_PER_FILE))
    ranges = rows.coalesce(1) if files == 1 else rows.repartitionByRange(files, "row_id")
    ordered = ranges.sortWithinPartitions("row_id", *map(_column, columns))
    written = ordered.select(*map(_column, columns)).write.mode("overwrite")
    written.option(*NO_MARKER).option("nullValue", MISSING).csv(folder)
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
    batches = batches_of(manifest)
    spark = SparkSession.builder.getOrCreate()

    data = typed(load(spark, request, batches), manifest["definition"])
    if request.transform:
        data = apply_transform(data, request)
    if request.by_key:
        data = newest_of_each_key(data, batches)

    champion = (manifest.get("champion") or {}).get("features")
    features = features_of(data, request.label, champion)
    data = numbers_as_text(data, request.label, features).persist(StorageLevel.MEMORY_AND_DISK)
    found = survey(data, request.label, features, batches)
    refuse_bad_values(data, found, request.label, features)
    limits = (manifest.get("least_label"), manifest.get("greatest_label"))
    refuse_labels(data, request.label, batches, limits)
    counts = count_rows(found)
    refuse_empty_parts(counts)

    data = readable(data, found, request.label, features)
    write_parts(data, request, features, batches, counts)
    write_summary(request.output, request.label, features, counts)
    print(json.dumps(counts))


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
