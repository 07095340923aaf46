"""Writes docs/migrating-from-stepfunctions.md from the inventory and the code.

`python tests/docs/migration.py` writes the file; test_migration.py checks it against the code.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "docs" / "migrating-from-stepfunctions.md"


@dataclass(frozen=True)
class Name:
    """A name of stepfunctions 2.3.0, its arguments there, its place here, what differs and why."""

    old: str
    arguments: tuple[str, ...] = ()
    here: str = ""
    differs: str = ""

    @property
    def place(self) -> str:
        return self.here or f"ratchet.workflow.{self.old}"


def a(words: str) -> tuple[str, ...]:
    return tuple(words.split())


STATE = (
    "unknown fields are refused with state, field and the nearest name; also takes the fields "
    "that ASL has today"
)
REGION = (
    "the partition comes from AWS_REGION, not from a session: building a step needs no AWS set-up"
)
PLAIN = "takes plain descriptions from `ratchet.workflow.sagemaker`: no SDK needed"
WAITING = {
    "completion": ("state_id", "wait_for_completion"),
    "callback": ("state_id", "wait_for_callback"),
    "pattern": ("state_id", "integration_pattern"),
    "": ("state_id",),
}
SERVICES = {
    "completion": a(
        "GlueStartJobRunStep BatchSubmitJobStep EcsRunTaskStep EmrCreateClusterStep "
        "EmrTerminateClusterStep EmrAddStepStep"
    ),
    "callback": a("LambdaStep SnsPublishStep SqsSendMessageStep EventBridgePutEventsStep"),
    "pattern": a(
        "GlueDataBrewStartJobRunStep StepFunctionsStartExecutionStep EksCreateClusterStep "
        "EksDeleteClusterStep EksCreateFargateProfileStep EksDeleteFargateProfileStep "
        "EksCreateNodegroupStep EksDeleteNodegroupStep EksRunJobStep EksCallStep"
    ),
    "": a(
        "DynamoDBGetItemStep DynamoDBPutItemStep DynamoDBUpdateItemStep DynamoDBDeleteItemStep "
        "EmrCancelStepStep EmrSetClusterTerminationProtectionStep "
        "EmrModifyInstanceFleetByNameStep EmrModifyInstanceGroupByNameStep"
    ),
}
COMPARISONS = ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
BUILDERS = (
    *(
        f"{family}{comparison}{path}"
        for family in ("String", "Numeric", "Timestamp")
        for comparison in COMPARISONS
        for path in ("", "Path")
    ),
    *a("BooleanEquals BooleanEqualsPath StringMatches"),
    *a("IsNull IsPresent IsString IsNumeric IsTimestamp IsBoolean"),
)

STATES = (
    *(Name(f"steps.{kind}", ("state_id",), differs=STATE) for kind in a("Pass Succeed Fail")),
    Name("steps.Wait", ("state_id",), differs="errors name the state"),
    Name("steps.Choice", ("state_id",), differs="rules take `assign`, `output`, `comment`"),
    Name("steps.Choice.add_choice", a("rule next_step")),
    Name("steps.Choice.default_choice", a("next_step")),
    Name("steps.Parallel", a("state_id retry catch"), differs=STATE),
    Name("steps.Parallel.add_branch", a("branch")),
    Name(
        "steps.Map",
        a("state_id retry catch"),
        differs="`item_processor` beside `iterator`; `processor_config` for distributed Map",
    ),
    Name("steps.Map.attach_iterator", a("iterator")),
    Name("steps.Task", a("state_id retry catch"), differs=STATE),
    Name(
        "steps.Chain", a("steps"), differs="linear time at any length; errors name a repeated state"
    ),
    Name("steps.Chain.append", a("step")),
    Name("steps.Chain.state_id"),
    Name("steps.Retry", differs="also takes `max_delay_seconds` and `jitter_strategy`"),
    Name("steps.Catch", a("next_step"), differs="also takes `assign` and `output`"),
    Name("steps.states.State", a("state_id state_type output_schema")),
    *(
        Name(f"steps.states.State.{method}", arguments, differs=differs)
        for method, arguments, differs in (
            ("next", a("next_step"), "the message names both states, not their whole JSON"),
            ("output", (), ""),
            ("add_retry", a("retry"), ""),
            ("add_catch", a("catch"), ""),
            (
                "update_parameters",
                a("params"),
                "a state without parameters refuses it instead of ignoring it",
            ),
            ("to_dict", (), ""),
            ("to_json", a("pretty"), ""),
            (
                "allowed_fields",
                (),
                "gives names, as they are written, not members of an Enum",
            ),
            ("is_field_allowed", a("field_name"), ""),
        )
    ),
    Name("steps.Graph", a("branch"), differs="`check()` finds what AWS would refuse"),
    Name("steps.Graph.contains", a("state")),
    Name("steps.Graph.build_graph", a("state")),
    Name("steps.Graph.to_dict"),
    Name("steps.Graph.to_json", a("pretty")),
    Name(
        "steps.FrozenGraph",
        a("definition"),
        differs="errors in the text have their position; `ratchet.workflow.Definition` edits files",
    ),
    Name("steps.FrozenGraph.from_json", a("json_definition")),
)
RULES = (
    *(
        Name(f"steps.ChoiceRule.{name}", a("variable value"), differs="also for JSONata states")
        for name in BUILDERS
    ),
    Name("steps.ChoiceRule.And", a("rules")),
    Name("steps.ChoiceRule.Or", a("rules")),
    Name("steps.ChoiceRule.Not", a("rule")),
    Name("steps.choice_rule.BaseRule.to_dict"),
)
STEPS = (
    Name("steps.integration_resources.IntegrationPattern"),
    *(
        Name(f"steps.{name}", WAITING[how], differs=REGION)
        for how, names in SERVICES.items()
        for name in names
    ),
    Name(
        "steps.TrainingStep",
        a(
            "state_id estimator job_name data hyperparameters mini_batch_size experiment_config "
            "wait_for_completion tags output_data_config_path"
        ),
        differs=f"{PLAIN}; `job_name=fresh_name(...)` lets Retry work; an unknown hyperparameter "
        "of the built-in XGBoost is a warning",
    ),
    Name(
        "steps.TrainingStep.get_expected_model",
        a("model_name"),
        differs="the model gets its environment",
    ),
    Name(
        "steps.TransformStep",
        a(
            "state_id transformer job_name model_name data data_type content_type "
            "compression_type split_type experiment_config wait_for_completion tags input_filter "
            "output_filter join_source"
        ),
        differs=PLAIN,
    ),
    Name(
        "steps.TuningStep",
        a("state_id tuner job_name data wait_for_completion tags"),
        differs=PLAIN,
    ),
    Name(
        "steps.ProcessingStep",
        a(
            "state_id processor job_name inputs outputs experiment_config container_arguments "
            "container_entrypoint kms_key_id wait_for_completion tags"
        ),
        differs=PLAIN,
    ),
    Name(
        "steps.ModelStep",
        a("state_id model model_name instance_type tags"),
        differs=f"{PLAIN}; also takes a PipelineModel or a ModelPackage",
    ),
    Name(
        "steps.EndpointConfigStep",
        a(
            "state_id endpoint_config_name model_name initial_instance_count instance_type "
            "variant_name data_capture_config tags"
        ),
        differs="`serverless_config` instead of instances; `parameters` is merged into the request",
    ),
    Name(
        "steps.EndpointStep",
        a("state_id endpoint_name endpoint_config_name tags update"),
        differs="tags with update=True are refused: UpdateEndpoint takes none",
    ),
)
INPUTS = (
    Name("inputs.Placeholder", a("schema")),
    Name(
        "inputs.ExecutionInput",
        a("schema"),
        differs="errors name unknown keys; schemas take `Field` with default, range, choices",
    ),
    Name(
        "inputs.StepInput", a("schema"), differs="valid as long as no step in between replaces it"
    ),
    Name("inputs.Placeholder.get", a("name type")),
    Name("inputs.Placeholder.get_schema_as_dict"),
    Name("inputs.Placeholder.get_schema_as_json", a("pretty")),
    Name("inputs.Placeholder.contains", a("placeholder")),
    Name(
        "inputs.Placeholder.validate",
        a("input"),
        differs="the result also has `problems`; None is an empty input; a key that is not in the "
        "schema is a problem: most often it is misspelt",
    ),
    Name("inputs.Placeholder.to_jsonpath", differs="also `to_jsonata`"),
)
TABLE = "escaped; links to the console only for executions on AWS"
OPERATING = (
    Name(
        "workflow.Workflow",
        a(
            "name definition role tags execution_input timeout_seconds comment version "
            "state_machine_arn format_json client"
        ),
        "ratchet.workflow.Workflow",
        "checked when built: errors are raised, warnings are Python warnings; no client is made "
        "before the first call; `logging_configuration`, `tracing`, `type`, `query_language`",
    ),
    *(
        Name(f"workflow.Workflow.{name}", arguments, f"ratchet.workflow.Workflow.{name}", differs)
        for name, arguments, differs in (
            ("create", (), "uploads training scripts to S3 first; asks AWS each time"),
            (
                "update",
                a("definition role"),
                "also logging and tracing; changes only what is given, or everything if nothing is",
            ),
            ("execute", a("name inputs"), "defaults are filled in; InvalidInput names each key"),
            ("list_executions", a("max_items status_filter html"), TABLE),
            ("delete", (), ""),
            (
                "render_graph",
                a("portrait"),
                "returns a picture that needs no script and no network; `portrait` is ignored",
            ),
            (
                "get_cloudformation_template",
                a("description"),
                "`get_sam_template` also adds role, log group and tracing",
            ),
            ("attach", a("state_machine_arn client"), ""),
            ("list_workflows", a("max_items client html"), TABLE),
        )
    ),
    Name(
        "workflow.Execution",
        a("workflow execution_arn start_date status client name stop_date"),
        "ratchet.workflow.Execution",
    ),
    *(
        Name(f"workflow.Execution.{name}", arguments, f"ratchet.workflow.Execution.{name}", differs)
        for name, arguments, differs in (
            ("describe", (), ""),
            ("stop", a("cause error"), ""),
            ("list_events", a("max_items reverse_order html"), TABLE),
            (
                "render_progress",
                a("portrait max_events"),
                "the picture shows the definition of this execution; `follow` shows it live",
            ),
            ("get_input", (), ""),
            ("get_output", a("wait"), "takes `timeout`; `result()` raises what get_output hides"),
        )
    ),
    Name("workflow.ExecutionStatus", here="ratchet.workflow.ExecutionStatus"),
    *(
        Name(f"workflow.stepfunctions.{name}", (), f"ratchet.workflow.operating.tables.{name}")
        for name in a("WorkflowList ExecutionsList EventsList")
    ),
)
STABLE = (
    "the endpoint keeps the pipeline's name: the first execution creates it, later ones update "
    "it, and the last states wait until it is in service; jobs are retried under fresh names; "
    "errors lead to one named end; the model comes from the job's own output; `gate` refuses one "
    "by a metric's name, before it is created"
)
METHODS = a("create get_workflow build_workflow_definition render_graph")
TEMPLATES = (
    Name("template.TrainingPipeline", a("estimator role inputs s3_bucket client"), differs=STABLE),
    Name(
        "template.InferencePipeline",
        a("preprocessor estimator inputs s3_bucket role client"),
        differs=STABLE,
    ),
    *(
        Name(f"template.{kind}.execute", a("job_name hyperparameters"))
        for kind in a("TrainingPipeline InferencePipeline")
    ),
    *(
        Name(f"template.{kind}.{method}")
        for kind in a("TrainingPipeline InferencePipeline")
        for method in METHODS
    ),
)
OTHERS = (
    Name("exceptions.DuplicateStatesInChain", differs="names the state; is also a ValueError"),
    Name("exceptions.MissingRequiredParameter"),
    Name("exceptions.WorkflowNotFound"),
    Name(
        "set_stream_logger",
        a("level"),
        "logging.basicConfig",
        "the standard library does it; our logger is `ratchet.workflow`",
    ),
    Name("__version__", (), "ratchet.__version__"),
)
SESSION = "the same names and answers; no SDK is imported"
JOBS = "a plain description; a step makes the request"
SDK = (
    Name("sagemaker.Session", ("boto_session",), "ratchet.workflow.session.Session", SESSION),
    Name(
        "sagemaker.Session.default_bucket",
        (),
        "ratchet.workflow.session.Session.default_bucket",
        "a bucket of that name in another account is refused",
    ),
    Name(
        "sagemaker.Session.upload_data",
        a("path bucket key_prefix"),
        "ratchet.workflow.session.Session.upload_data",
    ),
    *(
        Name(
            f"sagemaker.s3.S3Uploader.{name}", given, f"ratchet.workflow.session.S3Uploader.{name}"
        )
        for name, given in (
            ("upload", a("local_path desired_s3_uri")),
            ("upload_string_as_file_body", a("body desired_s3_uri")),
        )
    ),
    Name(
        "sagemaker.get_execution_role",
        a("sagemaker_session"),
        "ratchet.workflow.session.get_execution_role",
        "on local AWS, which assumes no roles, one of its account",
    ),
    *(
        Name(f"sagemaker.{old}", (), f"ratchet.workflow.sagemaker.{here}", differs)
        for old, here, differs in (
            (
                "estimator.Estimator",
                "Estimator",
                (
                    f"{JOBS}; `debugger_hook_config=False` is accepted, a hook goes into the "
                    "step's `parameters` (`DebugHookConfig`, `DebugRuleConfigurations`, "
                    "`ProfilerConfig`)"
                ),
            ),
            (
                "pytorch.PyTorch",
                "PyTorch",
                (
                    f"{JOBS}; `Workflow.create` uploads the script below `code_location` or "
                    "`output_path`"
                ),
            ),
            ("sklearn.SKLearn", "SKLearn", "as PyTorch"),
            ("xgboost.XGBoost", "XGBoost", "as PyTorch"),
            ("sklearn.processing.SKLearnProcessor", "SKLearnProcessor", JOBS),
            ("processing.ScriptProcessor", "ScriptProcessor", JOBS),
            ("processing.Processor", "Processor", JOBS),
            ("processing.ProcessingInput", "ProcessingInput", ""),
            ("processing.ProcessingOutput", "ProcessingOutput", ""),
            ("inputs.TrainingInput", "TrainingInput", "`s3_input` is its name in SDK 1"),
            ("transformer.Transformer", "Transformer", JOBS),
            ("tuner.HyperparameterTuner", "HyperparameterTuner", JOBS),
            ("model.Model", "Model", JOBS),
            ("pipeline.PipelineModel", "PipelineModel", JOBS),
            ("image_uris.retrieve", "image_uris.retrieve", "another framework: give `image_uri`"),
            ("amazon.amazon_estimator.get_image_uri", "get_image_uri", ""),
        )
    ),
)
CHAPTERS = {
    "States and graphs": STATES,
    "Choice rules": RULES,
    "Steps": STEPS,
    "Inputs": INPUTS,
    "Workflows and executions": OPERATING,
    "Templates": TEMPLATES,
    "The rest": OTHERS,
    "From the SageMaker SDK 2": SDK,
}


def names() -> Iterator[Name]:
    for chapter in CHAPTERS.values():
        yield from chapter


def found(place: str) -> Any:
    """The object at a dotted place. Raises LookupError if there is none."""
    parts = place.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            thing: Any = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        for part in parts[cut:]:
            if not hasattr(thing, part):
                raise LookupError(place)
            thing = getattr(thing, part)
        return thing
    raise LookupError(place)


def arguments(thing: Any) -> tuple[str, ...]:
    """The arguments that can be given by position, without self."""
    given = inspect.signature(thing).parameters.values()
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(one.name for one in given if one.kind in positional and one.name != "self")


def page() -> str:
    """The whole document."""
    lines = [HEAD]
    for title, chapter in CHAPTERS.items():
        source = "before" if chapter is SDK else "stepfunctions"
        lines += [f"## {title}", "", f"| {source} | here | what differs |", "|---|---|---|"]
        lines += [
            f"| `{name.old}` | `{name.place}` | {name.differs or 'nothing'} |" for name in chapter
        ]
        lines.append("")
    return "\n".join([*lines, TAIL])


HEAD = """\
# Migrating from `stepfunctions`

The package `stepfunctions` 2.3.0 (AWS Step Functions Data Science SDK) no longer imports in a \
fresh environment. Code written for it runs here once its imports are changed:

```python
# before
import stepfunctions
from stepfunctions import steps
from stepfunctions.inputs import ExecutionInput
from stepfunctions.steps import Chain, TrainingStep
from stepfunctions.template.pipeline import TrainingPipeline
from stepfunctions.workflow import Workflow
from sagemaker import Session, get_execution_role
from sagemaker.estimator import Estimator
from sagemaker.s3 import S3Uploader

stepfunctions.set_stream_logger(level=logging.INFO)

# now
from ratchet.workflow import steps
from ratchet.workflow.inputs import ExecutionInput
from ratchet.workflow.steps import Chain, TrainingStep
from ratchet.workflow.template import TrainingPipeline
from ratchet.workflow import Workflow
from ratchet.workflow.sagemaker import Estimator
from ratchet.workflow.session import S3Uploader, Session, get_execution_role

logging.basicConfig(level=logging.INFO)
```

The SageMaker SDK is not needed: `ratchet.workflow.sagemaker` describes estimators, processors, \
tuners, models, inputs and outputs under the names of SDK 2 (and understands the `train_...` \
names of SDK 1). Objects of SDK 2 with the same attributes work too.

Every public name of the package is listed below, with its place here and what differs, and so \
are the names of the SageMaker SDK that its users wrote beside it. \
[The classic samples](classic-samples.md) lists what was wrong with the seven workflows that came \
with it, and what happens here. The \
tables are generated (`python tests/docs/migration.py`) and tested: each place exists and takes \
the old arguments in the old order.
"""
TAIL = """\
## New here

- Both query languages: `query_language='JSONata'` on a state or a workflow; placeholders are \
written in the one in use.
- `fresh_name`, `Format`, `Variable`, `Context`, `Expression` in `ratchet.workflow.inputs`.
- `AwsSdkStep` for any AWS call; steps for Athena, Bedrock, HTTP, API Gateway, CodeBuild, EMR \
Serverless; `ModelPackageStep` for the model registry.
- `TrainingStep.from_model_trainer` for a `ModelTrainer` of the SageMaker SDK 3 \
([its notebook](notebooks/model-trainer.md)).
- `deploy_endpoint` and `guard` in `ratchet.workflow.template`: create an endpoint or update it, \
and wait until it serves; retry what is transient, and lead what is not to one end.
- `Workflow.upsert` and a template's `upsert`: create, or update what exists; \
`create` leaves it unchanged, as before.
- `Session.put_function` and `Session.put_glue_job` in `ratchet.workflow.session`: a Lambda \
function of Python text and a Glue job of a script, created or updated. They are what \
`sagemaker.lambda_helper.Lambda(...).upsert()` is used for.
- `Definition.read(path)`: edit any ASL file; what is not edited stays the same, byte for byte.
- `Workflow.get_sam_template()`: role, log group and tracing with the state machine.
- `Execution.redrive`, `wait`, `result`, `progress`, `follow`.
- `workflow.check()` and `ratchet lint`; `ratchet test-state`; everything runs on local AWS too.

## On a laptop

- `TrainingPipeline` and `InferencePipeline` train and serve on local AWS, the latter with its \
preprocessor and its model as the two containers of one endpoint.
- Scripts run there for scikit-learn, PyTorch and XGBoost; other images are refused by name.

## Left out

- `stepfunctions.steps.fields.Field` and `stepfunctions.steps.utils`: internals of the package.
- `sagemaker_session=` is accepted and ignored by estimators: nothing there makes a call.
- TensorFlow, MXNet and Hugging Face classes: an `Estimator` with `image_uri` describes such jobs.
- `fit`, `deploy`, `run` and `transform` of estimators, models, processors and transformers, which \
describe and start nothing: they are refused with the step that does it.
- `stepfunctions.template.utils`, which the notebooks imported and never called: a step's \
`update_parameters` changes its request.
- `portrait=` is accepted and ignored: the layout depends on the graph.
"""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
