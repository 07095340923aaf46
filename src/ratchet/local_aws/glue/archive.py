"""An archive of Spark's loaded classes (Java's class data sharing), so that Spark starts faster.

Usage: python -m ratchet.local_aws.glue.archive

Created once (about 130 MB, next to the installed packages), and used by every later job run that
it fits: Java checks its own version and the jars, and runs without the archive if they differ.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from ratchet.local_aws.glue.spark import (
    ARCHIVE_NAMES,
    archive_folder,
    java_home,
    spark_environment,
)

_MINUTES = 5 * 60

_WARM_UP = """
from pyspark import StorageLevel
from pyspark.sql import SparkSession, functions as f

spark = SparkSession.builder.getOrCreate()
options = {"header": True, "enforceSchema": False, "multiLine": True, "escape": '"'}
data = spark.read.options(**options).csv(FOLDER + "/in").where(f.col("b").isin("x", "y"))
data = data.selectExpr("b", "CASE lower(trim(a)) WHEN 'true' THEN '1' ELSE trim(a) END AS a")
data = data.persist(StorageLevel.MEMORY_AND_DISK)
bad = f.expr("count_if(NOT coalesce(abs(try_cast(a AS DOUBLE)) < 1e9, false))")
data.groupBy("b").agg(f.count(f.lit(1)), bad, f.max(f.struct("a", "b"))).collect()
data.coalesce(1).sortWithinPartitions("a").write.mode("overwrite").csv(FOLDER + "/out")
spark.stop()
"""


def make_archive() -> Path:
    """Create the archives that are missing; the folder that contains them."""
    folder = archive_folder()
    base, top = (folder / name for name in ARCHIVE_NAMES)
    if base.exists() and top.exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        _dump_java(base)
        made = Path(scratch) / "spark.jsa"
        _run_spark(Path(scratch), f"-XX:SharedArchiveFile={base} -XX:ArchiveClassesAtExit={made}")
        made.replace(top)
    return folder


def _dump_java(base: Path) -> None:
    """Java's own classes: the Java in the wheel has no such archive."""
    command = [str(java_home() / "bin/java"), "-Xshare:dump", "-XX:+UseSerialGC"]
    _run([*command, f"-XX:SharedArchiveFile={base}"], {"PATH": os.defpath})


def _run_spark(scratch: Path, options: str) -> None:
    """Run a small, typical job under spark-submit, whose Java exits normally."""
    (scratch / "in").mkdir()
    (scratch / "in" / "data.csv").write_text("a,b\n1,x\ntrue,y\n")
    script = scratch / "warm_up.py"
    script.write_text(f"FOLDER = {scratch.as_uri()!r}\n{_WARM_UP}")
    environment = spark_environment(scratch, {}, options)
    submit = str(Path(environment["SPARK_HOME"]) / "bin/spark-submit")
    _run([submit, str(script)], {"PATH": os.defpath, "HOME": str(scratch), **environment})


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=_MINUTES, check=False
    )
    if done.returncode != 0:
        raise OSError(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()[-500:]}")


if __name__ == "__main__":
    sys.stdout.write(f"{make_archive()}\n")
