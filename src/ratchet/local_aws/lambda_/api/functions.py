"""Operations on functions: create, read, update, delete, concurrency, tags."""

from __future__ import annotations

import dataclasses
from typing import Any

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.lambda_ import model
from ratchet.local_aws.lambda_.api.state import FUNCTION_NAME, LambdaState
from ratchet.local_aws.lambda_.archives import UNZIPPED_LIMIT, Archive
from ratchet.local_aws.lambda_.model import Function, LayerVersion, Logging, pages
from ratchet.local_aws.lambda_.packages import RequirementsError, importable_names

UNRESERVED_MINIMUM = 100
ACCOUNT_CONCURRENCY = 1000


class FunctionOperations(LambdaState):
    """One method per operation."""

    def create_function(self, request: dict[str, Any]) -> dict[str, Any]:
        """Store a new function; its first worker starts with its first invocation."""
        match = FUNCTION_NAME.fullmatch(request["FunctionName"])
        if not match:
            raise model.invalid(f"{request['FunctionName']} is not a function name or ARN")
        name = match["name"]
        function = self._new_function(name, request)
        with self.lock:
            if name in self.functions:
                raise ServiceError(
                    "ResourceConflictException", f"Function already exist: {name}", 409
                )
            self.functions[name] = function
            self.tags[function.arn] = dict(request.get("Tags", {}))
        return function.describe()

    def _new_function(self, name: str, request: dict[str, Any]) -> Function:
        model.check_supported(request)
        if not request.get("Handler"):
            raise model.invalid("Handler and Runtime are mandatory parameters for zip functions.")
        archive = self.archives.take(request["Code"])
        layers = self._layers(request.get("Layers", []))
        _check_code(archive, layers)
        return Function(
            name=name,
            arn=self.arn("function", name),
            role=request["Role"],
            runtime=model.check_runtime(request.get("Runtime")),
            handler=request["Handler"],
            archive=archive,
            layers=layers,
            variables=_variables(request),
            settings={key: request.get(key) or value for key, value in model.SETTINGS.items()},
            architectures=tuple(request.get("Architectures", ["x86_64"])),
            logging=Logging.of(name, request.get("LoggingConfig", {})),
        )

    def get_function(self, request: dict[str, Any]) -> dict[str, Any]:
        """The configuration, the location of the code, tags and concurrency."""
        function = self.function(request)
        found: dict[str, Any] = {
            "Configuration": function.describe(),
            "Code": {"RepositoryType": "S3", "Location": function.archive.zip_file.as_uri()},
            "Tags": self.tags[function.arn],
        }
        if function.name in self.reserved:
            found["Concurrency"] = self.get_function_concurrency(request)
        return found

    def get_function_configuration(self, request: dict[str, Any]) -> dict[str, Any]:
        """The configuration."""
        return self.function(request).describe()

    def list_functions(self, request: dict[str, Any]) -> dict[str, Any]:
        """All functions by name, in pages."""
        with self.lock:
            functions = sorted(self.functions.values(), key=lambda function: function.name)
        page, more = pages(50).page(functions, request)
        return {"Functions": [function.describe() for function in page], **more}

    def update_function_code(self, request: dict[str, Any]) -> dict[str, Any]:
        """Replace the code; workers that run the old code end once they are idle."""
        model.check_supported(request)
        function = self.function(request)
        _check_revision(function, request)
        archive = self.archives.take(request)
        _check_code(archive, function.layers)
        architectures = tuple(request.get("Architectures", function.architectures))
        return self._replace(
            function, dry_run=bool(request.get("DryRun")), archive=archive,
            architectures=architectures,
        )  # fmt: skip

    def update_function_configuration(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change what the request contains; the rest stays."""
        model.check_supported(request)
        function = self.function(request)
        _check_revision(function, request)
        changes: dict[str, Any] = {
            "role": request.get("Role", function.role),
            "handler": request.get("Handler", function.handler),
            "runtime": model.check_runtime(request.get("Runtime", function.runtime)),
            "settings": {
                key: (request[key] or model.SETTINGS[key]) if key in request else old
                for key, old in function.settings.items()
            },
        }
        if "Layers" in request:
            changes["layers"] = self._layers(request["Layers"])
            _check_code(function.archive, changes["layers"])
        if "Environment" in request:
            changes["variables"] = _variables(request)
        if "LoggingConfig" in request:
            changes["logging"] = Logging.of(function.name, request["LoggingConfig"])
        return self._replace(function, dry_run=False, **changes)

    def _replace(self, function: Function, *, dry_run: bool, **changes: Any) -> dict[str, Any]:
        changes |= {"modified": model.timestamp(), "revision": model.new_revision()}
        changed = dataclasses.replace(function, **changes)
        if not dry_run:
            with self.lock:
                self.functions[function.name] = changed
            self.sandboxes.forget(function.name)
        return changed.describe()

    def delete_function(self, request: dict[str, Any]) -> dict[str, Any]:
        """Delete the function; event source mappings stay, as on AWS."""
        function = self.function(request)
        with self.lock:
            self.functions.pop(function.name, None)
            self.tags.pop(function.arn, None)
            self.policies.pop(function.name, None)
            self.reserved.pop(function.name, None)
        self.asynchronous.forget(function.name)
        self.sandboxes.forget(function.name)
        return {}

    def _layers(self, arns: list[str]) -> tuple[LayerVersion, ...]:
        if len(arns) > model.LAYER_LIMIT:
            raise model.invalid(
                f"Cannot reference more than {model.LAYER_LIMIT} layers. Layers: {arns}"
            )
        return tuple(self.layer_version(arn) for arn in arns)

    # Concurrency

    def put_function_concurrency(self, request: dict[str, Any]) -> dict[str, Any]:
        """Reserve a number of concurrent invocations; 0 stops the function."""
        function = self.function(request)
        wanted = request["ReservedConcurrentExecutions"]
        with self.lock:
            others = sum(n for name, n in self.reserved.items() if name != function.name)
            if ACCOUNT_CONCURRENCY - others - wanted < UNRESERVED_MINIMUM:
                raise model.invalid(
                    "Specified ReservedConcurrentExecutions for function decreases account's "
                    f"UnreservedConcurrentExecution below its minimum value of "
                    f"[{UNRESERVED_MINIMUM}]."
                )
            self.reserved[function.name] = wanted
        return {"ReservedConcurrentExecutions": wanted}

    def get_function_concurrency(self, request: dict[str, Any]) -> dict[str, Any]:
        """The reserved concurrency, if any."""
        name = self.function(request).name
        if name not in self.reserved:
            return {}
        return {"ReservedConcurrentExecutions": self.reserved[name]}

    def delete_function_concurrency(self, request: dict[str, Any]) -> dict[str, Any]:
        """Give up the reservation."""
        self.reserved.pop(self.function(request).name, None)
        return {}

    # Tags

    def list_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        """The tags of a function or mapping."""
        return {"Tags": self._tags(request)}

    def tag_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add tags."""
        self._tags(request).update(request["Tags"])
        return {}

    def untag_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove tags."""
        for key in request["TagKeys"]:
            self._tags(request).pop(key, None)
        return {}

    def _tags(self, request: dict[str, Any]) -> dict[str, str]:
        if request["Resource"] not in self.tags:
            raise model.not_found(f"Resource not found: {request['Resource']}")
        return self.tags[request["Resource"]]


def _variables(request: dict[str, Any]) -> dict[str, str]:
    return model.check_variables(request.get("Environment", {}).get("Variables", {}))


def _check_code(archive: Archive, layers: tuple[LayerVersion, ...]) -> None:
    """Check AWS's limit on code and layers together, and that the packages exist here."""
    archives = [archive, *(layer.archive for layer in layers)]
    size = sum(each.unzipped for each in archives)
    if size > UNZIPPED_LIMIT:
        raise model.invalid(
            f"Function code combined with layers exceeds the maximum allowed size of "
            f"{UNZIPPED_LIMIT} bytes. The actual size is {size} bytes."
        )
    try:
        importable_names(line for each in archives for line in each.requirements)
    except RequirementsError as error:
        raise model.invalid(str(error)) from error


def _check_revision(function: Function, request: dict[str, Any]) -> None:
    if request.get("RevisionId", function.revision) != function.revision:
        raise ServiceError(
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the "
            "GetFunction/GetAlias API to retrieve the latest Revision Id",
            412,
        )
