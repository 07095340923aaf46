"""No two things of anybody's have one name, and no role's pattern reaches another stack's."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple, get_args

import botocore.session
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from samtranslator.yaml_helper import yaml_parse

from retraining.rules import names
from retraining.rules.names import Names, Purpose

TEMPLATE: dict[str, Any] = yaml_parse((Path(__file__).parents[3] / "template.yaml").read_text())
LETTERS = st.sampled_from("abz")
TAILS = st.lists(st.text("az09", min_size=1, max_size=5), max_size=3)
WORDS = st.tuples(LETTERS, st.text("az09", min_size=1, max_size=4)).map("".join)
PIPELINES = st.tuples(WORDS, TAILS).map(lambda parts: "-".join([parts[0], *parts[1]]))
STACKS = st.tuples(LETTERS, TAILS).map(lambda parts: "-".join([parts[0], *parts[1]]))
GENERATIONS = st.integers(0, 2**40).map(names.generation)
SAGEMAKER = botocore.session.get_session().get_service_model("sagemaker")
FORMS = {
    SAGEMAKER.operation_model(f"Create{kind}")
    .input_shape.members[f"{kind}Name"]
    .metadata["pattern"]
    for kind in ("Endpoint", "EndpointConfig", "Model", "TrainingJob", "TransformJob")
}
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


class Thing(NamedTuple):
    """Whatever a stack may make outside itself."""

    stack: str
    generation: str
    pipeline: str
    token: int | None = None
    purpose: Purpose | None = None
    attempt: int | None = None

    @property
    def name(self) -> str:
        made = Names(self.stack, self.generation)
        return made.made(self.pipeline, self.token, self.purpose, self.attempt)


@st.composite
def things(draw: st.DrawFn) -> Thing:
    """Attempts are counted of a purpose, as states make them."""
    purpose = draw(st.none() | st.sampled_from(PURPOSES))
    return Thing(
        draw(STACKS),
        draw(GENERATIONS),
        draw(PIPELINES),
        draw(st.none() | st.integers(0, 10**8)),
        purpose,
        draw(st.none() | st.integers(0, 99)) if purpose else None,
    )


def near(thing: Thing) -> st.SearchStrategy[Thing]:
    """Other things whose parts are pieces of this one's name: the likeliest to collide."""
    words = re.split(r"-+", thing.name)
    count = len(words)
    pieces = ["-".join(words[a:b]) for a, b in product(range(count), range(1, count + 1)) if a < b]
    return st.builds(
        Thing,
        st.sampled_from([piece for piece in pieces if names.is_stack(piece)]),
        st.just(thing.generation),
        st.sampled_from([piece for piece in pieces if names.is_pipeline(piece)]),
        st.sampled_from([thing.token, None, 1]),
        st.sampled_from([thing.purpose, None, "check"]),
    )


@given(things().flatmap(lambda one: st.tuples(st.just(one), things() | near(one))))
@example((Thing("ratchet", "k3f9", "bank", None, "check"), Thing("ratchet", "k3f9", "bank-check")))
@example((Thing("ratchet", "k3f9", "dev-bank"), Thing("ratchet-dev", "k3f9", "bank")))
@example((Thing("a", "k3f9", "bank", 1), Thing("a", "k3f9", "bank-000001")))
def test_equal_names_are_of_the_same_stack_pipeline_and_purpose(pair: tuple[Thing, Thing]) -> None:
    one, other = pair
    assert (one.name == other.name) == (one == other)


@given(things())
def test_a_name_can_be_read_back(thing: Thing) -> None:
    stack, pipeline, last = thing.name.split(names.SEPARATOR)
    assert (stack, pipeline) == (thing.stack, thing.pipeline)
    assert last.startswith(thing.generation)


@cache
def patterns() -> list[str]:
    """What the template's roles may touch outside the stack: the names in their resources."""
    found = re.findall(r"\$\{AWS::StackName\}[^'\"\s:]*", str(TEMPLATE["Resources"]))
    wild = sorted({pattern for pattern in found if "*" in pattern})
    assert len(wild) > 2
    return wild


@given(STACKS, things())
@example("ratchet", Thing("ratchet-dev", "k3f9", "bank"))
def test_no_role_of_a_stack_reaches_what_another_stack_makes(stack: str, thing: Thing) -> None:
    if stack == thing.stack:
        stack += "x"
    for pattern in patterns():
        assert not fnmatchcase(thing.name, pattern.replace("${AWS::StackName}", stack)), pattern


@given(things())
def test_names_are_of_the_form_that_aws_asks_for(thing: Thing) -> None:
    short = thing.name[: names.LONGEST_NAME].rstrip("-")  # a longer one is refused at push
    assert [form for form in FORMS if not re.fullmatch(form, short)] == []


def test_the_longest_name_is_that_of_a_transform_job_at_its_last_attempt() -> None:
    made = Names("ratchet", "k3f9")
    others = [made.run("bank", 1), made.training_machine("bank"), made.check_endpoint("bank")]
    jobs = [made.made("bank", 1, purpose, 10) for purpose in PURPOSES]
    assert made.longest("bank") == "ratchet--bank--k3f9-000001-challenger-10"
    assert len(made.longest("bank")) == max(len(name) for name in [*others, *jobs])


@given(st.integers(0, 2**33), st.integers(60, 3 * 365 * 86_400))
def test_no_generation_comes_again_within_three_years(now: int, later: int) -> None:
    one, other = names.generation(now), names.generation(now + later)
    assert one != other
    assert re.fullmatch(r"[0-9a-z]{4}", one)


@given(things(), things())
def test_a_request_of_another_run_has_another_token(one: Thing, other: Thing) -> None:
    def token(thing: Thing) -> str:
        made = Names(thing.stack, thing.generation)
        return made.client_token(thing.pipeline, thing.token or 0)

    assume(
        (one.stack, one.generation, one.pipeline, one.token or 0) != (*other[:3], other.token or 0)
    )
    assert token(one) != token(other)
    assert re.fullmatch(r"[a-zA-Z0-9-]{1,36}", token(one))


@pytest.mark.parametrize(
    "name", ["a", "Bank", "1bank", "ba--nk", "bank-", "-bank", "bank\n", "b" * 25]
)
def test_a_name_that_no_pipeline_may_have(name: str) -> None:
    assert not names.is_pipeline(name)


@pytest.mark.parametrize("name", ["ab", "bank-marketing", "b1", "b-1-c", "b" * 24])
def test_a_name_that_a_pipeline_may_have(name: str) -> None:
    assert names.is_pipeline(name)
