"""The warehouses of the JSON API: what `ml-connector warehouse` shows and does, for other programs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from mlconnector.flow.warehouse import asking, imports
from mlconnector.flow.warehouse.imports import Taken
from mlconnector.flow.warehouse.loading import Report, load_into, replay
from mlconnector.flow.warehouse.shown import load_data, warehouse_data
from mlconnector.flow.warehouse.target import some_targets, targets
from mlconnector.web import shapes
from mlconnector.web.parts import WHO, Web
from mlconnector.web.shapes_of_warehouses import LoadsEnded, WarehouseStates

router = APIRouter(prefix="/warehouses")


@router.get("")
def list_warehouses(web: Web) -> WarehouseStates:
    """What the tables of each warehouse hold, and which loads have not arrived."""
    language = web.application.settings.language
    found = [warehouse_data(target, language) for target in targets(web.application.services)]
    return WarehouseStates.model_validate({"warehouses": found})


@router.post("/loads")
def load_warehouses(web: Web) -> LoadsEnded:
    """Load what is new into the tables, and take in what lies in the import folder."""
    report, taken = Report(), list[Taken]()
    for target in asking.ask_for_new(web.application.services, WHO):
        taken += imports.take_folder(target)
        load_into(target, report)
    return LoadsEnded.model_validate(load_data(report, taken, web.application.settings.language))


@router.post(
    "/files",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def import_file(
    request: Request,
    web: Web,
    file_name: Annotated[shapes.Text, Query(description="what the file is called")],
) -> LoadsEnded:
    """Load an EXTF file or a DXSO package of other software, which is the body."""
    content = await request.body()
    return await run_in_threadpool(_imported, web, file_name, content)


@router.post("/loads/{load}/replay")
def replay_load(load: shapes.Text, web: Web) -> LoadsEnded:
    """Carry a load again from what it was made of; the beginning of its id will do."""
    report = replay(*asking.ask_again(web.application.services, load, WHO))
    return LoadsEnded.model_validate(load_data(report, [], web.application.settings.language))


def _imported(web: Web, file_name: str, content: bytes) -> LoadsEnded:
    report, taken = Report(), list[Taken]()
    for target in some_targets(web.application.services):
        taken.append(imports.take(target, file_name, content))
        load_into(target, report)
    return LoadsEnded.model_validate(load_data(report, taken, web.application.settings.language))
