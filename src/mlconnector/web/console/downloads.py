"""Lists to take along: as CSV or XLSX, in the language of the page, the same rows as on it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence

from starlette.responses import Response

from mlconnector.flow.report.spreadsheets import Cell, Sheet, csv_text, save_workbook
from mlconnector.texts.language import Language

FORMS = ("csv", "xlsx")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def downloaded(
    form: str, name: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]], language: Language
) -> Response:
    """A list as a file; `form` is one of `FORMS`, and `name` that of the file without its end."""
    if form == "csv":
        text = csv_text(headings, rows, language)
        return _attached(f"{_file_name(name)}.csv", text.encode("utf-8-sig"), "text/csv; charset=utf-8")
    return downloaded_sheets(name, [Sheet(name, headings, rows)], language)


def downloaded_sheets(name: str, sheets: Iterable[Sheet], language: Language) -> Response:
    """Several lists as the sheets of one workbook."""
    written = io.BytesIO()
    save_workbook(written, sheets, language)
    return _attached(f"{_file_name(name)}.xlsx", written.getvalue(), _XLSX)


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-") or "ml-connector"


def _attached(file: str, content: bytes, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(content, media_type=kind, headers=headers)
