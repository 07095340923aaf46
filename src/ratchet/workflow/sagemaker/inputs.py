"""What goes into and comes out of jobs: channels, processing inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TrainingInput:
    """One channel. Values may be placeholders."""

    s3_data: Any
    distribution: Any = "FullyReplicated"
    compression: Any = None
    content_type: Any = None
    record_wrapping: Any = None
    s3_data_type: Any = "S3Prefix"
    input_mode: Any = None
    attribute_names: list[str] | None = None

    @property
    def config(self) -> dict[str, Any]:
        """The channel as CreateTrainingJob takes it, without its name."""
        source = {
            "S3DataType": self.s3_data_type,
            "S3Uri": self.s3_data,
            "S3DataDistributionType": self.distribution,
            "AttributeNames": self.attribute_names,
        }
        return given(
            DataSource={"S3DataSource": given(**source)},
            CompressionType=self.compression,
            ContentType=self.content_type,
            RecordWrapperType=self.record_wrapping,
            InputMode=self.input_mode,
        )


s3_input = TrainingInput


@dataclass(frozen=True, slots=True)
class ProcessingInput:
    """Files that a processing job finds under `destination`."""

    source: Any
    destination: str
    input_name: str | None = None
    s3_data_type: str = "S3Prefix"
    s3_input_mode: str = "File"
    s3_data_distribution_type: str = "FullyReplicated"
    s3_compression_type: str = "None"

    def request(self, number: int) -> dict[str, Any]:
        return {
            "InputName": self.input_name or f"input-{number}",
            "S3Input": {
                "S3Uri": self.source,
                "LocalPath": self.destination,
                "S3DataType": self.s3_data_type,
                "S3InputMode": self.s3_input_mode,
                "S3DataDistributionType": self.s3_data_distribution_type,
                "S3CompressionType": self.s3_compression_type,
            },
        }


@dataclass(frozen=True, slots=True)
class ProcessingOutput:
    """A folder of the container that is uploaded to `destination` in S3."""

    source: str
    destination: Any
    output_name: str | None = None
    s3_upload_mode: str = "EndOfJob"

    def request(self, number: int) -> dict[str, Any]:
        return {
            "OutputName": self.output_name or f"output-{number}",
            "S3Output": {
                "S3Uri": self.destination,
                "LocalPath": self.source,
                "S3UploadMode": self.s3_upload_mode,
            },
        }


@dataclass(frozen=True, slots=True)
class DataCaptureConfig:
    """What an endpoint captures of its requests and responses."""

    enable_capture: bool
    destination_s3_uri: Any
    sampling_percentage: int = 20
    capture_options: tuple[str, ...] = ("Input", "Output")
    kms_key_id: Any = None

    def request(self) -> dict[str, Any]:
        return given(
            EnableCapture=self.enable_capture,
            InitialSamplingPercentage=self.sampling_percentage,
            DestinationS3Uri=self.destination_s3_uri,
            CaptureOptions=[{"CaptureMode": option} for option in self.capture_options],
            KmsKeyId=self.kms_key_id,
        )


def given(**fields: Any) -> dict[str, Any]:
    """The fields that have a value: a request omits None and empty ones."""
    return {
        name: value
        for name, value in fields.items()
        if value is not None and not (isinstance(value, dict | list | tuple | str) and not value)
    }
