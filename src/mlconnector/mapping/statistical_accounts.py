"""Statistical accounts: which ones may be named for what is no transaction yet.

In DATEV's standard charts they are in class 9, whose accounts 9000 to 9099 carry balances forward. Source:
DATEV, Kontenrahmen SKR03 (Art.-Nr. 11174) and SKR04 (Art.-Nr. 11175) of 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Lookup
from functools import partial

from mlconnector.mapping.account_functions import functions_of, reserved_fault
from mlconnector.mapping.books import Books
from mlconnector.mapping.charts import Account
from mlconnector.mapping.tables import Commitments
from mlconnector.model.unsuitable import Unsuitable

_CLASS = "9"
_CARRIED_FORWARD = "90"
_WHERE = "mapping.commitments"


def statistical_checks(
    named: Commitments | None, books: Books, accounts: Lookup[str, Account]
) -> Iterator[Callable[[], None]]:
    """The checks of the accounts of commitments; each raises `Unsuitable`."""
    if named is None:
        return
    for field in ("account", "contra_account"):
        number = getattr(named, field)
        yield partial(_check, number, f"{_WHERE}.{field}", books, accounts.get(number))
    yield partial(_check_apart, named)


def _check_apart(named: Commitments) -> None:
    if named.account == named.contra_account:
        raise Unsuitable(
            "account and contra_account are both {account}; name two accounts",
            where=_WHERE,
            account=named.account,
        )


def _check(number: str, where: str, books: Books, known: Account | None) -> None:
    digits = books.account_length
    if len(number) != digits or not number.startswith(_CLASS):
        raise Unsuitable(
            "{account} is no statistical account: name one of class 9 with {digits} digits",
            where=where,
            account=number,
            digits=digits,
        )
    if said := reserved_fault(number, known, books):
        raise said.at(where)
    is_standard = books.chart != "own" and not (known is not None and known.own)
    filled = is_standard and "S" in functions_of(number, books.chart)
    carries = books.chart != "own" and number.startswith(_CARRIED_FORWARD)
    if filled or carries or (known is not None and known.function != "none"):
        raise Unsuitable(
            "account {account} carries balances forward or is filled by DATEV itself; "
            "name a statistical account that is free",
            where=where,
            account=number,
        )
