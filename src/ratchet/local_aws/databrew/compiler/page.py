# ruff: noqa: S608 - a sentence about SELECT is not one
"""Writes the page about recipes; docs/contributing.md names the command."""

from collections.abc import Iterator

from ratchet.local_aws.databrew.compiler.documented_names import CONDITIONS
from ratchet.local_aws.databrew.compiler.recipe import FAMILIES, SUPPORTED
from ratchet.local_aws.databrew.compiler.step import Operation

_REFERENCE = "https://docs.aws.amazon.com/databrew/latest/dg/recipe-actions-reference.html"

_NAMES = ", ".join(f"`{name}`" for name in CONDITIONS)

_HEAD = f"""\
# Recipes on local AWS

Local AWS compiles each step of a DataBrew recipe to one SELECT of DuckDB. It runs
{len(SUPPORTED)} of the operations of [DataBrew's reference]({_REFERENCE}), under its names and
parameters, and refuses the rest by the number of the step and the name of what is wrong: an
operation, a parameter, a value, a condition, a column, with the nearest names that exist.
`ratchet push`, `ratchet try` and CreateRecipe say so before anything runs. Push and try also follow
the columns through the steps: one that a step asks for must exist, and the label, row_id, split and
batch must be in the result. What DataBrew knows and local AWS does not run is a warning there.

This page is generated from the table of operations:
`python -m ratchet.local_aws.databrew.compiler.page > docs/recipes.md`. Nothing here was compared
with a run of real DataBrew. The last column says what differs from it, or what its reference
leaves open and how it is read here. The same steps in PySpark make the same rows
(`tests/local_aws/test_recipes_and_spark.py`).

## Values

- Every value is text exactly as written in the file, until a step changes it: `007` and `1.10`
  survive. A step that computes reads the text as a number or date, and the result is missing if
  it is neither.
- An empty field is missing, and so is text of nothing but spaces where a step asks for missing
  values.
- A computed fraction is written as `2.5`, `3.0`, `1e+20`; Spark, and so perhaps DataBrew, writes
  `1.0E20`.
- Column names must differ by more than case. A new column whose name exists is refused;
  DataBrew's answer is not documented.
- The order of rows stays as in the files, except where a step sorts or groups.

## Conditions

A step's ConditionExpressions are joined by AND. In a step that makes a column, the rows outside
them are missing there; in one that changes a column, they keep their value. The reference does
not say so outright. A negated condition is the exact opposite of the plain one, so a missing
value satisfies it. IS and IS_NOT compare numbers by value too (`1` is `1.0`). LESS_THAN and the
like compare numbers, and dates if the value is one. IS_INVALID means: not a number, in a column
of which more than half are. All {len(CONDITIONS)} are supported: {_NAMES}.

## Runs

- Datasets are CSV files in S3, and so is the output: one file of any size, under the name that
  DataBrew gives the first part. With Overwrite `<key>/<job>_part00000.csv`, after everything at
  the location is deleted; without, `<key>/<job>_<ddMonYYYY>_<epoch ms>/<job>_<ddMonYYYY>_<epoch
  ms>_part00000.csv`.
- A job has one open run; another StartJobRun, or DeleteJob, is a ConflictException meanwhile.
  Dataset and job may be updated: a run has what they were when it started. A job's recipe version
  cannot be updated.
- Profile jobs, rulesets, projects, schedules, other formats, compression and partitions are
  refused by name.
- A run takes about 600 MB of memory, whatever the size of its data: tables beyond that are on disk.
  A step that asks for a median or a percentile holds the numbers of its column, 8 bytes a row.

## Operations

Parameters in brackets are optional. "yes" under *conditions* means that a step may have
ConditionExpressions.
"""


def page() -> str:
    """The page, in Markdown."""
    return _HEAD + "".join(_sections())


def _sections() -> Iterator[str]:
    for family in FAMILIES:
        yield f"\n### {(family.__doc__ or '').strip().splitlines()[0].rstrip('.')}\n\n"
        yield "| operation | parameters | conditions | differs, or is open |\n|---|---|---|---|\n"
        for name, row in family.OPERATIONS.items():
            yield f"| `{name}` | {_parameters(row)} | {_conditions(row)} | {_cell(row.doubt)} |\n"


def _parameters(row: Operation) -> str:
    needed = [f"`{key}`" for key in sorted(row.required)]
    return ", ".join([*needed, *(f"[`{key}`]" for key in sorted(row.optional))])


def _conditions(row: Operation) -> str:
    return "yes" if row.conditional else "no"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(page(), end="")
