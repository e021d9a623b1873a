"""The seller as the connection's settings describe it: what has to stand on an invoice that we write."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, model_validator

from mlconnector.model.unsuitable import Unsuitable

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


# Hardly a connection has a seller, and all would wait for the library.


def _vat_id(value: str) -> str:
    from stdnum.eu import vat  # noqa: PLC0415
    from stdnum.exceptions import ValidationError  # noqa: PLC0415

    try:
        return str(vat.validate(value))
    except ValidationError as error:
        raise Unsuitable("'{given}' is no VAT id of a member state, like DE123456789", given=value) from error


def _iban(value: str) -> str:
    from stdnum import iban as ibans  # noqa: PLC0415
    from stdnum.exceptions import ValidationError  # noqa: PLC0415

    try:
        return str(ibans.validate(value))
    except ValidationError as error:
        raise Unsuitable("'{given}' is no IBAN", given=value) from error


class Seller(BaseModel):
    """Who issues the invoice: § 14 Abs. 4 Nr. 1 and 2 UStG, and where the money goes.

    `small_business_id` is the number of a small business for sales in other member states (KU-IdNr., § 19a
    UStG; it ends in EX), which may stand in the place of a tax number (§ 34a Satz 1 Nr. 2 UStDV).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: _Text
    street: _Text
    postal_code: _Text
    city: _Text
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "DE"
    vat_id: Annotated[str, AfterValidator(_vat_id)] | None = None
    tax_number: _Text | None = None
    small_business_id: Annotated[str, StringConstraints(pattern=r"^DE[0-9A-Z]+-?EX$")] | None = None
    iban: Annotated[str, AfterValidator(_iban)] | None = None
    bic: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{8}([A-Z0-9]{3})?$")] | None = None
    email: _Text | None = None
    phone: _Text | None = None
    contact: _Text | None = None

    @model_validator(mode="after")
    def _has_a_tax_number(self) -> Self:
        if self.vat_id is None and self.local_number is None:
            raise Unsuitable(
                "an invoice needs the seller's vat_id or tax_number (§ 14 Abs. 4 Nr. 2 UStG), or a small"
                " business's small_business_id (§ 34a UStDV)"
            )
        return self

    @property
    def local_number(self) -> str | None:
        """The number that identifies the seller beside a VAT id (BT-32)."""
        return self.tax_number or self.small_business_id
