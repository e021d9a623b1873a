"""Days as an e-invoice may write them, brought to the one form in which they are read.

UBL has `xs:date`, which may carry a time zone. CII names the form in `format`; EN 16931 only has 102, but the
schema has moments too (UNTDID 2379). The day that counts is the one that is written: a zone moves nothing.
"""

from __future__ import annotations

import re
from copy import deepcopy

from lxml import etree

_CII = "{urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100}"
_UBL_DAY = re.compile(r"^\s*(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2})\s*$")
_CII_MOMENT = re.compile(r"^\s*(\d{8})\d{4}")
_MOMENT = re.compile(r"^\s*(\d{4})-(\d{2})-(\d{2})T")
_MOMENTS = frozenset(("203", "204", "205", "303", "304"))
_DAY = "102"


def with_plain_days(root: etree._Element) -> etree._Element:
    """The invoice with every day written as EN 16931 writes it; the original stays as it is."""
    plain = deepcopy(root)
    for one in plain.iter(etree.Element):
        if one.tag.endswith("Date") and (written := _UBL_DAY.match(one.text or "")):
            one.text = written[1]
        elif one.tag.endswith("}DateTimeString") and one.get("format") in _MOMENTS:
            if moment := _CII_MOMENT.match(one.text or ""):
                one.text = moment[1]
                one.set("format", _DAY)
        elif one.tag == f"{_CII}DateTime" and (moment := _MOMENT.match(one.text or "")):
            one.tag, one.text = f"{_CII}DateTimeString", "".join(moment.groups())
            one.set("format", _DAY)
    return plain
