"""Where a recipe job writes, named as DataBrew names it.

With Overwrite: <key>/<job>_part00000.csv, replacing everything at the location. Without:
<key>/<job>_<ddMonYYYY>_<epoch ms>/<job>_<ddMonYYYY>_<epoch ms>_part00000.csv.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ratchet.local_aws.databrew.api.answers import invalid, refuse


@dataclass(frozen=True)
class CsvOutput:
    """One output of a recipe job."""

    bucket: str
    prefix: str
    overwrite: bool
    delimiter: str

    def key(self, job: str, started: datetime) -> str:
        """The key of the one part that local AWS writes."""
        if self.overwrite:
            return f"{self.prefix}{job}_part00000.csv"
        stem = f"{job}_{started:%d%b%Y}_{int(started.timestamp() * 1000)}"
        return f"{self.prefix}{stem}/{stem}_part00000.csv"


def csv_output(output: dict[str, Any]) -> CsvOutput:
    """Check one entry of a job's Outputs; what local AWS cannot write is refused by name."""
    refuse(output, "CompressionFormat", "PartitionColumns")
    if output.get("Format", "CSV") != "CSV":
        raise invalid(f"Output format {output['Format']} is not supported on local AWS; use CSV")
    prefix = output["Location"].get("Key", "").strip("/")
    if output.get("Overwrite") and not prefix:
        raise invalid("Overwrite needs a Location with a Key: it replaces everything there")
    options = (output.get("FormatOptions") or {}).get("Csv") or {}
    return CsvOutput(
        output["Location"]["Bucket"],
        prefix and prefix + "/",
        bool(output.get("Overwrite")),
        options.get("Delimiter", ","),
    )
