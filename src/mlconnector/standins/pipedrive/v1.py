"""What exists in API v1 only: the user, files and their bytes, currencies, the change log.

The lists are read by `start` and `limit`; an empty list is null, as users of v1 know it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mlconnector.standins.pipedrive.account import Account
from mlconnector.standins.pipedrive.answers import invalid, not_found
from mlconnector.standins.pipedrive.catalogue import currencies
from mlconnector.standins.pipedrive.endpoint import Api
from mlconnector.standins.pipedrive.files import content, size
from mlconnector.standins.pipedrive.query import Query, path_id
from mlconnector.standins.pipedrive.records import Change, Deal, File
from mlconnector.standins.pipedrive.storage import Storage
from mlconnector.standins.pipedrive.table import Cursor, Order
from mlconnector.standins.pipedrive.times import v1_time
from mlconnector.standins.pipedrive.vocabulary import vocabulary

MAXIMUM_FILES = 100
_FILE_SORTS = {"id": "id", "update_time": "update_time"}


class V1:
    """The handlers of `/api/v1`."""

    def __init__(self, account: Account, storage: Storage) -> None:
        self.account = account
        self.storage = storage

    def routes(self) -> list[Api]:
        """All endpoints with their costs."""
        return [
            Api("GET", "/deals/{id}/files", 20, "deals:read", self.files),
            Api("GET", "/files/{id}/download", 20, "deals:read", self.download),
            Api("GET", "/files/{id}", 2, "deals:read", self.file),
            Api("GET", "/deals/{id}/changelog", 20, "recents:read", self.changelog),
            Api("GET", "/users/me", 2, "base", self.me),
            Api("GET", "/currencies", 20, "base", self.currencies),
        ]

    async def me(self, request: Request) -> Any:
        """The user whose token it is, with the company."""
        Query(request.query_params).finish()
        return {"success": True, "data": _me()}

    async def currencies(self, request: Request) -> Any:
        """The currencies, custom ones included; `term` is looked for in code and name."""
        query = Query(request.query_params)
        term = (query.text("term") or "").lower()
        query.finish()
        found = [
            currency for currency in currencies() if term in f"{currency['code']} {currency['name']}".lower()
        ]
        return {"success": True, "data": found or None}

    async def files(self, request: Request) -> Any:
        """A page of the files of a deal."""
        query = Query(request.query_params)
        start = query.integer("start", low=0) or 0
        limit = query.integer("limit", high=MAXIMUM_FILES) or MAXIMUM_FILES
        field, _, direction = (query.text("sort") or "id").partition(" ")
        query.finish()
        if field not in _FILE_SORTS or direction.upper() not in ("", "ASC", "DESC"):
            raise invalid("sort", "Supported fields: id, update_time.")
        deal = self._deal(request)
        files = sorted(
            self.account.files.get(deal.id, []),
            key=lambda file: (getattr(file, field), file.id),
            reverse=direction.upper() == "DESC",
        )
        host = request.headers["host"]
        shown = [_file(file, deal, host) for file in files[start : start + limit]]
        return {
            "success": True,
            "data": shown or None,
            "additional_data": _pagination(start, limit, len(files)),
        }

    async def file(self, request: Request) -> Any:
        """One file without its bytes."""
        Query(request.query_params).finish()
        file = self._file(request)
        return {
            "success": True,
            "data": _file(file, self.account.deal(file.deal_id), request.headers["host"]),
        }

    async def download(self, request: Request) -> Response:
        """The bytes of a file, or where they are."""
        file = self._file(request)
        if self.storage.base_url is not None:
            return RedirectResponse(self.storage.address(file.id, request.headers["host"]), 302)
        disposition = f"attachment; filename*=UTF-8''{quote(file.name)}"
        return Response(content(file), 200, {"content-disposition": disposition}, "application/octet-stream")

    async def changelog(self, request: Request) -> Any:
        """A page of what was changed in a deal, the newest first."""
        query = Query(request.query_params)
        order = query.order(("time",))
        query.finish()
        deal = self._deal(request)
        changes = [*reversed(self.account.edited.changes.get(deal.id, [])), *_generated_changes(deal)]
        return _changes_page(changes, order)

    def _deal(self, request: Request) -> Deal:
        deal = self.account.deals.get(path_id(request.path_params["id"]))
        if deal is None:
            raise not_found("Deal not found")
        return deal

    def _file(self, request: Request) -> File:
        file = self.account.file(path_id(request.path_params["id"]))
        if file is None:
            raise not_found("File not found")
        return file


def _pagination(start: int, limit: int, total: int) -> dict[str, Any]:
    more = start + limit < total
    pagination: dict[str, Any] = {"start": start, "limit": limit, "more_items_in_collection": more}
    if more:
        pagination["next_start"] = start + limit
    return {"pagination": pagination}


def _changes_page(changes: list[Change], order: Order) -> dict[str, Any]:
    start = int(order.cursor.id) if order.cursor else 0
    end = start + order.limit
    following = str(Cursor("time", "", "asc", end)) if end < len(changes) else None
    return {
        "success": True,
        "data": changes[start:end] or None,
        "additional_data": {"next_cursor": following},
    }


def _generated_changes(deal: Deal) -> list[Change]:
    """The one change every generated deal has behind it; its closing time tells when."""
    won = Change("status", "open", "won", deal.owner_id, v1_time(deal.stage_change_time) or "")
    return [won]


def _file(file: File, deal: Deal, host: str) -> dict[str, Any]:
    stem, _, ending = file.name.rpartition(".")
    return {
        "id": file.id,
        "user_id": deal.owner_id,
        "deal_id": deal.id,
        "person_id": deal.person_id,
        "org_id": deal.org_id,
        "product_id": None,
        "activity_id": None,
        "lead_id": None,
        "project_id": None,
        "log_id": None,
        "add_time": v1_time(file.add_time),
        "update_time": v1_time(file.update_time),
        "file_name": f"{stem}_{file.id:043x}.{ending}",
        "file_type": "img" if ending in ("jpg", "png") else ending,
        "file_size": size(file),
        "active_flag": True,
        "inline_flag": False,
        "remote_location": "s3",
        "remote_id": f"{stem}_{file.id:043x}.{ending}",
        "cid": None,
        "s3_bucket": None,
        "mail_message_id": None,
        "mail_template_id": None,
        "deal_name": deal.title,
        "person_name": None,
        "people_name": None,
        "org_name": None,
        "product_name": None,
        "lead_name": None,
        "project_name": None,
        "url": f"http://{host}/api/v1/files/{file.id}/download",
        "name": file.name,
        "description": None,
    }


def _me() -> dict[str, Any]:
    company = vocabulary().company
    return {
        "id": company.owner_ids[0],
        "name": "Buchhaltung",
        "default_currency": "EUR",
        "locale": "de_DE",
        "lang": 6,
        "email": "buchhaltung@beispielbau.example.com",
        "phone": None,
        "activated": True,
        "last_login": "2026-10-30 07:45:56",
        "created": "2025-01-15 09:00:00",
        "modified": "2026-10-30 07:45:56",
        "has_created_company": True,
        "access": [
            {"app": app, "admin": True, "permission_set_id": f"00000000-0000-4000-8000-00000000000{place}"}
            for place, app in enumerate(("sales", "global", "account_settings"), start=1)
        ],
        "active_flag": True,
        "timezone_name": company.timezone,
        "timezone_offset": "+01:00",
        "role_id": 1,
        "icon_url": None,
        "is_you": True,
        "is_deleted": False,
        "company_id": company.id,
        "company_name": company.name,
        "company_domain": company.domain,
        "company_country": company.country,
        "company_industry": "Construction",
        "language": {"language_code": "de", "country_code": "DE"},
    }
