"""Files as people have them: `ratchet new` says what it saw, and push takes what it wrote."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import itertools
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from ratchet.cli.authoring import hints, looking
from ratchet.cli.pipeline_folder import pack
from retraining.rules.contracts import as_document, parse_definition
from retraining.rules.data_check.agreed import Rules
from retraining.rules.data_check.check import check

from .conftest import UCI_FILE, Run

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("features_tried_here")]
START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Shape:
    """A file, how it is asked for, and what is said and written."""

    name: str
    content: Callable[[random.Random], bytes]
    options: tuple[str, ...]
    said: tuple[str, ...] = ()
    data: dict[str, Any] | None = None
    columns: dict[str, str] | None = None  # some of them, with their types


def table(header: str, rows: Iterator[list[Any]], delimiter: str = ",") -> str:
    lines = [header, *(delimiter.join(str(field) for field in row) for row in rows)]
    return "\n".join(lines) + "\n"


def wide(chance: random.Random) -> bytes:
    names = [f"sensor {n}" for n in range(120)]
    rows = ([*(round(chance.gauss(0, 1), 3) for _ in names), n % 2] for n in range(200))
    return table(",".join([*names, "failed"]), rows).encode()


def tall(chance: random.Random) -> bytes:
    rows = ([chance.randint(0, 9), chance.choice("abc"), n % 3 == 0] for n in range(30_000))
    return table("calls,plan,churned", ([a, b, int(c)] for a, b, c in rows)).encode()


def dates(chance: random.Random) -> bytes:
    def rows() -> Iterator[list[Any]]:
        for n in range(400):
            at = START + dt.timedelta(hours=7 * n)
            yield [
                at.strftime("%d/%m/%Y"),
                at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                chance.random(),
                n % 2,
            ]

    return table("ordered,delivered,price,returned", rows()).encode()


def free_text(chance: random.Random) -> bytes:
    words = ["good", "bad", "so-so", "late again", 'she said ""fine""']
    rows = (
        [f'"{chance.choice(words)}, no {n}"', chance.randint(1, 5), chance.choice(["yes", "no"])]
        for n in range(300)
    )
    return table("comment,stars,recommended", rows).encode()


def ids(chance: random.Random) -> bytes:
    rows = (
        [
            1000 + 3 * n,
            100_001 + n,
            f"C{chance.randint(0, 90):04}",
            70 + chance.randint(0, 90),
            chance.gauss(5, 2),
            n % 2,
        ]
        for n in range(600)
    )
    return table("order_id,booking,customer,ClerkID,amount,again", rows).encode()


def mixed(chance: random.Random) -> bytes:
    def rows() -> Iterator[list[Any]]:
        for n in range(300):
            yield ["n/a" if n % 11 == 0 else n / 4, "" if n % 7 == 0 else chance.choice("xyz"),
                   chance.choice(["true", "false"]), f"{chance.randint(0, 999):04}",
                   chance.choice(["12", "13a"]), n % 2]  # fmt: skip

    return table("size,kind,insured,postcode,floor,sold", rows()).encode()


def few(chance: random.Random) -> bytes:
    return table("age,dose,cured", ([chance.randint(20, 80), n, n % 2] for n in range(24))).encode()


def headerless(chance: random.Random) -> bytes:
    rows = (
        [round(chance.gauss(0, 1), 2), chance.choice("MFI"), chance.randint(1, 20)]
        for _ in range(250)
    )
    return "".join(",".join(map(str, row)) + "\n" for row in rows).encode()


def semicolons(chance: random.Random) -> bytes:
    rows = ([chance.choice(["Ja", "Nein"]), n % 9, n % 2] for n in range(200))
    return table("Kunde;Käufe;treu", rows, ";").encode()


def decimal_commas(chance: random.Random) -> bytes:
    shares = (f"{chance.random():.3f}".replace(".", ",") for _ in range(1, 200))
    rows = ([f"{n}.{n % 900 + 100},{n % 10}0", "3,5", share, n % 2]
            for n, share in enumerate(shares, start=1))  # fmt: skip
    return table("Umsatz;Satz;Anteil;treu", rows, ";").encode("cp1252")


def latin(chance: random.Random) -> bytes:
    rows = ([chance.choice(["Zürich", "Genève", "Köln"]), n, n % 2] for n in range(200))
    return table("Städte,Größe,offen", rows).encode("latin-1")


def zipped(chance: random.Random) -> bytes:
    return gzip.compress(tall(chance)[:20_000].rsplit(b"\n", 1)[0] + b"\n")


def parquet(chance: random.Random) -> bytes:
    count = 300
    columns = {
        "at": pa.array(
            [START + dt.timedelta(hours=n) for n in range(count)], pa.timestamp("us", "UTC")
        ),
        "load": [chance.random() for _ in range(count)],
        "site": [chance.choice(["north", "south", None]) for _ in range(count)],
        "running": [chance.random() < 0.5 for _ in range(count)],
        "failed": [n % 2 for n in range(count)],
    }  # fmt: skip
    out = io.BytesIO()
    pyarrow.parquet.write_table(pa.table(columns), out)
    return out.getvalue()


def json_lines(chance: random.Random) -> bytes:
    rows = (
        {"user": f"u{n % 40}", "clicks": chance.randint(0, 9), "bought": n % 2 == 0}
        | {"day": f"2024-02-{n % 28 + 1:02}"}
        for n in range(300)
    )
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def loose_types(chance: random.Random) -> bytes:
    """Texts without a type of their own, numbers that are none, and texts like a dialect's."""
    count = 300
    columns = {
        "kind": pa.array([chance.choice([b"a", b"b"]) for _ in range(count)], pa.binary()),
        "load": [float("inf") if n == 9 else n / 7 for n in range(count)],
        "size": ["NA" if n == 7 else str(n % 9) for n in range(count)],
        "price": [f"{n % 5},50" for n in range(count)],
        "ok": [n % 2 for n in range(count)],
    }  # fmt: skip
    out = io.BytesIO()
    pyarrow.parquet.write_table(pa.table(columns), out)
    return out.getvalue()


def leaking(chance: random.Random) -> bytes:
    def rows() -> Iterator[list[Any]]:
        for n in range(500):
            left = n % 4 == 0
            yield [chance.randint(1, 72), chance.gauss(5, 1) + 9 * left,
                   "2024-05-01" if left else "", int(left)]  # fmt: skip

    return table("months,final_invoice,left_on,left", rows()).encode()


def rides(chance: random.Random) -> bytes:
    """Moments as numbers, days with names of months, towns of which more will come, nines."""
    towns = [f"town {n}" for n in range(12)]

    def rows() -> Iterator[list[Any]]:
        for n in range(600):
            at = START + dt.timedelta(hours=n)
            town = "Leeds" if n == 99 else chance.choice(towns)
            seconds, tip = int(at.timestamp()), -999 if n % 5 else chance.randint(0, 9)
            customer, booked = chance.randint(100, 400), at.strftime("%d-%b-%Y")
            yield [seconds, 1000 * seconds, booked, town, customer, tip, n % 2]

    return table("ts,paidAt,booked,town,customer,tip,again", rows()).encode()


def german(chance: random.Random) -> bytes:
    """Groups without decimals beside decimals without groups; a row that adds up the others."""

    def rows() -> Iterator[list[Any]]:
        for n in range(1200):
            at = START + dt.timedelta(days=n % 27)
            people, price = f"{chance.randint(1, 900)}.{n % 900 + 100}", f"{chance.random():.2f}"
            yield [f"K{n:04}", at.strftime("%a %d.%m.%Y"), people, price.replace(".", ","),
                   f"{n % 5 + 1}.{n % 900 + 100} kg", 45_292 + n % 28, n % 2]  # fmt: skip
        yield ["Summe", "", "150.000.000", "155,10", "", "", 150]

    header = "Ort;Tag;Einwohner;Satz;Gewicht;Erstellt Datum;treu"
    return table(header, rows(), ";").encode()


def tickets(chance: random.Random) -> bytes:
    """Durations, numbers that may be thousands, dates in words of no format, an id that is text."""

    def rows() -> Iterator[list[Any]]:
        for n in range(300):
            took = f"{n % 3}:{n % 60:02}:{7 * n % 60:02}"
            yield [f"{chance.getrandbits(40):010x}", took, f"{n % 5 + 1}.{n % 900 + 100} kg",
                   f"{n % 28 + 1}. März 2024", f"{n % 9 + 1},{n % 900 + 100}", n % 2]  # fmt: skip

    return table("ticket;took;weight;opened;visits;again", rows(), ";").encode()


def half_read(chance: random.Random) -> bytes:
    """Columns that are almost what they seem: one odd text, months, codes of answers."""

    def rows() -> Iterator[list[Any]]:
        for n in range(300):
            at = START + dt.timedelta(hours=7 * n)
            yield ["unknown" if n == 77 else chance.randint(18, 90),
                   "never" if n == 9 else f"{n % 28 + 1}.3.2024", f"2024-{n % 12 + 1:02}",
                   at.strftime("%m/%d/%Y %I:%M %p"), chance.choice([200, 404, 500])]  # fmt: skip

    return table("age,seen,month,when,answer", rows()).encode()


def careless(chance: random.Random) -> bytes:
    """Dates in two formats or with a word among them, one answer spelt twice, hardly any late."""

    def rows() -> Iterator[list[Any]]:
        for n in range(120):
            at = START + dt.timedelta(days=n)
            yield [at.strftime("%d/%m/%Y" if n % 2 else "%Y-%m-%d"),
                   "never" if n == 9 else f"{at:%Y-%m-%d}",
                   "never" if n == 9 else f"{at:%Y-%m-%dT%H:%M:%SZ}",
                   ("Yes", "yes", "No")[n % 3], chance.randint(1, 9), int(n < 5)]  # fmt: skip

    return table("due,seen,logged,paid,size,late", rows()).encode()


def ended(chance: random.Random) -> bytes:
    """Each line ends with what divides its fields."""
    rows = ([chance.randint(1, 5), chance.choice("abc"), n % 2, ""] for n in range(200))
    return table("stars,kind,ok,", rows).encode()


def line_breaks(chance: random.Random) -> bytes:
    rows = (
        [n, f'"first line\nsecond, {n}\nthird"', chance.randint(1, 5), n % 2] for n in range(200)
    )
    return table("id,comment,stars,ok", rows).encode()


def units(chance: random.Random) -> bytes:
    rows = (
        [
            f'"£{chance.uniform(1, 3000):,.2f}"',
            f"{chance.uniform(0, 9):.1f}%",
            f"{chance.randint(1, 90)} kg",
            f"{chance.randint(1, 9)}-{chance.randint(10, 20)} km",
            n % 2 if n else "",
        ]
        for n in range(200)
    )
    return table("price,discount,weight,reach,sold", rows).encode()


SHAPES = (
    Shape("half read", half_read, ("--label", "answer", "--time", "when"),
          ("age holds numbers, but in 1 row texts such as 'unknown'",
           "seen holds dates, but in 1 row texts such as 'never'",
           "month looks like a date in no format", "when is read as %m/%d/%Y %I:%M %p: is the",
           'they are classes, make it type: category, values: ["200", "404", "500"]'),
          columns={"when": "timestamp", "age": "text", "month": "category"}),
    Shape("ended", ended, ("--label", "ok"), ("3 values: ",), columns={"ok": "integer"}),
    Shape("careless", careless, ("--label", "late"),
          ("due holds dates in several formats: export them all as 2024-01-31",
           "seen holds dates, but in 1 row texts such as 'never'",
           "logged holds dates, but in 1 row texts such as 'never'",
           "paid holds 'Yes' and 'yes', which differ by case or spaces alone",
           "late is 1 in 5 rows alone: where the held-out rows have none",
           "120 rows are few: about 18 of them are held out, and a run with fewer than 30",
           "make the first drop 250 rows or more"),
          columns={"due": "text", "paid": "category"}),
    Shape("german", german, ("--label", "treu", "--time", "Tag"),
          ("the last row looks like a total (Summe, 150.000.000, 155,10, 150), not a row",
           "Erstellt Datum integer 45292 to 45319 left out: a date in Excel's days",
           "Einwohner integer", "as a number, without kg",
           "Ort is different in every row: if it says which row it is, --key Ort"),
          {"csv": {"delimiter": ";", "decimal": ",", "thousands": "."}},
          {"Tag": "date", "Einwohner": "integer", "Satz": "number"}),
    Shape("tickets", tickets, ("--label", "again"),
          ("as seconds",
           "weight: 1.100 is read as 1.100; if it is 1100, set the mark of its decimals to",
           "visits: 1,100 is read as 1100; if it is 1.100, say so with data: {csv: {decimal",
           "opened looks like a date in no format that is known",
           "ticket is different in every row: if it says which row it is, --key ticket"),
          {"csv": {"delimiter": ";", "thousands": ","}}, {"visits": "integer"}),
    Shape("rides", rides, ("--label", "again", "--time", "ts"),
          ("tip is -999 in 480 rows", "customer repeats", "left out: an id, whose size"),
          columns={"ts": "timestamp", "paidAt": "timestamp", "booked": "date", "town": "text"}),
    Shape("breaks", line_breaks, ("--label", "stars"), ("separated by commas", "left out: free"),
          columns={"comment": "text", "ok": "integer"}),
    Shape("wide", wide, ("--label", "failed"), ("120 more columns are read as they are",)),
    Shape("tall", tall, ("--label", "churned"), ("30,000 rows",), columns={"plan": "category"}),
    Shape("dates", dates, ("--label", "returned", "--time", "delivered"),
          ("ordered is read as %d/%m/%Y",), columns={"ordered": "date", "delivered": "timestamp"}),
    Shape("text", free_text, ("--label", "recommended"),
          ("left out: free text", "recommended: the model learns no = 0, yes = 1")),
    Shape("ids", ids, ("--label", "again"),
          ("left out: it counts the rows", "left out: different in every row",
           "customer repeats: 91 values in 600 rows",
           "split: {by: group, column: customer}", "left out: an id, whose size says nothing",
           "ClerkID repeats"), columns={"customer": "text"}),
    Shape("mixed", mixed, ("--label", "sold"), ("n/a is a missing value",),
          {"csv": {"null_values": ["n/a"]}},
          {"size": "number", "kind": "category", "insured": "category", "floor": "category"}),
    Shape("few", few, ("--label", "cured"), ("24 rows are few",)),
    Shape("headerless", headerless, ("--label", "column_3"), ("no header",),
          {"csv": {"header": False, "names": ["column_1", "column_2", "column_3"]}}),
    Shape("semicolons", semicolons, ("--label", "treu"), ("separated by semicolons",),
          {"csv": {"delimiter": ";"}}),
    Shape("commas", decimal_commas, ("--label", "treu"), ("decimal commas",),
          {"csv": {"delimiter": ";", "decimal": ",", "thousands": "."}}, {"Umsatz": "number"}),
    Shape("latin", latin, ("--label", "offen"), ("cp1252",), {"csv": {"encoding": "cp1252"}}),
    Shape("zipped", zipped, ("--label", "churned"), ("packed with gzip",)),
    Shape("parquet", parquet, ("--label", "failed", "--time", "at"), ("Parquet",),
          {"format": "parquet"}, {"at": "timestamp", "load": "number", "site": "category"}),
    Shape("loose", loose_types, ("--label", "ok"),
          ("load holds numbers, but in 1 row texts such as 'inf'",
           "size holds numbers, but in 1 row texts such as 'NA'",
           "if that stands for a missing value, write null"),
          {"format": "parquet"}, {"kind": "category", "price": "category"}),
    Shape("lines", json_lines, ("--label", "bought"), ("JSON lines", "day is a time"),
          {"format": "jsonl"}, {"day": "date", "clicks": "integer"}),
    Shape("units", units, ("--label", "sold"),
          ("as a number, without £", "as a number, without %", "as a number, without kg",
           "sold is empty in 1 row, counted and not trained on"),
          columns={"price": "text", "weight": "text"}),
    Shape("leaking", leaking, ("--label", "left"),
          ("final_invoice alone tells the label almost perfectly",
           "left_on is filled for one value of the label only")),
)  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_file_of_any_shape_becomes_a_pipeline_that_push_takes(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: Shape
) -> None:
    monkeypatch.chdir(tmp_path)
    content = shape.content(random.Random(7))
    Path("file").write_bytes(content)
    made = run("new", "made", "--from-csv", "file", *shape.options)
    assert made.exit_code == 0, made.output
    told = " ".join(made.stdout.split())
    for sentence in shape.said:
        assert sentence in told, told
    checked = run("push", "pipelines/made", "--check")
    assert checked.exit_code == 0, checked.output
    registered = as_document(
        parse_definition(pack(Path("pipelines/made")).files["definition.json"])
    )
    result = check(io.BytesIO(content), Rules.of(registered, "run-000001"), io.BytesIO())
    assert result.accepted, result.problems.sentence()
    for name, value in (shape.data or {}).items():
        found = registered["data"][name]
        assert {**found, **value} == found if isinstance(value, dict) else found == value
    for name, kind in (shape.columns or {}).items():
        assert registered["data"]["columns"][name]["type"] == kind, name


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_without_a_label_the_candidates_are_named_and_nothing_is_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: Shape
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_bytes(shape.content(random.Random(7)))
    asked = run("new", "made", "--from-csv", "file")
    assert asked.exit_code == 1, asked.output
    label = shape.options[1]
    assert f"--label {label}" in " ".join(asked.stderr.split()), asked.stderr
    assert not Path("pipelines").exists()


@pytest.mark.skipif(not UCI_FILE.exists(), reason=f"the file of UCI is not at {UCI_FILE}")
def test_the_length_of_a_call_is_named_as_what_nobody_knows_before_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The classic leak: far above every other column in the bank's first calls."""
    monkeypatch.chdir(tmp_path)
    with gzip.open(UCI_FILE) as file:
        Path("first.csv").write_bytes(b"".join(itertools.islice(file, 28_832)))
    told = run("new", "bank", "--from-csv", "first.csv", "--label", "y").stdout
    assert "duration alone tells the label almost perfectly (AUC 0.90" in told
    assert told.count("almost perfectly") == 1


def test_an_id_is_no_candidate_for_the_label(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(ids(random.Random(7)))
    asked = run("new", "made", "--from-csv", str(file)).stderr
    assert "--label again" in asked
    assert "--label ClerkID" not in asked


def test_dates_of_which_most_have_another_format_too_hold_no_odd_text(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most days are at most 12: day or month. And one column is of a format that nobody knows."""
    monkeypatch.chdir(tmp_path)
    days = [START.replace(month=n % 12 + 1, day=n % 17 + 1) for n in range(300)]
    forms = ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%Y %H:%M", "%m.%d.%Y")
    rows = ([*map(at.strftime, forms), n % 7, n % 2] for n, at in enumerate(days))
    Path("file").write_text(table("paid,due,seen,sent,size,late", rows))
    made = run("new", "made", "--from-csv", "file", "--label", "late")
    told = " ".join(made.stdout.split())
    assert "texts such as" not in told
    for name, form in zip(("paid", "due", "seen"), forms, strict=False):
        assert f"{name} is read as {form}: is the month where that says?" in told, told
    assert "sent looks like a date in no format that is known" in told, told


@pytest.mark.parametrize(("text", "dated"), [
    ("3-15-24", True), ("31/12/2024", True), ("2024-W07", True), ("3. Mai 2024", True),
    ("2. déc. 2024", True), ("August 2024", True), ("2024 Oct", True), ("Smart 2019", False),
    ("Ford Focus 2012", False), ("123-45-6789", False), ("1.2.3", False), ("10.0.0.1", False),
    ("1/2-2024", False),
])  # fmt: skip
def test_what_looks_like_a_date(text: str, dated: bool) -> None:
    assert hints.is_dated(text) is dated


def test_a_duration_counts_seconds_whether_or_not_it_has_hours(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_bytes(tickets(random.Random(7)))
    made = run("new", "made", "--from-csv", "file", "--label", "again")
    assert made.exit_code == 0, made.output
    scope: dict[str, Any] = {}
    exec(Path("pipelines/made/features.py").read_text(), scope)
    landed = ["1:23:45", "26:00:00", "5:30", "about an hour", None]
    given = pd.DataFrame(dict.fromkeys(("ticket", "took", "weight", "opened"), landed))
    found = scope["features"](given.assign(visits=1.0).astype(object))
    assert found["took"].fillna(-1).tolist() == [5025, 93600, 330, -1, -1]


@pytest.mark.parametrize("last", [
    "Total,,,", "Grand total:,,7,", ",,,12", "Sum of amounts,,3,4",
])  # fmt: skip
def test_a_last_row_that_adds_up_the_others_is_no_row(last: str, tmp_path: Path) -> None:
    rows = [f"{chance},{n},{n % 7},{n % 2}" for n, chance in enumerate("ab" * 20)]
    path = tmp_path / "file.csv"
    path.write_text("\n".join(["kind,amount,size,late", *rows, last, ""]))
    seen = looking.look(path, {"late": "--label"})
    assert (seen.rows, seen.column("size").empty) == (40, 0)
    assert seen.total == ", ".join(filter(None, last.split(",")))


@pytest.mark.parametrize("last", ["a,3,,1", "b,3,2,", "sum,4,2,0\nsum,4,2,0", "a,3,2,1"])
def test_a_row_that_lacks_a_value_is_one(last: str, tmp_path: Path) -> None:
    rows = [f"{chance},{n},{n % 7},{n % 2}" for n, chance in enumerate("ab" * 20)]
    path = tmp_path / "file.csv"
    path.write_text("\n".join(["amount,kind,size,late", *rows, last, ""]))
    seen = looking.look(path, {"late": "--label"})
    assert (seen.rows, seen.total) == (41 + last.count("\n"), None)


def test_a_unit_is_taken_off_and_another_one_is_a_missing_value(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = ([f"{n},5 kg", f'"${n},000"', n % 7, n % 2] for n in range(1, 200))
    Path("file").write_text(table("weight;price;stars;sold", rows, ";").replace('"', ""))
    made = run("new", "made", "--from-csv", "file", "--label", "sold")
    assert made.exit_code == 0, made.output
    scope: dict[str, Any] = {}
    exec(Path("pipelines/made/features.py").read_text(), scope)
    landed = {"weight": ["7,5 kg", "7,5 lb", None], "price": ["$7,000", "€7,000", "$8"]}
    given = pd.DataFrame({**landed, "stars": [1.0, 2.0, 3.0]}, dtype=object)
    found = scope["features"](given)
    assert found["weight"].fillna(-1).tolist() == [7.5, -1, -1]
    assert found["price"].fillna(-1).tolist() == [7000, -1, 8]
