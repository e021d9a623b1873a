"""OpenID Connect Discovery: the addresses that an issuer publishes, taken only where they can be trusted."""

from __future__ import annotations

from collections.abc import Sequence

from mlconnector.errors import Broken
from mlconnector.systems.kit.http import Http
from mlconnector.systems.kit.json_answers import Raw, object_in
from mlconnector.systems.kit.oauth import DISCOVERY
from mlconnector.systems.kit.setting_types import is_safe


def discovered(client: Http, issuer: str, needed: Sequence[str], optional: Sequence[str] = ()) -> Raw:
    """The discovery document of an issuer; the addresses that it names may be on other hosts.

    It must name that very issuer (OpenID Connect Discovery 4.3), all `needed` addresses, and none of them,
    nor of the `optional` ones, that somebody on the way could read. Raises RetryLater when it is out of
    reach, and Broken when it cannot be trusted.
    """
    place = f"{issuer.rstrip('/')}{DISCOVERY}"
    found = object_in(client.request("GET", place).content, client.system, place)
    if found.get("issuer") != issuer:
        raise Broken(f"{place} names another issuer than {issuer}: {found.get('issuer')}")
    for name in (*needed, *(one for one in optional if found.get(one) is not None)):
        if not is_safe(str(found.get(name, ""))):
            raise Broken(f"{place} names no safe {name}: {found.get(name)}")
    return found
