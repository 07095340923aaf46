"""Who is judged in a run, on which rows it is trained, and which rows it scores."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import unit_model

from retraining.documents.candidates import Candidate, Candidates, ScoredCandidate
from retraining.documents.definition import PushedDefinition
from retraining.documents.manifest import ChampionsWay, DefinitionRef, Manifest
from retraining.rules import passes, serving
from retraining.rules.passes import Plan, Settings

PREPARED = "s3://work/runs/bank/000007/prepared"
SETTINGS, FORMER = Settings({"max_depth": "5"}, "image"), Settings({"max_depth": "7"}, "image")
THEIRS = FORMER.hyperparameters
FIRST = Plan("ratchet--bank--rfjp-000007", "s3://work/runs/bank/000007", None, SETTINGS)
BESIDE = replace(FIRST, champion="ratchet--bank--rfjp-000003")
CHANGED = replace(BESIDE, former=FORMER)
MADE = {"artifact": "s3://work/model.tar.gz", "image": "image", "training_job": "job"}


def roles(found: tuple[Candidate, ...]) -> list[str]:
    return [one.role for one in found]


def test_the_champion_scores_all_new_rows_while_the_challenger_is_trained() -> None:
    assert roles(FIRST.first_pass()) == ["challenger"]
    champion, challenger = BESIDE.first_pass()
    assert (champion.train, champion.validation) == (None, None)
    assert (champion.model, champion.score) == (BESIDE.champion, f"{PREPARED}/arrival/")
    assert (challenger.model, challenger.score) == (BESIDE.name, f"{PREPARED}/holdout/")
    assert challenger.train == f"{PREPARED}/train/"
    assert challenger.validation == f"{PREPARED}/validation/"
    assert challenger.hyperparameters == SETTINGS.hyperparameters


def test_a_refit_is_trained_beside_its_challenger_and_has_the_name_that_serves() -> None:
    plan = replace(BESIDE, refit=True)
    champion, challenger, refit = plan.first_pass()
    assert (challenger.role, challenger.model) == ("challenger", f"{plan.name}-challenger")
    assert (refit.role, refit.model) == ("refit", plan.name)
    assert refit.train == f"{PREPARED}/refit/train/"
    assert refit.hyperparameters == challenger.hyperparameters
    assert refit.score == challenger.score
    assert champion.model not in plan.aside
    assert f"{plan.name}-challenger" in plan.aside
    assert plan.name not in plan.aside


def test_changed_settings_are_backtested_before_there_is_a_challenger() -> None:
    champion, backtest = CHANGED.first_pass()
    assert (champion.role, backtest.role) == ("champion", "backtest")
    assert backtest.hyperparameters == SETTINGS.hyperparameters
    assert backtest.train == f"{PREPARED}/backtest/train/"
    assert backtest.score == champion.score, "neither has seen these rows"
    assert backtest.model == f"{CHANGED.name}-backtest"


def test_a_champion_of_other_columns_scores_rows_of_its_own() -> None:
    champion, challenger = replace(BESIDE, theirs="champion/").first_pass()
    assert champion.score == f"{PREPARED}/champion/arrival/"
    assert challenger.score == f"{PREPARED}/holdout/"


def test_a_champion_that_takes_landed_rows_of_other_types_has_rows_of_its_own() -> None:
    now, former = defined(FEATURES, "a"), defined(FEATURES, "a")
    now.json["data"]["columns"]["a"]["type"] = "text"
    assert Plan.of(claimed(now, former, hyperparameters=THEIRS), "s3://w/r").theirs == "champion/"


RECIPE = {"recipe": [{"Action": {"Operation": "DELETE"}}]}
FEATURES = {"features": {"sha256": "1" * 64, "code": "2" * 64}}
OTHER_FEATURES = {"features": {"sha256": "3" * 64, "code": "4" * 64}}


def defined(etl: dict[str, Any], *columns: str, **more: Any) -> PushedDefinition:
    return PushedDefinition(
        json={
            "data": {
                "columns": {name: {"type": "number"} for name in (*columns, "y")},
                "label": "y",
            },
            "etl": {"recipe": None, "transform": None, "features": None, **etl},
            "training": {"hyperparameters": {"max_depth": 5}, **more},
        }
    )


def claimed(
    definition: PushedDefinition,
    former: PushedDefinition,
    history: tuple[str, ...] = ("run-000001",),
    lacks: tuple[str, ...] = (),
    incomparable: str | None = None,
    **champion: Any,
) -> Manifest:
    """What the plan reads of a manifest."""
    same = former.preparation == definition.preparation
    ref = DefinitionRef(uri="s3://work/pipelines/bank/1", sha256="1" * 64)
    way = ChampionsWay(definition=former, definition_ref=ref, lacks=lacks)
    manifest: Any = SimpleNamespace(
        name="run",
        again=False,
        history=history,
        definition=definition,
        image="image",
        serving_image="image",
        code=None,
        script=None,
        champion=replace(unit_model.FORMER, training_image="image", **champion),
        champions_way=None if same else way,
        incomparable=incomparable,
    )
    manifest.not_compared = Manifest.not_compared.fget(manifest)
    manifest.own_rows = Manifest.own_rows.fget(manifest)
    manifest.compared = Manifest.compared.fget(manifest)
    return manifest


@pytest.mark.parametrize(
    ("former", "now", "folder"),
    [
        (RECIPE, RECIPE, ""),
        (RECIPE, {"recipe": [*RECIPE["recipe"], {"Action": {}}]}, "champion/"),
        (RECIPE, {"transform": "1" * 64}, "champion/"),
        (RECIPE, {**RECIPE, "transform": "1" * 64}, "champion/"),
        (RECIPE, FEATURES, "champion/"),
        (FEATURES, RECIPE, "champion/"),
        (FEATURES, {}, "champion/"),
        ({"transform": "1" * 64}, {"transform": "2" * 64}, "champion/"),
        ({"transform": "1" * 64}, {"transform": "1" * 64}, ""),
        (FEATURES, {"features": {**FEATURES["features"], "code": "9" * 64}}, ""),
    ],
)
def test_a_champion_of_another_way_is_compared_on_rows_of_its_own(
    former: dict[str, Any], now: dict[str, Any], folder: str
) -> None:
    plan = Plan.of(claimed(defined(now, "a"), defined(former, "a"), hyperparameters=THEIRS),
                   "s3://work/r")  # fmt: skip
    assert plan.theirs == folder
    assert plan.other_features == bool(folder)
    settled = {**THEIRS, "max_depth": "5"}
    same = claimed(defined(now, "a"), defined(former, "a"), hyperparameters=settled)
    assert ("backtest" in Plan.of(same, "s3://work/r").parts) == bool(folder)


@pytest.mark.parametrize(
    ("former", "columns", "folder", "backtested"),
    [
        (OTHER_FEATURES, "a", "", True),
        (FEATURES, "ab", "champion/", True),
        (FEATURES, "a", "", False),
    ],
)
def test_features_of_landed_rows_need_other_rows_only_where_the_columns_differ(
    former: dict[str, Any], columns: str, folder: str, backtested: bool
) -> None:
    manifest = claimed(
        defined(FEATURES, "a"), defined(former, *columns), hyperparameters={"max_depth": "5"}
    )
    plan = Plan.of(manifest, "s3://work/r")
    assert (plan.theirs, "backtest" in plan.parts) == (folder, backtested)


def test_without_an_earlier_batch_there_is_nothing_to_backtest_on() -> None:
    """After a new baseline: the challenger is compared with the champion itself."""
    for former in (defined(OTHER_FEATURES, "a"), defined(FEATURES, "a")):
        manifest = claimed(defined(FEATURES, "a"), former, history=(), hyperparameters=THEIRS)
        plan = Plan.of(manifest, "s3://work/r")
        assert roles(plan.first_pass()) == ["champion", "challenger"]
        assert "backtest" not in plan.parts
        assert plan.untested, "and the verdict says so"


def test_a_champion_that_needs_what_no_row_has_any_more_is_not_scored() -> None:
    manifest = claimed(
        defined(FEATURES, "b"),
        defined(FEATURES, "a"),
        lacks=("a",),
        hyperparameters=THEIRS,
    )
    plan = Plan.of(manifest, "s3://work/r")
    assert roles(plan.first_pass()) == ["challenger"]
    assert (plan.theirs, plan.parts) == ("", ())


def test_a_champion_whose_answers_the_metric_cannot_read_is_neither_scored_nor_gone_back_to() -> (
    None
):
    for former in (defined(FEATURES, "a"), defined(OTHER_FEATURES, "a"), defined(RECIPE, "a")):
        manifest = claimed(
            defined(FEATURES, "a"), former, incomparable="answers", hyperparameters=THEIRS
        )
        plan = Plan.of(manifest, "s3://work/r")
        assert roles(plan.first_pass()) == ["challenger"]
        assert (plan.theirs, plan.parts, plan.former) == ("", (), None)


@pytest.mark.parametrize(
    ("former", "refit", "backtested"),
    [
        ({"max_depth": "5"}, False, False),
        ({"max_depth": "7"}, True, True),
        ({"max_depth": "5", "early_stopping_rounds": "9"}, False, True),
        ({"max_depth": "5", "early_stopping_rounds": "9"}, True, False),
        ({}, False, False),
    ],
)
def test_settings_are_backtested_where_a_run_could_go_back_to_the_former_ones(
    former: dict[str, str], refit: bool, backtested: bool
) -> None:
    """A refit that stops early would stop on rows it is fitted on: never."""
    definition = defined({}, "a", refit=refit)
    manifest = claimed(definition, definition, hyperparameters=former)
    plan = Plan.of(manifest, "s3://work/r")
    settings = Settings(former, "image")
    assert plan.former == (settings if backtested else None)
    assert ("backtest" in plan.parts) == backtested
    assert "early_stopping_rounds" not in str(plan.first_pass())


def test_what_a_script_does_with_early_stopping_rounds_is_its_own() -> None:
    theirs = {"early_stopping_rounds": "9", serving.SCRIPT: "train.py"}
    definition = defined({}, "a", refit=True)
    plan = Plan.of(claimed(definition, definition, hyperparameters=theirs), "s3://work/r")
    assert plan.former == Settings(theirs, "image")


def test_on_a_batch_that_the_champion_knows_both_settings_are_trained_without_it() -> None:
    plan = replace(CHANGED, again=True)
    champion, backtest, former = plan.first_pass()
    assert champion.score == f"{PREPARED}/holdout/", "it may have been trained on the others"
    chosen = (SETTINGS.hyperparameters, FORMER.hyperparameters)
    assert (backtest.hyperparameters, former.hyperparameters) == chosen
    assert backtest.train == former.train == f"{PREPARED}/backtest/train/"
    assert backtest.score == former.score == f"{PREPARED}/arrival/"
    assert former.role == "former"
    assert {backtest.model, former.model} == {*plan.aside}
    assert plan.parts == ("backtest",), "it says nothing about the data"
    assert roles(replace(BESIDE, again=True).first_pass()) == ["champion", "challenger"]


@pytest.mark.parametrize(
    ("history", "module", "testable"),
    [(("run-000001",), "1" * 64, True), ((), "1" * 64, False), (("run-000001",), "2" * 64, False)],
)
def test_settings_that_cannot_be_tested_are_not_trained_for_a_test(
    history: tuple[str, ...], module: str, testable: bool
) -> None:
    """Without an earlier batch there is nothing to train on, and former features are gone."""
    definition, former = defined({"transform": "1" * 64}, "a"), defined({"transform": module}, "a")
    manifest: Any = claimed(definition, former, history, hyperparameters=THEIRS)
    manifest.again = True
    plan = Plan.of(manifest, "s3://work/r")
    assert plan.former == FORMER
    assert roles(plan.first_pass())[1:] == (["backtest", "former"] if testable else [])
    assert ("backtest" in plan.parts) == testable


@pytest.mark.parametrize(("again", "backtested"), [(False, False), (True, True)])
def test_a_new_baseline_takes_what_was_pushed(again: bool, backtested: bool) -> None:
    """Its first run has a champion of other settings, and no batch to test them on."""
    definition = defined({}, "a", refit=False)
    manifest: Any = claimed(definition, definition, (), hyperparameters={"max_depth": "7"})
    manifest.again = again
    plan = Plan.of(manifest, "s3://work/r")
    assert (plan.former is not None) == backtested
    assert plan.untested is not backtested
    assert ("challenger" in roles(plan.first_pass())) == (not backtested)


def test_a_challenger_has_the_settings_that_the_backtest_chose() -> None:
    (new,) = CHANGED.further("challenger", former=False)
    (former,) = CHANGED.further("challenger", former=True)
    chosen = (SETTINGS.hyperparameters, FORMER.hyperparameters)
    assert (new.hyperparameters, former.hyperparameters) == chosen
    refit = replace(CHANGED, refit=True).further("challenger", former=True)
    assert roles(refit) == ["challenger", "refit"]
    assert [one.hyperparameters for one in refit] == [FORMER.hyperparameters] * 2


def test_a_batch_alone_is_judged_on_its_own_held_out_rows() -> None:
    (alone,) = BESIDE.further("alone", former=False)
    assert alone.train == f"{PREPARED}/alone/train/"
    assert alone.score == f"{PREPARED}/holdout/"
    assert alone.model in BESIDE.aside


def test_what_a_run_may_train_is_prepared() -> None:
    assert FIRST.parts == ()
    assert BESIDE.parts == ("alone",)
    assert replace(CHANGED, refit=True).parts == ("backtest", "alone", "refit")
    for plan in (FIRST, BESIDE, CHANGED, replace(CHANGED, refit=True)):
        asked = [plan.first_pass(), plan.further("challenger", former=False)]
        asked += [plan.further("alone", former=False)] * (plan.champion is not None)
        for one in (candidate for found in asked for candidate in found if candidate.train):
            part = one.train.removeprefix(f"{PREPARED}/").removesuffix("train/").strip("/")
            assert part in ("", *plan.parts)
            assert one.model in (plan.name, *plan.aside)


def scored(candidate: Candidate, **made: str) -> ScoredCandidate:
    return ScoredCandidate.from_json({**candidate.as_json(), **MADE, **made})


def test_a_candidate_that_is_scored_again_counts_as_it_was_last() -> None:
    (first,) = map(scored, FIRST.first_pass())
    again = replace(first, hyperparameters=THEIRS)
    known = Candidates(candidates=(first,)).joined((again,))
    assert known.candidates == (again,)
    assert known.of_role(*passes.SERVING) == again
    assert known.of_role("champion") is None


def test_another_script_or_image_is_other_settings_and_the_former_ones_are_whole() -> None:
    """Whoever is trained with the champion's settings is trained and served as it was."""
    theirs = Settings(
        serving.of_script({"program": "train.py", "code": "1" * 64}), "train", "serve", "s3://old"
    )
    moved = replace(theirs, code="s3://pushed/again")
    assert moved == theirs, "the same archive in another folder"
    ours = Settings(serving.of_script({"program": "train.py", "code": "2" * 64}), "train")
    assert ours != theirs != replace(theirs, image="another version")
    plan = replace(BESIDE, settings=ours, former=theirs)
    (challenger,) = plan.further("challenger", former=True)
    assert (challenger.training_image, challenger.serving_image) == ("train", "serve")
    assert challenger.code == "s3://old"
    assert challenger.variables == {
        "SAGEMAKER_PROGRAM": "train.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
    }


def test_a_script_answers_one_number_whatever_its_hyperparameters_are_called() -> None:
    several = {"objective": "multi:softprob", "num_class": "3"}
    built_in = replace(BESIDE, settings=Settings(several), champions=several)
    assert {one.answers for one in built_in.first_pass()} == {3}
    script = {**several, **serving.of_script({"program": "train.py", "code": "1" * 64})}
    own = replace(BESIDE, settings=Settings(script), champions=script)
    assert {one.answers for one in own.first_pass()} == {1}


def test_a_further_class_is_not_another_setting() -> None:
    several = {"objective": "multi:softprob", "num_class": 4}
    definition = defined({}, "a", hyperparameters={**several, "max_depth": 5})
    settled = {"objective": "multi:softprob", "num_class": "3", "max_depth": "5"}
    assert Plan.of(claimed(definition, definition, hyperparameters=settled), "s3://w/r").former is (
        None
    )
    deeper = {**settled, "max_depth": "7"}
    plan = Plan.of(claimed(definition, definition, hyperparameters=deeper), "s3://w/r")
    assert plan.former is not None
    assert plan.former.hyperparameters == {**deeper, "num_class": "4"}


def test_a_script_serves_with_the_features_of_the_run_whosever_settings_it_has() -> None:
    """All candidates of a run are trained on the same features, the champion's settings too."""
    registry = "683313688378.dkr.ecr.us-east-1.amazonaws.com"
    theirs = Settings(
        serving.of_script({"program": "old.py", "code": "1" * 64}),
        "trains", f"{registry}/sagemaker-scikit-learn:1.4-2-cpu-py3", "s3://old.tar.gz",
    )  # fmt: skip
    plan = replace(BESIDE, settings=SETTINGS, former=theirs, features="s3://features.tar.gz")
    (challenger,) = plan.further("challenger", former=True)
    assert (challenger.code, challenger.features) == ("s3://old.tar.gz", "s3://features.tar.gz")
    assert challenger.variables == {
        "SAGEMAKER_PROGRAM": "features_first.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        "RATCHET_SCRIPT": "old.py",
        "RATCHET_FRAMEWORK": "sklearn",
    }
    (built_in,) = plan.further("challenger", former=False)
    assert (built_in.code, built_in.features) == (None, None), "its container fetches them"


@pytest.mark.parametrize("former", [False, True])
def test_a_refit_runs_the_script_of_the_challenger_beside_it(former: bool) -> None:
    """Its own, or the champion's where the backtest prefers that one."""
    own, theirs = (
        Settings(
            serving.of_script({"program": "train.py", "code": digit * 64}),
            f"trains-{digit}", f"serves-{digit}", f"s3://{digit}.tar.gz",
        )
        for digit in "12"
    )  # fmt: skip
    plan = replace(BESIDE, settings=own, former=theirs, refit=True)
    challenger, refit = plan.further("challenger", former=former)
    assert (challenger.role, refit.role) == ("challenger", "refit")
    assert refit.code == (theirs if former else own).code
    for field in ("hyperparameters", "training_image", "serving_image", "code", "variables"):
        assert getattr(refit, field) == getattr(challenger, field), field
    assert (refit.model, refit.train) == (plan.name, f"{PREPARED}/refit/train/")


def test_a_refit_waits_for_the_settings_that_its_challengers_search_finds() -> None:
    plan = replace(BESIDE, refit=True, searched=frozenset({"eta"}))
    _, challenger = plan.first_pass()
    assert (challenger.role, challenger.tuned) == ("challenger", True)
    assert challenger.model == f"{plan.name}-challenger"
    judged = {"num_round": "50", "eta": "0.2"}
    (refit,) = plan.further("refit", former=False, judged=judged)
    assert (refit.hyperparameters, refit.tuned) == (judged, False)
    assert (refit.model, refit.train) == (plan.name, f"{PREPARED}/refit/train/")
    assert "refit" in plan.parts
    assert f"{plan.name}-challenger" in plan.aside
    assert f"{plan.name}-refit" not in plan.aside


def test_a_search_is_the_challengers_alone_and_leaves_open_what_it_searches() -> None:
    settings = {"learning_rate": "0.1", "max_depth": "5", "num_round": "50"}
    searched = frozenset({"eta", "max_depth"})
    plan = replace(BESIDE, settings=Settings(settings), searched=searched, algorithm="xgboost")
    champion, challenger = plan.first_pass()
    assert (champion.tuned, challenger.tuned) == (False, True)
    assert challenger.hyperparameters == {"num_round": "50"}
    (alone,) = plan.further("alone", former=False)
    assert (alone.tuned, alone.hyperparameters) == (False, settings)
    found = replace(plan, champions={"eta": "0.3", "max_depth": "7", "num_round": "9"})
    (alone,) = found.further("alone", former=False)
    assert alone.hyperparameters == {"eta": "0.3", "max_depth": "7", "num_round": "50"}, (
        "a model to compare with is not worse for want of a search"
    )
    assert found.further("challenger", former=False)[0].hyperparameters == {"num_round": "50"}


def test_a_scripts_hyperparameters_have_one_name_each() -> None:
    """The built-in algorithm calls eta learning_rate too; a script may have both."""
    settings = {"learning_rate": "0.1", "eta": "0.5"}
    plan = replace(BESIDE, settings=Settings(settings), searched=frozenset({"eta"}))
    assert plan.first_pass()[-1].hyperparameters == {"learning_rate": "0.1"}
