"""Accounts as Belege online takes them: general ledger accounts, debtors and creditors by the account length.

A person account has one digit more than the longest general ledger account (Sachkontenlänge); debtors begin
with 1 to 6, creditors with 7 to 9.
"""

from __future__ import annotations

from mlconnector.model.entries import Ledger

_FIRST_DIGITS = {"receivable": "123456", "payable": "789"}


def plain(account: str) -> str:
    """The number without leading zeros, as DXSO writes accounts: `0420` is `420`."""
    return account.lstrip("0")


def person_ledger(account: str, account_length: int) -> Ledger | None:
    """Whether an account is a debtor (`receivable`) or a creditor (`payable`); None for every other one."""
    if len(account) != account_length + 1 or not _is_number(account):
        return None
    if account[0] in _FIRST_DIGITS["receivable"]:
        return "receivable"
    return "payable" if account[0] in _FIRST_DIGITS["payable"] else None


def is_general(account: str, account_length: int) -> bool:
    """Whether an account is one of the general ledger."""
    return _is_number(account) and len(plain(account)) >= 1 and len(account) <= account_length


def _is_number(account: str) -> bool:
    return account.isascii() and account.isdigit()
