"""The Procore stand-in as tests, demo and bench hold it: a server, its switches, and edits of its data.

Options in `Options.extra`: `per_hour` and `per_spike` (calls of an hour and of ten seconds), `tax_base`
(`payment` lets the tax of a progress bill be of the payment due).
"""

from __future__ import annotations

from mlconnector.standins.base import AsgiApp, Options
from mlconnector.standins.faults import Faults, FaultyApp
from mlconnector.standins.procore.access import Access
from mlconnector.standins.procore.account import Account
from mlconnector.standins.procore.app import Services, build
from mlconnector.standins.procore.company_api import CompanyApi
from mlconnector.standins.procore.cost_api import DirectCostApi
from mlconnector.standins.procore.identities import CLIENT_ID, CLIENT_SECRET, COMPANY_ID
from mlconnector.standins.procore.limits import GENEROUS, Limits
from mlconnector.standins.procore.login import Login
from mlconnector.standins.procore.records import Table
from mlconnector.standins.procore.requisition_api import RequisitionApi
from mlconnector.standins.procore.storage import Storage


class ProcoreStandIn:
    """A company's Procore account."""

    name = "procore"
    company_id = COMPANY_ID
    client_id = CLIENT_ID
    client_secret = CLIENT_SECRET

    def __init__(self, options: Options) -> None:
        self.options = options
        self.faults = Faults()
        on_payment = options.extra.get("tax_base") == "payment"
        self.account = Account(options.records, options.seed, options.clock, on_payment)
        self.limits = Limits(
            options.clock,
            int(options.extra.get("per_hour", GENEROUS)),
            int(options.extra.get("per_spike", GENEROUS)),
        )
        self.login = Login(options.clock)
        self.access = Access(self.account.tables["projects"])
        self.storage = Storage(options.clock, self.account.file)
        self.services = Services(self.access, self.login, self.limits, self.storage)
        tables = [
            *CompanyApi(self.account).routes(),
            *RequisitionApi(self.account).routes(),
            *DirectCostApi(self.account).routes(),
        ]
        self._app = FaultyApp(build(self.services, tables), self.faults)

    @property
    def app(self) -> AsgiApp:
        """The server as an ASGI application."""
        return self._app

    def save(self) -> None:
        """Write the state to the state file, when one was given."""

    @property
    def requisitions(self) -> Table:
        """All requisitions by id."""
        return self.account.tables["requisitions"]

    @property
    def direct_costs(self) -> Table:
        """All direct costs by id."""
        return self.account.tables["direct_costs"]

    def cases(self) -> dict[int, str]:
        """The case of each requisition and direct cost by its id."""
        return dict(self.account.cases)
