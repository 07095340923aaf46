"""ASL files keep every byte that an edit does not concern."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratchet.workflow import Definition, InvalidDefinition
from ratchet.workflow.asl.source import read

ROOT = Path(__file__).resolve().parents[2]
MACHINES = sorted((ROOT / "statemachines").glob("*.asl.*"))
CASES = ROOT.parent / "shared" / "asl-cases"

PRETTY = """{
   "Comment": "why",
   "StartAt": "A",
   "States": {
      "A": {"Type": "Pass", "Result": {"x": [1, 2, 3]}, "Next": "B"},

      "B": {
         "Type": "Task",
         "Resource": "arn:aws:states:::glue:startJobRun.sync",
         "Parameters": { "JobName" : "j" },
         "End": true
      }
   }
}
"""
COMMENTED = """\
# what it is for
Comment: why    # kept
StartAt: A
States:
  # the first
  A:
    Type: Pass
    Result: {x: [1, 2, 3]}   # inline

    Next: 'B'
  B:
    Type: Task    # a job
    Resource: >-
      arn:aws:states:::glue:startJobRun.sync
    Parameters:
      JobName: "j"
    Retry:
    - ErrorEquals: [States.TaskFailed]
      MaxAttempts: 2   # enough
    # the rest
    - ErrorEquals:
        - States.ALL
    End: true
"""


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.name)
def test_a_file_that_was_only_read_is_written_back_byte_for_byte(
    path: Path, tmp_path: Path
) -> None:
    copied = Definition.read(path).write(tmp_path / path.name)
    assert copied.read_bytes() == path.read_bytes()


def test_an_edit_touches_its_own_line_and_no_other() -> None:
    definition = Definition.parse(COMMENTED)
    definition.states["B"]["Parameters"]["JobName"] = "other"
    definition.states["B"]["Retry"][0]["MaxAttempts"] = 5
    del definition.states["A"]["Result"]
    before, after = COMMENTED.splitlines(), definition.text.splitlines()
    assert [line for line in before if line not in after] == [
        "    Result: {x: [1, 2, 3]}   # inline",
        '      JobName: "j"',
        "      MaxAttempts: 2   # enough",
    ]
    assert [line for line in after if line not in before] == [
        "      JobName: other",
        "      MaxAttempts: 5   # enough",
    ]


def test_states_are_added_in_the_style_of_the_file() -> None:
    for text in (COMMENTED, PRETTY):
        definition = Definition.parse(text)
        definition.states["C"] = {"Type": "Succeed", "Comment": "new: # yes"}
        definition.states["B"] = {**definition.states["B"], "Next": "C"}
        del definition.states["B"]["End"]
        added = [line for line in definition.text.splitlines() if line not in text.splitlines()]
        assert any("C" in line for line in added)
        assert read(definition.text).document == definition.document
        assert len(added) <= 6


def test_a_file_keeps_its_line_breaks_its_byte_order_mark_and_its_missing_last_break(
    tmp_path: Path,
) -> None:
    path = tmp_path / "machine.asl.yaml"
    path.write_bytes(("\ufeff" + COMMENTED.rstrip().replace("\n", "\r\n")).encode())
    definition = Definition.read(path)
    definition.states["B"]["TimeoutSeconds"] = 60
    definition.write()
    content = path.read_bytes().decode()
    assert content.startswith("\ufeff# what")
    assert content.endswith("End: true\r\n    TimeoutSeconds: 60")
    assert content.count("\n") == content.count("\r\n")


def test_a_file_without_a_definition_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "bad.asl.json"
    path.write_text('{"StartAt": "A",\n "States": {,}}')
    with pytest.raises(InvalidDefinition, match=r"^2:") as caught:
        Definition.read(path)
    assert caught.value.__notes__ == [f"in {path}"]
    path.write_bytes(b'{"StartAt": "\xff"}')
    with pytest.raises(InvalidDefinition, match="UTF-8"):
        Definition.read(path)


TEXTS = st.text(alphabet=st.sampled_from("ab :#'\"{}[],&*%@`-é\n✓0y"), max_size=8)
LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-1e9, 1e9) | TEXTS
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
NESTED = """\
States:
  A: {Type: Pass}
  B:
    Type: Map
    ItemProcessor:
      States: {
        C: {Type: Pass, "Next": "D"},   # one
        D: {Type: Succeed}
      }
    Retry:
      - ErrorEquals: [A, B]    # both
        IntervalSeconds: 1

        MaxAttempts: 3
    Empty:
    Text: |
      one
      two

    Last: "x"
"""
SOURCES = [COMMENTED, PRETTY, json.dumps(json.loads(PRETTY)), NESTED]


def containers(value: Any) -> list[Any]:
    """Every map and list inside a value, itself first."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    here = [value] if isinstance(value, dict | list) else []
    return here + [found for part in parts for found in containers(part)]


def edit(data: st.DataObject, document: dict[str, Any]) -> None:
    """One change somewhere: a value set, put in or taken out."""
    place = data.draw(st.sampled_from(range(len(containers(document)))))
    target = containers(document)[place]
    action = data.draw(st.sampled_from(["set", "add", "remove"] if place else ["set"]))
    if isinstance(target, dict):
        if target and action == "remove":
            del target[data.draw(st.sampled_from(sorted(target)))]
        elif target and action == "set":
            target[data.draw(st.sampled_from(sorted(target)))] = data.draw(VALUES)
        else:
            target[data.draw(TEXTS.filter(bool))] = data.draw(VALUES)
    else:
        at = data.draw(st.integers(0, len(target)))
        if target and action == "remove":
            del target[at % len(target)]
        elif target and action == "set":
            target[at % len(target)] = data.draw(VALUES)
        else:
            target.insert(at, data.draw(VALUES))


@settings(max_examples=300, derandomize=True)
@given(data=st.data(), number=st.sampled_from(range(len(SOURCES))))
def test_random_edits_are_written_and_nothing_else(data: st.DataObject, number: int) -> None:
    source = SOURCES[number]
    definition = Definition.parse(source)
    before = copy.deepcopy(definition.document)
    for _ in range(data.draw(st.integers(1, 3))):
        edit(data, definition.document)
    if not isinstance(definition.document, dict) or not definition.document:
        return
    text = definition.text
    assert json.dumps(read(text).document) == json.dumps(definition.document)
    comments = [line for line in source.splitlines() if line.lstrip().startswith("#")]
    untouched = json.dumps(before) == json.dumps(definition.document)
    assert text == source if untouched else all(line in text for line in comments[:1])


@pytest.mark.skipif(not CASES.is_dir(), reason="the recorded executions are not at hand")
def test_definitions_from_elsewhere_are_kept_too() -> None:
    for path in sorted(CASES.rglob("*.json"))[:200]:
        try:
            definition = Definition.read(path)
        except InvalidDefinition:
            continue
        assert definition.text.encode() == path.read_bytes()
