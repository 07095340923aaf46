"""Built-in XGBoost on libsvm, Parquet and CSV, with objectives of every kind."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from ratchet.local_aws.sagemaker.containers.errors import BadPayload, UserError
from ratchet.local_aws.sagemaker.containers.modes import AlgorithmMode
from ratchet.local_aws.sagemaker.containers.xgboost import lean, predictor
from ratchet.local_aws.sagemaker.containers.xgboost import train as training
from ratchet.local_aws.sagemaker.containers.xgboost.container import BuiltInXGBoost

Row = tuple[float, float, float]
REGRESSION = {"objective": "reg:squarederror", "eval_metric": "rmse"}


def table() -> list[Row]:
    """Label (a number from 0 to 2) and two features."""
    chance = random.Random(5)
    pairs = [(chance.random(), chance.random()) for _ in range(300)]
    return [(float(int(a * 3)), a, b) for a, b in pairs]


def as_csv(folder: Path, rows: list[Row]) -> None:
    (folder / "part.csv").write_text("".join(f"{y},{a!r},{b!r}\n" for y, a, b in rows))


def as_libsvm(folder: Path, rows: list[Row], first: int = 0) -> None:
    lines = [f"{y} {first}:{a!r} {first + 1}:{b!r}\n" for y, a, b in rows]
    for number, part in enumerate((lines[:100], lines[100:])):
        (folder / f"part-{number}").write_text("".join(part))


def as_parquet(folder: Path, rows: list[Row]) -> None:
    columns = {name: [row[place] for row in rows] for place, name in enumerate("yab")}
    parquet.write_table(pa.table(columns), folder / "part.parquet")


def trained(
    folder: Path, patch: pytest.MonkeyPatch, kind: str | None, given: dict[str, str]
) -> predictor.XGBoostPredictor:
    """The model of a training program that ran on `folder/train`, without what it leaves out."""
    for name in lean.OPTIONAL:
        patch.setitem(sys.modules, name, None)
    stated = {"ContentType": kind} if kind else {}
    hyperparameters = {"num_round": "5", "max_depth": "3", **given}
    (folder / "hyperparameters.json").write_text(json.dumps(hyperparameters))
    (folder / "inputdataconfig.json").write_text(json.dumps({"train": stated}))
    patch.setenv("SM_CHANNEL_TRAIN", str(folder / "train"))
    for name in ("INPUT_CONFIG", "MODEL", "OUTPUT"):
        patch.setenv(f"SM_{name}_DIR", str(folder))
    training.train()
    return predictor.XGBoostPredictor((folder / "xgboost-model").read_bytes())


def made(folder: Path) -> Path:
    train = folder / "train"
    train.mkdir(parents=True)
    return train


ASKED = [["0.1", "0.5"], ["0.9", "0.5"]]


def test_all_formats_of_the_same_numbers_train_the_same_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = {
        "text/csv": as_csv,
        None: as_libsvm,
        "text/libsvm": as_libsvm,
        "parquet": as_parquet,
        "application/x-parquet": as_parquet,
    }
    folders = {kind: tmp_path / str(kind).replace("/", "-") for kind in written}
    for kind, write in written.items():
        write(made(folders[kind]), table())
    answers = [
        trained(folder, monkeypatch, kind, REGRESSION).predict(ASKED)
        for kind, folder in folders.items()
    ]
    assert answers == [answers[0]] * len(written)


def test_libsvm_counts_from_0_and_what_counts_from_1_has_one_feature_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_libsvm(made(tmp_path / "0"), table())
    as_libsvm(made(tmp_path / "1"), table(), first=1)
    plain = trained(tmp_path / "0", monkeypatch, None, REGRESSION)
    shifted = trained(tmp_path / "1", monkeypatch, None, REGRESSION)
    assert shifted.predict([["nan", *row] for row in ASKED]) == plain.predict(ASKED)
    body = b"0 0:0.1 1:0.5\n0 0:0.9 1:0.5\n"
    assert plain.predict_body(body, "text/libsvm") == plain.predict(ASKED)


def test_rows_to_be_answered_need_no_labels_in_libsvm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """XGBoost's own parser would take `0:0.1` for a label and its weight."""
    as_libsvm(made(tmp_path), table())
    model = trained(tmp_path, monkeypatch, "text/libsvm", REGRESSION)
    for body in (b"0:0.1 1:0.5\n0:0.9 1:0.5\n", b"7 0:0.1 1:0.5\n0:0.9 1:0.5"):
        assert model.predict_body(body, "text/x-libsvm") == model.predict(ASKED)
    missing = b"1:0.5\n0:0.9"
    assert model.predict_body(missing, "text/libsvm") == model.predict([["", "0.5"], ["0.9", ""]])
    for wrong in (b"qid:1 0:0.1", b"0.1,0.5", b"0:x", b"-1:2", b"\xff"):
        with pytest.raises(BadPayload, match="ensure data is in libsvm format"):
            model.predict_body(wrong, "text/libsvm")
    with pytest.raises(BadPayload, match="Unable to evaluate payload"):
        model.predict_body(b"0:0.1 1:0.5 2:0.5", "text/libsvm")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1 0:2\n0,3,4\n", "'0,3,4...' of file 'part' is not 'LIBSVM' format.*line 2"),
        ("1 0:2\n1 x:3\n", "line 2"),
        ("1:0.5 0:2\n1 0:3\n", "some lines have a weight and others have none"),
        ("", "part is empty"),
    ],
)
def test_a_line_that_is_not_libsvm_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, sentence: str
) -> None:
    (made(tmp_path) / "part").write_text(text)
    with pytest.raises(UserError, match=f"(?s){sentence}"):
        trained(tmp_path, monkeypatch, "libsvm", REGRESSION)


def test_a_column_of_text_in_parquet_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet.write_table(pa.table({"y": [1, 0], "a": ["x", "y"]}), made(tmp_path) / "part")
    with pytest.raises(UserError, match="column a is string, not a number"):
        trained(tmp_path, monkeypatch, "parquet", REGRESSION)


def classes(folder: Path, patch: pytest.MonkeyPatch, objective: str) -> Any:
    as_csv(made(folder), table())
    given = {"objective": objective, "num_class": "3", "eval_metric": "mlogloss,merror"}
    return trained(folder, patch, "text/csv", given)


def test_several_classes_are_answered_as_a_class_or_as_probabilities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = classes(tmp_path / "max", monkeypatch, "multi:softmax").predict(ASKED)
    assert chosen == ["0.0", "2.0"]
    reported = [
        name for line in capsys.readouterr().out.splitlines()
        for name, _ in BuiltInXGBoost().metrics(line)
    ]  # fmt: skip
    assert set(reported) == {"train:mlogloss", "train:merror"}
    shares = classes(tmp_path / "prob", monkeypatch, "multi:softprob").predict(ASKED)
    probabilities = [json.loads(answer) for answer in shares]
    assert [row.index(max(row)) for row in probabilities] == [0, 2]
    assert [sum(row) for row in probabilities] == pytest.approx([1, 1])


def test_several_classes_need_their_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_csv(made(tmp_path), table())
    with pytest.raises(UserError, match="num_class"):
        trained(tmp_path, monkeypatch, "text/csv", {"objective": "multi:softprob"})


def test_a_server_answers_csv_or_json_and_refuses_what_it_cannot_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_csv(made(tmp_path), table())
    model = trained(tmp_path, monkeypatch, "text/csv", REGRESSION)
    mode, body = AlgorithmMode(model, "text/csv"), b"0.1,0.5\n0.9,0.5"
    low, high = mode.answer(body, "text/csv", "*/*")[0].decode().split(",")
    answer, kind = mode.answer(body, "text/csv", "application/json")
    assert kind == "application/json"
    scores = [row["score"] for row in json.loads(answer)["predictions"]]
    assert scores == [float(low), float(high)]
    for given, accept, status in (("text/plain", "", 415), ("text/csv", "image/png", 406)):
        with pytest.raises(BadPayload) as caught:
            mode.answer(body, given, accept)
        assert caught.value.status == status
