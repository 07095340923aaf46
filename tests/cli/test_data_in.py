"""What a user hands in: pipeline folders, files to upload, data for the demo."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from ratchet.cli import demo_data, drops
from ratchet.cli.demo_data import find_data, read_data
from ratchet.cli.demo_plan import DemoPlan, Expected, PublishedFile, plans
from ratchet.cli.errors import WRONG_USAGE, CliError
from ratchet.cli.pipeline_folder import pack
from ratchet.local_aws.sagemaker.containers.container import Framework

from .conftest import ROOT, UCI_FILE, Run, create_stack, outputs, register

BANK = ROOT / "pipelines" / "bank-marketing"
COLUMNS = "columns.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the bank-marketing pipeline to spoil."""
    copy = tmp_path / "pipelines" / "bank-marketing"
    shutil.copytree(BANK, copy)
    return copy


def change(folder: Path, old: str, new: str, name: str = "pipeline.yaml") -> str:
    """Change a file; the line number of the change."""
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))
    return str(text[: text.index(old)].count("\n") + 1)


def refused(folder: Path) -> str:
    with pytest.raises(CliError) as caught:
        pack(folder)
    return caught.value.what


# push


def test_a_folder_becomes_one_definition_with_columns_and_recipe_inside() -> None:
    packed = pack(BANK)
    assert packed.name == "bank-marketing"
    assert list(packed.definition["data"]["columns"])[-1] == "y"
    assert packed.definition["etl"]["recipe"][0]["Action"]["Operation"]
    assert packed.definition["etl"]["transform"] is None
    assert json.loads(packed.files["definition.json"]) == packed.definition
    assert packed.hash == pack(BANK).hash


def test_the_service_accepts_what_push_packs() -> None:
    from retraining.rules.contracts import parse_definition

    assert parse_definition(pack(BANK).files["definition.json"]).name == "bank-marketing"


def test_another_recipe_is_another_hash(folder: Path) -> None:
    recipe = json.loads((folder / "recipe.json").read_text())
    steps = recipe["Steps"] if isinstance(recipe, dict) else recipe
    (folder / "recipe.json").write_text(json.dumps(steps[:-1]))
    assert pack(folder).hash != pack(BANK).hash


def test_an_unknown_key_is_named_with_file_line_and_the_nearest_key(folder: Path) -> None:
    line = change(folder, "quiet_period:", "quiet_time:")
    message = refused(folder)
    assert f"pipeline.yaml:{line}: trigger.quiet_time is not known here" in message
    assert "quiet_period" in message


def test_a_wrong_value_is_named_with_the_values_allowed(folder: Path) -> None:
    line = change(folder, "rule: guard", "rule: guarded")
    message = refused(folder)
    assert f"pipeline.yaml:{line}: gate.rule: guarded is not allowed" in message
    assert "superior" in message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("margin: 0.01", "margin: lots", "gate.margin: lots is not allowed; allowed: a number (at"),
        ("margin: 0.01", "margin: '0.1'", 'gate.margin: "0.1" is not allowed; allowed: a number'),
        ("name: bank-marketing", "name: Bank", "name: Bank is not allowed; allowed: 2 to 24 lower"),
        ("name: bank-marketing", "name: a--b", "name: a--b is not allowed; allowed: 2 to 24 lower"),
        ("key: null", "key: [3]", 'data.key[0]: 3 is not allowed (quote it: "3"); allowed: text'),
        ("quiet_period: 1s", "quiet_period: soon", "allowed: digits and a unit (s, m, h or d)"),
        ("max_depth: 5", "max_depth: [5]", "[5] is not allowed; allowed: true or false, a number,"),
        ("kind: serverless", "kind: real", "endpoint.kind: real is not allowed; allowed: serverle"),
        (
            "recipe: recipe.json",
            "recipe: other",
            "other is not allowed; allowed: recipe.json, null",
        ),
        ('{delimiter: ";"}', "{delimiter: ab}", 'ab is not allowed; allowed: ",", ;, "\\t"'),
        ("confidence: 0.95", "confidence: 1", "a number (at least 0.5 and at most 0.9999)"),
        ("by: row", "no: row", "the key no is not text"),
    ],
)
def test_a_wrong_value_is_located_by_file_line_and_key_with_what_is_allowed(
    folder: Path, old: str, new: str, said: str
) -> None:
    line = change(folder, old, new)
    message = refused(folder)
    assert f"pipeline.yaml:{line}: " in message
    assert said in message


def test_numbers_and_dates_are_read_as_editors_read_them(folder: Path) -> None:
    change(folder, "margin: 0.01", "margin: 1e-2")
    change(folder, "{type: integer, min: 16, max: 120}", "{type: date, min: 2020-01-31}", COLUMNS)
    packed = pack(folder).definition
    assert packed["gate"]["margin"] == 0.01
    assert packed["data"]["columns"]["age"]["min"] == "2020-01-31"


@pytest.mark.parametrize(
    ("old", "new", "name", "said"),
    [
        (
            "split:\n  train: 0.7",
            "split:\n  train: 0.8",
            "pipeline.yaml",
            "split: train + validatio",
        ),
        ("max_depth: 5", "max_depht: 5", "pipeline.yaml", "training.hyperparameters.max_depht: no"),
        ("minimum: 0.60", "minimum: 7", "pipeline.yaml", "gate.minimum: 7 is not a possible value"),
        ("min: -10, max: 10", "min: 99, max: 10", "columns.yaml", "columns.emp.var.rate: min 99"),
    ],
)
def test_what_only_the_service_refuses_is_located_by_file_and_line_too(
    folder: Path, old: str, new: str, name: str, said: str
) -> None:
    from retraining.errors import PipelineRejected
    from retraining.rules.contracts import parse_definition

    line = change(folder, old, new, name)
    packed = pack(folder)
    with pytest.raises(PipelineRejected) as refusal:
        parse_definition(packed.files["definition.json"])
    (problem,) = refusal.value.problems
    assert packed.located(problem).startswith(f"{folder / name}:{line}: {said}")


def test_an_endpoint_is_explained_by_its_own_kind(folder: Path) -> None:
    change(folder, "memory_mb: 2048", "memory_mb: 2000")
    message = refused(folder)
    assert "endpoint.memory_mb: 2000 is not allowed" in message
    assert "none" not in message


def test_an_unquoted_no_is_explained(folder: Path) -> None:
    change(folder, 'values: ["no", "yes"]', "values: [no, yes]", "columns.yaml")
    assert 'quote it, as in "no"' in refused(folder)


def test_a_label_that_is_not_a_column_is_named_with_similar_ones(folder: Path) -> None:
    line = change(folder, "label: y", "label: jobs")
    assert f"pipeline.yaml:{line}: data.label: jobs is not a column" in refused(folder)


def test_a_key_that_appears_twice_is_refused(folder: Path) -> None:
    change(folder, "  metric: auc", "  metric: auc\n  metric: auc")
    assert "the key metric appears twice" in refused(folder)


def test_broken_yaml_is_located_by_line(folder: Path) -> None:
    change(folder, "name: bank-marketing", "name: [bank")
    assert "not valid YAML" in refused(folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty; it needs name, training, gate, data"),
        ("a: &a [*a]", "expands to more than 200,000 values"),
        ("a: " + "[" * 20_000, "nested too deeply"),
        (
            "- 1\n",
            "pipeline.yaml:1: the file: [1] is not allowed; allowed: keys and values of name, ",
        ),
    ],
)
def test_a_file_that_is_not_a_pipeline_is_not_a_defect(folder: Path, text: str, said: str) -> None:
    (folder / "pipeline.yaml").write_text(text)
    assert said in refused(folder)


def test_a_recipe_nested_too_deeply_is_refused(folder: Path) -> None:
    (folder / "recipe.json").write_text("[" * 100_000)
    assert "recipe.json: nested too deeply for a recipe" in refused(folder)


def recipe_with(folder: Path, number: int, change: Callable[[dict[str, Any]], Any]) -> None:
    path = folder / "recipe.json"
    steps = json.loads(path.read_text())
    change(steps[number - 1])
    path.write_text(json.dumps(steps, indent=2))


def test_every_wrong_step_of_a_recipe_is_named_with_its_line(folder: Path) -> None:
    recipe_with(folder, 1, lambda step: step["Action"].update(Operation="CATEGORY_MAPPING"))
    recipe_with(folder, 2, lambda step: step["Action"]["Parameters"].update(maptype="TEXT"))
    condition = {"Condition": "EQUALS", "Value": "1", "TargetColumn": "age"}
    recipe_with(folder, 3, lambda step: step.update(ConditionExpressions=[condition]))
    recipe_with(folder, 4, lambda step: step["Action"]["Parameters"].update(keepOthers=False))
    recipe_with(folder, 5, lambda step: step.update(Conditions=[]))
    said = refused(folder)
    lines = (folder / "recipe.json").read_text().splitlines()
    first = 1 + next(n for n, line in enumerate(lines) if "CATEGORY_MAPPING" in line)
    for sentence in (
        f"recipe.json:{first}: Step 1 (CATEGORY_MAPPING): operation 'CATEGORY_MAPPING'",
        "does not exist in DataBrew; did you mean CATEGORICAL_MAPPING",
        "Step 2 (CATEGORICAL_MAPPING): CATEGORICAL_MAPPING has no parameter 'maptype'",
        "Step 3 (CATEGORICAL_MAPPING): Condition 'EQUALS' does not exist in DataBrew",
        "Step 4 (CATEGORICAL_MAPPING): parameter keepOthers must be text, such as 'false'",
        "Step 5: a step has no key 'Conditions'; did you mean ConditionExpressions",
    ):
        assert sentence in said


WRONG_COLUMNS: list[tuple[dict[str, Any], str]] = [
    (
        {"Operation": "UPPER_CASE", "Parameters": {"sourceColumn": "jobs"}},
        "Step 1 (UPPER_CASE): column 'jobs' does not exist; did you mean job",
    ),
    (
        {"Operation": "RENAME", "Parameters": {"sourceColumn": "job", "targetColumn": "age"}},
        "Step 1 (RENAME): column 'age' exists already",
    ),
    (
        {"Operation": "DELETE", "Parameters": {"sourceColumns": '["batch"]'}},
        "Step 1 (DELETE): column 'batch' is gone afterwards, and a run needs it",
    ),
    (
        {"Operation": "DELETE", "Parameters": {"sourceColumns": '["y"]'}},
        "Step 1 (DELETE): column 'y' is gone afterwards, and a run needs it",
    ),
    (
        {
            "Operation": "GROUP_BY",
            "Parameters": {
                "sourceColumns": '["job"]',
                "groupByAggFunctionOptions": '[{"sourceColumnName": "age",'
                ' "targetColumnName": "ages", "functionName": "SUM"}]',
            },
        },
        "Step 1 (GROUP_BY): column 'row_id' is gone afterwards, and a run needs it",
    ),
]


@pytest.mark.parametrize(("action", "said"), WRONG_COLUMNS)
def test_columns_are_followed_through_the_steps(
    folder: Path, action: dict[str, Any], said: str
) -> None:
    (folder / "recipe.json").write_text(json.dumps([{"Action": action}]))
    assert f"recipe.json:1: {said}" in refused(folder)


def test_columns_that_depend_on_the_data_end_the_following(folder: Path) -> None:
    hot = {"Operation": "ONE_HOT_ENCODING", "Parameters": {"sourceColumn": "job"}}
    after = {"Operation": "UPPER_CASE", "Parameters": {"sourceColumn": "job_nurse"}}
    recipe_with(folder, 1, lambda step: step.update(Action=hot))
    recipe_with(folder, 2, lambda step: step.update(Action=after))
    assert pack(folder).definition["etl"]["recipe"][1]["Action"] == after


def test_a_step_that_databrew_alone_runs_is_a_warning(folder: Path) -> None:
    recipe_with(folder, 2, lambda step: step.update(Action={"Operation": "TRANSPOSE"}))
    (warning, *_) = pack(folder).warnings
    assert "Step 2 (TRANSPOSE): operation TRANSPOSE exists in DataBrew" in warning
    assert "is not supported on local AWS" in warning


def test_a_step_that_learns_from_rows_held_out_is_a_warning(folder: Path) -> None:
    fill = {"Operation": "FILL_WITH_AVERAGE", "Parameters": {"sourceColumn": "age"}}
    recipe_with(folder, 2, lambda step: step.update(Action=fill))
    (warning, *_) = pack(folder).warnings
    assert (
        "Step 2 (FILL_WITH_AVERAGE) takes its figures from all rows, held-out ones too" in warning
    )


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "recipe.json").rename(folder / "recepi.json")
    assert "recipe.json does not exist (did you mean recepi.json?)" in refused(folder)


# upload


def test_a_name_that_cannot_be_a_key_is_refused(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "new\nline.csv"
    path.write_text("a")
    assert "has a control character in its name" in run("upload", "bank", str(path)).stderr


@pytest.mark.parametrize(("pack", "kind"), [(bz2.compress, "bzip2"), (lzma.compress, "xz")])
def test_files_in_no_packing_of_the_service_s_are_refused_with_the_command_that_unpacks_them(
    run: Run, stack: str, tmp_path: Path, pack: Callable[[bytes], bytes], kind: str
) -> None:
    register("bank-marketing")
    path = tmp_path / "data.csv.packed"
    path.write_bytes(pack(b"a;b\n1;2\n"))
    result = run("upload", "bank-marketing", str(path))
    assert result.exit_code == 1
    assert f"is {kind}-compressed, and pipelines read plain files, gzip and zip" in result.stderr
    assert f"un{kind.removeprefix('b')} --keep" in result.stderr.replace("bunzip2", "unzip2")


def test_what_the_data_check_unpacks_lands_as_it_is(run: Run, stack: str, tmp_path: Path) -> None:
    register("bank-marketing")
    packed = tmp_path / "data.csv.gz"
    packed.write_bytes(gzip.compress(b"a;b\n1;2\n"))
    archive = tmp_path / "data.zip"
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("data.csv", "a;b\n1;2\n")
    result = run("upload", "bank-marketing", str(packed), str(archive))
    assert result.exit_code == 0, result.output
    for file in (packed, archive):
        key = {"Bucket": outputs()["LandingBucket"], "Key": f"bank-marketing/{file.name}"}
        assert boto3.client("s3").get_object(**key)["Body"].read() == file.read_bytes()


def test_an_unregistered_pipeline_is_refused_before_anything_lands(
    run: Run, stack: str, tmp_path: Path
) -> None:
    register("bank-marketing")
    path = tmp_path / "data.csv"
    path.write_text("a;b\n1;2\n")
    result = run("upload", "bank-marketin", str(path))
    assert result.exit_code == 1
    assert "is not registered in ratchet (did you mean bank-marketing?)" in result.stderr
    assert "ratchet push" in result.stderr
    landing = outputs()["LandingBucket"]
    assert boto3.client("s3").list_objects_v2(Bucket=landing)["KeyCount"] == 0


@pytest.mark.parametrize("megabytes", [0, 20])
def test_a_file_lands_under_its_pipeline_byte_for_byte(
    run: Run, stack: str, tmp_path: Path, megabytes: int
) -> None:
    register("bank-marketing")
    path = tmp_path / "calls +ü 100%.csv"
    path.write_bytes(b"a;b\n1;2\n" + b"3;4\n" * 250_000 * megabytes)
    result = run("upload", "bank-marketing", str(path), "--json")
    assert result.exit_code == 0, result.stderr
    (landed,) = json.loads(result.stdout)["objects"]
    assert landed["key"] == "bank-marketing/calls +ü 100%.csv"
    answer = boto3.client("s3").get_object(
        Bucket=outputs()["LandingBucket"], Key=landed["key"], VersionId=landed["version"]
    )
    assert answer["Body"].read() == path.read_bytes()


@pytest.mark.parametrize("megabytes", [0, 20])
def test_in_a_bucket_without_versions_a_file_is_known_by_its_content(
    run: Run, aws: None, tmp_path: Path, megabytes: int
) -> None:
    create_stack(versions=False)
    register("bank-marketing")
    path = tmp_path / "calls.csv"
    path.write_bytes(b"a;b\n1;2\n" + b"3;4\n" * 250_000 * megabytes)
    result = run("upload", "bank-marketing", str(path), "--json")
    assert result.exit_code == 0, result.stderr
    (landed,) = json.loads(result.stdout)["objects"]
    seen = boto3.client("s3").head_object(Bucket=outputs()["LandingBucket"], Key=landed["key"])
    assert landed["version"] == seen["ETag"].strip('"')


def test_in_a_part_of_a_bucket_files_land_under_its_prefix(
    run: Run, aws: None, tmp_path: Path
) -> None:
    create_stack("team/training/")
    register("bank-marketing")
    path = tmp_path / "calls.csv"
    path.write_bytes(b"a;b\n1;2\n")
    (landed,) = json.loads(run("upload", "bank-marketing", str(path), "--json").stdout)["objects"]
    assert landed["key"] == "team/training/bank-marketing/calls.csv"
    bucket = outputs()["LandingBucket"]
    for key in ("elsewhere/1.csv", "top.csv", "team/training/top.csv", "team/training/bank/1.csv"):
        boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=b"a;b\n")
    about = json.loads(run("info", "--json").stdout)
    assert about["landing_prefix"] == "team/training/"
    assert about["without_pipeline"] == {"top.csv": 1, "bank/": 1}
    assert f"landing  s3://{bucket}/team/training\n" in run("info").stdout


# the demo's data


def zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/._x.csv", b"")
        archive.writestr(name, content)
    return out.getvalue()


def test_plain_gz_zip_and_zip_in_zip_give_the_same_bytes(tmp_path: Path) -> None:
    content = b"a;b\n1;2\n"
    inner = zipped("bank-additional/bank-additional-full.csv", content)
    forms = {
        "plain.csv": content,
        "one.csv.gz": gzip.compress(content),
        "one.zip": inner,
        "two.zip": zipped("bank-additional.zip", inner),
    }
    for name, packed in forms.items():
        (tmp_path / name).write_bytes(packed)
        assert read_data(tmp_path / name) == content, name


def test_what_unpacks_to_more_than_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_data, "MOST_BYTES", 1000)
    for name, packed in (
        ("bomb.gz", gzip.compress(bytes(5000), mtime=0)),
        ("bomb.zip", zipped("a.csv", bytes(5000))),
    ):
        (tmp_path / name).write_bytes(packed)
        with pytest.raises(CliError, match="unpacks to more than"):
            read_data(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04 but no zip", "cannot be unpacked"),
        (b"\x1f\x8b\x08 but no gzip", "cannot be unpacked"),
        (b"\x89PNG\r\n\0\0", "is not text"),
        (zipped("readme.txt", b"hello"), "holds no single CSV file; it holds"),
    ],
)
def test_a_wrong_file_is_a_clear_error(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "data").write_bytes(content)
    with pytest.raises(CliError, match=message):
        read_data(tmp_path / "data")


def test_the_cache_is_used_only_if_its_bytes_are_the_pinned_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_data, "_download", lambda _published: None)
    (tmp_path / "sample_data.py").write_text("import sys; open(sys.argv[4], 'w').write('made up')")
    plan = plan_of(tmp_path, hashlib.sha256(b"the file").hexdigest())
    cache = demo_data.cache_folder()
    cache.mkdir(parents=True)
    (cache / "file.csv").write_bytes(b"something else")
    assert find_data(None, plan).content == b"made up"
    (cache / "file.csv").write_bytes(b"the file")
    found = find_data(None, plan)
    assert (found.content, found.real) == (b"the file", True)


def plan_of(folder: Path, sha256: str) -> DemoPlan:
    published = PublishedFile("The file", "file.csv", "http://127.0.0.1:9/file.csv", sha256)
    return DemoPlan("mine", folder, "nothing", 7, Expected("auc", at_least=0.5), published)


def test_a_pipeline_without_a_plan_needs_the_users_file(tmp_path: Path) -> None:
    with pytest.raises(CliError, match="brings no data of its own"):
        find_data(None, None)
    (tmp_path / "mine.csv").write_bytes(b"a\n1\n")
    assert find_data(tmp_path / "mine.csv", None).content == b"a\n1\n"


def test_a_published_file_is_converted_by_the_pipelines_script(tmp_path: Path) -> None:
    (tmp_path / "convert.py").write_text(
        "import sys\nfrom pathlib import Path\ntext = Path(sys.argv[1]).read_text()\n"
        "assert text != 'bad', 'no such file'\nPath(sys.argv[2]).write_text(text.upper())\n"
    )
    plan = plan_of(tmp_path, "0" * 64)
    (tmp_path / "mine.csv").write_text("a")
    assert find_data(tmp_path / "mine.csv", plan).content == b"A"
    (tmp_path / "mine.csv").write_text("bad")
    with pytest.raises(CliError, match=r"mine\.csv cannot be converted.*AssertionError: no such"):
        find_data(tmp_path / "mine.csv", plan)


def test_a_workbook_is_for_a_pipeline_whose_script_reads_it(tmp_path: Path) -> None:
    inner, outer = tmp_path / "Book.xlsx", tmp_path / "published.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with zipfile.ZipFile(outer, "w") as archive:
        archive.write(inner, "folder/Book.xlsx")
    for path in (inner, outer):
        assert read_data(path, "Book.xlsx") == inner.read_bytes()
    for path, wanted in ((inner, ""), (inner, "calls.csv"), (outer, "calls.csv")):
        with pytest.raises(CliError, match=r"is a workbook|holds no single CSV"):
            read_data(path, wanted)


def test_a_script_is_found_from_the_folder_that_the_pipeline_is_named_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "import sys\nopen(sys.argv[-1], 'w').write('a\\n1\\n')\n"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "sample_data.py").write_text(script)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo_data, "_cached", lambda _plan: None)
    monkeypatch.setattr(demo_data, "_downloaded", lambda _plan: None)
    plan = replace(plan_of(tmp_path, "0" * 64), folder=Path("mine"))
    assert find_data(None, plan).content == b"a\n1\n"


def test_every_pipeline_here_has_a_demo_with_a_number_to_expect() -> None:
    found = {plan.pipeline: plan for plan in plans(BANK.parent)}
    assert {"abalone", "bank-marketing", "customer-churn", "online-retail"} <= set(found)
    for plan in found.values():
        assert plan.generator.is_file()
        assert plan.expected.metric == pack(plan.folder).definition["gate"]["metric"]


def test_a_demo_whose_framework_is_not_installed_says_so_before_anything_starts(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Framework, "installed", False)
    result = run("demo", str(BANK.parent / "handwritten-digits"))
    assert result.exit_code == WRONG_USAGE
    assert "handwritten-digits trains with PyTorch, which is not installed" in result.stderr
    assert "pip install torch --index-url" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("expected", "good", "bad", "said"),
    [
        (Expected("auc", at_least=0.8), 0.8, 0.79, "auc at least 0.8"),
        (Expected("rmse", at_most=2.3), 2.3, 2.31, "rmse at most 2.3"),
    ],
)
def test_what_a_demo_expects_has_a_direction(
    expected: Expected, good: float, bad: float, said: str
) -> None:
    assert (expected.holds(good), expected.holds(bad), str(expected)) == (True, False, said)


def test_a_download_that_hangs_is_given_up() -> None:
    import threading

    never = threading.Event()

    def hang() -> bytes:
        never.wait()
        return b"too late"

    assert demo_data.within(0.05, hang) is None
    never.set()


# the four drops


def bank_rows(count: int) -> bytes:
    header = ";".join(f'"{name}"' for name in contract()["data"]["columns"])
    row = '{n};"admin.";"single";"x";"no";"no";"no";"telephone";"may";"fri";1;1;999;0;"y";'
    row += '1.1;93.9;-36.4;4.8;{n};"{y}"'
    rows = [row.format(n=n, y="yes" if n % 5 == 0 else "no") for n in range(count)]
    return "\r\n".join([header, *rows, ""]).encode()


def contract() -> dict[str, Any]:
    return pack(BANK).definition


def test_the_two_good_drops_are_the_file_in_its_order() -> None:
    content = bank_rows(30_000)
    cut = drops.cut(content, contract(), "the file")
    header, *rows = content.decode().splitlines()
    older = cut.older.files["1-older.csv"].decode().splitlines()
    newer = cut.newer.files["2-newer.csv"].decode().splitlines()
    assert (len(older) - 1, older[0], newer[0]) == (21_000, header, header)
    assert older[1:] + newer[1:] == rows


def test_shuffling_moves_labels_and_nothing_else_and_is_the_same_every_time() -> None:
    content = bank_rows(30_000)
    cut = drops.cut(content, contract(), "the file")
    again = drops.cut(content, contract(), "the file")
    newer = cut.newer.files["2-newer.csv"].decode().splitlines()
    shuffled = cut.shuffled.files["4-shuffled.csv"].decode().splitlines()
    assert cut.shuffled == again.shuffled
    assert [row.rpartition(";")[0] for row in newer] == [r.rpartition(";")[0] for r in shuffled]
    assert sorted(row.rpartition(";")[2] for row in newer) == sorted(
        row.rpartition(";")[2] for row in shuffled
    )
    assert newer != shuffled


def test_the_broken_drop_has_the_faults_it_says_it_has() -> None:
    broken = drops.cut(bank_rows(30_000), contract(), "the file").broken
    renamed, text = (body.decode().splitlines() for body in broken.files.values())
    assert broken.renamed not in [name.strip('"') for name in renamed[0].split(";")]
    at = list(contract()["data"]["columns"]).index(broken.text_column)
    assert text[broken.text_line - 1].split(";")[at] == broken.text_value


def test_a_file_that_is_too_short_or_of_another_kind_is_refused() -> None:
    with pytest.raises(CliError, match="has 100 rows, and the demo needs"):
        drops.cut(bank_rows(100), contract(), "mine.csv")
    with pytest.raises(CliError, match="has 1 row, and the demo needs"):
        drops.cut(bank_rows(1), contract(), "mine.csv")
    with pytest.raises(CliError, match="has no column age"):
        drops.cut(b"alpha;beta\n1;2\n", contract(), "mine.csv")


def test_the_real_file_is_recognised_by_its_bytes() -> None:
    if not UCI_FILE.exists():
        pytest.skip(f"the UCI file is not at {UCI_FILE}")
    plan = DemoPlan.find(BANK)
    assert plan is not None
    found = find_data(UCI_FILE, plan)
    assert found.real
    assert plan.published
    assert hashlib.sha256(found.content).hexdigest() == plan.published.sha256
    cut = drops.cut(found.content, contract(), str(UCI_FILE))
    assert (cut.older.rows, cut.newer.rows) == (28_831, 12_357)
