"""The test kit where an event loop runs already: in the cells of a Jupyter notebook."""

from __future__ import annotations

import ast
import asyncio
import contextvars
import inspect
import re
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from asl_machines import INVOKE, machine

from ratchet.workflow import TestClock
from ratchet.workflow.testing import InvalidMock, payload, run_machine, test_state

GUIDE = Path(__file__).parents[2] / "docs" / "workflows.md"
CALL = {"Type": "Task", "Resource": INVOKE, "Arguments": {"FunctionName": "f"}}
WAITS = machine(
    {
        "Wait": {"Type": "Wait", "Seconds": 3600, "Next": "Call"},
        "Call": {**CALL, "Output": "{% $states.result.Payload %}", "End": True},
    }
)


async def cells(sources: Iterable[str]) -> dict[str, Any]:
    """Run the cells as ipykernel does, inside its running loop; what they have defined."""
    names: dict[str, Any] = {}
    for source in sources:
        code = compile(source, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        if inspect.isawaitable(waiting := eval(code, names)):
            await waiting
    return names


def test_a_machine_and_a_state_run_where_a_loop_runs() -> None:
    async def cell() -> Any:
        assert test_state(WAITS, "Call", mock=payload({"n": 1})).status == "SUCCEEDED"
        return run_machine(WAITS, {}, {"Call": payload({"n": 1})})

    run = asyncio.run(cell())
    assert (run.status, run.output) == ("SUCCEEDED", {"n": 1})


def test_what_goes_wrong_there_is_what_goes_wrong_elsewhere() -> None:
    async def cell() -> None:
        run_machine(WAITS, {}, {})

    with pytest.raises(InvalidMock, match="has no mock"):
        asyncio.run(cell())


def test_the_loop_that_runs_is_left_alone_and_context_is_kept() -> None:
    told = contextvars.ContextVar("told", default="nothing")

    async def work() -> tuple[str, int]:
        return told.get(), threading.get_ident()

    async def cell() -> None:
        told.set("here")
        loop = asyncio.get_running_loop()
        said, thread = TestClock().run(work())
        assert (said, thread != threading.get_ident()) == ("here", True)
        assert asyncio.get_running_loop() is loop
        await asyncio.sleep(0)

    asyncio.run(cell())
    assert TestClock().run(work()) == ("nothing", threading.get_ident())


def test_the_guide_s_blocks_on_tests_run_as_cells_of_a_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before, heading, after = GUIDE.read_text(encoding="utf-8").partition("\n## Test\n")
    assert heading
    text = before + after.partition("\n## ")[0]
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names = asyncio.run(cells(["import asyncio", "await asyncio.sleep(0)", *blocks]))
    assert "run_machine(" in "".join(blocks)
    assert names["run"].status == "SUCCEEDED"
