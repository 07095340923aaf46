"""Which rule of a Choice applies."""

from __future__ import annotations

from ratchet.workflow.asl import paths
from ratchet.workflow.asl.choices import AllOf, AnyOf, Comparison, Inverse, Test
from ratchet.workflow.asl.model import ChoiceRule
from ratchet.workflow.interpreter.dataflow import Data, JsonataData
from ratchet.workflow.interpreter.references import ReferenceEvaluator


def applies(rule: ChoiceRule, data: Data) -> bool:
    """Whether a rule's condition is true. Raises StateError if it cannot be evaluated."""
    if isinstance(data, JsonataData):
        return bool(data.evaluator.typed(rule.condition, "boolean"))
    return rule.test is not None and _holds(rule.test, data.evaluator)


def _holds(test: Test, evaluator: ReferenceEvaluator) -> bool:
    match test:
        case AllOf(tests):
            return all(_holds(inner, evaluator) for inner in tests)
        case AnyOf(tests):
            return any(_holds(inner, evaluator) for inner in tests)
        case Inverse(inner):
            return not _holds(inner, evaluator)
        case Comparison():
            return _compares(test, evaluator)


def _compares(test: Comparison, evaluator: ReferenceEvaluator) -> bool:
    try:
        actual = evaluator.find(test.variable)
    except paths.PathNotFound as error:
        if test.asks_presence:
            return test.value is False
        raise evaluator.failed(_refused(test.variable)) from error
    return test.holds(actual, _expected(test, evaluator))


def _expected(test: Comparison, evaluator: ReferenceEvaluator) -> object:
    if not test.by_path:
        return test.value
    try:
        return evaluator.find(test.value)
    except paths.PathNotFound as error:
        raise evaluator.failed(_refused(test.value)) from error


def _refused(path: str) -> str:
    return f"Invalid path '{path}': The choice state's condition path references an invalid value."
