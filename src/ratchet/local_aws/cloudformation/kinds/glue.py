"""AWS::Glue::Job."""

# ruff: noqa: ARG002  the kinds share their signatures
from __future__ import annotations

from ratchet.local_aws.cloudformation.kinds.base import Kind, Made, Properties, Site, names


class Job(Kind):
    """A Glue job."""

    type = "AWS::Glue::Job"
    known = names(
        "Name Role Command DefaultArguments NonOverridableArguments Description ExecutionProperty "
        "GlueVersion MaxRetries NumberOfWorkers WorkerType Timeout MaxCapacity Connections "
        "SecurityConfiguration ExecutionClass NotificationProperty JobMode MaintenanceWindow "
        "JobRunQueuingEnabled LogUri Tags"
    )
    named = "Name"

    def create(self, site: Site, properties: Properties) -> Made:
        name = properties.get("Name") or site.name(255, bare=True)
        site.call("glue", "CreateJob", {**properties, "Name": name})
        return Made(name, name, {})

    def update(self, site: Site, made: Made, properties: Properties, old: Properties) -> Made:
        """What the template leaves out gets its default."""
        job = {key: value for key, value in properties.items() if key not in ("Name", "Tags")}
        site.call("glue", "UpdateJob", {"JobName": made.physical, "JobUpdate": job})
        arn = site.arn("glue", f"job/{made.physical}")
        gone = sorted(old.get("Tags", {}).keys() - properties.get("Tags", {}).keys())
        if gone:
            site.call("glue", "UntagResource", {"ResourceArn": arn, "TagsToRemove": gone})
        if properties.get("Tags"):
            request = {"ResourceArn": arn, "TagsToAdd": properties["Tags"]}
            site.call("glue", "TagResource", request)
        return made

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        site.remove("glue", "DeleteJob", {"JobName": made.physical})


KINDS = (Job(),)
