"""Own words: what a source calls its tax rules, accounts and places, and which mapping rows name them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from mlconnector.errors import ConnectorError, NeedsHuman, NeedsLogin
from mlconnector.flow.context.context import Context
from mlconnector.mapping.charts import tax_cases
from mlconnector.mapping.row_names import NamedRow, entry_name
from mlconnector.mapping.rules import Mapping
from mlconnector.mapping.tables import AccountRow, CostCentres, TaxCaseRow
from mlconnector.model.problems import Problem
from mlconnector.systems.kit.check_steps import CheckStep, failed_step
from mlconnector.systems.own_words import MappingTable, OwnWord

STEP = "connection.own_words"
CENTRES = ("cost_centre_1", "cost_centre_2")
Standing = Literal["mapped", "by_default", "open", "not_needed"]

_SHOWN = 12
# The credentials that only deliveries need are called so.
_OF_WEBHOOKS = "webhook_"


@dataclass(frozen=True, slots=True)
class Choice:
    """What people choose for a word, and from when it holds.

    A row with `by_tax_case` leaves the account to the tax case.
    """

    tax_case: str = ""
    account: str = ""
    by_tax_case: bool = False
    automatic: bool | None = None
    cost_centre: str = ""
    valid_from: date | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the mapping that names a word: its number in its table, 0 for an entry of a `table`.

    Rows with the same `facts` follow each other. `named` is what bookings remember it by.
    """

    number: int
    choice: Choice
    named: NamedRow
    facts: tuple[object, ...] = ()

    @property
    def begins(self) -> date:
        """The first day on which it holds."""
        return self.choice.valid_from or date.min


@dataclass(frozen=True, slots=True)
class MappedWord:
    """A word, the rows that name it, and what becomes of documents that do.

    Where no row names it, they may be booked all the same (`by_default`), or wait (`open`), or nothing needs
    the word, because it is not in use or no table looks at it (`not_needed`).
    """

    word: OwnWord
    rows: tuple[Row, ...]
    standing: Standing


def told(context: Context) -> Sequence[OwnWord]:
    """What the source calls what it has. Raises NeedsHuman for a source that has no such lists."""
    settings = context.settings
    system = settings.source_system
    context.services.refuse_while_disconnected(context.name)
    if system.own_words is None:
        raise NeedsHuman(Problem("own_words_not_told", {"system": system.title}))
    given = context.secrets(system.name)
    wanted = settings.secrets[system.name]
    missing = [name for name in wanted if name not in given and not name.startswith(_OF_WEBHOOKS)]
    if missing:
        raise NeedsLogin(system.name, f"not given yet: {', '.join(missing)}")
    try:
        return system.own_words(context.source_context())
    finally:
        context.http_log.flush()


def mapped(words: Iterable[OwnWord], mapping: Mapping) -> list[MappedWord]:
    """What the mapping says of each word."""
    return [_mapped(word, mapping) for word in words]


def unmapped(words: Iterable[OwnWord], mapping: Mapping) -> list[OwnWord]:
    """The words whose documents wait because no row names them."""
    return [one.word for one in mapped(words, mapping) if one.standing == "open"]


def unmapped_if_told(context: Context) -> list[OwnWord]:
    """The same, of what the source tells now; nothing where it tells nothing, or does not answer."""
    if context.settings.source_system.own_words is None:
        return []
    try:
        return unmapped(told(context), context.rules.mapping)
    except ConnectorError:
        return []


def unmapped_facts(words: Sequence[OwnWord]) -> dict[str, str]:
    """The words by the tables that look at them, as the texts take them."""
    return {
        "tax_case": _listed(words, "tax_case"),
        "revenue": _listed(words, "revenue"),
        "expense": _listed(words, "expense"),
        "payments": _listed(words, "payments"),
        "cost_centre": _listed(words, "cost_centre"),
    }


def own_words_steps(context: Context, *, answers: bool) -> Iterator[CheckStep]:
    """The step of a ping that says what no row names; none for a source that does not tell its words."""
    system = context.settings.source_system
    if system.own_words is None:
        return
    if not answers:
        yield CheckStep(STEP, "skipped")
        return
    try:
        words = told(context)
    except ConnectorError as error:
        yield failed_step(STEP, system.title, error)
        return
    lacking = unmapped(words, context.rules.mapping)
    if lacking:
        yield CheckStep(STEP, "warning", "words_unmapped", unmapped_facts(lacking), who="adviser")
    else:
        yield CheckStep(STEP, "ok", "", {"count": str(len(words))})


def centres_for(attribute: str, mapping: Mapping) -> list[tuple[str, CostCentres]]:
    """The tables of cost centres that look at an attribute, by their names."""
    tables = [(name, getattr(mapping, name)) for name in CENTRES]
    return [(name, table) for name, table in tables if table is not None and table.attribute == attribute]


def _mapped(word: OwnWord, mapping: Mapping) -> MappedWord:
    rows = tuple(_rows(word, mapping))
    if rows:
        return MappedWord(word, rows, "mapped")
    if _is_booked_by_default(word, mapping):
        return MappedWord(word, (), "by_default")
    waits = word.is_active and word.waits and _is_looked_at(word, mapping)
    return MappedWord(word, (), "open" if waits else "not_needed")


def _rows(word: OwnWord, mapping: Mapping) -> Iterator[Row]:
    match word.table:
        case "tax_case":
            for number, row in enumerate(mapping.tax_case, start=1):
                if row.tax_code == word.value and _is_for(row, word):
                    choice = Choice(tax_case=row.case, valid_from=row.valid_from)
                    yield Row(number, choice, NamedRow(word.table, row.name), row.facts)
        case "revenue" | "expense":
            for number, one in enumerate(_account_rows(word, mapping), start=1):
                if _names(one, word):
                    yield Row(number, _choice(one), NamedRow(word.table, one.name), one.facts)
        case "payments":
            payments = mapping.payments
            if payments.attribute == word.attribute and word.value in payments.table:
                named = NamedRow(word.table, entry_name(word.attribute, word.value))
                yield Row(0, Choice(account=payments.table[word.value]), named)
        case "cost_centre":
            for name, table in centres_for(word.attribute, mapping):
                if word.value in table.table:
                    named = NamedRow(name, entry_name(word.attribute, word.value))
                    yield Row(0, Choice(cost_centre=table.table[word.value]), named)
                    return


def _names(row: AccountRow, word: OwnWord) -> bool:
    """Whether a row is about a word: it names it, or one of the words that it is put together of."""
    facts = {**word.consists_of, word.attribute: word.value}
    named = set(row.attributes.items()) & set(facts.items())
    return bool(named) and (not word.consists_of or named == set(row.attributes.items()))


def _account_rows(word: OwnWord, mapping: Mapping) -> tuple[AccountRow, ...]:
    return mapping.revenue if word.table == "revenue" else mapping.expense


def _choice(row: AccountRow) -> Choice:
    by_tax_case = row.account is None
    return Choice(
        row.tax_case or "", row.account or "", by_tax_case, row.automatic, valid_from=row.valid_from
    )


def _is_for(row: TaxCaseRow, word: OwnWord) -> bool:
    return tax_cases()[row.case].direction == word.direction


def _is_booked_by_default(word: OwnWord, mapping: Mapping) -> bool:
    match word.table:
        case "tax_case":
            return any(
                (row.tax_code, row.category, row.product_code) == (None, None, None)
                and not row.attributes
                and row.rate == word.rate
                and _is_for(row, word)
                for row in mapping.tax_case
            )
        case "revenue":
            return mapping.default_revenue or any(map(_holds_for_all, mapping.revenue))
        case "expense":
            return mapping.default_expense or any(map(_holds_for_all, mapping.expense))
        case "payments":
            return mapping.payments.default is not None
        case "cost_centre":
            return any(
                table.default is not None or table.unlisted == "as_given"
                for _, table in centres_for(word.attribute, mapping)
            )


def _holds_for_all(row: AccountRow) -> bool:
    named = (row.product, row.product_code, row.category, row.pipeline, row.tax_case)
    return not row.attributes and not any(one is not None for one in named)


def _is_looked_at(word: OwnWord, mapping: Mapping) -> bool:
    match word.table:
        case "payments":
            return mapping.payments.attribute == word.attribute
        case "cost_centre":
            return bool(centres_for(word.attribute, mapping))
        case _:
            return True


def _listed(words: Sequence[OwnWord], table: MappingTable) -> str:
    """Some of the words for a table, and how many there are beyond them."""
    names = [f"{one.value} {one.name}".strip() for one in words if one.table == table]
    more = [f"… (+{len(names) - _SHOWN})"] if len(names) > _SHOWN else []
    return ", ".join([*names[:_SHOWN], *more])
