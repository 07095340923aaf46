"""Script mode: the code that a model's environment names, entered as the container's toolkit does.

Only SAGEMAKER_PROGRAM and SAGEMAKER_SUBMIT_DIRECTORY lead to it (`import_module` of
sagemaker-containers): the archive is unpacked to the base folder's `code`, and the program imported
from there. Its model_fn, input_fn, predict_fn and output_fn are then called as `Transformer` of
sagemaker-inference calls them. The container installs the folder with pip; here it joins the path.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ratchet.local_aws.sagemaker.containers.artifacts import sha256, unpack
from ratchet.local_aws.sagemaker.containers.errors import BadArtifact, BadCode, BadPayload
from ratchet.local_aws.sagemaker.containers.rows import joined
from ratchet.local_aws.sagemaker.containers.threads import wait_quietly

PROGRAM, DIRECTORY = "SAGEMAKER_PROGRAM", "SAGEMAKER_SUBMIT_DIRECTORY"
DEFAULT_ACCEPT = "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT"
BATCH = "SAGEMAKER_BATCH"
FUNCTIONS = ("model_fn", "input_fn", "predict_fn", "output_fn")
TEXTS = ("text/csv", "application/json")
"""The media types whose bodies the toolkit decodes (`UTF8_TYPES`)."""
LIBRARY = Path(__file__).with_name("library")
ANYTHING = ("", "*/*")


class Script:
    """A loaded model behind the functions of its program."""

    def __init__(self, program: Any, model: Any) -> None:
        self._program, self._model = program, model

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """Answer and its media type; raises BadPayload with the status that the toolkit gives."""
        wanted = os.environ.get(DEFAULT_ACCEPT, "application/json")
        wanted = wanted if accept in ANYTHING else accept
        try:
            given = body.decode() if content_type in TEXTS else body
            rows = self._program.input_fn(given, content_type)
            result = self._program.output_fn(self._program.predict_fn(rows, self._model), wanted)
        except Exception as error:
            raise _refusal(error) from error
        answer, kind = result if isinstance(result, tuple) else (result, wanted)
        return answer.encode() if isinstance(answer, str) else bytes(answer), str(kind)

    def predict(self, rows: Sequence[Sequence[str]]) -> list[str]:
        """One line a row, as a batch transform asks for them."""
        body = "".join(f"{joined(list(row))}\n" for row in rows).encode()
        answer, _ = self.answer(body, "text/csv", "text/csv")
        lines = answer.decode().splitlines()
        if len(lines) != len(rows):
            raise BadPayload(500, f"the program answered {len(lines)} lines to {len(rows)} rows")
        return lines


def load(archive: Path, code: Path, environment: Mapping[str, str]) -> tuple[Script, str]:
    """The script of a model, and the SHA-256 of its artifact; raises BadArtifact or BadCode.

    Called in the process that answers with the model: what it imports is the author's code.
    """
    wait_quietly()
    base = archive.parent / "opt" / "ml"
    unpack(archive, base / "model")
    try:
        unpack(code, base / "code")
    except BadArtifact as error:
        raise BadCode(f"{environment[DIRECTORY]} is not a tar.gz of code: {error}") from error
    program = _program(base / "code", environment[PROGRAM])
    try:
        model = program.model_fn(str(base / "model"))
    except Exception as error:
        raise BadCode(f"model_fn of {environment[PROGRAM]} failed: {_said(error)}") from error
    return Script(program, model), sha256(archive)


def _program(folder: Path, name: str) -> Any:
    if (folder / "requirements.txt").exists():
        raise BadCode("requirements.txt: local AWS installs nothing into a model's container")
    sys.path[:0] = [str(folder)]
    sys.path.append(str(LIBRARY))
    importlib.invalidate_caches()
    try:
        program = importlib.import_module(name.removesuffix(".py"))
    except Exception as error:
        raise BadCode(f"{name} cannot be imported: {_said(error)}") from error
    missing = [function for function in FUNCTIONS if not hasattr(program, function)]
    if missing:
        raise BadCode(f"{name} has no {missing[0]}; local AWS calls {', '.join(FUNCTIONS)}")
    return program


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _refusal(error: Exception) -> BadPayload:
    """With the status that the error carries (BaseInferenceToolkitError), else 500.

    The toolkit answers with the error's text, and with the trace below it.
    """
    sys.stdout.write(traceback.format_exc())
    sys.stdout.flush()
    status = getattr(error, "status_code", 500)
    text = str(error) if status != 500 else _said(error)
    return BadPayload(int(status), text)
