"""The unchanging part of the account: products, pipelines, stages and currencies."""

from __future__ import annotations

from functools import cache
from typing import Any

from mlconnector.standins.pipedrive.pricing import number, product_id
from mlconnector.standins.pipedrive.records import Pipeline, Product, Stage
from mlconnector.standins.pipedrive.vocabulary import CatalogueItem, vocabulary

_ADDED = "2025-01-15T09:00:00Z"


def products() -> list[Product]:
    """The product catalogue, with one deleted product at the end."""
    words = vocabulary()
    return [*(_product(item) for item in words.products), _product(words.deleted_product, deleted=True)]


def pipelines() -> list[Pipeline]:
    """The pipelines, numbered from 1."""
    return [
        Pipeline(
            id=place,
            name=pipeline.name,
            order_nr=place,
            is_deleted=False,
            is_deal_probability_enabled=False,
            add_time=_ADDED,
            update_time=_ADDED,
        )
        for place, pipeline in enumerate(vocabulary().pipelines, start=1)
    ]


def stages() -> list[Stage]:
    """The stages of all pipelines, numbered from 1 across them."""
    made: list[Stage] = []
    for pipeline_id, pipeline in enumerate(vocabulary().pipelines, start=1):
        made += [
            Stage(
                id=len(made) + place,
                order_nr=place,
                name=name,
                is_deleted=False,
                deal_probability=100,
                pipeline_id=pipeline_id,
                is_deal_rot_enabled=False,
                days_to_rotten=None,
                add_time=_ADDED,
                update_time=_ADDED,
            )
            for place, name in enumerate(pipeline.stages, start=1)
        ]
    return made


@cache
def last_stage(pipeline_id: int) -> int:
    """The id of the last stage of a pipeline."""
    return max(stage.id for stage in stages() if stage.pipeline_id == pipeline_id)


def currencies() -> list[dict[str, Any]]:
    """The currency list of the account, in the shape of v1."""
    return [
        {
            "id": place,
            "code": currency.code,
            "name": currency.name,
            "decimal_points": currency.decimal_points,
            "symbol": currency.symbol,
            "active_flag": True,
            "is_custom_flag": currency.custom,
        }
        for place, currency in enumerate(vocabulary().currencies, start=1)
    ]


def _product(item: CatalogueItem, *, deleted: bool = False) -> Product:
    identity = product_id(item)
    price = {
        "product_id": identity,
        "price": number(item.price),
        "currency": "EUR",
        "cost": 0,
        "direct_cost": None,
    }
    return Product(
        id=identity,
        name=item.name,
        code=item.code,
        description="",
        unit=item.unit,
        tax=item.tax,
        category=item.category,
        is_linkable=True,
        is_deleted=deleted,
        visible_to=3,
        owner_id=vocabulary().company.owner_ids[0],
        add_time=_ADDED,
        update_time=_ADDED,
        billing_frequency="one-time",
        billing_frequency_cycles=None,
        prices=[price | {"notes": ""}],
        custom_fields={},
    )
