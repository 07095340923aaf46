"""`ratchet new`: what it writes for a file is what push takes and what lets the file in."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ratchet.cli.authoring import guessing, header, hints, looking, writing
from ratchet.cli.errors import CliError
from ratchet.cli.pipeline_folder import Packed, pack
from retraining.rules import classes, findings
from retraining.rules.contracts import as_document, parse_definition
from retraining.rules.data_check.agreed import Rules
from retraining.rules.data_check.check import Result
from retraining.rules.data_check.check import check as check_data
from retraining.rules.names import RESERVED_COLUMNS

from .conftest import Run

FLIGHTS = Path("pipelines/flights")

pytestmark = pytest.mark.usefixtures("features_tried_here")


@pytest.fixture(autouse=True)
def a_folder_of_one_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def rows(count: int = 200) -> Iterator[dict[str, str]]:
    for n in range(count):
        yield {
            "id": f"F{n:05}", "day": f"2024-01-{n % 31 + 1:02}",
            "carrier": ("AA", "UA", "no")[n % 3],
            "distance": str(n * 7 % 500), "delay": "" if n % 9 == 0 else f"{n % 50}.5",
            "late": ("no", "yes")[n % 4 == 0],
        }  # fmt: skip


def flights(path: Path = Path("january.csv"), delimiter: str = ",", **changed: str) -> Path:
    table = [{**row, **changed} for row in rows()]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(table[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(table)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return path


def definition(folder: Path) -> dict[str, Any]:
    """What the service registers of the folder; raises PipelineRejected where it would not."""
    return as_document(parse_definition(pack(folder).files["definition.json"]))


def check(path: Path, registered: dict[str, Any]) -> Result:
    copy = io.BytesIO()
    rules = Rules.of(registered, "run-000001")
    return check_data(io.BytesIO(path.read_bytes()), rules, copy)


def made(path: Path, label: str, keys: tuple[str, ...] = ()) -> Packed:
    """The folder that is written for a file, packed as push packs it."""
    seen = looking.look(path, {label: "--label", **dict.fromkeys(keys, "--key")})
    folder = path.parent / "made"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, text in writing.files(
        guessing.guess("made", seen, label, None, keys), folder
    ).items():
        (folder / name).write_text(text, encoding="utf-8")
    return pack(folder)


# --- one file, as a person begins ----------------------------------------------------------------


@pytest.mark.parametrize("delimiter", header.DELIMITERS)
def test_a_file_becomes_a_pipeline_that_the_service_registers(run: Run, delimiter: str) -> None:
    path = flights(delimiter=delimiter)
    result = run("new", "flights", "--from-csv", str(path), "--label", "late", "--key", "id")
    assert result.exit_code == 0, result.output
    registered = definition(FLIGHTS)
    columns = registered["data"]["columns"]
    assert {name: column["type"] for name, column in columns.items()} == {
        "id": "text", "day": "date", "carrier": "category", "distance": "integer",
        "delay": "number", "late": "category",
    }  # fmt: skip
    assert columns["carrier"]["values"] == ["AA", "UA", "no"]
    assert [name for name, column in columns.items() if column["nullable"]] == ["delay"]
    assert registered["data"]["csv"]["delimiter"] == delimiter
    assert (registered["data"]["key"], registered["split"]["by"]) == ("id", "key")
    assert registered["training"]["hyperparameters"]["objective"] == "binary:logistic"
    assert (registered["gate"]["metric"], registered["gate"]["minimum"]) == ("auc", 0.5)
    assert registered["checks"]["tolerate"]["share"] == 0.001
    assert check(path, registered).accepted


def test_it_says_what_it_inferred_and_what_to_look_at(run: Run) -> None:
    result = run("new", "flights", "--from-csv", str(flights()), "--label", "late")
    assert "carrier" in result.stdout
    assert "3 values: AA, UA, no" in result.stdout
    assert "left out: a date" in result.stdout
    assert "late: the model learns no = 0, yes = 1" in result.stdout
    assert "200 rows are few" in result.stdout
    next_steps = f"Next: ratchet try {FLIGHTS} {flights()}\n      ratchet push {FLIGHTS}\n"
    assert result.stdout.endswith(next_steps)


def test_the_features_know_every_category_and_leave_out_what_is_not_one(run: Run) -> None:
    run("new", "flights", "--from-csv", str(flights()), "--label", "late", "--key", "id")
    written = runpy.run_path(str(FLIGHTS / "features.py"))
    assert written["CODES"] == {"carrier": ["AA", "UA", "no"]}
    assert written["LEFT_OUT"] == ["id", "day"]
    assert definition(FLIGHTS)["data"]["columns"]["late"]["values"] == ["no", "yes"]


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (("stays", "churned"), None),  # whichever is rarer is positive
        ((">50K", "<=50K"), None),
        (("1", "2"), ("1", "2")),
        (("-1", "1"), ("-1", "1")),
    ],
)
def test_two_classes_are_numbered_in_the_contract_whatever_their_texts(
    run: Run, texts: tuple[str, str], order: tuple[str, str] | None
) -> None:
    rows = "".join(f"{n * 3},{n / 3},{texts[n % 3 == 0]}\n" for n in range(99))
    Path("n.csv").write_text("a,b,y\n" + rows)
    result = run("new", "two", "--from-csv", "n.csv", "--label", "y")
    negative, positive = order or texts
    assert f"y: the model learns {negative} = 0, {positive} = 1" in result.stdout
    pushed = definition(Path("pipelines/two"))
    assert pushed["data"]["columns"]["y"]["values"] == [negative, positive]
    assert (pushed["etl"]["transform"], pushed["etl"]["features"]) == (None, None)
    assert classes.coded(pushed) == (negative, positive)


def test_plain_numbers_need_no_features(run: Run) -> None:
    Path("n.csv").write_text("a,b,y\n" + "".join(f"{n * 3},{n / 3},{n % 2}\n" for n in range(99)))
    assert run("new", "numbers", "--from-csv", "n.csv", "--label", "y").exit_code == 0
    assert sorted(file.name for file in Path("pipelines/numbers").iterdir()) == [
        "columns.yaml", "pipeline.yaml",
    ]  # fmt: skip
    assert definition(Path("pipelines/numbers"))["etl"]["features"] is None


def test_editors_find_the_schemas(run: Run) -> None:
    run("new", "flights", "--from-csv", str(flights()), "--label", "late")
    for name in ("pipeline.yaml", "columns.yaml"):
        first = (FLIGHTS / name).read_text().splitlines()[0]
        schema = FLIGHTS.resolve() / first.partition("$schema=")[2]
        assert json.loads(schema.read_text())["$schema"]


def test_a_folder_that_exists_is_never_touched(run: Run) -> None:
    FLIGHTS.mkdir(parents=True)
    (FLIGHTS / "pipeline.yaml").write_text("mine")
    result = run("new", "flights", "--from-csv", str(flights()), "--label", "late")
    assert result.exit_code == 1
    assert "pipelines/flights exists already" in result.stderr
    assert (FLIGHTS / "pipeline.yaml").read_text() == "mine"


# --- what the label makes of it ------------------------------------------------------------------

LABELS = {
    "0 and 1": (["0", "1"], "binary:logistic", "auc", ()),
    "other numbers": (["1", "2"], "binary:logistic", "auc", ("1", "2")),
    "the positive word": (["yes", "no", "yes"], "binary:logistic", "auc", ("no", "yes")),
    "the rarer word": (["on", "off", "on"], "binary:logistic", "auc", ("on", "off")),
    "words": (["a", "b", "c"], "multi:softprob", "accuracy", ("a", "b", "c")),
    "numbers": ([f"{n}.25" for n in range(40)], "reg:squarederror", "rmse", ()),
}


@pytest.mark.parametrize(("values", "objective", "metric", "classes"), LABELS.values(), ids=LABELS)
def test_the_label_decides_what_is_learnt(
    values: list[str], objective: str, metric: str, classes: tuple[str, ...]
) -> None:
    lines = "".join(f"{n},{values[n % len(values)]}\n" for n in range(120))
    Path("f.csv").write_text("x,y\n" + lines)
    seen = looking.look(Path("f.csv"), {"y": "--label"})
    task = guessing.task_of(seen.column("y"))
    assert (task.hyperparameters["objective"], task.metric) == (objective, metric)
    assert task.classes == classes
    parse_definition(made(Path("f.csv"), "y").files["definition.json"])


def test_several_classes_in_words_need_no_code_and_rows_may_land_as_they_are() -> None:
    answers = ("no", "yes", "maybe")
    rows = [(str(n), "uvw"[n % 3], answers[n % 3]) for n in range(120)]
    Path("f.csv").write_text("x,town,y\n" + "".join(",".join(row) + "\n" for row in rows))
    packed = made(Path("f.csv"), "y")
    registered = as_document(parse_definition(packed.files["definition.json"]))
    assert registered["etl"]["features"], "the town needs a number, the label does not"
    assert registered["training"]["hyperparameters"]["num_class"] == 3
    assert registered["data"]["columns"]["y"]["values"] == ["maybe", "no", "yes"]
    Path("g.csv").write_text("x,y\n" + "".join(f"{row[0]},{row[2]}\n" for row in rows))
    assert not any(made(Path("g.csv"), "y").definition["etl"].values())


def test_numbers_beyond_a_feature_are_the_odd_ones_and_breaks_are_spelt_out(run: Run) -> None:
    texts = ("c", '"a\nb"', '"a\nb"')
    rows = [f"{'1e400' if n == 7 else n},{n % 7},{texts[n % 3]}" for n in range(100)]
    Path("f.csv").write_text("\n".join(["x,z,y", *rows, ""]))
    said = run("new", "made", "--from-csv", "f.csv", "--label", "y").stdout
    assert "x holds numbers, but in 1 row texts such as '1e400'" in said
    assert "y: the model learns a\\nb = 0, c = 1" in said
    assert "2 values: a\\nb, c" in said
    assert "--label y (a\\nb or c)" in run("new", "more", "--from-csv", "f.csv").stderr


def test_whole_numbers_from_0_may_be_classes_and_new_says_what_to_set(run: Run) -> None:
    Path("f.csv").write_text("x,y\n" + "".join(f"{n},{n % 5}\n" for n in range(100)))
    said = " ".join(run("new", "made", "--from-csv", "f.csv", "--label", "y").stdout.split())
    assert "if they are classes, set objective: multi:softprob" in said
    assert "num_class: 5" in said


def test_the_minimum_is_what_a_model_without_skill_earns() -> None:
    Path("f.csv").write_text("x,y\n" + "".join(f"{n},{n % 10}\n" for n in range(100)))
    written = made(Path("f.csv"), "y").definition
    assert written["gate"]["minimum"] == pytest.approx(2.872, abs=0.001)  # standard deviation


REFUSED = {
    "no such column": ("x,y\n1,2\n3,4\n", "z", "--label z is not a column"),
    "nearly a column": ("x,late\n1,2\n3,4\n", "lat", "did you mean late?"),
    "one value": ("x,y\n1,2\n3,2\n", "y", "has the value '2' in every row"),
    "no value": ("x,y\n1,\n3,\n", "y", "has no value in every row"),
    "free text": ("x,y\n" + "".join(f"1,t{n}\n" for n in range(90)), "y", "90 different texts"),
    "a share": ("x,y\n" + "".join(f"1,{n} %\n" for n in range(90)), "y", "without %"),
    "a time": ("x,y\n" + "".join(f"1,1:{n}\n" for n in range(10, 60)), "y", "of seconds"),
    "nothing to learn from": ("x,y\na1,2\nb2,3\nc3,3\n", "y", "left out: x (a text of many"),
    "one column": ("y\n1\n2\n", "y", "has one field"),
    "a list in JSON": ('[{"x": 1, "y": 2},\n {"x": 1, "y": 3}]\n', "y", "is a list in JSON, not"),
    "no rows": ("x,y\n", "y", "has a header and no rows"),
    "empty": ("", "y", "is empty"),
    "a name twice": ("x,X,y\n1,2,3\n1,2,4\n", "y", "is named twice"),
    "no name": ("x,,y\n1,2,3\n1,2,4\n", "y", "has no name"),
    "values without a name": ("x,y,\n1,2,\n1,3,4\n", "y", "has values and no name"),
    "an index": (",x,y\n0,2,3\n1,2,4\n", "y", "leave it out with index=False"),
    "too many columns": (
        ",".join(f"x{n}" for n in range(2000)) + ",y\n" + 2000 * "1," + "1\n" + 2000 * "1," + "2\n",
        "y",
        "has 2,001 columns, and a pipeline takes 2,000 at most",
    ),
    "a long name": (
        "x" * 256 + ",y\n1,2\n1,3\n",
        "y",
        "has 256 characters, and a pipeline takes 255",
    ),
    "a reserved name": ("split,y\n1,2\n1,3\n", "y", "reserved"),
    "rows of other lengths": (
        "x,y\n1,2\n1,2,3,4\n",
        "y",
        "cannot be read as CSV: line 3 has more than 2 fields: '1,2,3,4'",
    ),
    "an open quote": (
        'x,y\n1,2\n1,"3\n1,4\n',
        "y",
        "line 3 opens a quote that nothing closes",
    ),
    "a count of rows": (
        "x,y\n1,2\n\n(1 row affected)\n",
        "y",
        "line 4 has 1 field, not 2: '(1 row affected)'",
    ),
}


@pytest.mark.parametrize(("text", "label", "told"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_become_a_pipeline_is_refused_and_nothing_is_written(
    run: Run, text: str, label: str, told: str
) -> None:
    Path("f.csv").write_text(text)
    result = run("new", "made", "--from-csv", "f.csv", "--label", label)
    assert result.exit_code == 1, result.output
    assert told in result.stderr
    assert not Path("pipelines").exists()


@pytest.mark.parametrize("kind", [pa.time64("us"), pa.duration("s")])
def test_a_type_that_no_check_reads_is_refused_before_a_pipeline_is_written(
    run: Run, kind: pa.DataType
) -> None:
    columns = {"took": pa.array(range(60), kind), "y": [n % 2 for n in range(60)]}
    pyarrow.parquet.write_table(pa.table(columns), "f.parquet")
    refused = run("new", "made", "--from-csv", "f.parquet", "--label", "y")
    assert "column 'took' holds" in refused.stderr
    assert not Path("pipelines").exists()


@pytest.mark.parametrize("data", [b"PK\x03\x04zip", b"a,b\n1,\0\n", b"PAR1", b"%PDF-1"])
def test_what_is_not_a_csv_file_is_refused(data: bytes) -> None:
    Path("f.csv").write_bytes(data)
    with pytest.raises(CliError, match="is "):
        looking.look(Path("f.csv"), {"a": "--label"})


# --- how files are written -----------------------------------------------------------------------

ROWS = [f"{n % 28 + 1:02}.03.2024;{n},{n % 9}5;{n % 2};naïve" for n in range(60)]
WRITTEN = {
    "German": ({"delimiter": ";", "decimal": ","}, "day;amount;late;note", ROWS),
    "three decimals": (
        {"delimiter": ";", "decimal": ","}, "day;amount;late",
        [f"{n % 28 + 1:02}.03.2024;{n % 3},{100 + n};{n % 2}" for n in range(60)],
    ),
    "thousands": (
        {"delimiter": ";", "decimal": ",", "thousands": "."}, "day;amount;late",
        [f"{n % 28 + 1:02}.03.2024;{n % 3}.{100 + n},5;{n % 2}" for n in range(60)],
    ),
    "English thousands": (
        {"delimiter": ";", "thousands": ","}, "day;amount;late",
        [f"2024-03-{n % 28 + 1:02};{n + 1},{100 + n}.5;{n % 2}" for n in range(60)],
    ),
    "missing": (
        {"delimiter": ",", "null_values": ["-", "NA"]}, "day,amount,late",
        [f"2024-03-{n % 28 + 1:02},{'NA' if n % 7 == 0 else '-' if n % 7 == 1 else n},{n % 2}"
         for n in range(60)],
    ),
    "open ends": (
        {"delimiter": ",", "null_values": ["0001-01-01", "9999-12-31"]},
        "day,since,until,amount,late",
        [f"2024-03-{n % 28 + 1:02},{'0001-01-01' if n % 9 == 0 else '2023-01-02'},"
         f"{'9999-12-31' if n % 4 == 0 else '2024-05-01'},{n},{n % 2}" for n in range(60)],
    ),
    "a title": (
        {"delimiter": ",", "skip_lines": 2}, "Report of March\n\nday,amount,late",
        [f"2024-03-{n % 28 + 1:02},{n},{n % 2}" for n in range(60)],
    ),
}  # fmt: skip


def test_dates_that_pandas_does_not_hold_are_text() -> None:
    rows = [f"{2261 + n % 9}-03-01,{2261 + n % 9}-03-01T10:00:00,{n},{n % 2}" for n in range(60)]
    Path("f.csv").write_text("\n".join(["day,at,amount,late", *rows, ""]), encoding="utf-8")
    made(Path("f.csv"), label="late")
    columns = yaml.safe_load(Path("made/columns.yaml").read_text())["columns"]
    assert {columns[name]["type"] for name in ("day", "at")} <= {"text", "category"}


@pytest.mark.parametrize(("dialect", "first", "lines"), WRITTEN.values(), ids=WRITTEN)
def test_the_dialect_of_a_file_is_written_down(
    dialect: dict[str, Any], first: str, lines: list[str]
) -> None:
    path = Path("f.csv")
    path.write_text("\n".join([first, *lines, ""]), encoding="utf-8")
    packed = made(path, "late")
    assert looking.look(path, {"late": "--label"}).dialect == dialect
    columns = packed.definition["data"]["columns"]
    assert columns["amount"]["type"] in ("integer", "number")
    assert columns["day"]["type"] == "date"
    result = check(path, as_document(parse_definition(packed.files["definition.json"])))
    assert result.accepted, result.problems.sentence()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_file_in_another_encoding_or_packed_is_read(encoding: str, packed: bool) -> None:
    data = "\n".join(["day;amount;late;note", *ROWS, ""]).encode(encoding)
    path = Path("f.csv.gz" if packed else "f.csv")
    path.write_bytes(gzip.compress(data) if packed else data)
    written = made(path, "late")
    told = written.definition["data"]["csv"].get("encoding", "utf-8")
    assert told == encoding.removesuffix("-sig")
    result = check(path, as_document(parse_definition(written.files["definition.json"])))
    assert result.accepted, result.problems.sentence()


def test_a_file_that_no_pipeline_reads_is_refused_with_what_to_do() -> None:
    path = Path("f.csv")
    path.write_bytes("\n".join(["day;amount;late;note", *ROWS, ""]).encode("utf-32"))
    with pytest.raises(CliError, match=r"f\.csv is UTF-32 text"):
        made(path, "late")


def test_every_format_of_times_is_found_and_taken_by_the_data_check() -> None:
    first = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    times = [first + dt.timedelta(days=n, hours=n, minutes=1) for n in range(50)]
    names = [f"at_{place}" for place in range(len(looking.FORMATS))]
    lines = [[*(time.strftime(form) for form in looking.FORMATS), n, n % 2]
             for n, time in enumerate(times)]  # fmt: skip
    path = Path("f.csv")
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([[*names, "amount", "late"], *lines])
    packed = made(path, "late")
    columns = packed.definition["data"]["columns"]
    for name, form in zip(names, looking.FORMATS, strict=True):
        kind = "timestamp" if "%M" in form else "date"
        assert columns[name] == {"type": kind, "format": form}
    result = check(path, as_document(parse_definition(packed.files["definition.json"])))
    assert result.accepted, result.problems.sentence()


# --- time ----------------------------------------------------------------------------------------


def test_a_time_column_holds_out_the_newest_rows_and_serves_a_refit_model(run: Run) -> None:
    result = run("new", "flights", "--from-csv", str(flights()), "--label", "late", "--time", "day")
    assert result.exit_code == 0, result.output
    registered = definition(FLIGHTS)
    assert (registered["split"]["by"], registered["split"]["column"]) == ("time", "day")
    assert registered["training"]["refit"] is True
    assert "early_stopping_rounds" not in registered["training"]["hyperparameters"]
    assert "left out: the time" in result.stdout


def test_without_time_a_column_of_dates_is_pointed_at(run: Run) -> None:
    result = run("new", "flights", "--from-csv", str(flights()), "--label", "late")
    assert "--time day judges a model on the newest rows" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("column", "told"),
    [("carrier", "holds category, which has no order"), ("delay", "is empty in"),
     ("late", "is the label")],
)  # fmt: skip
def test_what_has_no_order_in_time_is_refused(run: Run, column: str, told: str) -> None:
    result = run("new", "f2", "--from-csv", str(flights()), "--label", "late", "--time", column)
    assert result.exit_code == 1
    assert told in result.stderr


@pytest.mark.parametrize(
    "of", [("0", "1"), ("no", "yes"), ("1.5", "2.5", "3.5"), ("true", "false")]
)
def test_rows_whose_label_comes_late_are_no_bad_rows(run: Run, of: tuple[str, ...]) -> None:
    lines = (f"{n},2024-01-{1 + n % 28:02d},{(*of, '')[n % (len(of) + 1)]}\n" for n in range(400))
    Path("late.csv").write_text("x,day,y\n" + "".join(lines))
    result = run("new", "late", "--from-csv", "late.csv", "--label", "y", "--time", "day")
    assert result.exit_code == 0, result.output
    assert "counted and not trained on" in " ".join(result.stdout.split())
    found = check(Path("late.csv"), definition(Path("pipelines/late")))
    assert found.accepted, found.problems.sentence()
    assert found.bad_rows == 0


def test_where_the_label_is_a_number_the_endpoint_takes_rows_as_they_land(run: Run) -> None:
    table = flights().read_text().replace(",yes\n", ",1\n").replace(",no\n", ",0\n")
    Path("january.csv").write_text(table)
    run("new", "flights", "--from-csv", "january.csv", "--label", "late")
    written = runpy.run_path(str(FLIGHTS / "features.py"))
    landed = pd.DataFrame(
        {"id": ["F1", "F2"], "day": ["2024-01-01"] * 2, "carrier": ["UA", "other"],
         "distance": [3, 4], "delay": [1.5, None]}
    )  # fmt: skip
    found = written["features"](landed)
    assert list(found.columns) == ["carrier", "distance", "delay"]
    assert found["carrier"].to_list()[0] == 1
    assert pd.isna(found["carrier"].to_list()[1])
    pack(FLIGHTS)


def test_reserved_names_are_those_of_the_service() -> None:
    assert header.RESERVED == RESERVED_COLUMNS


def test_a_column_gives_the_label_away_from_where_the_service_says_so() -> None:
    ours = (hints.LEAK, hints.STRONG, hints.LINE, hints.ENOUGH)
    theirs = (findings.LEAK, findings.STRONG, findings.LINE, findings.ENOUGH_LABELLED)
    assert ours == theirs


# --- any file ------------------------------------------------------------------------------------

NAMES = (
    st.text(
        st.characters(exclude_categories=("C", "Z")) | st.sampled_from("no .:#'`{[&*!|>%@-"),
        min_size=1,
        max_size=12,
    )
    .map(str.strip)
    .filter(lambda name: name and name.isprintable() and name.lower() not in header.RESERVED)
)
WORDS = st.sampled_from(
    [
        *("yes", "no", "null", "~", "1e3", "0x1F", "007", "2024-01-31", "a: b", "#", "[", "-", "'"),
        *("é", "😀", "true", "1_000", 'say "hi"', "a,b", "x;y", " padded "),
    ]
)
FIELDS = {
    "integers": st.integers(-(10**17), 10**17).map(str),
    "numbers": st.floats(-1e9, 1e9).map(repr),
    "dates": st.dates().map(str),
    "words": WORDS,
    "texts": st.text(st.characters(exclude_categories=("C",)), max_size=9),
    "holes": st.sampled_from(["", "1", "2"]),
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, list[list[str]]]:
    names = draw(st.lists(NAMES, min_size=2, max_size=6, unique_by=lambda name: name.lower()))
    kinds = [draw(st.sampled_from(list(FIELDS.values()))) for _ in names[2:]]
    some = [[str(n), str(n % 2), *(draw(kind) for kind in kinds)] for n in range(8)]
    repeated = [[str(8 * again + n), *row[1:]] for again in range(6) for n, row in enumerate(some)]
    return draw(st.sampled_from(header.DELIMITERS)), [names, *repeated]


@pytest.mark.slow
@given(tables())
@settings(max_examples=30)
def test_whatever_the_file_push_takes_what_is_written_and_the_check_takes_the_file(
    tmp_path_factory: pytest.TempPathFactory, table: tuple[str, list[list[str]]]
) -> None:
    delimiter, lines = table
    path = tmp_path_factory.mktemp("new") / "file.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(lines)
    packed = made(path, label=lines[0][1])
    registered = as_document(parse_definition(packed.files["definition.json"]))
    result = check(path, registered)
    assert result.accepted, result.problems.sentence()
    assert list(registered["data"]["columns"]) == lines[0]
    assert yaml.safe_load((path.parent / "made" / "pipeline.yaml").read_text("utf-8"))
