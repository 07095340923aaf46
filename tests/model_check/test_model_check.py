"""A sample of the model check, spread over paths, calls and kinds; `make model-check` runs all."""

from __future__ import annotations

import random
import zlib
from collections import defaultdict

import pytest
from model_check import is_known, known_red
from model_faults import KINDS
from model_paths import BY_NAME, NO_FAULT, PATHS, Path, Scenario, calls_of, check, scenarios

from ratchet.workflow.interpreter.turn import Turn

pytestmark = pytest.mark.slow  # some hundred scenarios

SHARE = 50  # one in so many, beside one of each path and kind
FORMERLY_RED = (
    # a settling that dies, is stopped or refused half-way
    "update/settle_data.update_item(object)#1/dies",
    "update/settle_data.update_item(object)#1/kill",
    "update/settle_data.update_item(object)#1/error",
    "update/settle_data.update_item(object)#2/before",
    "data-rejected/settle_data.update_item(object)#1/kill",
    # the client's own retry is taken for somebody else's write
    "first/record_arrivals.update_item(state)#2/resent",
    "first/start_retraining.update_item(state)#2/resent",
    "first/settle_data.update_item(state)#1/resent",
    # a wake that never comes
    "first/record_arrivals.send_message()#1/lost",
    # an object that lands while the pipeline is about to pause
    "paused/settle_data.update_item(state)#5/race",
    # a lost reply when the endpoint is asked to move
    "update/move_endpoint.update_endpoint(live)#1/after",
    "update/move_endpoint.update_endpoint(live)#1/resent",
    # an error once the champion is named
    "update/record_champion.transact_write_items(promotion and champion)#1/after",
    "update/record_champion.update_item(run)#1/error",
    "update/record_champion.update_item(promotion)#1/dies",
    # a promotion that is stopped, alone or with its run
    "update/decide_promotion.put_item(promotion)#1/stop",
    "update/decide_promotion.put_item(promotion)#1/stoprun",
    "update/move_endpoint.create_endpoint(check)#1/kill",
    "update/move_endpoint.update_endpoint(live)#1/stoprun",
    "first/move_endpoint.create_endpoint(live)#1/stop",
    # a wake that had read the registration when its pipeline was deleted
    "deleted/start_retraining.update_item(state)#2/gone",
)


def sample(path: Path) -> list[Scenario]:
    """One of each kind, and one in SHARE of the others: the same every time."""
    by_kind: dict[str, list[Scenario]] = defaultdict(list)
    for scenario in scenarios(path):
        by_kind[scenario.kind].append(scenario)
    chosen = [
        one
        for kind, all_ in by_kind.items()
        for number, one in enumerate(sorted(all_, key=lambda one: zlib.crc32(one.name.encode())))
        if number % SHARE == 0
    ]
    wanted = [Scenario.of(name) for name in FORMERLY_RED if name.startswith(f"{path.name}/")]
    return [*dict.fromkeys([*chosen, *wanted])]


@pytest.mark.parametrize("name", BY_NAME)
def test_whatever_goes_wrong_nothing_is_lost_and_no_other_model_serves(name: str) -> None:
    red, wrong = known_red(), []
    for scenario in sample(BY_NAME[name]):
        result = check(scenario)
        if bool(result.wrong) is not is_known(scenario.name, red):
            wrong.append((scenario.name, result.wrong or "is green: take it out of known_red.txt"))
    assert wrong == []


def test_every_path_is_taken_and_every_kind_met() -> None:
    """The calls are recorded, so that a new write is covered by itself."""
    assert {kind for path in PATHS for call in calls_of(path) for kind in call.kinds} == {*KINDS}
    for path in PATHS:
        assert any(call.write for call in calls_of(path)), path.name
        assert scenarios(path)[0] == Scenario(path.name, *NO_FAULT)


def test_a_scenario_is_the_same_each_time() -> None:
    scenario = Scenario.of("first/settle_data.update_item(object)#1/dies")
    assert check(scenario) == check(scenario)


@pytest.mark.parametrize("name", FORMERLY_RED)
def test_what_was_red_once_is_still_looked_at(name: str) -> None:
    scenario = Scenario.of(name)
    assert scenario in scenarios(BY_NAME[scenario.path])


def test_a_scenario_does_not_depend_on_how_busy_the_machine_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two models trained side by side end at the same moment: the first to begin ends first."""
    calls_of(BY_NAME["pushed-meanwhile"])  # as the scenarios are listed: before any of them runs
    busy = random.Random(4)  # of 25 seeds one of the five by which the order changed

    def spend(turn: Turn, _begun: float) -> None:
        turn._spent += busy.choice([0, 0, 0.2])

    monkeypatch.setattr(Turn, "spend_since", spend)
    assert check(Scenario("pushed-meanwhile", *NO_FAULT)).wrong == ()
