"""What tax cases are called, for whoever reads lists and charts."""

from __future__ import annotations

from mlconnector.mapping.charts import tax_cases
from mlconnector.texts.catalogue import word
from mlconnector.texts.language import Language


def case_title(name: str, spoken: Language) -> str:
    """What a tax case is called; what is booked without one, such as a payment, by our word for it."""
    case = tax_cases().get(name)
    return case.title[spoken] if case is not None else word("tax_case", name, spoken)
