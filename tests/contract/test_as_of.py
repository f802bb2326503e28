"""What was answered once is answered again, byte for byte, as of its moment."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import publishing
from records.edition import LOCK, PublishError
from records.models import ChangeSet
from records.time import format_instant
from tests import factories
from tests.api_world import detail, get, ids, problem, wrong_parameters
from tests.factories import World
from tests.kept import Kept

#: Lists whose answers are kept: every resource, several filters and orderings.
LISTS = [
    "places/?",
    "places/?ordering=-name",
    "places/?within={landia}",
    "places/?parent={northmark}",
    "places/?code=geonames:1001",
    "places/?name=oakford",
    "places/?q=дубове",
    "places/?bbox=37,48,38,49&fields=id,parent.name,names",
    "places/?format=geojson&ordering=-name",
    "events/?q=дубове&ordering=relevance",
    "events/?expand=claims,place,places,participants,relations",
    "claims/?format=geojson",
    "claims/?q=oakford&fields=statement,citations.document.id",
    "documents/?q=дубове&expand=claims,publisher,mentions",
    "search/?q=oakford",
    "coverage/?",
    "places/?within={northmark}&ordering=recorded_at",
    "actors/?party=Red",
    "actors/?parent={red}&ordering=-recorded_at",
    "sources/?speaks_for={red}",
    "sources/?party=!Blue&ordering=-name",
    "documents/?publisher={paper}",
    "documents/?ordering=published",
    "documents/?place={oakford}",
    "events/?",
    "events/?within={northmark}",
    "events/?type=territory",
    "events/?participant={red}&ordering=recorded_at",
    "events/?claimant={paper}",
    "events/?party=Blue",
    "events/?within={southmark},{oakford}&limit=1",
    "claims/?",
    "claims/?within={landia}&ordering=said",
    "claims/?claimant={blue_spokesman}",
    "claims/?event={withdrawal}&ordering=-recorded_at",
    "claims/?publisher={paper}&said_since=2022",
    "claims/?actor={red_army}",
    "claims/?limit=2",
    "claims/?related_to={announced}",
    "claims/?place=geonames:1001",
    "claims/?contradicted=true",
    "events/?corroboration=third_party",
    "contradictions/?",
    "contradictions/?within={landia}&expand=claims",
    "contradictions/?claim={held}&resolution=unresolved",
    "events/{withdrawal}/positions/?",
    "events/{withdrawal}/chronology/?",
    "documents/{article}/chronology/?",
    "documents/{article}/annotations/?",
    "places/{oakford}/control/?on=2022-10-05",
    "places/{oakford}/control/timeline/?",
    "places/control/?on=2022-10-05&limit=1",
    "events/timeline/?interval=day&by=place",
    "claims/timeline/?interval=month&time=recorded_at",
    "claims/facets/?by=party,place,document,corroboration&within={landia}",
    "contradictions/facets/?by=claim,resolution",
    "changes/?limit=30",
    "changes/?resource=claims&cause=reference",
]


class Recorder:
    """Answers, as they were given, by the address that gave them and the newest number then."""

    def __init__(self, client: Client, world: World) -> None:
        self.client = client
        self.objects = list(world.objects)
        self.dispute = ("contradictions", world.dispute)
        self.lists = [f"/api/v1/{query.format_map(vars(world))}" for query in LISTS]
        self.kept: dict[tuple[int, str], dict[str, Any]] = {}

    def answers(self, as_of: str) -> dict[str, Any]:
        """The bytes of all details and of the results of all lists."""
        found: dict[str, Any] = {}
        for resource, object_id in [*self.objects, self.dispute]:
            for parts in ((), ("history",)):
                url = detail(resource, object_id, *parts)
                answer = self.client.get(url + as_of.replace("&", "?"))
                said: Any = answer.content.partition(b'"results":')[2] or answer.content
                if answer.status_code == 308:
                    said = answer["Location"].partition("?")[0]
                elif answer.status_code != 200:
                    said = answer.json()["detail"] if answer.status_code == 410 else None
                found[url] = (answer.status_code, said)
        for url in self.lists:
            answer = self.client.get(url + as_of)
            parts = [answer.content.partition(b'"%b":' % key) for key in (b"results", b"features")]
            said = next((part[2] for part in parts if part[1]), answer.content)
            # Addresses that an answer names carry its moment on.
            found[url] = (answer.status_code, re.sub(rb'[?&]as_of=[^"&#]*', b"", said))
        return found

    def record(self) -> None:
        """Keep what is answered now."""
        newest = ChangeSet.objects.latest("last_seq")
        self.kept[newest.last_seq, format_instant(newest.recorded_at) or ""] = self.answers("")

    def compare(self, *, in_turn: bool = False) -> None:
        """Ask again for all that was kept, by number and by instant, or by these in turn."""
        for turn, ((seq, instant), answers) in enumerate(self.kept.items()):
            ways = [f"&as_of={seq}", f"&as_of={instant}"]
            for as_of in [ways[turn % 2]] if in_turn else ways:
                again = self.answers(as_of)
                wrong = {u: (answers[u], again[u]) for u in answers if again[u] != answers[u]}
                assert wrong == {}, as_of


@contextmanager
def undone() -> Iterator[None]:
    """All that is written inside is undone."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


Act = Callable[[Recorder, World, int], None]


def edit(recorder: Recorder, world: World, n: int) -> None:
    resource, object_id = recorder.objects[n % len(recorder.objects)]
    members = {
        "places": {"kind": "village", "country": "LB" if n % 2 else "LC"},
        "actors": {"party_reason": f"Reason {n}."},
        "sources": {"url": f"https://example.org/{n}"},
        "documents": {"language": "ru" if n % 2 else "uk", "title": f"Title {n}"},
        "events": {"summary": f"Summary {n}.", "when": f"2022-{n % 12 + 1:02}"},
        "claims": {"wording": f"word {n}", "said": f"2022-11-{n % 28 + 1:02}"},
    }[resource]
    factories.republish(resource, object_id, **members)


def rename(recorder: Recorder, world: World, n: int) -> None:
    names = [("places", world.landia), ("places", world.oakford), ("actors", world.red),
             ("actors", world.blue_army), ("sources", world.paper)]  # fmt: skip
    resource, object_id = names[n % len(names)]
    factories.republish(resource, object_id, name=f"Name {n}")


def move(recorder: Recorder, world: World, n: int) -> None:
    moves = [
        lambda: factories.republish("places", world.oakford, parent=world.southmark),
        lambda: factories.republish("places", world.oakford, parent=None, codes={}),
        lambda: factories.republish("actors", world.red_army, parent=world.blue),
        lambda: factories.republish(
            "sources", world.paper, speaks_for=world.blue, independent=False
        ),
        lambda: factories.republish("events", world.withdrawal, place=world.ferry, places=[]),
        lambda: factories.republish("documents", world.article, publisher=world.red_ministry),
    ]
    moves[n % len(moves)]()


def add(recorder: Recorder, world: World, n: int) -> None:
    made = [
        ("places", {"name": f"Added {n}", "parent": world.northmark}),
        ("events", {"title": f"Added {n}", "place": world.oakford, "when": "2022"}),
        ("claims", {"claimant": world.paper, "event": world.advance, "said": "2022-09"}),
    ]
    resource, members = made[n % len(made)]
    recorder.objects.append((resource, factories.public(resource, f"added {n}", **members)))


def retract(recorder: Recorder, world: World, n: int) -> None:
    loose = [("claims", world.held), ("claims", world.counted), ("claims", world.repeated)]
    publishing.retract([loose[n % len(loose)]], reason=f"Wrong {n}.")


def merge(recorder: Recorder, world: World, n: int) -> None:
    pairs = [
        ("places", world.ferry, world.oakford),
        ("sources", world.red_ministry, world.red_spokesman),
        ("actors", world.blue_army, world.red_army),
        ("claims", world.counted, world.held),
        ("events", world.advance, world.withdrawal),
        ("documents", world.post, world.article),
    ]
    publishing.merge(*pairs[n % len(pairs)], reason=f"The same {n}.")


def undo(recorder: Recorder, world: World, n: int) -> None:
    dead = [
        ("claims", world.held), ("claims", world.counted), ("claims", world.repeated),
        ("places", world.ferry), ("sources", world.red_ministry), ("actors", world.blue_army),
        ("events", world.advance), ("documents", world.post),
    ]  # fmt: skip
    for resource, object_id in dead[n % len(dead) :] + dead[: n % len(dead)]:
        if factories.state(resource, object_id) == "retracted":
            publishing.restore(resource, object_id, reason=f"It was right {n}.")
            return


ACTS: list[Act] = [edit, rename, move, add, retract, merge, undo]


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 99)), min_size=3, max_size=6))
def test_answers_come_back_byte_for_byte_as_of_their_moment(
    db: None, kept_world: Kept[World], acts: list[tuple[Act, int]]
) -> None:
    with undone():
        world = kept_world.bring_back()
        recorder = Recorder(Client(), world)
        recorder.record()
        for act, n in acts:
            try:
                with transaction.atomic():
                    act(recorder, world, n)
            except PublishError:
                continue  # refused, as it may be; then nothing changed
        recorder.record()
        recorder.compare(in_turn=True)


def test_every_act_changes_something_and_all_is_answered_again(
    client: Client, world: World
) -> None:
    recorder = Recorder(client, world)
    recorder.record()
    for acts in (
        [(edit, 18), (rename, 2), (move, 0), (add, 1)],
        [(retract, 2), (merge, 0), (merge, 3)],
        [(undo, 0), (undo, 2), (rename, 0)],
    ):
        for act, n in acts:
            before = ChangeSet.objects.count()
            act(recorder, world, n)
            assert ChangeSet.objects.count() == before + 1
        recorder.record()
    assert len(recorder.kept) == 4
    recorder.compare()


def test_links_carry_the_moment_on(client: Client, world: World) -> None:
    for as_of in ("24", "2990", get(client, detail("claims", world.held))["recorded_at"]):
        if as_of == "2990":
            assert wrong_parameters(client, "/api/v1/claims/?as_of=2990") == ["as_of"]
            continue
        page = get(client, f"/api/v1/claims/?limit=2&as_of={as_of}")
        following = ids(get(client, page["next"]))
        factories.public("claims", claimant=world.paper, event=world.advance, said="2022-10-01")
        assert ids(get(client, page["next"])) == following


def test_an_instant_means_the_last_number_at_or_before_it(client: Client, world: World) -> None:
    factories.republish("places", world.ferry, name="Port")
    sets = list(ChangeSet.objects.order_by("last_seq"))
    tick = timedelta(microseconds=1)

    def name(instant: Any) -> str | None:
        answer = client.get(f"{detail('places', world.ferry)}?as_of={format_instant(instant)}")
        return answer.json().get("name")

    assert name(sets[0].recorded_at - tick) is None
    assert name(sets[0].recorded_at) == name(sets[1].recorded_at - tick) == "Ferry"
    assert name(sets[1].recorded_at) == "Port"
    offset = sets[1].recorded_at + timedelta(hours=2)
    text = offset.isoformat().replace("+00:00", "%2B02:00")
    assert get(client, f"{detail('places', world.ferry)}?as_of={text}")["name"] == "Port"


def test_a_moment_to_come_is_refused(client: Client, world: World) -> None:
    newest = get(client, "/api/v1/")["seq"]
    get(client, f"/api/v1/events/?as_of={newest}")
    for url in ("/api/v1/events/", "/api/v1/changes/", detail("events", world.advance),
                detail("events", world.advance, "history"),
                detail("events", world.advance, "history", 1)):  # fmt: skip
        for as_of in (newest + 1, "2990-01-01T00:00:00Z"):
            assert wrong_parameters(client, f"{url}?as_of={as_of}") == ["as_of"]
    detail_text = problem(client, f"/api/v1/events/?as_of={newest + 1}")["detail"]
    assert f"the newest is {newest}" in detail_text


def test_what_is_not_versioned_has_no_moment(client: Client, db: None) -> None:
    for url in ("/api/v1/", "/api/v1/datasets/", "/api/v1/datasets/x/", "/api/v1/schema/"):
        assert wrong_parameters(client, f"{url}?as_of=1") == ["as_of"]


@pytest.mark.django_db(transaction=True)
def test_an_instant_after_the_newest_waits_for_a_set_that_is_still_committing(
    client: Client, world: World
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        (instant,) = cursor.fetchone()
    url = f"{detail('places', world.ferry)}?as_of={format_instant(instant)}"
    with other_connection() as publisher:
        publisher.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        answers: list[dict[str, Any]] = []
        asking = threading.Thread(target=lambda: answers.append(ask(url)))
        asking.start()
        wait_until_somebody_waits(publisher)
        assert answers == []
        # A number is not waited for, nor an instant that is past for good.
        assert get(client, f"{detail('places', world.ferry)}?as_of=24")["name"] == "Ferry"
        newest = format_instant(ChangeSet.objects.latest("last_seq").recorded_at)
        assert get(client, f"{detail('places', world.ferry)}?as_of={newest}")["name"] == "Ferry"
        publisher.rollback()
        asking.join(10)
    assert [answer["name"] for answer in answers] == ["Ferry"]


def ask(url: str) -> dict[str, Any]:
    """Ask in a thread, which has a connection of its own."""
    try:
        return get(Client(), url)
    finally:
        connection.close()


def other_connection() -> psycopg.Connection[Any]:
    """A connection to the test database beside Django's."""
    return psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None})


def wait_until_somebody_waits(publisher: psycopg.Connection[Any]) -> None:
    """Return once another connection waits for an advisory lock."""
    while True:
        waiting = publisher.execute(
            "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        ).fetchone()
        if waiting and waiting[0]:
            return


def test_ids_of_a_row_that_is_asked_for_early_are_not_made_up(client: Client, world: World) -> None:
    never = UUID(int=7)
    assert problem(client, f"{detail('places', never)}?as_of=24", 404)["type"].endswith(
        "/not-found/"
    )
