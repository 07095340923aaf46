"""Script mode: the code beside a model, entered as the containers' toolkits do.

The toolkits differ in where they look. sagemaker-containers (`import_module`) enters what
SAGEMAKER_PROGRAM and SAGEMAKER_SUBMIT_DIRECTORY name, which may be a tar.gz in S3 or a folder of
the model's own archive. sagemaker-inference looks for the program, `inference.py` by default, in
`code` of the archive and nowhere else.

The program's model_fn, input_fn, predict_fn and output_fn, or its transform_fn, are then called as
`Transformer` of sagemaker-inference calls them, the framework's defaults in place of those that are
left out. The container installs the folder with pip; here it joins the path.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ratchet.local_aws.sagemaker.containers import encoding, opt_ml, requirements
from ratchet.local_aws.sagemaker.containers.artifacts import sha256, unpack
from ratchet.local_aws.sagemaker.containers.container import Framework
from ratchet.local_aws.sagemaker.containers.errors import BadArtifact, BadCode, BadPayload
from ratchet.local_aws.sagemaker.containers.rows import lines_of
from ratchet.local_aws.sagemaker.containers.threads import wait_quietly

PROGRAM, DIRECTORY = "SAGEMAKER_PROGRAM", "SAGEMAKER_SUBMIT_DIRECTORY"
DEFAULT_ACCEPT = "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT"
BATCH = "SAGEMAKER_BATCH"
DEFAULT_PROGRAM = "inference.py"
PARTS = ("input_fn", "predict_fn", "output_fn")
ANYTHING = ("", "*/*")


class Script:
    """A loaded model behind the functions of its program and of its framework."""

    def __init__(self, program: Any, defaults: Any, model: Any) -> None:
        self._program, self._defaults, self._model = program, defaults, model

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """Answer and its media type; raises BadPayload with the status that the toolkit gives."""
        wanted = os.environ.get(DEFAULT_ACCEPT, "application/json")
        wanted = wanted if accept in ANYTHING else accept
        try:
            given = body.decode() if content_type in encoding.UTF8_TYPES else body
            answer, kind = _told_apart(self._transformed(given, content_type, wanted), wanted)
        except Exception as error:
            raise _refusal(error) from error
        return answer.encode() if isinstance(answer, str) else bytes(answer), str(kind)

    def _transformed(self, given: Any, content_type: str, wanted: str) -> Any:
        own = getattr(self._program, "transform_fn", None)
        if own is not None:
            return own(self._model, given, content_type, wanted)
        data = self._function("input_fn")(given, content_type)
        return self._function("output_fn")(self._function("predict_fn")(data, self._model), wanted)

    def _function(self, name: str) -> Any:
        return getattr(self._program, name, None) or getattr(self._defaults, name)

    def predict(self, rows: Sequence[Sequence[str]]) -> list[str]:
        """One line a row, as a batch transform asks for them."""
        return lines_of(self, rows)


def is_wanted(framework: Framework, environment: Mapping[str, str]) -> bool:
    """Whether the container enters a program rather than an algorithm of its own."""
    return framework.code_in_archive or PROGRAM in environment


def load(
    framework: Framework, archive: Path, code: Path | None, environment: Mapping[str, str]
) -> tuple[Script, str]:
    """The script of a model, and the SHA-256 of its artifact; raises BadArtifact or BadCode.

    Called in the process that answers with the model: what it imports is the author's code.
    """
    wait_quietly()
    base = archive.parent / "opt" / "ml"
    unpack(archive, base / "model")
    folder = _folder(framework, base, code, environment)
    program = _program(folder, environment.get(PROGRAM, DEFAULT_PROGRAM), framework)
    defaults = importlib.import_module(framework.handlers)
    model_fn = getattr(program, "model_fn", None) or defaults.model_fn
    try:
        model = model_fn(str(base / "model"))
    except Exception as error:
        name = environment.get(PROGRAM, "the container")
        raise BadCode(f"model_fn of {name} failed: {_said(error)}") from error
    return Script(program, defaults, model), sha256(archive)


def _folder(
    framework: Framework, base: Path, code: Path | None, environment: Mapping[str, str]
) -> Path:
    """The folder of the code, pointed at our folders; it may be missing."""
    folder = base / "model" / "code"
    if not framework.code_in_archive:
        place = environment.get(DIRECTORY, "")
        folder = base / "code" if code else Path(opt_ml.here(place, base))
    if code is not None:
        try:
            unpack(code, folder)
        except BadArtifact as error:
            raise BadCode(f"{environment[DIRECTORY]} is not a tar.gz of code: {error}") from error
    opt_ml.point(folder, base)
    return folder


def _program(folder: Path, name: str, framework: Framework) -> Any:
    """The program's module; None where a framework's defaults do without one."""
    unmet = requirements.missing(folder)
    if unmet:
        raise BadCode(unmet)
    if framework.code_in_archive and not (folder / name).is_file():
        sys.stdout.write(f"{name} is not in code/ of the archive: the container's defaults serve\n")
        return None
    sys.path[:0] = [str(folder)]
    sys.path.extend(str(library) for library in framework.libraries)
    importlib.invalidate_caches()
    try:
        program = importlib.import_module(name.removesuffix(".py"))
    except Exception as error:
        raise BadCode(f"{name} cannot be imported: {_said(error)}") from error
    extra = [part for part in PARTS if hasattr(program, part)]
    if hasattr(program, "transform_fn") and extra:
        raise BadCode(
            f"{name}: Cannot use transform_fn implementation in conjunction with {extra[0]}"
        )
    return program


def _told_apart(result: Any, wanted: str) -> tuple[Any, Any]:
    """Answer and media type, of whatever form of answer the toolkits take."""
    if isinstance(result, tuple):
        return result[0], result[1]
    if hasattr(result, "response") and hasattr(result, "mimetype"):
        return result.response, result.mimetype or wanted
    return result, wanted


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
