from __future__ import annotations

from tests.conformance.source_suite import source_conformance
from tests.systems.cin7.rig import cin7_rig

TestCin7 = source_conformance(cin7_rig)
