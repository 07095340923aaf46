"""What a container's process is started with and answers, without the service around it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ratchet.local_aws.running.processes import LONGEST_LINE
from ratchet.local_aws.sagemaker.containers import opt_ml, serve, user_process
from ratchet.local_aws.sagemaker.containers.errors import BadPayload
from ratchet.local_aws.sagemaker.containers.layout import lay_out
from ratchet.local_aws.sagemaker.containers.rows import lines_of
from ratchet.local_aws.sagemaker.containers.scripts import BATCH


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/opt/ml", "/job"),
        ('open("/opt/ml/model/a")', 'open("/job/model/a")'),
        ("a:/opt/ml:/opt/ml/code", "a:/job:/job/code"),
        ("/opt/mlflow/runs", "/opt/mlflow/runs"),
        ("/opt/ml-tools /opt/ml_2", "/opt/ml-tools /opt/ml_2"),
    ],
)
def test_a_text_names_our_folder_where_it_names_opt_ml(
    tmp_path: Path, text: str, expected: str
) -> None:
    root = Path("/job")
    assert opt_ml.here(text, root) == expected
    script = tmp_path / "script.py"
    script.write_text(text)
    opt_ml.point(tmp_path, root)
    assert script.read_text() == expected
    opt_ml.restore(tmp_path, root)
    assert script.read_text() == text


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("/opt/ml/model", True),
        ("/opt/ml/model/code", True),
        ("/opt/ml/model/../../../home", False),
        ("/opt/ml/models", False),
        ("/opt/ml", False),
        ("", False),
        ("s3://bucket/opt/ml/model", False),
    ],
)
def test_a_place_below_a_folder_does_not_leave_it(place: str, expected: bool) -> None:
    assert opt_ml.holds("/opt/ml/model", place) is expected


def test_the_variables_of_a_training_job_name_our_folder(tmp_path: Path) -> None:
    request = {"ResourceConfig": {}, "Environment": {"TABLES": "/opt/ml/input/data/train"}}
    layout = lay_out(tmp_path, "job", "arn", request)
    assert layout.environment["TABLES"] == str(layout.data / "train")


def test_a_script_imports_from_the_users_own_path(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "only_there.py").write_text("")
    ending = user_process.run(
        [sys.executable, "-c", "import only_there"],
        tmp_path,
        variables={"PYTHONPATH": str(tmp_path / "lib")},
    )
    assert ending.code == 0, ending.said


def test_a_line_without_an_end_is_passed_on_in_pieces(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = f"import sys; sys.stderr.write('x' * {3 * LONGEST_LINE})"
    ending = user_process.run([sys.executable, "-c", command], tmp_path)
    assert ending.code == 0
    assert len(capsys.readouterr().out) == 3 * LONGEST_LINE


class Said:
    """What answers every body with the same text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        assert body
        assert content_type == accept
        return self._text.encode(), accept


@pytest.mark.parametrize("text", ["a\u2028b\nc\x85d", "a\u2028b\r\nc\x85d\r\n"])
def test_the_answers_to_rows_are_told_apart_by_newlines_alone(text: str) -> None:
    assert lines_of(Said(text), [["1"], ["2"]]) == ["a\u2028b", "c\x85d"]


def test_only_an_endpoint_limits_a_request_to_six_megabytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(BadPayload, match="larger than"):
        serve._check_size(serve.MAX_CONTENT_LENGTH + 1)
    monkeypatch.setenv(BATCH, "true")
    serve._check_size(serve.MAX_CONTENT_LENGTH + 1)
