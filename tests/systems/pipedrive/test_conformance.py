from __future__ import annotations

from tests.conformance.source_suite import source_conformance
from tests.systems.pipedrive.rig import oauth_rig, token_rig

TestPipedriveWithToken = source_conformance(token_rig)
TestPipedriveWithLogin = source_conformance(oauth_rig)
