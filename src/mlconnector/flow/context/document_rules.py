"""The `[documents]` table of a connection: what is filed for a voucher, and how e-invoices are checked."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from mlconnector.formats.einvoice.seller import Seller
from mlconnector.model.unsuitable import Unsuitable


class DocumentRules(BaseModel):
    """What is filed for vouchers without a file, and what becomes of e-invoices that break rules.

    `missing`: write a Buchungsbeleg, write an invoice (ZUGFeRD) where all is there for one, or hold the
    voucher. `en16931` applies the rules of EN 16931 beside the schema, which needs Saxon; `en16931_findings`
    says whether what they find holds the voucher or is only noted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    missing: Literal["booking_document", "invoice", "hold"] = "booking_document"
    en16931: bool = False
    en16931_findings: Literal["hold", "note"] = "hold"
    seller: Seller | None = None

    @model_validator(mode="after")
    def _knows_the_seller(self) -> Self:
        if self.missing == "invoice" and self.seller is None:
            raise Unsuitable(
                'missing = "invoice" needs the table [documents.seller]: who issues the invoices'
            )
        return self
