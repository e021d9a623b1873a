"""The Procore source passes what every source must pass."""

from __future__ import annotations

from tests.conformance.source_suite import source_conformance
from tests.systems.procore.rig import procore_rig

TestProcore = source_conformance(procore_rig)
