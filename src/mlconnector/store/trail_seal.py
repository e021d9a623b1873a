"""The seal on the head of the audit trail: only who has the master key can make one that holds.

The head's hash depends on every row before it, so one seal over it covers them all. The key of a seal is
derived from the master key by HKDF, for this purpose only; who has nothing but the database has no key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field

from mlconnector.errors import NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.store.seals import MasterKeys, derived

_PURPOSE = "head of the audit trail"


@dataclass(frozen=True, slots=True)
class TrailHead:
    """The last link of the trail, and its seal: `key_id` says under which master key it was made.

    Both are empty in a trail that nobody has sealed yet.
    """

    sequence: int
    hash: str
    key_id: str = ""
    seal: str = ""


@dataclass(frozen=True, slots=True)
class TrailSeal:
    """Makes and checks seals with the keys that are derived from the master keys."""

    keys: MasterKeys = field(repr=False)

    def sealed(self, sequence: int, last_hash: str) -> TrailHead:
        """A head sealed under the current master key."""
        key_id = self.keys.current
        return TrailHead(sequence, last_hash, key_id, self._seal(key_id, sequence, last_hash))

    def holds(self, head: TrailHead) -> bool:
        """Whether a head carries a seal of ours.

        Raises NeedsHuman (`trail_key_unknown`) when it was made under a master key that was not given.
        """
        if not head.seal:
            return False
        if not self.knows(head):
            known = ", ".join(sorted(self.keys.keys))
            raise NeedsHuman(Problem("trail_key_unknown", {"key_id": head.key_id, "known": known}))
        return hmac.compare_digest(head.seal, self._seal(head.key_id, head.sequence, head.hash))

    def knows(self, head: TrailHead) -> bool:
        """Whether the master key that a head was sealed under is here."""
        return head.key_id in self.keys.keys

    def _seal(self, key_id: str, sequence: int, last_hash: str) -> str:
        content = json.dumps([key_id, sequence, last_hash]).encode()
        return hmac.new(derived(self.keys, key_id, _PURPOSE), content, hashlib.sha256).hexdigest()
