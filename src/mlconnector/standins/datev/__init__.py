"""Stand-in of DATEV: the login, and the clients, documents, extf-files and dxso-jobs APIs of accounting."""

from mlconnector.standins.datev.standin import (
    APP,
    CONFIDENTIAL_APP,
    SECRET,
    DatevStandIn,
    create,
)

__all__ = ["APP", "CONFIDENTIAL_APP", "SECRET", "DatevStandIn", "create"]
