"""What Cin7 Core calls its tax rules, accounts and locations, for the rows of the mapping."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mlconnector.model.vouchers import Direction
from mlconnector.systems.cin7.connection import connected
from mlconnector.systems.cin7.settings import Settings
from mlconnector.systems.cin7.shapes import Account, LocationRecord, TaxRule
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.own_words import MappingTable, OwnWord
from mlconnector.systems.source import SourceContext

_READ: dict[str, tuple[Direction, ...]] = {
    "sales": ("sale",),
    "purchases": ("purchase",),
    "both": ("sale", "purchase"),
}
# Assets on which purchases of goods are posted; money, debtors and machines are of other types.
_STOCK = frozenset({"CURRENT", "INVENTORY"})
# Where charges that round an invoice are posted, whatever the class of that account.
_ROUNDING = "ROUNDING"


def own_words(context: SourceContext) -> list[OwnWord]:
    """The words of the documents that are read, in the order of Cin7. Raises one of the four errors."""
    settings: Settings = context.settings
    client = connected(context)
    try:
        rules, accounts, locations = client.tax_rules(), client.accounts(), client.locations()
    finally:
        client.close()
    read = _READ[settings.read]
    found: list[OwnWord] = []
    for direction in read:
        found += _tax_rules(rules, direction, settings)
    if "sale" in read:
        found += _accounts(filter(_is_revenue, accounts), "revenue", "revenue_account", "account")
    if "purchase" in read:
        found += _accounts(filter(_is_expense, accounts), "expense", "expense_account", "account")
    if settings.payments.read:
        discounts = settings.payments.discount_accounts
        money = (one for one in accounts if _is_money(one) and clean(one.code) not in discounts)
        found += _accounts(money, "payments", "payment_account", "payment_method")
    found += map(_place, locations)
    return list({(one.called, one.value): one for one in found if one.value}.values())


def _tax_rules(rules: Iterable[TaxRule], direction: Direction, settings: Settings) -> Iterator[OwnWord]:
    for rule in rules:
        # What an answer leaves out excludes nothing.
        used = rule.is_tax_for_sale if direction == "sale" else rule.is_tax_for_purchase
        if used is not False:
            yield OwnWord(
                "tax_case",
                "sale_tax_rule" if direction == "sale" else "purchase_tax_rule",
                clean(rule.name),
                direction=direction,
                rate=rule.tax_percent,
                is_active=rule.is_active is not False,
                # A rule without a rate lets its documents wait whatever the mapping says.
                waits=settings.tax_rules == "mapped" and rule.tax_percent is not None,
            )


def _accounts(
    accounts: Iterable[Account], table: MappingTable, called: str, attribute: str
) -> Iterator[OwnWord]:
    for one in accounts:
        yield OwnWord(
            table,
            called,
            clean(one.code),
            clean(one.name),
            attribute,
            is_active=clean(one.status).upper() in {"", "ACTIVE"},
            waits=_is_posted_by_documents(one),
        )


def _place(location: LocationRecord) -> OwnWord:
    in_use = location.is_deprecated is not True
    return OwnWord(
        "cost_centre", "place", clean(location.name), attribute="location", is_active=in_use, waits=in_use
    )


def _is_revenue(account: Account) -> bool:
    return _class(account) == "REVENUE" or _system_code(account) == _ROUNDING


def _is_expense(account: Account) -> bool:
    if _class(account) == "EXPENSE":
        return True
    is_stock = _class(account) == "ASSET" and clean(account.type).upper() in _STOCK
    return is_stock and not _is_money(account) and not _system_code(account)


def _is_money(account: Account) -> bool:
    return account.for_payments is True or clean(account.type).upper() == "BANK"


def _is_posted_by_documents(account: Account) -> bool:
    """Cin7 alone posts on its system accounts, but for what rounds an invoice."""
    return _system_code(account) in {"", _ROUNDING}


def _class(account: Account) -> str:
    return clean(account.class_).upper()


def _system_code(account: Account) -> str:
    return clean(account.system_account_code).upper()
