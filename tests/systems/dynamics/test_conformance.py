from __future__ import annotations

from functools import partial

from tests.conformance.source_suite import source_conformance
from tests.systems.dynamics.rig import dynamics_rig

TestDynamics = source_conformance(dynamics_rig)
TestDynamicsWithCustomers = source_conformance(partial(dynamics_rig, settings={"customers": "tracked"}))
