"""What holds for any entry: nothing is lost, nothing breaks a file, and a reader that is not ours agrees."""

from __future__ import annotations

import tempfile
import warnings
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mlconnector.formats.extf import Encoding, check, document_field, read, write, write_parsed
from mlconnector.model.entries import Entry
from mlconnector.model.vouchers import Party
from tests.formats.extf.examples import ROW_OF_NOTHING, booked, entries, header, master_data_header, texts
from mlconnector.formats.extf import debtor_row

with warnings.catch_warnings():
    # the package warns about its optional parts while it is imported
    warnings.simplefilter("ignore")
    from mloda.community.feature_groups.experimental.german_ledger.datev import read_batch

encodings = st.sampled_from(["utf-8-bom", "windows-1252"])


def signed(row: Any) -> Decimal:
    amount = Decimal(row["Umsatz (ohne Soll/Haben-Kz)"].replace(",", "."))
    return amount if row["Soll/Haben-Kennzeichen"] == "S" else -amount
