"""The admin: every model is in it, every page opens, and no page asks more for more rows."""

import hashlib
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from events.models import (
    Citation,
    CitationHop,
    Claim,
    ClaimLink,
    ClaimPlace,
    Event,
    EventCode,
    EventLink,
    EventParticipant,
    EventPlace,
)
from places.models import Place, PlaceCode, PlaceName
from records.models import Change, ChangeSet, Code, Curated, Record, Refresh, ReviewItem
from records.publishing import publish
from records.registry import record_of
from sources.models import (
    Actor,
    ActorCode,
    ActorName,
    Document,
    DocumentLink,
    DocumentText,
    Mention,
    Source,
    SourceCode,
    SourceName,
)

APPS = ("records", "places", "sources", "events")
MODELS = [model for app in APPS for model in apps.get_app_config(app).get_models()]
CURATED = [model for model in MODELS if issubclass(model, Curated)]

#: What a filler cannot guess: columns by model, that constraints tie to each other.
FIXED = {
    Mention: {"actor": None, "source": None, "start": 0, "end": 5},
    CitationHop: {"source": None},
    Source: {"independent": False},
    Citation: {"spans": [[0, 5]], "insertions": [], "quote": None, "passage_sha256": None},
    EventLink: {"kind": "part_of"},
    ClaimLink: {"kind": "supports", "how": None},
    Claim: {"extent": None, "control_status": None},
    Document: {"text_length": None, "text_sha256": None},
}
NULL_IN_EVERY_MODEL = {
    *("merged_into", "parent", "superseded_seq", "resolved_at", "undo", "since", "until"),
    *("lat", "lon", "geometry"),
}


def ident(model):
    return model._meta.label


def make(model, number, related=None, **given):
    """A row of any model with every relation filled, the `number`th of its kind.

    What it refers to is made for it; what that refers to is shared.
    """
    related = related or (lambda other: make(other, unique(), shared))
    values = {}
    for field in model._meta.concrete_fields:
        if field.generated:
            continue
        if field.name in FIXED.get(model, {}):
            values[field.name] = FIXED[model][field.name]
        elif field.name not in given and not field.name.startswith("quantity_"):
            value = fill(field, number, related)
            if value is not ...:
                values[field.name] = value
    return model._default_manager.create(**values | given)


def shared(model):
    return model._default_manager.first() or make(model, unique(), shared)


def fill(field, number, related):
    if field.name in NULL_IN_EVERY_MODEL and field.null:
        return None
    if field.is_relation:
        other = field.related_model
        if other is User:
            return User.objects.get_or_create(username=f"user{number}")[0]
        return None if other is field.model and field.null else related(other)
    if field.primary_key and not isinstance(field, models.AutoField):
        return ... if field.has_default() else key(field, number)
    if isinstance(field, models.AutoField) or field.has_default() or (field.choices and field.null):
        return ...
    if field.choices:
        return field.choices[0][0]
    name = field.name
    if name.endswith(("_edtf", "_precision", "_phrase", "_basis", "country")):
        return None
    if isinstance(field, models.BooleanField):
        return True
    if isinstance(field, models.UUIDField):
        return uuid.uuid4()
    if isinstance(field, models.DateTimeField):
        return datetime(2022, 10, 1, tzinfo=UTC) + timedelta(seconds=number)
    if isinstance(field, models.DateField):
        return date(2022, 10, 1)
    if isinstance(field, models.IntegerField):
        return number + 1
    if isinstance(field, models.FloatField):
        return None if field.null else 0.0
    if isinstance(field, models.URLField):
        return f"https://example.org/{number}"
    if isinstance(field, models.TextField):
        return "{}" if name in ("body", "whole") else f"{name} {number}"
    if isinstance(field, models.CharField):
        return f"{name}{number}"[: field.max_length]
    return [] if type(field).__name__ == "ArrayField" else {}


def key(field, number):
    if isinstance(field, models.IntegerField):
        return number + 1
    return f"{number:064x}" if field.max_length == 64 and field.name == "sha256" else word(number)


def word(number):
    return "x" + "".join(chr(ord("a") + int(digit)) for digit in str(number))


def unique():
    unique.number = getattr(unique, "number", 1_000) + 1
    return unique.number


def url(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def posted(page):
    """What a browser sends when it saves a page of the admin as it is."""
    form = page.context["adminform"].form
    data = {}
    for one in [form, *(f for s in page.context["inline_admin_formsets"] for f in s.formset.forms)]:
        for bound in one:
            value = bound.value()
            prepared = bound.field.prepare_value(value)
            # A JSON field without a value is an empty box, and not the JSON of an empty text.
            if prepared is not None and prepared is not False and prepared != '""':
                data[bound.html_name] = prepared
    for shown in page.context["inline_admin_formsets"]:
        for bound in shown.formset.management_form:
            data[bound.html_name] = bound.value()
    return data


def act(client, rows, action, **more):
    rows = list(rows)
    return client.post(
        url(type(rows[0]), "changelist"),
        {"action": action, "_selected_action": [str(row.pk) for row in rows], **more},
        follow=True,
    )


def said(page):
    return [str(message) for message in page.context["messages"]]


@pytest.fixture
def curator(db):
    return User.objects.create_superuser("curator")


@pytest.fixture
def client(client, curator):
    client.force_login(curator)
    return client


@pytest.fixture
def lyman(db):
    return Place.objects.create(name="Lyman", kind="city", country="UA")


@pytest.fixture
def claim(lyman):
    claimant = Source.objects.create(name="Ministry", kind="ministry")
    row = Claim.objects.create(statement="Troops left Lyman.", kind="occurrence", claimant=claimant)
    ClaimPlace.objects.create(claim=row, place=lyman)
    return row


@pytest.mark.parametrize("model", MODELS, ids=ident)
def test_every_model_is_registered(model):
    assert admin.site.is_registered(model)


@pytest.mark.parametrize("model", MODELS, ids=ident)
def test_every_page_opens(client, model):
    row = make(model, 1)
    model_admin = admin.site._registry[model]
    assert client.get(url(model, "changelist")).status_code == 200
    assert client.get(url(model, "change", row.pk)).status_code == 200
    request = client.get(url(model, "changelist")).wsgi_request
    may_add = model_admin.has_add_permission(request)
    assert client.get(url(model, "add")).status_code == (200 if may_add else 403)
    assert client.get(url(model, "history", row.pk)).status_code == 200
    # 403: whatever is read-only, and a curated row that is not a draft.
    assert client.get(url(model, "delete", row.pk)).status_code in (200, 403)


@pytest.mark.parametrize("model", MODELS, ids=ident)
def test_a_list_takes_as_many_queries_for_50_rows_as_for_one(client, model):
    counts = []
    for numbers in ([1], range(2, 51)):
        for number in numbers:
            make(model, number)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(url(model, "changelist"))
        counts.append(len(queries))
        assert len(page.context["cl"].result_list) == min(model.objects.count(), 50)
    # The session, the account, the count, the rows, two for the months of a time, and one for each
    # filter whose values are rows: data set, party, event type, country.
    assert counts[0] == counts[1] <= 9


@pytest.mark.parametrize(
    ("model", "children"),
    [
        (Place, [PlaceName, PlaceCode]),
        (Actor, [ActorName, ActorCode]),
        (Source, [SourceName, SourceCode]),
        (Document, [DocumentLink, Mention]),
        (Event, [EventPlace, EventParticipant, EventLink, EventCode]),
        (Claim, [ClaimPlace, ClaimLink, Citation]),
        (Citation, [CitationHop]),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_change_page_takes_as_many_queries_for_9_children_as_for_one(client, model, children):
    row = make(model, 1)
    parent = model._meta.model_name
    counts = []
    for numbers in ([1], range(2, 10)):
        for child in children:
            for number in numbers:
                more = {"scheme": f"s{number}"} if issubclass(child, Code) else {}
                make(child, number, **{parent: row}, **more)
        client.get(url(model, "change", row.pk))  # caches content types
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url(model, "change", row.pk)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("model", "children"),
    [
        (Place, [PlaceName, PlaceCode]),
        (Document, [DocumentLink, Mention]),
        (Event, [EventPlace, EventParticipant, EventLink, EventCode]),
        (Claim, [ClaimPlace, ClaimLink, Citation]),
        (Citation, [CitationHop]),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_mistake_takes_as_many_queries_for_9_children_as_for_one(client, model, children):
    row = make(model, 1)
    parent = model._meta.model_name
    counts = []
    for numbers in ([1], range(2, 10)):
        for child in children:
            for number in numbers:
                more = {"scheme": f"s{number}"} if issubclass(child, Code) else {}
                make(child, number, **{parent: row}, **more)
        data = posted(client.get(url(model, "change", row.pk)))
        data |= {name: "no such" for name in ("kind", "type", "mode") if name in data}
        with CaptureQueriesContext(connection) as queries:
            page = client.post(url(model, "change", row.pk), data)
        assert len(errors(page)) == 1
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_page_of_a_claim_takes_as_many_queries_for_more_hops_and_links_from_elsewhere(
    client, claim
):
    counts = []
    for size in (1, 6):
        while claim.citations.count() < size:
            citation = make(Citation, unique(), claim=claim)
            for position in range(size):
                make(CitationHop, unique(), citation=citation, position=position)
            make(ClaimLink, unique(), target=claim)
        client.get(url(Claim, "change", claim.pk))
        with CaptureQueriesContext(connection) as queries:
            page = client.get(url(Claim, "change", claim.pk))
        counts.append(len(queries))
        assert page.content.decode().count("edit the hops") == size
    assert counts[0] == counts[1]


@pytest.mark.parametrize("action", ["retract", "restore", "merge"])
def test_the_page_of_an_act_takes_as_many_queries_for_20_rows_as_for_one(client, action):
    rows = []
    counts = []
    for size in (1, 20):
        while len(rows) < size:
            parent = Place.objects.create(name="Above", kind="admin1")
            rows.append(Place.objects.create(name="Below", kind="town", parent=parent))
        with CaptureQueriesContext(connection) as queries:
            page = act(client, rows, action)
        counts.append(len(queries))
        assert page.content.decode().count("Below, Above (town)") == size
    assert counts[0] == counts[1]


def test_a_merge_takes_20_rows_at_a_time(client):
    rows = [Place.objects.create(name=f"Town {number}", kind="town") for number in range(21)]
    assert said(act(client, rows, "merge")) == [
        "At most 20 rows are merged at a time: select fewer."
    ]


def test_an_autocomplete_tells_namesakes_apart_in_a_fixed_number_of_queries(client, lyman):
    for region in ("Donetsk", "Kharkiv"):
        parent = Place.objects.create(name=region, kind="admin1")
        Place.objects.create(name="Novoselivka", kind="village", parent=parent)
    asked = {"app_label": "events", "model_name": "eventplace", "field_name": "place"}
    # The session, the account, whether there is any, the count and the rows with their parents.
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url(Place, "choices"), {**asked, "term": "novosel"})
    assert len(queries) == 5
    assert [one["text"] for one in answer.json()["results"]] == [
        "Novoselivka, Donetsk (village)",
        "Novoselivka, Kharkiv (village)",
    ]


def test_a_search_finds_any_name_a_code_and_an_id_once(client, lyman):
    PlaceName.objects.create(place=lyman, name="Krasny Liman", kind="former")
    PlaceName.objects.create(place=lyman, name="Krasnyi Lyman", kind="former")
    PlaceCode.objects.create(place=lyman, scheme="geonames", code="702320")
    Place.objects.create(name="Kreminna", kind="city")
    for term in ("krasny", "lyman krasny", "geonames:702320", "702320", str(lyman.pk), '"y Lim"'):
        found = client.get(url(Place, "changelist"), {"q": term}).context["cl"].result_list
        assert [row.name for row in found] == ["Lyman"], term
    assert not client.get(url(Place, "changelist"), {"q": "geonames:70"}).context["cl"].result_list


def test_a_search_folds_case_accents_and_apostrophes(client):
    for name in ("Slov'yansk", "Ålesund", "Kraków"):
        Place.objects.create(name=name, kind="city")
    row = Place.objects.create(name="Lyman", kind="city")
    PlaceName.objects.create(place=row, name="Лиман")
    for term, name in [
        ("slovyansk", "Slov'yansk"),
        ("SLOV’YANSK", "Slov'yansk"),
        ("alesund", "Ålesund"),
        ("krakow", "Kraków"),
        ("ЛИМАН", "Lyman"),
    ]:
        found = client.get(url(Place, "changelist"), {"q": term}).context["cl"].result_list
        assert [place.name for place in found] == [name], term


def test_a_search_finds_a_public_row_by_the_sound_of_its_names_and_over_a_slip(client, lyman):
    Place.objects.create(name="Kreminna", kind="city")
    PlaceName.objects.create(place=lyman, name="Красний Лиман", kind="former")
    publish([("places", lyman.pk)])
    for term in ("Krasnyj Liman", "krasny", "Krasnyi Lumann"):
        found = client.get(url(Place, "changelist"), {"q": term}).context["cl"].result_list
        assert [place.name for place in found] == ["Lyman"], term


def test_a_search_of_claims_finds_any_name_of_what_they_are_about(client, claim, lyman):
    PlaceName.objects.create(place=lyman, name="Krasny Liman", kind="former")
    Citation.objects.create(
        claim=claim, document=Document.objects.create(kind="article"), mode="paraphrase"
    )
    publish([("documents", Document.objects.get().pk)])
    publish([("places", lyman.pk), ("sources", claim.claimant_id), ("claims", claim.pk)])
    clash = Event.objects.create(title="A clash", type_id="battle.clash")
    other = Claim.objects.create(
        statement="Nothing.", kind="unknown", claimant_id=claim.claimant_id, event=clash
    )
    for term, wanted in [("krasny liman", [claim]), ("nothing", [other]), ("kreminna", [])]:
        found = client.get(url(Claim, "changelist"), {"q": term}).context["cl"].result_list
        assert list(found) == wanted, term


@pytest.mark.parametrize("model", CURATED, ids=ident)
def test_odd_searches_and_filters_find_nothing_and_break_nothing(client, model):
    make(model, 1)
    address = url(model, "changelist")
    for term in ("or", "-zzz", '"', "'", "%zz", "\\zz", "()|&!zz", "zz:1", "z" * 300, "٤٢"):
        assert client.get(address, {"q": term}).status_code == 200, term
    for name, value in [("party", "zz"), ("type", "zz.."), ("country", "zz"), ("standing", "zz")]:
        assert client.get(address, {name: value}).status_code in (200, 302), name
    assert client.get(address, {"q": "a\x00b"}).status_code == 400
    assert client.get(address, {"_facets": "True"}).status_code == 200


def test_claims_are_filtered_by_party_and_by_the_prefix_of_an_event_type(client, claim):
    state = Actor.objects.create(name="Landia", kind="state")
    army = Actor.objects.create(name="Army", kind="armed_force", parent=state)
    Source.objects.filter(pk=claim.claimant_id).update(speaks_for=army)
    event = Event.objects.create(title="A withdrawal", type_id="territory.withdrawal")
    Claim.objects.filter(pk=claim.pk).update(event=event)
    paper = Source.objects.create(name="Paper", kind="news_outlet", independent=True)
    clash = Event.objects.create(title="A clash", type_id="battle.clash")
    other = Claim.objects.create(statement="They met.", kind="occurrence", claimant=paper)
    Claim.objects.filter(pk=other.pk).update(event=clash)
    for asked, wanted in [
        ({"party": state.pk}, {claim}),
        ({"type": "territory"}, {claim}),
        ({"type": "battle.clash"}, {other}),
        ({"type": "terr"}, set()),
        ({"dated": "no"}, {claim, other}),
        ({"dated": "yes"}, set()),
    ]:
        page = client.get(url(Claim, "changelist"), asked)
        assert set(page.context["cl"].result_list) == wanted, asked
    offered = page.context["cl"].filter_specs
    party = next(spec for spec in offered if spec.title == "party")
    assert party.lookup_choices == [(str(state.pk), "Landia")]
    page = client.get(url(Claim, "changelist"), {"type": "territory"})
    steps = next(spec for spec in page.context["cl"].filter_specs if spec.title == "event type")
    assert ("territory.withdrawal", "– territory.withdrawal") in steps.lookup_choices
    assert "battle.clash" not in dict(steps.lookup_choices)


def test_a_list_tells_public_rows_drafts_of_them_and_drafts_apart(client, lyman):
    draft = Place.objects.create(name="Kreminna", kind="city")
    edited = Place.objects.create(name="Yampil", kind="town")
    publish([("places", lyman.pk), ("places", edited.pk)])
    Place.objects.filter(pk=edited.pk).update(state="draft")
    page = client.get(url(Place, "changelist")).content.decode()
    for kind, text in [
        ("public", "● public"),
        ("changed", "◐ public, edited"),
        ("draft", "○ draft"),
    ]:
        assert page.count(f'<span class="standing standing-{kind}">{text}</span>') == 1
    for kind, row in [("public", lyman), ("changed", edited), ("draft", draft)]:
        shown = client.get(url(Place, "changelist"), {"standing": kind}).context["cl"].result_list
        assert [one.pk for one in shown] == [row.pk]


def test_publishing_and_retracting_with_a_reason(client, lyman):
    assert said(act(client, [lyman], "publish")) == ["Published: 1 new version, number 1."]
    lyman.refresh_from_db()
    assert lyman.state == "published"
    assert ChangeSet.objects.get().role == "curator"

    page = act(client, [lyman], "retract")
    assert "Say why" in page.content.decode()
    page = act(client, [lyman], "retract", reason="  ")
    assert "This field is required" in page.content.decode()
    assert ChangeSet.objects.count() == 1

    page = act(client, [lyman], "retract", reason="It is another town.")
    assert said(page) == ["Retracted: 1 new version, number 2."]
    lyman.refresh_from_db()
    assert lyman.state == "retracted"
    assert ChangeSet.objects.first().reason == "It is another town."

    page = act(client, [lyman], "restore", reason="It is this town after all.")
    assert said(page) == ["Restored: 1 new version, number 3."]
    lyman.refresh_from_db()
    assert lyman.state == "published"


def test_save_and_publish_does_both_at_once(client, lyman):
    address = url(Place, "change", lyman.pk)
    data = posted(client.get(address)) | {"name": "Lyman town", "_publish": "1"}
    assert client.post(address, data).status_code == 302
    lyman.refresh_from_db()
    assert (lyman.name, lyman.state) == ("Lyman town", "published")
    assert record_of("places").objects.current().get().name == "Lyman town"


def test_save_and_publish_keeps_the_edit_where_publishing_is_refused(client, claim):
    address = url(Claim, "change", claim.pk)
    data = posted(client.get(address)) | {"statement": "They left.", "_publish": "1"}
    page = client.post(address, data, follow=True)
    assert page.status_code == 200
    assert any("is not public" in text for text in said(page))
    claim.refresh_from_db()
    assert (claim.statement, claim.state) == ("They left.", "draft")


def test_merging_names_the_survivor_and_the_reason(client, lyman):
    other = Place.objects.create(name="Krasny Liman", kind="city")
    PlaceCode.objects.create(place=other, scheme="geonames", code="702320")
    draft = Place.objects.create(name="Kreminna", kind="city")
    publish([("places", lyman.pk), ("places", other.pk)])

    page = act(client, [other], "merge")
    assert "The row that stays." in page.content.decode()
    for into, why, wrong in [
        ("", "", {"into": ["This field is required."], "reason": ["This field is required."]}),
        (other.pk, "One.", {"into": ["A row cannot be merged into itself: choose another."]}),
        (draft.pk, "One.", {"into": ["This row is not public any more."]}),
    ]:
        page = act(client, [other], "merge", into=into, reason=why)
        assert page.context["form"].errors == wrong
    assert Place.objects.filter(state="retracted").count() == 0

    page = act(client, [other, lyman], "merge", into=lyman.pk, reason="The name of before 2016.")
    assert said(page) == ["Merged into Lyman (city): 2 new versions, numbers 3-4."]
    other.refresh_from_db()
    assert (other.state, other.merged_into) == ("retracted", lyman)
    assert ChangeSet.objects.first().reason == "The name of before 2016."
    assert lyman.codes.get().code == "702320"
    page = client.get(url(Place, "change", other.pk)).content.decode()
    assert "the row that it was merged into" in page

    page = act(client, [other], "restore", reason="It is another town.")
    assert said(page)[0].startswith("Restored: ")
    assert not lyman.codes.exists()


def test_a_refused_merge_says_why(client, lyman):
    below = Place.objects.create(name="Old town", kind="district", parent=lyman)
    publish([("places", lyman.pk), ("places", below.pk)])
    page = act(client, [lyman], "merge", into=below.pk, reason="The same.")
    link = f'<a href="{url(Place, "change", below.pk)}">Old town (part of a settlement)</a>'
    assert said(page) == [f"{link} lies under the other; give it another parent first"]
    assert ChangeSet.objects.count() == 1


def test_only_public_rows_are_offered_to_merge_into(client, lyman):
    Place.objects.create(name="Lyman draft", kind="city")
    publish([("places", lyman.pk)])
    asked = {"app_label": "places", "model_name": "place", "field_name": "merged_into"}
    answer = client.get(url(Place, "choices"), {**asked, "term": "lyman"})
    assert [one["text"] for one in answer.json()["results"]] == ["Lyman (city)"]


def test_an_act_from_the_page_of_a_row_leads_back_to_it(client, lyman):
    publish([("places", lyman.pk)])
    page = client.get(url(Place, "change", lyman.pk)).content.decode()
    assert [name for name in ("merge", "retract", "restore") if f'value="{name}"' in page] == [
        "merge",
        "retract",
    ]
    page = act(client, [lyman], "retract", back=lyman.pk)
    assert f'name="back" value="{lyman.pk}"' in page.content.decode()
    page = act(client, [lyman], "retract", back=lyman.pk, reason="It is another town.")
    assert page.redirect_chain == [(url(Place, "change", lyman.pk), 302)]
    assert 'value="restore"' in page.content.decode()


def test_a_draft_is_sent_to_review_and_what_is_public_is_not(client, lyman):
    draft = Place.objects.create(name="Kreminna", kind="city")
    publish([("places", lyman.pk)])
    page = act(client, [lyman, draft], "submit")
    assert said(page) == ["Sent to review: 1.", "Left alone, because they are no drafts: 1."]
    assert dict(Place.objects.values_list("name", "state")) == {
        "Lyman": "published",
        "Kreminna": "in_review",
    }


def test_the_page_of_an_edited_row_says_what_differs_from_its_record(client, lyman):
    publish([("places", lyman.pk)])
    address = url(Place, "change", lyman.pk)
    assert client.get(address).context["head"]["edits"] == []
    data = posted(client.get(address)) | {"name": "Lyman town", "lat": "49", "lon": "37.8"}
    data |= {"names-TOTAL_FORMS": 1, "names-0-name": "Лиман", "names-0-kind": "official"}
    assert client.post(address, data).status_code == 302
    page = client.get(address)
    assert page.context["head"]["edits"] == [
        ("name", "Lyman"),
        ("lat", "nothing"),
        ("lon", "nothing"),
        ("names", "nothing"),
    ]
    assert "◐ public, edited" in page.content.decode()


def test_the_page_of_a_row_leads_to_its_versions_changes_and_questions(client, lyman):
    address = url(Place, "change", lyman.pk)
    assert [text for _, text in client.get(address).context["head"]["links"]] == [
        "versions",
        "changes",
        "history of edits",
    ]
    publish([("places", lyman.pk)])
    about = {"resource": "places", "object_id": lyman.pk}
    ReviewItem.objects.create(kind="difference", reason="Another name.", **about)
    Refresh.objects.create(because_seq=1, **about)
    links = {text: link for link, text in client.get(address).context["head"]["links"]}
    for text in ("versions", "changes", "open questions", "waits to be refreshed"):
        assert len(client.get(links[text]).context["cl"].result_list) == 1, text
    assert links["public record"] == f"/api/v1/places/{lyman.pk}/"


def test_a_change_set_leads_to_its_changes_and_they_to_their_rows(client, lyman):
    publish([("places", lyman.pk)])
    other = Place.objects.create(name="Kreminna", kind="city")
    publish([("places", other.pk)], reason="A town more.")
    page = client.get(url(ChangeSet, "changelist")).content.decode()
    made = ChangeSet.objects.first()
    link = f"{url(Change, 'changelist')}?change_set__id__exact={made.pk}"
    assert f'<a href="{link}">1</a>' in page
    page = client.get(link)
    assert [change.object_id for change in page.context["cl"].result_list] == [other.pk]
    assert f'<a href="{url(Place, "change", other.pk)}">places/' in page.content.decode()
    assert "A town more." in page.content.decode()


def test_the_first_page_says_what_waits(client, lyman):
    ReviewItem.objects.create(
        kind="difference", resource="places", object_id=lyman.pk, reason="Another name."
    )
    page = client.get(reverse("admin:index")).content.decode()
    assert "Open questions: <b>1</b>" in page
    assert "Places not published as they stand: <b>1</b>" in page
    assert "Claims not published" not in page
    shown = client.get(url(Place, "changelist"), {"standing": "unpublished"})
    assert list(shown.context["cl"].result_list) == [lyman]


def test_a_refused_act_names_the_rows(client, claim):
    page = act(client, [claim], "publish")
    problems = [text for text in said(page) if "Troops left Lyman." in text]
    assert len(problems) == len(said(page)) == 2  # the place and the claimant
    assert all("is not public" in text for text in problems)
    assert not ChangeSet.objects.exists()


def test_a_refusal_leads_to_the_rows_that_are_in_the_way(client, lyman):
    below = Place.objects.create(name="Below", kind="district", parent=lyman)
    publish([("places", lyman.pk), ("places", below.pk)])
    (text,) = said(act(client, [lyman], "retract", reason="It is another town."))
    assert text == (
        f'<a href="{url(Place, "change", lyman.pk)}">Lyman (city)</a>: '
        f'<a href="{url(Place, "change", below.pk)}">Below (part of a settlement)</a> '
        "refers to it; retract that as well, or edit it first"
    )


@pytest.mark.parametrize("action", ["publish", "retract", "restore", "merge"])
def test_staff_without_the_permission_cannot_post_an_act_by_hand(client, lyman, action):
    staff = User.objects.create_user("editor", is_staff=True)
    for codename in ("view_place", "change_place"):
        staff.user_permissions.add(Permission.objects.get(codename=codename))
    client.force_login(staff)
    assert act(client, [lyman], action, reason="Mine.").status_code == 403
    assert not ChangeSet.objects.exists()

    staff.user_permissions.add(Permission.objects.get(codename="publish"))
    assert act(client, [lyman], action, reason="Mine.").status_code == 200


def test_staff_without_the_permission_cannot_save_and_publish_by_hand(client, lyman):
    staff = User.objects.create_user("editor", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="change_place"))
    client.force_login(staff)
    page = client.get(url(Place, "change", lyman.pk))
    assert "Save and publish" not in page.content.decode()
    data = posted(page) | {"name": "Mine", "_publish": "1"}
    assert client.post(url(Place, "change", lyman.pk), data).status_code == 403
    lyman.refresh_from_db()
    assert (lyman.name, lyman.state) == ("Lyman", "draft")


@pytest.mark.parametrize("model", CURATED, ids=ident)
def test_staff_who_may_only_look_see_the_list_and_the_row(client, model):
    row = make(model, 1)
    staff = User.objects.create_user("reader", is_staff=True)
    codename = f"view_{model._meta.model_name}"
    staff.user_permissions.add(Permission.objects.get(codename=codename))
    client.force_login(staff)
    assert client.get(url(model, "changelist")).status_code == 200
    page = client.get(url(model, "change", row.pk))
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert client.post(url(model, "change", row.pk), {}).status_code == 403


def test_staff_who_may_change_a_place_may_change_its_names(client, lyman):
    staff = User.objects.create_user("editor", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="change_place"))
    client.force_login(staff)
    page = client.get(url(Place, "change", lyman.pk))
    assert [s.formset.prefix for s in page.context["inline_admin_formsets"]] == ["names", "codes"]


def test_saving_a_public_row_unchanged_leaves_it_public(client, claim, lyman):
    document = Document.objects.create(kind="article")
    Citation.objects.create(claim=claim, document=document, mode="paraphrase")
    publish([("documents", document.pk)])
    publish([("places", lyman.pk), ("sources", claim.claimant_id), ("claims", claim.pk)])
    page = client.get(url(Claim, "change", claim.pk))
    assert client.post(url(Claim, "change", claim.pk), posted(page)).status_code == 302
    claim.refresh_from_db()
    assert (claim.state, claim.curated) == ("published", False)


def test_an_edit_of_a_public_row_or_of_its_children_makes_it_a_draft(client, lyman, curator):
    publish([("places", lyman.pk)])
    data = posted(client.get(url(Place, "change", lyman.pk)))
    data |= {"names-TOTAL_FORMS": 1, "names-0-name": "Лиман", "names-0-kind": "official"}
    assert client.post(url(Place, "change", lyman.pk), data).status_code == 302
    lyman.refresh_from_db()
    assert (lyman.state, lyman.curated, lyman.updated_by) == ("draft", True, curator)

    page = act(client, [lyman], "discard")
    assert said(page)[1:] == ["1 rows say again what their record says."]
    lyman.refresh_from_db()
    assert (lyman.state, lyman.names.count()) == ("published", 0)


def test_an_edit_over_a_newer_one_is_refused(client, lyman):
    data = posted(client.get(url(Place, "change", lyman.pk)))
    assert client.post(url(Place, "change", lyman.pk), {**data, "name": "A"}).status_code == 302
    page = client.post(url(Place, "change", lyman.pk), {**data, "name": "B"})
    assert "Somebody has changed this row" in page.content.decode()
    lyman.refresh_from_db()
    assert lyman.name == "A"


def errors(page):
    shown = {name: list(e) for name, e in page.context["adminform"].form.errors.items()}
    for formset in page.context["inline_admin_formsets"]:
        for form in formset.formset.forms:
            shown |= {f"{form.prefix}-{name}": list(e) for name, e in form.errors.items()}
        if formset.formset.non_form_errors():
            shown[formset.formset.prefix] = list(formset.formset.non_form_errors())
    return shown


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"lat": "50"}, {"lat": ["Give both latitude and longitude, or neither."]}),
        (
            {"lat": "91", "lon": "1"},
            {"lat": ["Latitude is -90 to 90 and longitude -180 to 180 degrees."]},
        ),
        ({"country": "ua"}, {"country": ["Give two capital letters, such as UA."]}),
        (
            {"codes-TOTAL_FORMS": 1, "codes-0-scheme": "geonames", "codes-0-code": "1"},
            {"codes-0-scheme": ["This code belongs to another live row already."]},
        ),
        (
            {
                "codes-TOTAL_FORMS": 2,
                "codes-0-scheme": "wikidata",
                "codes-0-code": "Q1",
                "codes-0-preferred": "on",
                "codes-1-scheme": "wikidata",
                "codes-1-code": "Q2",
                "codes-1-preferred": "on",
            },
            {"codes-1-scheme": ["This stands in the list already."]},
        ),
    ],
)
def test_what_is_wrong_with_a_place_is_said_at_its_field(client, lyman, change, shown):
    other = Place.objects.create(name="Other", kind="city")
    PlaceCode.objects.create(place=other, scheme="geonames", code="1")
    data = posted(client.get(url(Place, "change", lyman.pk)))
    assert errors(client.post(url(Place, "change", lyman.pk), data | change)) == shown


def test_a_parent_that_lies_under_the_row_is_refused(client, lyman):
    below = Place.objects.create(name="Below", kind="district", parent=lyman)
    data = posted(client.get(url(Place, "change", lyman.pk))) | {"parent": str(below.pk)}
    page = client.post(url(Place, "change", lyman.pk), data)
    assert errors(page) == {"parent": ["Below lies under this one."]}


@pytest.mark.parametrize(
    ("change", "field", "text"),
    [
        ({"said_edtf": "2022-13-01", "said_basis": "text"}, "said_edtf", "month"),
        ({"said_edtf": "2022-10-01"}, "said_basis", "Say what the time rests on."),
        ({"said_precision": "day", "said_basis": "text"}, "said_precision", "needs an edtf text"),
        ({"quantity_low": "5"}, "quantity_low", "A quantity names its metric."),
        (
            {"quantity_metric": "killed", "quantity_low": "5", "quantity_high": "2"},
            "quantity_low",
            "A quantity is low <= best <= high.",
        ),
        ({"credibility": "2"}, "credibility", "A judgement needs a reason and a date."),
        ({"places-0-DELETE": "on"}, "places", "Name what the claim is about"),
        (
            {"places-0-DELETE": "on", "control_status": "controlled"},
            "places",
            "A control status is about places",
        ),
        ({"kind": "control"}, "kind", "A claim of control names its control status."),
        ({"polarity": "unknown"}, "polarity", "Polarity unknown goes with kind unknown alone."),
    ],
)
def test_what_is_wrong_with_a_claim_is_said_at_its_field(client, claim, change, field, text):
    data = posted(client.get(url(Claim, "change", claim.pk)))
    found = errors(client.post(url(Claim, "change", claim.pk), data | change))
    assert list(found) == [field] or field == "quantity_low"
    assert text in found.get(field, found.get("quantity_metric"))[0]


def test_a_time_is_entered_as_edtf_and_shown_with_its_bounds(client, claim):
    data = posted(client.get(url(Claim, "change", claim.pk)))
    data |= {"said_edtf": "2022-10", "said_phrase": "last month", "said_basis": "completed"}
    assert client.post(url(Claim, "change", claim.pk), data).status_code == 302
    claim.refresh_from_db()
    assert claim.said.as_dict() == {
        "edtf": "2022-10",
        "earliest": "2022-10-01T00:00:00Z",
        "latest": "2022-11-01T00:00:00Z",
        "precision": "month",
        "phrase": "last month",
        "basis": "completed",
    }
    page = client.get(url(Claim, "change", claim.pk)).content.decode()
    assert "2022-10-01 00:00 ≤ time &lt; 2022-11-01 00:00 (UTC)" in page
    listed = client.get(url(Claim, "changelist")).content.decode()
    bounds = "2022-10-01 00:00 ≤ time &lt; 2022-11-01 00:00 (UTC)"
    assert f'<span class="instant" title="{bounds}">2022-10</span>' in listed


def test_the_preferred_code_can_pass_from_one_to_the_next(client, lyman):
    first = PlaceCode.objects.create(place=lyman, scheme="wikidata", code="Q2")
    second = PlaceCode.objects.create(place=lyman, scheme="wikidata", code="Q1", preferred=False)
    data = posted(client.get(url(Place, "change", lyman.pk)))
    preferred = {data[f"codes-{i}-id"]: f"codes-{i}-preferred" for i in (0, 1)}
    del data[preferred[first.pk]]
    data[preferred[second.pk]] = "on"
    assert client.post(url(Place, "change", lyman.pk), data).status_code == 302
    assert PlaceCode.objects.get(preferred=True) == second


def test_a_symmetric_link_is_stored_from_the_lower_id_whichever_side_it_is_entered(client, claim):
    older = make(Claim, 1, id=uuid.UUID(int=1), statement="The same.")
    data = posted(client.get(url(Claim, "change", claim.pk)))
    data |= {
        "relations-TOTAL_FORMS": 1,
        "relations-0-kind": "same_as",
        "relations-0-target": str(older.pk),
    }
    assert client.post(url(Claim, "change", claim.pk), data).status_code == 302
    assert list(ClaimLink.objects.values_list("claim", "target")) == [(older.pk, claim.pk)]
    assert "The same.</a> says the same as" in (
        client.get(url(Claim, "change", claim.pk)).content.decode()
    )


def test_a_citation_is_verified_against_the_text_that_is_kept(client, claim):
    text = "Kyiv said: they left."
    DocumentText.objects.create(sha256="a" * 64, text=text)
    article = Document.objects.create(kind="article", text_sha256="a" * 64, text_length=len(text))
    data = posted(client.get(url(Claim, "change", claim.pk)))
    data |= {
        "citations-TOTAL_FORMS": 1,
        "citations-0-document": str(article.pk),
        "citations-0-mode": "paraphrase",
        "citations-0-spans": "11-20",
        "citations-0-quote": "they left",
    }
    address = url(Claim, "change", claim.pk)
    for wrong, message in [
        ({"citations-0-spans": "11-99"}, {"citations-0-spans": ["The text has 21 characters."]}),
        (
            {"citations-0-spans": "eleven"},
            {"citations-0-spans": ["eleven is no span: write them as 120-184, 201-230."]},
        ),
        (
            {"citations-0-quote": "They stayed"},
            {"citations-0-quote": ["These words do not stand in the passage."]},
        ),
        (
            {"citations-0-quote": "a b c d e f g h i j k", "citations-0-spans": ""},
            {"citations-0-quote": ["A quote has at most ten words."]},
        ),
    ]:
        assert errors(client.post(address, data | wrong)) == message
    assert client.post(address, data).status_code == 302
    assert '<div class="readonly">they left</div>' in client.get(address).content.decode()
    citation = Citation.objects.get()
    assert citation.passage_sha256 == hashlib.sha256(b"they left").hexdigest()


def test_hops_of_a_citation_are_edited_on_its_own_page_and_edit_the_claim(client, claim):
    citation = make(Citation, 1, claim=claim)
    Claim.objects.filter(pk=claim.pk).update(state="published")
    data = posted(client.get(url(Citation, "change", citation.pk)))
    data |= {
        "via-TOTAL_FORMS": 1,
        "via-0-position": 0,
        "via-0-source": str(claim.claimant_id),
    }
    page = client.post(url(Citation, "change", citation.pk), data)
    assert page.status_code == 302
    claim.refresh_from_db()
    assert claim.state == "draft"
    data["via-0-document"] = str(citation.document_id)
    page = client.post(url(Citation, "change", citation.pk), data | {"via-0-id": ""})
    assert errors(page)["via-0-document"] == [
        "A hop is a document or, where none is known, a source."
    ]


def test_only_a_draft_that_was_never_public_can_be_deleted(client, lyman):
    PlaceName.objects.create(place=lyman, name="Lyman town")
    publish([("places", lyman.pk)])
    Place.objects.filter(pk=lyman.pk).update(state="draft")
    assert client.post(url(Place, "delete", lyman.pk), {"post": "yes"}).status_code == 403
    assert "delete_selected" not in client.get(url(Place, "changelist")).content.decode()
    draft = make(Place, 2)
    PlaceName.objects.create(place=draft, name="Other")
    assert client.post(url(Place, "delete", draft.pk), {"post": "yes"}).status_code == 302
    assert not Place.objects.filter(pk=draft.pk).exists()


def test_a_question_is_resolved_with_a_text(client, lyman):
    item = ReviewItem.objects.create(
        kind="difference", resource="places", object_id=lyman.pk, reason="Another name."
    )
    assert "How" not in said(act(client, [item], "resolve"))
    assert said(act(client, [item], "resolve", reason="Ours stays.")) == ["1 questions resolved."]
    item.refresh_from_db()
    assert item.resolution == "Ours stays."
    assert not client.get(url(ReviewItem, "changelist")).context["cl"].result_list
    assert client.get(url(ReviewItem, "changelist"), {"open": "no"}).context["cl"].result_list


def test_nothing_of_the_record_can_be_changed(client, lyman):
    publish([("places", lyman.pk)])
    version = record_of("places").objects.get()
    page = client.get(url(type(version), "change", version.pk))
    assert "&quot;name&quot;: &quot;Lyman&quot;" in page.content.decode()
    for model in [model for model in MODELS if issubclass(model, Record)]:
        assert client.post(url(model, "add"), {}).status_code == 403
    assert client.post(url(type(version), "change", version.pk), {}).status_code == 403
