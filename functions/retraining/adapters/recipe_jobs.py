"""DataBrew: a pipeline's recipe, dataset and recipe job.

StartJobRun takes only the job's name (API reference), so what a run needs of it, its output
and its recipe version, is set on the job beforehand, under the run's lease.
"""

from __future__ import annotations

from typing import Any, Final

from botocore.exceptions import ClientError

from retraining.adapters.clients import code
from retraining.rules.names import Names, accepted_prefix
from retraining.rules.ownership import require_ours

NODES: Final = 2  # DataBrew's own default is 5
TIMEOUT_MINUTES: Final = 110  # below the state's two hours


class RecipeJobs:
    """Recipes and recipe jobs of one stack's pipelines."""

    def __init__(
        self, databrew: Any, names: Names, bucket: str, role: str, kms_key: str | None
    ) -> None:
        self._databrew, self._names, self._bucket = databrew, names, bucket
        self._role, self._kms_key = role, kms_key

    def publish_recipe(self, pipeline: str, steps: list[dict[str, Any]]) -> str:
        """Publish the steps as the recipe's next version; its number."""
        name, wanted = self._names.standing(pipeline), [_step(step) for step in steps]
        recipe = self._described("recipe", name, RecipeVersion="LATEST_WORKING")
        if recipe is None:
            self._databrew.create_recipe(Name=name, Steps=wanted, Tags=self._names.tags(pipeline))
        else:
            self._databrew.update_recipe(Name=name, Steps=wanted)
        self._databrew.publish_recipe(Name=name, Description=f"Pipeline {pipeline}")
        return str(self._databrew.describe_recipe(Name=name)["RecipeVersion"])

    def ensure_dataset(self, pipeline: str) -> None:
        """The pipeline's accepted data as a dataset: CSV with header."""
        request: dict[str, Any] = {
            "Name": self._names.standing(pipeline),
            "Format": "CSV",
            "FormatOptions": {"Csv": {"Delimiter": ",", "HeaderRow": True}},
            "Input": {
                "S3InputDefinition": {"Bucket": self._bucket, "Key": accepted_prefix(pipeline)}
            },
        }
        if self._described("dataset", request["Name"]) is None:
            self._databrew.create_dataset(**request, Tags=self._names.tags(pipeline))
        else:
            self._databrew.update_dataset(**request)

    def ensure_job(self, pipeline: str, recipe_version: str, output: str) -> None:
        """Make the pipeline's recipe job unless it exists."""
        if self._existing(self._names.standing(pipeline)) is None:
            self.point_job(pipeline, recipe_version, output)

    def point_job(self, pipeline: str, recipe_version: str, output: str) -> str:
        """Let the job run this recipe version into the prefix `output`; the job's name.

        A job's recipe version cannot be updated (API reference of UpdateRecipeJob), so a job of
        another version is deleted and created again.
        """
        return self._point(self._names.standing(pipeline), pipeline, recipe_version, output)

    def point_champions_job(self, pipeline: str, recipe_version: str, output: str) -> str:
        """The same of the job that runs the champion's recipe version, made where it is needed."""
        name = self._names.champions_recipe_job(pipeline)
        return self._point(name, pipeline, recipe_version, output)

    def remove_champions_job(self, pipeline: str) -> None:
        """Delete that job, if there is one: the champion's recipe is the pipeline's."""
        name = self._names.champions_recipe_job(pipeline)
        if self._existing(name) is not None:
            self._databrew.delete_job(Name=name)

    def _point(self, name: str, pipeline: str, recipe_version: str, output: str) -> str:
        existing = self._existing(name)
        if existing == recipe_version:
            self._databrew.update_recipe_job(Name=name, **self._settings(output))
            return name
        if existing is not None:
            self._databrew.delete_job(Name=name)
        standing = self._names.standing(pipeline)
        self._databrew.create_recipe_job(
            Name=name,
            DatasetName=standing,
            RecipeReference={"Name": standing, "RecipeVersion": recipe_version},
            Tags=self._names.tags(pipeline),
            **self._encryption(),
            **self._settings(output),
        )
        return name

    def _existing(self, name: str) -> str | None:
        job = self._described("job", name)
        return None if job is None else str(job.get("RecipeReference", {}).get("RecipeVersion", ""))

    def _described(self, kind: str, name: str, **request: str) -> dict[str, Any] | None:
        """What exists under this name, if it is ours; None when nothing does."""
        try:
            describe = getattr(self._databrew, f"describe_{kind}")
            answer: dict[str, Any] = describe(Name=name, **request)
        except ClientError as error:
            if code(error) == "ResourceNotFoundException":
                return None
            raise
        require_ours(f"DataBrew {kind} {name}", answer.get("Tags", {}), self._names.tags_of(name))
        return answer

    def _settings(self, output: str) -> dict[str, Any]:
        return {
            "RoleArn": self._role,
            "MaxCapacity": NODES,
            "MaxRetries": 0,
            "Timeout": TIMEOUT_MINUTES,
            "Outputs": [
                {
                    "Format": "CSV",
                    "Location": {"Bucket": self._bucket, "Key": output},
                    "Overwrite": True,
                    "FormatOptions": {"Csv": {"Delimiter": ","}},
                }
            ],
        }

    def _encryption(self) -> dict[str, str]:
        if self._kms_key is None:
            return {"EncryptionMode": "SSE-S3"}
        return {"EncryptionMode": "SSE-KMS", "EncryptionKeyArn": self._kms_key}


def _step(step: dict[str, Any]) -> dict[str, Any]:
    """A recipe step without the keys that are null in definition.json."""
    conditions = [
        {key: value for key, value in condition.items() if value is not None}
        for condition in step.get("ConditionExpressions") or []
    ]
    return {
        "Action": step["Action"],
        **({"ConditionExpressions": conditions} if conditions else {}),
    }
