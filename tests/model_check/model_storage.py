"""S3, SQS and SNS as the functions use them, in the dictionaries of a Cloud."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.response import StreamingBody
from model_dynamodb import refused

Version = dict[str, Any]


class S3:
    """Versioned buckets: `buckets[name][key]` is the list of a key's versions, newest last."""

    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud
        self._buckets: dict[str, dict[str, list[Version]]] = cloud.buckets

    def put(self, bucket: str, key: str, body: bytes) -> Version:
        versions = self._buckets[bucket].setdefault(key, [])
        found = {
            "version": f"{len(versions) + 1}-{hashlib.md5(key.encode()).hexdigest()[:8]}",
            "etag": hashlib.md5(body).hexdigest(),
            "body": body,
            "at": datetime.fromtimestamp(self._cloud.now(), UTC),
        }
        versions.append(found)
        return found

    def newest(self, bucket: str, key: str) -> Version | None:
        versions = self._buckets[bucket].get(key)
        return versions[-1] if versions and versions[-1]["body"] is not None else None

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        names = sorted(self._buckets[bucket])
        return [key for key in names if key.startswith(prefix) and self.newest(bucket, key)]

    def _found(self, operation: str, bucket: str, key: str, version: str | None) -> Version:
        versions = self._buckets[bucket].get(key, [])
        if version is None:
            found = self.newest(bucket, key)
        else:
            found = next((one for one in versions if one["version"] == version), None)
        if found is None:
            code = "NoSuchVersion" if version else "NoSuchKey"
            raise refused(code, "it does not exist", operation)
        return found

    def get_object(self, *, Bucket: str, Key: str, **given: str) -> dict[str, Any]:
        found = self._found("GetObject", Bucket, Key, given.get("VersionId"))
        if given.get("IfMatch") not in (None, found["etag"]):
            raise refused("PreconditionFailed", "another ETag", "GetObject")
        body = StreamingBody(io.BytesIO(found["body"]), len(found["body"]))
        size, etag = len(found["body"]), f'"{found["etag"]}"'
        return {"Body": body, "ContentLength": size, "VersionId": found["version"], "ETag": etag}

    def head_object(self, *, Bucket: str, Key: str, **given: str) -> dict[str, Any]:
        found = self._found("HeadObject", Bucket, Key, given.get("VersionId"))
        return {"VersionId": found["version"], "ContentLength": len(found["body"])}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, **given: str) -> dict[str, Any]:
        if given.get("IfNoneMatch") == "*" and self.newest(Bucket, Key):
            raise refused("PreconditionFailed", "it exists", "PutObject")
        made = self.put(Bucket, Key, Body)
        return {"VersionId": made["version"], "ETag": f'"{made["etag"]}"'}

    def copy_object(self, *, Bucket: str, Key: str, CopySource: dict[str, str]) -> dict[str, Any]:
        source = CopySource
        found = self._found("CopyObject", source["Bucket"], source["Key"], source.get("VersionId"))
        return {"VersionId": self.put(Bucket, Key, found["body"])["version"]}

    def put_object_tagging(self, *, Bucket: str, Key: str, Tagging: dict[str, Any]) -> Any:
        """Tag the newest version; what S3 does with it later is beyond a check's time."""
        self._found("PutObjectTagging", Bucket, Key, None)
        return {"Tagged": Tagging}

    def delete_objects(self, *, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:
        for item in Delete["Objects"]:
            if self.newest(Bucket, item["Key"]):
                marker = {"version": "deleted", "etag": "", "body": None}
                self._buckets[Bucket][item["Key"]].append(marker)
        return {}

    def delete_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        return self.delete_objects(Bucket=Bucket, Delete={"Objects": [{"Key": Key}]})

    def list_object_versions(self, *, Bucket: str, Prefix: str, **_: Any) -> dict[str, Any]:
        found = [
            {
                "Key": key,
                "VersionId": one["version"],
                "ETag": f'"{one["etag"]}"',
                "Size": len(one["body"]),
                "LastModified": one["at"],
            }
            for key, versions in self._buckets[Bucket].items()
            for one in versions
            if key.startswith(Prefix) and one["body"] is not None
        ]
        return {"Versions": found, "IsTruncated": False}

    def list_objects_v2(self, *, Bucket: str, Prefix: str = "", **_: Any) -> dict[str, Any]:
        return {"Contents": [{"Key": key} for key in self.keys(Bucket, Prefix)]}

    def paginate(self, operation: str, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield getattr(self, operation)(**request)


class Sqs:
    """Queues of messages with the moment at which they may be received."""

    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud

    def send_message(
        self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0
    ) -> dict[str, Any]:
        self._cloud.send(QueueUrl, MessageBody, DelaySeconds)
        return {"MessageId": "1"}

    def send_message_batch(self, *, QueueUrl: str, Entries: list[Any]) -> dict[str, Any]:
        for entry in Entries:
            self._cloud.send(QueueUrl, entry["MessageBody"], 0)
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}


class Lambda:
    """Asynchronous invocations, by the names of our handlers."""

    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:
        if InvocationType != "Event":
            raise NotImplementedError(f"the model check has no invocation {InvocationType}")
        self._cloud.send(FunctionName, Payload.decode(), 1)
        return {"StatusCode": 202}


class Sns:
    """A topic's messages, in order."""

    def __init__(self, notices: list[dict[str, str]]) -> None:
        self._notices = notices

    def publish(self, *, TopicArn: str, Subject: str, Message: str) -> dict[str, Any]:
        self._notices.append({"subject": Subject, "text": Message})
        return {"MessageId": "1"}


class Scheduler:
    """Schedules by name, none of which is ever due here."""

    def __init__(self, schedules: dict[str, Any]) -> None:
        self._schedules = schedules

    def create_schedule(self, **given: Any) -> dict[str, Any]:
        if given["Name"] in self._schedules:
            raise refused("ConflictException", "it exists", "CreateSchedule")
        self._schedules[given["Name"]] = given
        return {"ScheduleArn": given["Name"]}

    def update_schedule(self, **given: Any) -> dict[str, Any]:
        self._found(given["Name"], "UpdateSchedule")
        self._schedules[given["Name"]] = given
        return {"ScheduleArn": given["Name"]}

    def delete_schedule(self, *, Name: str, **_: str) -> dict[str, Any]:
        self._found(Name, "DeleteSchedule")
        del self._schedules[Name]
        return {}

    def _found(self, name: str, operation: str) -> None:
        if name not in self._schedules:
            raise refused("ResourceNotFoundException", "there is none", operation)


class DataBrew:
    """Recipes with their published versions, datasets and jobs, by name."""

    def __init__(self, things: dict[str, dict[str, Any]]) -> None:
        self._things = things

    def _of(self, kind: str) -> dict[str, Any]:
        found: dict[str, Any] = self._things.setdefault(f"databrew {kind}", {})
        return found

    def _get(self, kind: str, name: str) -> dict[str, Any]:
        if name not in self._of(kind):
            raise refused("ResourceNotFoundException", f"there is no {kind} {name}", kind)
        found: dict[str, Any] = self._of(kind)[name]
        return found

    def _create(self, kind: str, given: dict[str, Any]) -> dict[str, Any]:
        if given["Name"] in self._of(kind):
            raise refused("ConflictException", f"{kind} {given['Name']} exists", kind)
        self._of(kind)[given["Name"]] = {"published": 0, **given}
        return {"Name": given["Name"]}

    def create_recipe(self, **given: Any) -> dict[str, Any]:
        return self._create("recipe", given)

    def update_recipe(self, **given: Any) -> dict[str, Any]:
        self._get("recipe", given["Name"]).update(given)
        return {"Name": given["Name"]}

    def publish_recipe(self, *, Name: str, Description: str) -> dict[str, Any]:
        self._get("recipe", Name)["published"] += 1
        return {"Name": Name}

    def describe_recipe(self, *, Name: str, RecipeVersion: str = "") -> dict[str, Any]:
        found = self._get("recipe", Name)
        return {**found, "RecipeVersion": RecipeVersion or f"{found['published']}.0"}

    def create_dataset(self, **given: Any) -> dict[str, Any]:
        return self._create("dataset", given)

    def update_dataset(self, **given: Any) -> dict[str, Any]:
        self._get("dataset", given["Name"]).update(given)
        return {"Name": given["Name"]}

    def describe_dataset(self, *, Name: str) -> dict[str, Any]:
        return self._get("dataset", Name)

    def create_recipe_job(self, **given: Any) -> dict[str, Any]:
        return self._create("job", given)

    def update_recipe_job(self, **given: Any) -> dict[str, Any]:
        self._get("job", given["Name"]).update(given)
        return {"Name": given["Name"]}

    def describe_job(self, *, Name: str) -> dict[str, Any]:
        return self._get("job", Name)

    def delete_job(self, *, Name: str) -> dict[str, Any]:
        self._get("job", Name)
        del self._of("job")[Name]
        return {}
