"""Shapes: a statement goes to the workspace, into a body and back, and says the same."""

from collections import defaultdict

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.event_types import event_types
from events.models import (
    Approximator,
    Certainty,
    Context,
    ControlStatus,
    EventStatus,
    Evidence,
    Extent,
    GeoPrecision,
    Interest,
    Metric,
    Mode,
    ParticipantRole,
    PlaceRole,
    Polarity,
)
from places.models import PlaceKind, ResolutionBasis
from records import workspace
from records.models import NameKind
from records.record import content_hash, core_json
from records.registry import record_of, resources
from records.shape import rows as shapes
from sources.models import ActorKind, DocumentKind, DocumentLinkKind, Rights, SourceKind
from tests.factories import curated_resources, ident, plain, public, publish, record, row, said

pytestmark = pytest.mark.django_db

# Texts in any script, but for what a database or JSON cannot hold.
texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20
).filter(str.strip)
numbers = st.floats(-1e6, 1e6, allow_nan=False) | st.integers(-1000, 1000).map(float)
known = {
    name: [ident(name, f"known {number}") for number in range(3)] for name in curated_resources()
}


def maybe(strategy):
    return st.none() | strategy


def one_of(choices):
    return st.sampled_from(choices.values)


def row_of(resource):
    return st.sampled_from([str(row_id) for row_id in known[resource]])


def members(**strategies):
    """Statements that give some members and leave others to their defaults."""
    return st.fixed_dictionaries({}, optional=strategies)


def element(optional=None, **required):
    return st.fixed_dictionaries(required, optional=optional or {})


def spans():
    def pairs(ends):
        return [list(pair) for pair in zip(ends[::2], ends[1::2], strict=False)]

    ends = st.lists(st.integers(0, 500), min_size=2, max_size=6, unique=True)
    return ends.map(sorted).map(pairs)


names = st.lists(
    element(
        {"language": maybe(texts), "kind": one_of(NameKind), "since": maybe(st.just("1999")),
         "until": maybe(st.just("2020-05"))}, name=texts),
    max_size=4,
)  # fmt: skip
codes = {
    "codes": st.dictionaries(st.sampled_from(["osm", "geonames"]), texts, max_size=2),
    "other_codes": st.lists(
        element(scheme=st.sampled_from(["wikidata", "ucdp"]), code=texts), max_size=3,
        unique_by=lambda code: (code["scheme"], code["code"])),
}  # fmt: skip
times = maybe(
    st.sampled_from(["2022", "2022-10~", "2022-09/2022-10-01", "../2022", "2022-10-01T14:30:00Z"])
    | members(
        edtf=maybe(st.sampled_from(["2022-10-01?", "201X", "2022-22"])),
        phrase=maybe(texts.filter(str.isprintable)),
        basis=maybe(st.sampled_from(["text", "completed", "metadata", "inferred"])),
    )
)
judged = {"reason": texts, "at": st.dates().map(str)}
position = st.tuples(st.floats(-90, 90), st.floats(-180, 180)).map(
    lambda pair: {"lat": pair[0], "lon": pair[1]}
)
geometry = maybe(
    st.fixed_dictionaries(
        {"type": st.just("Point"), "coordinates": st.lists(numbers, min_size=2, max_size=2)}
    )
)
quantity = maybe(
    st.tuples(one_of(Metric), maybe(numbers), maybe(texts), maybe(one_of(Approximator))).map(
        lambda q: {
            "metric": q[0],
            "best": None if q[3] == "unquantified" else q[1],
            "unit": q[2],
            "approximator": q[3],
        }
    )
)


def unique(elements, *keys):
    return st.lists(
        elements, max_size=3, unique_by=lambda e: tuple(str(e.get(key)) for key in keys)
    )


citation = st.builds(
    lambda fixed, where: fixed | {"spans": where, "insertions": where[:1]},
    element(
        {"locator": maybe(texts), "quote": maybe(st.just("a few words")),
         "via": st.lists(element(document=row_of("documents")) | element(source=row_of("sources")),
                         max_size=3)},
        document=row_of("documents"), mode=one_of(Mode)),
    spans(),
)  # fmt: skip


def without_opposites(other):
    """Leaves out of a statement the links to `other` that no statement may have together."""

    def kept(statement):
        if "relations" not in statement:
            return statement
        links = statement["relations"]
        if statement.get("polarity") == "denied":  # the known claims affirm: none is the same
            links = [link for link in links if link["kind"] != "same_as"]
        same = {link[other] for link in links if link["kind"] == "same_as"}
        links = [link for link in links if link["kind"] != "precedes" or link[other] not in same]
        return statement | {"relations": links}

    return kept


STATEMENTS = {
    "places": st.builds(
        dict.__or__,
        members(
            name=texts, kind=one_of(PlaceKind), country=maybe(st.just("LA")), geometry=geometry,
            parent=maybe(row_of("places")), names=names, **codes),
        st.just({}) | position,
    ),
    "actors": members(
        name=texts, kind=one_of(ActorKind), parent=maybe(row_of("actors")),
        party_reason=maybe(texts), names=names, **codes),
    "sources": members(
        name=texts, kind=one_of(SourceKind), speaks_for=maybe(row_of("actors")),
        country=maybe(st.just("LA")), url=maybe(st.just("https://voice.example")), names=names,
        reliability=element(**judged, value=st.sampled_from("ABCDEF")), **codes),
    "documents": members(
        kind=one_of(DocumentKind), title=maybe(texts), author=maybe(texts), rights=one_of(Rights),
        publisher=maybe(row_of("sources")), language=maybe(texts), published=times,
        relations=unique(
            element(kind=one_of(DocumentLinkKind), document=row_of("documents")),
            "kind", "document"),
        mentions=st.lists(
            element({"candidates": st.lists(texts, max_size=3)}, span=st.just([3, 9]),
                    place=row_of("places"), basis=one_of(ResolutionBasis)), max_size=3)),
    "events": st.builds(
        dict.__or__,
        members(
            type=st.sampled_from([entry["code"] for entry in event_types()]), title=texts,
            contexts=st.lists(one_of(Context), max_size=4, unique=True), summary=maybe(texts),
            status=st.sampled_from(
                [v for v in EventStatus.values if v not in ("occurred", "ongoing")]),
            when=times, place=maybe(row_of("places")), geo_precision=maybe(one_of(GeoPrecision)),
            places=unique(
                element({"basis": one_of(ResolutionBasis)}, place=row_of("places"),
                        role=one_of(PlaceRole)), "place", "role"),
            participants=unique(
                element(actor=row_of("actors"), role=one_of(ParticipantRole)), "actor", "role"),
            relations=unique(
                element({"phrase": maybe(texts)}, event=row_of("events"),
                        kind=st.sampled_from(["part_of", "precedes", "same_as"])),
                "event", "kind"),
            **codes),
        st.just({}) | position,
    ).map(without_opposites("event")),
    "claims": members(
        statement=texts, voice=st.sampled_from(["attributed", "narration"]),
        event=maybe(row_of("events")), places=st.lists(row_of("places"), max_size=3, unique=True),
        document=maybe(row_of("documents")), object_actor=maybe(row_of("actors")),
        polarity=st.sampled_from([v for v in Polarity.values if v != "unknown"]),
        certainty=one_of(Certainty), condition=maybe(texts), quantity=quantity,
        control_status=one_of(ControlStatus), extent=maybe(one_of(Extent)),
        evidence=one_of(Evidence), interest=one_of(Interest), wording=maybe(texts),
        said=times, holds=times,
        credibility=element(**judged, value=st.sampled_from("123456")),
        rating=maybe(element(**judged, value=st.sampled_from(["false", "mixed"]))),
        citations=st.lists(citation, min_size=1, max_size=3),
        relations=unique(
            element({"phrase": maybe(texts)}, claim=row_of("claims"),
                    kind=st.sampled_from(["same_as", "repeats", "precedes"])), "claim", "kind"),
    ).map(without_opposites("claim")),
}  # fmt: skip
REQUIRED = {
    "places": {"name": "Somewhere", "kind": "town"},
    "actors": {"name": "Somebody", "kind": "person"},
    "sources": {"name": "Some voice", "kind": "unknown"},
    "documents": {"kind": "article"},
    "events": {"type": "battle", "title": "Some fighting"},
    "claims": {
        "statement": "Something was so.",
        "kind": "description",
        "claimant": str(known["sources"][0]),
        "actor": str(known["actors"][0]),
        "control_status": "unknown",
        "citations": [{"document": str(known["documents"][0]), "mode": "paraphrase"}],
    },
}


@pytest.fixture
def referred(db):
    """Three rows of each resource that generated statements may refer to."""
    for resource, rows in known.items():
        for row_id in rows:
            workspace.apply(resource, {row_id: REQUIRED[resource]})
    publish(*((resource, row_id) for resource, rows in known.items() for row_id in rows))


@pytest.mark.parametrize("resource", STATEMENTS)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_statement_survives_writing_publishing_and_stripping(referred, resource, data):
    shape = record_of(resource).shape
    given_statement = REQUIRED[resource] | data.draw(STATEMENTS[resource])
    row_id = ident(resource, "generated")
    normal = shape.normal(given_statement)
    assert shape.normal(normal) == normal
    assert workspace.validate(resource, row_id, given_statement) == []
    workspace.apply(resource, {row_id: given_statement})
    read = said(resource, row_id)
    assert read == normal
    assert workspace.apply(resource, {row_id: given_statement}).touched == []
    assert workspace.apply(resource, {row_id: read}).touched == []
    publish((resource, row_id))
    published = record(resource, row_id)
    assert published.statement() == read
    assert sorted(map(str, published.refs)) == sorted({i for _, i in shape.references(read)})
    body = orjson.loads(published.body)
    core = {k: v for k, v in body.items() if k not in ("version", "seq", "recorded_at")}
    assert published.content_hash == content_hash(core_json(core))
    assert publish((resource, row_id)) is None


@pytest.mark.parametrize("resource", resources())
def test_every_reference_of_a_statement_can_be_turned(world, resource):
    shape = record_of(resource).shape
    objects = [*world.objects, ("contradictions", world.dispute)]
    for name, row_id in [key for key in objects if key[0] == resource]:
        statement = said(name, row_id)
        turned = shape.translate(statement, lambda kind, value: f"{kind}:{value}")
        expected = sorted(f"{kind}:{value}" for kind, value in shape.references(statement))
        assert sorted(value for _, value in shape.references(turned)) == expected
        back = shape.translate(turned, lambda kind, value: value.split(":")[1])
        assert shape.normal(back) == statement


def test_the_members_of_a_body_come_in_the_order_of_the_shape(world):
    for resource, row_id in [*world.objects, ("contradictions", world.dispute)]:
        keys = [key for member in record_of(resource).shape.members for key in member.keys]
        found = orjson.loads(record(resource, row_id).body)
        assert list(found) == ["id", *keys, "version", "seq", "recorded_at"]


def test_whole_numbers_are_shown_without_a_fraction():
    member = next(
        m for m in record_of("claims").shape.members if getattr(m, "name", "") == "quantity"
    )
    given_quantity = {"metric": "killed", "low": 5, "best": 5.5, "high": 10.0}
    assert member.normal({"quantity": given_quantity})["quantity"] == {
        "metric": "killed", "low": 5, "best": 5.5, "high": 10, "unit": None, "approximator": None
    }  # fmt: skip
    assert isinstance(member.normal({"quantity": given_quantity})["quantity"]["high"], int)


def test_lists_whose_order_means_nothing_are_sorted(world):
    event = row("events", contexts=["territory", "military"], participants=[
        {"actor": actor, "role": "participant"} for actor in (world.red, world.blue)])  # fmt: skip
    statement = said("events", event)
    assert statement["contexts"] == ["military", "territory"]
    actors = [p["actor"] for p in statement["participants"]]
    assert actors == sorted(actors)


def test_hops_keep_their_order(world):
    claim = row("claims", claimant=world.paper, actor=world.red, citations=[
        {"document": world.article, "mode": "paraphrase",
         "via": [{"source": world.red_ministry}, {"document": world.post},
                 {"source": world.blue_spokesman}]}])  # fmt: skip
    hops = [
        hop["source"] or hop["document"] for hop in said("claims", claim)["citations"][0]["via"]
    ]
    assert hops == plain([world.red_ministry, world.post, world.blue_spokesman])


@pytest.mark.parametrize("resource", ["actors", "sources", "documents", "events", "claims"])
def test_every_list_is_cut_counted_and_restorable(referred, monkeypatch, resource):
    monkeypatch.setattr(shapes, "NESTED_LIMIT", 1)
    long = {
        "names": [{"name": "One"}, {"name": "Two"}],
        "places": [{"place": p, "role": "near"} for p in known["places"][:2]],
        "citations": [
            {
                "document": d,
                "mode": "narration",
                "via": [{"document": x} for x in known["documents"]],
            }
            for d in known["documents"][:2]
        ],
        "relations": [{"document": d, "kind": "cites"} for d in known["documents"][:2]],
    }
    wanted = {
        "actors": ["names"], "sources": ["names"], "documents": ["relations"],
        "events": ["places"], "claims": ["citations"],
    }[resource]  # fmt: skip
    statement = REQUIRED[resource] | {name: plain(long[name]) for name in wanted}
    row_id = public(resource, "long", **statement)
    found = record(resource, row_id)
    shown = orjson.loads(found.body)
    for name in wanted:
        assert (len(shown[name]), shown[f"{name}_total"]) == (1, 2)
    if resource == "claims":
        assert (len(shown["citations"][0]["via"]), shown["citations"][0]["via_total"]) == (1, 3)
    assert found.statement() == said(resource, row_id)


def test_a_shape_names_each_member_once():
    for resource in resources():
        found = defaultdict(int)
        for member in record_of(resource).shape.members:
            for key in member.keys:
                found[key] += 1
        assert set(found.values()) == {1}
