"""Who is judged in a run, on which rows it is trained, and which rows it scores."""

from __future__ import annotations

from retraining.documents.candidates import Candidate, Candidates, ScoredCandidate
from retraining.rules import passes
from retraining.rules.passes import Run, first_pass

RUN = Run("ratchet--bank--rfjp-000007", "s3://work/runs/bank/000007")
SETTINGS = {"max_depth": "5"}
MADE = {"artifact": "s3://work/model.tar.gz", "image": "image", "training_job": "job"}


def roles(found: tuple[Candidate, ...]) -> list[str]:
    return [one.role for one in found]


def test_the_champion_scores_while_the_challenger_is_trained() -> None:
    assert roles(first_pass(RUN, SETTINGS, None)) == ["challenger"]
    champion, challenger = first_pass(RUN, SETTINGS, "ratchet--bank--rfjp-000003")
    assert (champion.train, champion.validation) == (None, None)
    assert champion.model == "ratchet--bank--rfjp-000003"
    assert champion.score == challenger.score == f"{RUN.uri}/prepared/holdout/"
    assert challenger.model == RUN.name
    assert challenger.train == f"{RUN.uri}/prepared/train/"
    assert challenger.validation == f"{RUN.uri}/prepared/validation/"
    assert challenger.hyperparameters == SETTINGS


def scored(candidate: Candidate, **made: str) -> ScoredCandidate:
    return ScoredCandidate.from_json({**candidate.as_json(), **MADE, **made})


def test_a_candidate_that_is_scored_again_counts_as_it_was_last() -> None:
    first = scored(RUN.challenger(SETTINGS))
    again = scored(RUN.challenger({"max_depth": "7"}))
    known = Candidates(candidates=(first,)).joined((again,))
    assert known.candidates == (again,)
    assert known.of_role(*passes.SERVING) == again
    assert known.of_role("champion") is None
