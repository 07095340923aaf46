"""Tests for state machines without AWS: one state, or a whole machine on a simulated clock.

from ratchet.workflow.testing import fails, payload, run_machine, test_state

run = run_machine(Path("machine.asl.yaml"), {"n": 1}, {"Check": [fails("Busy"), payload(7)]})
assert run.path == ["Check", "Done"] and run.retries("Check") == 1
"""

from ratchet.workflow.testing.answers import sample
from ratchet.workflow.testing.coverage import Coverage
from ratchet.workflow.testing.machine_run import MachineRun, Step, Wait, run_machine
from ratchet.workflow.testing.machines import machine_of
from ratchet.workflow.testing.mocks import InvalidMock, Mock, fails, parse_mock, payload, returns
from ratchet.workflow.testing.state_test import StateTest, test_state

__all__ = [
    "Coverage",
    "InvalidMock",
    "MachineRun",
    "Mock",
    "StateTest",
    "Step",
    "Wait",
    "fails",
    "machine_of",
    "parse_mock",
    "payload",
    "returns",
    "run_machine",
    "sample",
    "test_state",
]
