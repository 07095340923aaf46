"""Operations on layers: publish, read, list, delete versions."""

from __future__ import annotations

from typing import Any

from ratchet.local_aws.lambda_.api.state import LambdaState
from ratchet.local_aws.lambda_.model import LayerVersion, invalid, not_found, pages, timestamp
from ratchet.local_aws.lambda_.packages import RequirementsError, importable_names

KEPT = ("Description", "CompatibleRuntimes", "LicenseInfo", "CompatibleArchitectures")


class LayerOperations(LambdaState):
    """One method per operation."""

    def publish_layer_version(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store a new version; its requirements must be installed with local AWS."""
        archive = self.archives.take(request["Content"])
        try:
            importable_names(archive.requirements)
        except RequirementsError as error:
            raise invalid(f"layer {request['LayerName']}: {error}") from error
        layer_arn = self._layer_arn(request["LayerName"])
        kept = {key: request[key] for key in KEPT if key in request}
        with self.lock:
            versions = self.layers.setdefault(layer_arn, {})
            number = self.layer_numbers.get(layer_arn, 0) + 1
            self.layer_numbers[layer_arn] = number
            layer = LayerVersion(f"{layer_arn}:{number}", number, archive, kept, timestamp())
            versions[number] = layer
        return _described(layer)

    def get_layer_version(self, request: dict[str, Any]) -> dict[str, Any]:
        """A version with its content."""
        layer = self._versions(request).get(request["VersionNumber"])
        if layer is None:
            raise not_found("The resource you requested does not exist.")
        return _described(layer)

    def get_layer_version_by_arn(self, request: dict[str, Any]) -> dict[str, Any]:
        """A version by its whole ARN."""
        return _described(self.layer_version(request["Arn"]))

    def list_layer_versions(self, request: dict[str, Any]) -> dict[str, Any]:
        """All versions, the newest first, in pages."""
        versions = sorted(self._versions(request).values(), key=lambda v: -v.version)
        page, more = pages(50).page(versions, request)
        return {"LayerVersions": [_listed(version) for version in page], **more}

    def list_layers(self, request: dict[str, Any]) -> dict[str, Any]:
        """All layers with their newest versions, in pages."""
        with self.lock:
            newest = [versions[max(versions)] for versions in self.layers.values() if versions]
        page, more = pages(50).page(sorted(newest, key=lambda v: v.arn), request)
        layers = [
            {
                "LayerName": version.layer_arn.rpartition(":")[2],
                "LayerArn": version.layer_arn,
                "LatestMatchingVersion": _listed(version),
            }
            for version in page
        ]
        return {"Layers": layers, **more}

    def delete_layer_version(self, request: dict[str, Any]) -> dict[str, Any]:
        """Delete a version; functions that use it keep it."""
        with self.lock:
            self._versions(request).pop(request["VersionNumber"], None)
        return {}

    def _layer_arn(self, name: str) -> str:
        return name if name.startswith("arn:") else self.arn("layer", name)

    def _versions(self, request: dict[str, Any]) -> dict[int, LayerVersion]:
        return self.layers.get(self._layer_arn(request["LayerName"]), {})


def _listed(layer: LayerVersion) -> dict[str, Any]:
    return {
        "LayerVersionArn": layer.arn,
        "Version": layer.version,
        "CreatedDate": layer.created,
        **layer.request,
    }


def _described(layer: LayerVersion) -> dict[str, Any]:
    content = {
        "Location": layer.archive.zip_file.as_uri(),
        "CodeSha256": layer.archive.sha256,
        "CodeSize": layer.archive.size,
    }
    return {"Content": content, "LayerArn": layer.layer_arn, **_listed(layer)}
