"""IAM roles and policies. They are stored but not enforced."""

# ruff: noqa: ARG002  the kinds share their signatures
from __future__ import annotations

from typing import Any

from ratchet.local_aws.cloudformation.kinds.base import (
    Kind,
    Made,
    Properties,
    PutKind,
    Site,
    json_text,
    names,
)


def _policy(document: Any) -> str:
    """A policy as JSON. AWS accepts one without a version, moto does not."""
    if isinstance(document, dict):
        return json_text({"Version": "2012-10-17", **document})
    return json_text(document)


class Role(Kind):
    """A role with inline and attached policies."""

    type = "AWS::IAM::Role"
    known = names(
        "RoleName AssumeRolePolicyDocument ManagedPolicyArns Policies PermissionsBoundary Path "
        "Description MaxSessionDuration Tags"
    )
    named = "RoleName"
    replacing = names("Path")

    def create(self, site: Site, properties: Properties) -> Made:
        name = properties.get("RoleName") or site.name(64)
        request = {
            "RoleName": name,
            "AssumeRolePolicyDocument": json_text(properties["AssumeRolePolicyDocument"]),
        }
        optional = names("Path Description MaxSessionDuration PermissionsBoundary Tags")
        request |= {key: properties[key] for key in optional & properties.keys()}
        role = site.call("iam", "CreateRole", request)["Role"]
        return Made(name, name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})

    def finish(self, site: Site, made: Made, properties: Properties) -> None:
        self._set_policies(site, made.physical, properties, {})

    def update(self, site: Site, made: Made, properties: Properties, old: Properties) -> Made:
        name = made.physical
        trust = json_text(properties["AssumeRolePolicyDocument"])
        request = {"RoleName": name, "PolicyDocument": trust}
        site.call("iam", "UpdateAssumeRolePolicy", request)
        about = {
            "Description": properties.get("Description", ""),
            "MaxSessionDuration": properties.get("MaxSessionDuration", 3600),
        }
        site.call("iam", "UpdateRole", {"RoleName": name, **about})
        self._set_boundary(site, name, properties, old)
        self._set_tags(site, name, properties, old)
        self._set_policies(site, name, properties, old)
        return made

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        self._set_policies(site, made.physical, {}, properties)
        site.remove("iam", "DeleteRole", {"RoleName": made.physical})

    def _set_boundary(self, site: Site, name: str, new: Properties, old: Properties) -> None:
        boundary = new.get("PermissionsBoundary")
        if boundary:
            request = {"RoleName": name, "PermissionsBoundary": boundary}
            site.call("iam", "PutRolePermissionsBoundary", request)
        elif old.get("PermissionsBoundary"):
            site.remove("iam", "DeleteRolePermissionsBoundary", {"RoleName": name})

    def _set_tags(self, site: Site, name: str, new: Properties, old: Properties) -> None:
        kept = {tag["Key"] for tag in new.get("Tags", [])}
        gone = [tag["Key"] for tag in old.get("Tags", []) if tag["Key"] not in kept]
        if gone:
            site.call("iam", "UntagRole", {"RoleName": name, "TagKeys": gone})
        if kept:
            site.call("iam", "TagRole", {"RoleName": name, "Tags": new["Tags"]})

    def _set_policies(self, site: Site, name: str, new: Properties, old: Properties) -> None:
        role = {"RoleName": name}
        inline = {policy["PolicyName"]: policy for policy in new.get("Policies", [])}
        for policy in old.get("Policies", []):
            if policy["PolicyName"] not in inline:
                request = {**role, "PolicyName": policy["PolicyName"]}
                site.remove("iam", "DeleteRolePolicy", request)
        for policy in inline.values():
            if policy not in old.get("Policies", []):
                document = _policy(policy["PolicyDocument"])
                site.call("iam", "PutRolePolicy", {**role, **policy, "PolicyDocument": document})
        attached, had = new.get("ManagedPolicyArns", []), old.get("ManagedPolicyArns", [])
        for arn in had:
            if arn not in attached:
                site.remove("iam", "DetachRolePolicy", {**role, "PolicyArn": arn})
        for arn in attached:
            if arn not in had:
                site.call("iam", "AttachRolePolicy", {**role, "PolicyArn": arn})


class Policy(PutKind):
    """An inline policy of several roles."""

    type = "AWS::IAM::Policy"
    known = names("PolicyName PolicyDocument Roles")

    def put(self, site: Site, name: str, properties: Properties, old: Properties) -> Made:
        """Put it into every role; remove it from those that left the list or had another name."""
        kept = {(role, properties["PolicyName"]) for role in properties.get("Roles", [])}
        for role in old.get("Roles", []):
            if (role, old["PolicyName"]) not in kept:
                request = {"RoleName": role, "PolicyName": old["PolicyName"]}
                site.remove("iam", "DeleteRolePolicy", request)
        for role, policy in sorted(kept):
            document = _policy(properties["PolicyDocument"])
            request = {"RoleName": role, "PolicyName": policy, "PolicyDocument": document}
            site.call("iam", "PutRolePolicy", request)
        return Made(name, name, {"Id": name})

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        for role in properties.get("Roles", []):
            request = {"RoleName": role, "PolicyName": properties["PolicyName"]}
            site.remove("iam", "DeleteRolePolicy", request)


class ManagedPolicy(Kind):
    """A managed policy, attached to roles. Every change creates a new one."""

    type = "AWS::IAM::ManagedPolicy"
    known = names("ManagedPolicyName PolicyDocument Description Path Roles")
    named = "ManagedPolicyName"
    replacing = known

    def create(self, site: Site, properties: Properties) -> Made:
        request = {
            "PolicyName": properties.get("ManagedPolicyName") or site.name(128),
            "PolicyDocument": _policy(properties["PolicyDocument"]),
        }
        request |= {key: properties[key] for key in names("Description Path") & properties.keys()}
        policy = site.call("iam", "CreatePolicy", request)["Policy"]
        return Made(policy["Arn"], policy["Arn"], {"PolicyArn": policy["Arn"]})

    def finish(self, site: Site, made: Made, properties: Properties) -> None:
        for role in properties.get("Roles", []):
            request = {"RoleName": role, "PolicyArn": made.physical}
            site.call("iam", "AttachRolePolicy", request)

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        for role in properties.get("Roles", []):
            request = {"RoleName": role, "PolicyArn": made.physical}
            site.remove("iam", "DetachRolePolicy", request)
        site.remove("iam", "DeletePolicy", {"PolicyArn": made.physical})


KINDS = (Role(), Policy(), ManagedPolicy())
