"""What was not published appears in no answer: a canary in every text of every draft."""

import re
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, models, transaction
from django.test import Client
from django.urls import reverse

from records import publishing
from records.models import Dataset, Origin
from records.registry import record_of, resources
from tests import api_world, factories
from tests.api_world import detail
from tests.factories import World

CANARY = "canary"


def poison(resource: str, row_id: UUID, *, edited: bool = True) -> list[str]:
    """Put the canary into every text of a row and of what hangs on it; the columns that took it.

    What is left alone are codes of lists, languages, countries, EDTF and hashes.
    """
    shape = record_of(resource).shape
    tables: list[tuple[type[models.Model], dict[str, Any]]] = [(shape.model, {"pk": row_id})]
    for member in shape.children:
        tables.append((member.model, {f"{member.parent}_id": row_id}))
        tables += [
            (nested.model, {f"{nested.parent}__{member.parent}_id": row_id})
            for nested in getattr(member, "nested", [])
        ]
    took = []
    for model, chosen in tables:
        for field in model._meta.concrete_fields:
            text = isinstance(field, models.CharField | models.TextField) and not field.choices
            if not text or field.primary_key or re.search(
                "country|language|_edtf|sha256|scheme|since|until|^state$|metric", field.name
            ):  # fmt: skip
                continue
            rows = model._default_manager.filter(**chosen)
            for row in rows:
                value = f"{CANARY} {row.pk}"[: field.max_length or 100]
                if isinstance(field, models.URLField):
                    value = f"https://{CANARY}.example/{row.pk}"
                try:
                    with transaction.atomic():
                        model._default_manager.filter(pk=row.pk).update(**{field.name: value})
                except IntegrityError:
                    continue  # it goes only with something that the row does not have
                took.append(f"{model.__name__}.{field.name}")
    if edited:
        record_of(resource).shape.model._default_manager.filter(pk=row_id).update(state="draft")
    return took


def crawl(client: Client, more: list[str]) -> dict[str, bytes]:
    """Every answer that can be reached by links, by routes and by ids: headers and bodies."""
    waiting = ["/api/v1/", "/api/v1/changes/?limit=200", "/api/v1/datasets/?count=exact", *more]
    found: dict[str, bytes] = {}
    for route in api_world.record_lists():
        base = reverse(route.name)
        waiting += [base, f"{base}?count=exact&limit=3", f"{base}?ordering=-recorded_at",
                    f"{base}?as_of=24", f"{base}?as_of=1"]  # fmt: skip
    while waiting:
        url = waiting.pop()
        if url in found:
            continue
        answer = client.get(url)
        assert answer.status_code in (200, 307, 308, 404, 410, 451), (url, answer.content[:300])
        found[url] = answer.content + str(answer.headers).encode()
        links = re.findall(
            rb'"(?:next|previous)":"(http://testserver/api/v1/[^"]+)"', answer.content
        )
        waiting += [link.decode() for link in links]
        if "Location" in answer:
            waiting.append(answer["Location"])
    return found


def every_address() -> list[str]:
    """The details, histories and versions of every row of the workspace and of every record."""
    urls = [f"/api/v1/datasets/{slug}/" for slug in Dataset.objects.values_list("slug", flat=True)]
    for resource in resources():
        record = record_of(resource)
        rows = record.shape.model._default_manager.values_list("pk", flat=True)
        for object_id in {*rows, *record.objects.values_list("object_id", flat=True)}:
            urls += [
                detail(resource, object_id),
                detail(resource, object_id, "history"),
                *(detail(resource, object_id, "history", n) for n in range(1, 5)),
                f"/api/v1/{resource}/?related_to={object_id}",
                f"/api/v1/{resource}/?id={object_id}",
            ]
    return urls


def assert_clean(client: Client) -> None:
    answers = crawl(client, every_address())
    assert len(answers) > 250
    assert [url for url, said in answers.items() if CANARY.encode() in said.lower()] == []
    for query in (f"actors/?party={CANARY}", f"places/?code=geonames:{CANARY}",
                  f"claims/?party={CANARY}", f"events/?within=geonames:{CANARY}"):  # fmt: skip
        assert api_world.get(client, f"/api/v1/{query}")["results"] == []


@pytest.fixture
def poisoned(world: World) -> World:
    """A world that was published, edited everywhere and not published again, and has new rows."""
    twin = factories.public("places", "twin", name="Oakford town", parent=world.northmark)
    assert twin
    took: set[str] = set()
    for resource, row_id in [
        *world.objects, ("places", twin), ("contradictions", world.dispute),
    ]:  # fmt: skip
        took |= set(poison(resource, row_id))
    assert {
        "Place.name", "PlaceName.name", "PlaceCode.code", "Actor.name", "Actor.party_reason",
        "ActorCode.code", "Source.name", "Source.reliability_reason", "Document.title",
        "Document.url", "Event.title", "Event.when_phrase", "EventLink.phrase", "EventCode.code",
        "Claim.statement", "Claim.wording", "Claim.quantity_unit", "Citation.quote",
        "Citation.locator", "ClaimLink.phrase", "Event.summary", "Claim.condition",
        "Contradiction.resolution_reason",
    } <= took  # fmt: skip
    for resource in factories.curated_resources():
        needed = {"claims": {"claimant": world.paper, "event": world.advance}}.get(resource, {})
        fresh = factories.row(resource, f"never published {resource}", **needed)
        poison(resource, fresh, edited=False)
    factories.row(
        "events", "draft that embeds", title=CANARY, place=world.oakford,
        participants=[{"actor": world.red, "role": "initiator"}],
    )  # fmt: skip
    home = Dataset.objects.create(slug="story", title="A story")
    Origin.objects.create(
        dataset=home, resource="places", object_id=world.ferry, external_id=f"{CANARY}-1"
    )
    return world


def test_a_draft_shows_in_no_answer(client: Client, poisoned: World) -> None:
    assert_clean(client)


def test_a_draft_does_not_show_when_what_it_embeds_is_renamed(
    client: Client, poisoned: World
) -> None:
    before = api_world.get(client, "/api/v1/")["seq"]
    for resource, row_id, name in [
        ("places", poisoned.landia, "Great Landia"),
        ("actors", poisoned.red, "Crimson"),
        ("sources", poisoned.paper, "The Sheet"),
    ]:
        publishing.discard(resource, row_id)
        factories.republish(resource, row_id, name=name)
    publishing.discard("documents", poisoned.article)
    factories.republish("documents", poisoned.article, title="Troops are gone",
                        publisher=poisoned.blue_spokesman)  # fmt: skip
    followed = api_world.get(client, f"/api/v1/changes/?since={before}&cause=reference&limit=200")
    assert {change["resource"] for change in followed["results"]} == set(resources())
    assert_clean(client)


def test_a_draft_does_not_show_when_rows_are_merged_retracted_and_restored(
    client: Client, poisoned: World
) -> None:
    twin = factories.ident("places", "twin")
    publishing.merge("places", twin, poisoned.oakford, reason="The same town.")
    publishing.merge("sources", poisoned.red_ministry, poisoned.red_spokesman, reason="The same.")
    publishing.retract([("claims", poisoned.held)], reason="Wrong.")
    assert_clean(client)
    publishing.restore("claims", poisoned.held, reason="Right.")
    publishing.restore("sources", poisoned.red_ministry, reason="Not the same.")
    publishing.restore("places", twin, reason="Not the same.")
    assert_clean(client)


def test_a_draft_shows_once_it_is_published(client: Client, poisoned: World) -> None:
    """The crawl sees what there is to see."""
    factories.publish(("places", poisoned.landia))
    answers = crawl(client, every_address())
    assert [url for url, said in answers.items() if CANARY.encode() in said.lower()]
