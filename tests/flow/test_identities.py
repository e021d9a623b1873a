from __future__ import annotations

from tests.flow.conftest import MakeRig


def test_smoke(make_any_rig: MakeRig) -> None:
    rig = make_any_rig(12)
    rig.work()
    print(rig.states(), rig.causes(), rig.outside.sums())
    for d in (1, 2, 3, 4, 5, 6, 8,9, 11):
        print(d, rig.outside.gross(d))
    print(rig.verdict(), rig.events(rig.key(1), *[b.id for b in rig.batches()]))
    print(rig.outside.rows()[0], [d.guid for d in rig.outside.documents()])
    print(rig.datev.statistics.as_json())
    assert 0
