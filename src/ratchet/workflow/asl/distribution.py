"""The fields of a distributed Map alone: where items come from, how they are batched."""

from __future__ import annotations

from typing import Any

from ratchet.workflow.asl import reading
from ratchet.workflow.asl.model import ItemBatcher, ItemReader, ResultWriter
from ratchet.workflow.asl.reading import Document
from ratchet.workflow.asl.tables import JSONATA
from ratchet.workflow.integrations.resource import parse_resource


def is_distributed(document: Document, processor: str = "ItemProcessor") -> bool:
    """Whether the iterations of a Map, given as its document, are separate executions."""
    config = reading.mapping(reading.mapping(document.get(processor)).get("ProcessorConfig"))
    return config.get("Mode") == "DISTRIBUTED"


def distributed_fields(document: Document, processor: str, language: str) -> dict[str, Any]:
    """The fields of a distributed Map, from the document of the state."""
    return {
        "is_distributed": is_distributed(document, processor),
        "label": reading.text(document.get("Label")),
        "reader": _reader(document, language),
        "batcher": _batcher(document, language),
        "writer": _writer(document, language),
    }


def _arguments_key(language: str) -> str:
    return "Arguments" if language == JSONATA else "Parameters"


def _reader(document: Document, language: str) -> ItemReader | None:
    if "ItemReader" not in document:
        return None
    reader = reading.mapping(document["ItemReader"])
    config = reading.mapping(reader.get("ReaderConfig"))
    key = _arguments_key(language)
    return ItemReader(
        resource=parse_resource(reading.text(reader.get("Resource")) or ""),
        arguments=reading.payload_field(reader, key, f"ItemReader/{key}", language),
        kind=reading.text(config.get("InputType")),
        max_items=reading.setting(config, "MaxItems", language),
        delimiter=reading.text(config.get("CSVDelimiter")) or "COMMA",
        header_location=reading.text(config.get("CSVHeaderLocation")) or "FIRST_ROW",
        headers=reading.names(config.get("CSVHeaders")),
        pointer=reading.text(config.get("ItemsPointer")),
        transformation=reading.text(config.get("Transformation")) or "NONE",
        manifest=reading.text(config.get("ManifestType")),
    )


def _batcher(document: Document, language: str) -> ItemBatcher | None:
    if "ItemBatcher" not in document:
        return None
    batcher = reading.mapping(document["ItemBatcher"])
    return ItemBatcher(
        max_items=reading.setting(batcher, "MaxItemsPerBatch", language),
        max_bytes=reading.setting(batcher, "MaxInputBytesPerBatch", language),
        input=reading.payload_field(batcher, "BatchInput", "ItemBatcher/BatchInput", language),
    )


def _writer(document: Document, language: str) -> ResultWriter | None:
    if "ResultWriter" not in document:
        return None
    writer = reading.mapping(document["ResultWriter"])
    config = reading.mapping(writer.get("WriterConfig"))
    key = _arguments_key(language)
    resource = reading.text(writer.get("Resource"))
    return ResultWriter(
        resource=parse_resource(resource) if resource else None,
        arguments=reading.payload_field(writer, key, f"ResultWriter/{key}", language),
        transformation=reading.text(config.get("Transformation")),
        output_type=reading.text(config.get("OutputType")) or "JSON",
    )
