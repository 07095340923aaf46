"""Recipes: a working version that may change, and published versions 1.0, 2.0, ... that may not."""

from __future__ import annotations

from typing import Any

from ratchet.local_aws.databrew.api.answers import PAGES, checked_name, conflict, invalid, not_found
from ratchet.local_aws.databrew.api.resources import Resources
from ratchet.local_aws.databrew.compiler.errors import RecipeError
from ratchet.local_aws.databrew.compiler.recipe import parse_recipe
from ratchet.local_aws.running.host import Host

WORKING, PUBLISHED = "LATEST_WORKING", "LATEST_PUBLISHED"


class RecipeOperations(Resources):
    """The recipe part of the API."""

    def __init__(self, local: Host) -> None:
        super().__init__(local)
        self.working: dict[str, dict[str, Any]] = {}
        self.published: dict[str, list[dict[str, Any]]] = {}

    def create_recipe(self, request: dict[str, Any]) -> dict[str, Any]:
        name = checked_name(request["Name"])
        _check(request["Steps"])
        with self.lock:
            if name in self.working:
                raise conflict(f"The recipe {name} already exists.")
            made = self.made("recipe", request)
            self.working[name] = made | {"RecipeVersion": "0.1"}
            self.published[name] = []
        return {"Name": name}

    def update_recipe(self, request: dict[str, Any]) -> dict[str, Any]:
        _check(request.get("Steps", []))
        with self.lock:
            name = request["Name"]
            self.working[name] = self.touched(self._recipe(name), request)
        return {"Name": name}

    def publish_recipe(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["Name"]
        with self.lock:
            working, versions = self._recipe(name), self.published[name]
            number = int(versions[-1]["RecipeVersion"].split(".")[0]) + 1 if versions else 1
            now = self.local.clock.now()
            marks = {"PublishedDate": now, "PublishedBy": self.local.account}
            described = {"Description": request["Description"]} if "Description" in request else {}
            versions.append(working | marks | described | {"RecipeVersion": f"{number}.0"})
            self.working[name] = working | {"RecipeVersion": f"{number}.1"}
        return {"Name": name}

    def describe_recipe(self, request: dict[str, Any]) -> dict[str, Any]:
        found = self.recipe_version(request["Name"], request.get("RecipeVersion") or PUBLISHED)
        return self.with_tags(found)

    def list_recipes(self, request: dict[str, Any]) -> dict[str, Any]:
        """Working versions, or with LATEST_PUBLISHED (the default) published ones."""
        version = request.get("RecipeVersion") or PUBLISHED
        if version not in (WORKING, PUBLISHED):
            raise invalid(f"RecipeVersion must be {WORKING} or {PUBLISHED}, not {version}")
        latest = [versions[-1] for versions in self.published.values() if versions]
        chosen = list(self.working.values()) if version == WORKING else latest
        items, more = PAGES.page([*map(self.with_tags, chosen)], request)
        return {"Recipes": items, **more}

    def list_recipe_versions(self, request: dict[str, Any]) -> dict[str, Any]:
        self._recipe(request["Name"])
        versions = reversed(self.published[request["Name"]])
        items, more = PAGES.page([*map(self.with_tags, versions)], request)
        return {"Recipes": items, **more}

    def delete_recipe_version(self, request: dict[str, Any]) -> dict[str, Any]:
        """LATEST_WORKING goes last: only when there is no published version left, as documented."""
        name, version = request["Name"], request["RecipeVersion"]
        with self.lock:
            found = self.recipe_version(name, version)
            self._refuse_in_use(name, version)
            if found is self.working.get(name):
                if self.published[name]:
                    raise invalid(f"Recipe {name} still has published versions; delete them first.")
                del self.working[name], self.published[name]
                self.forget(found["ResourceArn"])
            else:
                self.published[name].remove(found)
        return {"Name": name, "RecipeVersion": version}

    def recipe_version(self, name: str, version: str) -> dict[str, Any]:
        """A version by number, LATEST_WORKING or LATEST_PUBLISHED."""
        working, versions = self._recipe(name), self.published[name]
        if version in (WORKING, working["RecipeVersion"]):
            return working
        if version == PUBLISHED and versions:
            return versions[-1]
        for found in versions:
            if found["RecipeVersion"] == version:
                return found
        raise not_found("Recipe", f"{name} version {version}")

    def _refuse_in_use(self, name: str, version: str) -> None:
        for job in self.jobs.values():
            reference = job.get("RecipeReference") or {}
            if (reference.get("Name"), reference.get("RecipeVersion")) == (name, version):
                raise conflict(f"Recipe {name} {version} is used by the job {job['Name']}.")

    def _recipe(self, name: str) -> dict[str, Any]:
        if name not in self.working:
            raise not_found("Recipe", name)
        return self.working[name]


def _check(steps: list[dict[str, Any]]) -> None:
    try:
        parse_recipe(steps)
    except RecipeError as error:
        raise invalid(str(error)) from error
