"""A workflow in Python: created, updated, started, listed and exported."""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections.abc import Mapping
from typing import Any, Self

from ratchet.workflow.asl.findings import Finding, InvalidDefinition, errors_of
from ratchet.workflow.drawing.pages import DrawsItself
from ratchet.workflow.editing.definition import Definition
from ratchet.workflow.exceptions import InvalidInput, MissingRequiredParameter, WorkflowNotFound
from ratchet.workflow.inputs import ExecutionInput
from ratchet.workflow.operating import clients
from ratchet.workflow.operating.execution import Execution, ExecutionStatus
from ratchet.workflow.operating.picture import Picture
from ratchet.workflow.operating.tables import ExecutionsList, WorkflowList
from ratchet.workflow.operating.uploads import put_all, uploads_of
from ratchet.workflow.steps.chain import Chain
from ratchet.workflow.steps.graph import FrozenGraph, Graph
from ratchet.workflow.steps.states import State

log = logging.getLogger("ratchet.workflow")

_FORBIDDEN = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")
_ROLE = re.compile(r"^arn:aws[\w-]*:iam::\d{12}:role/.+$")

_SETTINGS = {
    "definition": "definition",
    "role": "roleArn",
    "logging_configuration": "loggingConfiguration",
    "tracing": "tracingConfiguration",
    "encryption_configuration": "encryptionConfiguration",
}

Authored = State | Chain | Graph | Definition | Mapping[str, Any]


class Workflow(DrawsItself):
    """A state machine's definition, role and settings.

    `definition` is a state, a chain, a graph, a Definition read from a file or plain ASL. It is
    checked at once: errors raise InvalidDefinition with state and field, warnings are Python
    warnings; `check=False` skips that. Without `role` a workflow can be checked, drawn and
    exported, but not created.
    """

    def __init__(
        self,
        name: str,
        definition: Authored,
        role: str | None = None,
        tags: list[dict[str, str]] | None = None,
        execution_input: ExecutionInput | None = None,
        timeout_seconds: int | None = None,
        comment: str | None = None,
        version: str | None = None,
        state_machine_arn: str | None = None,
        format_json: bool = True,
        client: Any = None,
        *,
        query_language: str | None = None,
        type: str = "STANDARD",  # noqa: A002 - CreateStateMachine's own name
        logging_configuration: Mapping[str, Any] | None = None,
        tracing: bool | None = None,
        encryption_configuration: Mapping[str, Any] | None = None,
        check: bool = True,
    ) -> None:
        _refuse_names(name, role)
        if type not in ("STANDARD", "EXPRESS"):
            raise ValueError(f"Workflow '{name}': type is STANDARD or EXPRESS, not {type!r}")
        self.name, self.role, self.tags = name, role, tags or []
        self.timeout_seconds, self.comment, self.version = timeout_seconds, comment, version
        self.query_language, self.type = query_language, type
        self.logging_configuration, self.tracing = logging_configuration, tracing
        self.encryption_configuration = encryption_configuration
        self.workflow_input, self.state_machine_arn = execution_input, state_machine_arn
        self.format_json, self._client, self._check = format_json, client, check
        self.definition = self._accepted(definition)

    @property
    def client(self) -> Any:
        """The Step Functions client, created when it is first needed."""
        if self._client is None:
            self._client = clients.client()
        return self._client

    def _accepted(self, definition: Authored) -> Graph:
        graph = self._graph(definition)
        if self._check:
            _raise_or_warn(graph.check())
        return graph

    def _graph(self, definition: Authored) -> Graph:
        if isinstance(definition, Graph):
            return definition
        if isinstance(definition, Definition):
            return FrozenGraph(definition.document, placeholders=True)
        if isinstance(definition, Mapping):
            return FrozenGraph(definition)
        fields = {
            "timeout_seconds": self.timeout_seconds,
            "comment": self.comment,
            "version": self.version,
            "query_language": self.query_language,
        }
        return Graph(definition, **{key: value for key, value in fields.items() if value})

    def to_dict(self) -> dict[str, Any]:
        """The definition as ASL."""
        return self.definition.to_dict()

    def check(self) -> tuple[Finding, ...]:
        """Everything the checks find, warnings too."""
        return self.definition.check()

    # its state machine

    def create(self) -> str:
        """Create the state machine. Returns its ARN. If one of that name exists it is left
        unchanged, role and tags included.
        """
        arn, exists = self._created()
        if exists:
            log.warning(
                "%s exists with another definition or other settings. It was left unchanged; "
                "update() applies this workflow to it, as upsert() does at once",
                arn,
            )
        return arn

    def upsert(self) -> str:
        """Create the state machine, or update the one of that name. Returns its ARN.

        On AWS, executions that start within seconds of an update may use the former definition.
        Raises ValueError if that one is of another type, which cannot be changed.
        """
        arn, exists = self._created()
        if not exists:
            return arn
        found = self.describe()["type"]
        if found != self.type:
            raise ValueError(
                f"{arn} is {found} and cannot become {self.type}: delete it, or take another name"
            )
        return self.update()

    def _created(self) -> tuple[str, bool]:
        """The ARN, and whether a state machine of that name exists that is not this workflow's."""
        self._refuse_no_role()
        self.upload()
        try:
            answer = self.client.create_state_machine(
                name=self.name, type=self.type, tags=self.tags, **self._settings({})
            )
        except self.client.exceptions.StateMachineAlreadyExists as error:
            self.state_machine_arn = str(error).split("'")[-2]
            return self.state_machine_arn, True
        self.state_machine_arn = str(answer["stateMachineArn"])
        return self.state_machine_arn, False

    def upload(self) -> None:
        """Upload training scripts to where the definition expects them. `create()` and `update()`
        do it too; for a workflow that is exported it has to be called.
        """
        put_all(uploads_of(self.definition), self.client)

    def _refuse_no_role(self) -> None:
        if not self.role:
            raise MissingRequiredParameter(
                f"Workflow '{self.name}' needs a role to be created: role='arn:aws:iam::...', or "
                "export it with get_sam_template(), which makes one"
            )

    def _settings(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The changes, or without any all settings, as the API takes them."""
        wanted = changes or {name: getattr(self, name) for name in _SETTINGS}
        return {
            member: self._as_request(wanted[name])
            for name, member in _SETTINGS.items()
            if wanted.get(name) is not None
        }

    def _as_request(self, value: Any) -> Any:
        if isinstance(value, Graph):
            return value.to_json(pretty=self.format_json)
        return {"enabled": value} if isinstance(value, bool) else value

    def update(
        self,
        definition: Authored | None = None,
        role: str | None = None,
        *,
        logging_configuration: Mapping[str, Any] | None = None,
        tracing: bool | None = None,
    ) -> str:
        """Change only what is given; without arguments, apply the whole workflow to the state
        machine. Running executions keep the definition they started with.
        """
        arn = self._arn("update")
        if role is not None:
            _refuse_role(self.name, role)
        graph = None if definition is None else self._accepted(definition)
        given = {
            "definition": graph,
            "role": role,
            "logging_configuration": logging_configuration,
            "tracing": tracing,
        }
        changes = {name: value for name, value in given.items() if value is not None}
        settings = self._settings(changes)
        if "definition" in settings:
            put_all(uploads_of(graph or self.definition), self.client)
        self.client.update_state_machine(stateMachineArn=arn, **settings)
        self.__dict__ |= changes
        return arn

    def _arn(self, action: str) -> str:
        if self.state_machine_arn is None:
            raise WorkflowNotFound(
                f"Cannot {action} '{self.name}': it has no state machine yet. Call create(), or "
                "Workflow.attach(arn) for an existing one"
            )
        return self.state_machine_arn

    def describe(self) -> dict[str, Any]:
        """DescribeStateMachine's answer."""
        arn = self._arn("describe")
        answer: dict[str, Any] = self.client.describe_state_machine(stateMachineArn=arn)
        answer.pop("ResponseMetadata", None)
        return answer

    def delete(self) -> None:
        """Delete the state machine; AWS ends its running executions."""
        if self.state_machine_arn is not None:
            self.client.delete_state_machine(stateMachineArn=self.state_machine_arn)
            self.state_machine_arn = None

    @classmethod
    def attach(
        cls,
        state_machine_arn: str,
        client: Any = None,
        execution_input: ExecutionInput | None = None,
    ) -> Self:
        """The workflow of an existing state machine. Raises WorkflowNotFound if there is none."""
        client = client or clients.client()
        found = _described(client, state_machine_arn)
        return cls(
            name=found["name"],
            definition=FrozenGraph.from_json(found["definition"]),
            role=found["roleArn"],
            execution_input=execution_input,
            state_machine_arn=state_machine_arn,
            client=client,
            type=found["type"],
            logging_configuration=found.get("loggingConfiguration"),
            tracing=found.get("tracingConfiguration", {}).get("enabled"),
            encryption_configuration=found.get("encryptionConfiguration"),
            check=False,
        )

    @classmethod
    def list_workflows(cls, max_items: int = 100, client: Any = None, html: bool = False) -> Any:
        """The state machines of the account and region; with `html` as a table."""
        client = client or clients.client()
        found = WorkflowList(
            clients.pages(client, "list_state_machines", "stateMachines", max_items), client
        )
        return found.to_html() if html else found

    # its executions

    def execute(self, name: str | None = None, inputs: Any = None) -> Execution:
        """Start an execution. The input is checked and completed by the schema first.

        Raises InvalidInput naming every key that is missing, unknown or wrong.
        """
        completed = self._completed(inputs)
        arn = self._arn("execute")
        request = {"name": name} if name is not None else {}
        if completed is not None:
            request["input"] = self._written(completed)
        answer = self.client.start_execution(stateMachineArn=arn, **request)
        return Execution(
            workflow=self,
            execution_arn=answer["executionArn"],
            start_date=answer["startDate"],
            status=ExecutionStatus.Running,
            client=self.client,
        )

    def _completed(self, inputs: Any) -> Any:
        if self.workflow_input is None:
            return inputs
        result = self.workflow_input.validate(inputs)
        if not result.valid:
            raise InvalidInput(
                f"The input of '{self.name}' does not fit its schema "
                f"{self.workflow_input.get_schema_as_json()}: {'; '.join(result.problems)}"
            )
        return self.workflow_input.complete(inputs)

    def _written(self, inputs: Any) -> str:
        try:
            return json.dumps(inputs, indent=4 if self.format_json else None, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidInput(
                f"The input of '{self.name}' cannot be written as JSON: {error}"
            ) from error

    def list_executions(
        self,
        max_items: int = 100,
        status_filter: ExecutionStatus | str | None = None,
        html: bool = False,
    ) -> Any:
        """Executions, newest first; none if the state machine was not created yet."""
        found = ExecutionsList()
        if self.state_machine_arn is not None:
            wanted = {"statusFilter": ExecutionStatus(status_filter).value} if status_filter else {}
            found += [
                Execution(
                    workflow=self,
                    execution_arn=entry["executionArn"],
                    start_date=entry["startDate"],
                    status=entry["status"],
                    client=self.client,
                    name=entry["name"],
                    stop_date=entry.get("stopDate"),
                )
                for entry in clients.pages(
                    self.client,
                    "list_executions",
                    "executions",
                    max_items,
                    stateMachineArn=self.state_machine_arn,
                    **wanted,
                )
            ]
        return found.to_html() if html else found

    # its pictures and exports

    def render_graph(self, portrait: bool = False) -> Picture:  # noqa: ARG002 - the layout chooses
        """The picture of the definition: a notebook displays it, `.save('x.svg')` writes it."""
        return Picture(self.definition.to_dict(), title=self.name)

    def drawn(self) -> tuple[Mapping[str, Any], Any]:
        return self.definition.to_dict(), None

    def get_cloudformation_template(self, description: str | None = None) -> str:
        """A CloudFormation template of the state machine alone, as YAML."""
        from ratchet.workflow.operating.export import cloudformation_template

        return cloudformation_template(self, description)

    def get_sam_template(self, description: str | None = None) -> str:
        """A SAM template as YAML: the state machine, a role with only the permissions it needs,
        a log group and tracing. Training scripts are not part of it: see `upload`.
        """
        from ratchet.workflow.operating.export import sam_template

        return sam_template(self, description)

    def __repr__(self) -> str:
        return (
            f"Workflow(name={self.name!r}, role={self.role!r}, "
            f"state_machine_arn={self.state_machine_arn!r})"
        )


def _refuse_names(name: str, role: str | None) -> None:
    if not isinstance(name, str) or not name or len(name) > 80 or _FORBIDDEN.search(name):
        raise ValueError(
            f"{name!r} is not a workflow name: 1 to 80 characters without spaces, brackets, "
            'wildcards or any of " # % \\ ^ | ~ ` $ & , ; : /'
        )
    if role is not None:
        _refuse_role(name, role)


def _refuse_role(name: str, role: str) -> None:
    if not _ROLE.match(role):
        raise ValueError(
            f"{role!r} is not a role ARN (workflow '{name}'): arn:aws:iam::<account>:role/<name>"
        )


def _described(client: Any, arn: str) -> dict[str, Any]:
    """DescribeStateMachine's answer, or WorkflowNotFound with the likely reason."""
    missing = client.exceptions.StateMachineDoesNotExist, client.exceptions.InvalidArn
    try:
        found: dict[str, Any] = client.describe_state_machine(stateMachineArn=arn)
    except missing as error:
        parts, region = arn.split(":"), client.meta.region_name
        if len(parts) < 7 or parts[5] != "stateMachine":
            advice = f"an ARN looks like arn:aws:states:{region}:<account>:stateMachine:<name>"
        elif parts[3] != region:
            advice = (
                f"the client is for {region}: "
                f"client=boto3.client('stepfunctions', region_name='{parts[3]}')"
            )
        else:
            advice = "Workflow.list_workflows() lists those that exist"
        raise WorkflowNotFound(f"There is no state machine {arn!r}; {advice}") from error
    return found


def _raise_or_warn(findings: tuple[Finding, ...]) -> None:
    """Raise for errors, warn about the other findings."""
    errors = errors_of(findings)
    if errors:
        raise InvalidDefinition(errors)
    for finding in findings:
        warnings.warn(str(finding), stacklevel=5)
