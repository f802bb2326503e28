"""Two rows that may be one, in the admin: looked for, shown side by side, merged or left apart."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from events.models import Claim, Event
from places.models import Place
from records.admin import acts
from records.models import ReviewItem
from records.registry import record_of
from sources.models import Actor, Document, Source
from tests.factories import body, ident, public, row

ACT = "look_for_duplicates"


def url(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def act(client, model, ids, action, **more):
    data = {"action": action, "_selected_action": [str(i) for i in ids], **more}
    return client.post(url(model, "changelist"), data, follow=True)


def told(page):
    return [str(message) for message in page.context["messages"]]


@pytest.fixture
def client(client, db):
    client.force_login(User.objects.create_superuser("curator"))
    return client


@pytest.fixture
def twins(world):
    """Two rows for Oakford: the later one, and the other."""
    twin = public("places", "twin", name="Oakford", kind="city", country="LA", lat=48.51,
                  lon=37.25, names=[{"name": "Oaktown", "language": "en"}])  # fmt: skip
    return sorted([world.oakford, twin], reverse=True)


@pytest.fixture
def question(client, twins):
    act(client, Place, twins, ACT)
    return ReviewItem.objects.get()


def test_the_act_tells_how_many_pairs_it_found_and_leads_to_them(client, twins):
    (text,) = told(act(client, Place, twins[:1], ACT))
    item = ReviewItem.objects.get()
    link = f"{url(ReviewItem, 'changelist')}?id__in={item.pk}"
    assert text == f'1 pair may be one; asked about now: 1. <a href="{link}">Look at them</a>'
    assert list(client.get(link).context["cl"].result_list) == [item]
    assert told(act(client, Place, twins[1:], ACT)) == [text.replace("now: 1", "now: 0")]


def test_the_act_leads_to_all_pairs_of_the_resource_where_they_are_many(client, twins, monkeypatch):
    monkeypatch.setattr(acts, "SHOWN", 0)
    (text,) = told(act(client, Place, twins, ACT))
    link = unescape(re.search('href="([^"]+)"', text)[1])
    assert list(client.get(link).context["cl"].result_list) == [ReviewItem.objects.get()]


def test_the_act_says_where_nothing_was_found_or_a_draft_was_left_alone(client, twins):
    draft = row("places", "draft", name="Oakford", kind="city", country="LA")
    alone = "Left alone, because only public rows are compared: 1."
    nothing = "No pair was found that may be one and is not settled."
    assert told(act(client, Place, [draft, ident("places", "ferry")], ACT)) == [alone, nothing]
    assert not ReviewItem.objects.exists()


def test_the_act_takes_so_many_rows_at_a_time(client, twins, monkeypatch):
    monkeypatch.setattr(acts, "COMPARED", 1)
    (text,) = told(act(client, Place, twins, ACT))
    assert text == "At most 1 rows are compared at a time: use manage.py find_duplicates."
    assert not ReviewItem.objects.exists()


@pytest.mark.parametrize("model", [Place, Actor, Source, Event, Claim, Document])
def test_every_list_but_that_of_documents_offers_the_act(client, world, model):
    offered = f'value="{ACT}"'
    known = {Place: world.oakford, Actor: world.red, Source: world.paper, Event: world.advance,
             Claim: world.held, Document: world.article}  # fmt: skip
    for page in (url(model, "changelist"), url(model, "change", known[model])):
        assert (offered in client.get(page).content.decode()) is (model is not Document)


def test_staff_who_may_only_look_are_not_offered_the_act(client, twins):
    staff = User.objects.create_user("reader", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_place"))
    client.force_login(staff)
    assert ACT not in client.get(url(Place, "changelist")).content.decode()
    act(client, Place, twins, ACT)
    assert not ReviewItem.objects.exists()


def test_staff_who_may_not_see_questions_are_not_led_to_them(client, twins):
    staff = User.objects.create_user("editor", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="change_place"))
    client.force_login(staff)
    assert told(act(client, Place, twins, ACT)) == ["1 pair may be one; asked about now: 1."]


def test_both_rows_lead_to_the_question(client, twins, question):
    for twin in twins:
        head = client.get(url(Place, "change", twin)).context["head"]
        link = {text: link for link, text in head["links"]}["open questions"]
        assert list(client.get(link).context["cl"].result_list) == [question]


def test_the_question_shows_both_rows_side_by_side(client, twins, question):
    page = client.get(url(ReviewItem, "change", question.pk))
    pair = page.context["pair"]
    assert [side["url"] for side in pair["sides"]] == [url(Place, "change", i) for i in twins]
    members = {m["name"]: (sorted(m["values"]), m["differs"]) for m in pair["members"]}
    assert members["name"] == (["Oakford", "Oakford"], False)
    assert members["kind"] == (["city", "town"], True)
    assert members["parent"] == (["", "Northmark"], True)
    assert members["codes"] == (["", "geonames 1001"], True)
    assert members["names"][0] == ["Oaktown (alias)", "Old Oakford (former); Дубове (official)"]
    for side in pair["sides"]:
        assert f'<a href="{side["url"]}">' in page.content.decode()


@pytest.mark.parametrize("model", [Actor, Source, Event, Claim])
def test_rows_of_every_kind_are_shown_side_by_side(client, world, model):
    resource, one, other = {
        Actor: ("actors", world.red_army, world.blue_army),
        Source: ("sources", world.paper, world.red_spokesman),
        Event: ("events", world.withdrawal, world.advance),
        Claim: ("claims", world.announced, world.held),
    }[model]
    item = ReviewItem.objects.create(kind="duplicate", resource=resource, object_id=one,
                                     member=str(other), reason="By hand.")  # fmt: skip
    page = client.get(url(ReviewItem, "change", item.pk))
    members = {m["name"]: m["values"] for m in page.context["pair"]["members"]}
    expected = {
        Actor: ("parent", ["Red", "Blue"]),
        Source: ("speaks for", ["", "Red Army"]),
        Event: ("participants", ["initiator Red Army", "initiator Blue Army"]),
        Claim: ("claimant", ["Red spokesman", "Blue spokesman"]),
    }[model]
    assert members[expected[0]] == expected[1]
    assert not [text for texts in members.values() for text in texts if "{" in text or "[" in text]


def forms(page):
    """The forms that lead on from a question: where to, and what they post."""
    shown = page.content.decode().split('class="row-head pair"')[1].split("<table>")[1]
    found = []
    for address, inside in re.findall(r'<form method="post" action="([^"]+)">(.*?)</form>', shown,
                                      re.DOTALL):  # fmt: skip
        fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', inside))
        fields.pop("csrfmiddlewaretoken")
        found.append((address, fields))
    return found


@pytest.mark.parametrize("goes", [0, 1], ids=["the later goes", "the earlier goes"])
def test_the_question_leads_to_the_merge_with_the_survivor_chosen(client, twins, question, goes):
    address, fields = forms(client.get(url(ReviewItem, "change", question.pk)))[goes]
    loser, survivor = twins[goes], twins[1 - goes]
    page = client.post(address, fields, follow=True)
    asked = page.context["form"]
    assert (asked.is_bound, asked["into"].value()) == (False, str(survivor))
    assert f'<option value="{survivor}" selected>' in page.content.decode()
    page = client.post(address, fields | {"reason": "One town."}, follow=True)
    assert told(page)[0].startswith("Merged into Oakford")
    assert page.request["PATH_INFO"] == url(Place, "change", survivor)

    question.refresh_from_db()
    assert question.resolved_at is not None
    assert question.resolution == "Merged: One town."
    answer = client.get(f"/api/v1/places/{loser}/?fields=name")
    assert (answer.status_code, answer["Location"]) == (
        308, f"http://testserver/api/v1/places/{survivor}/?fields=name")  # fmt: skip
    page = client.get(url(ReviewItem, "change", question.pk))
    assert forms(page) == []
    assert "(not public now)" in page.content.decode()


def test_a_merge_undone_is_not_proposed_again(client, twins, question):
    act(client, Place, twins[:1], "merge", into=twins[1], reason="One town.")
    act(client, Place, twins[:1], "restore", reason="Two towns.")
    act(client, Place, twins, ACT)
    assert ReviewItem.objects.get().resolution == "Merged: One town."


def test_a_merge_resolves_no_other_question(client, twins, question):
    about = {"kind": "duplicate", "resource": "places", "reason": "By hand."}
    third = public("places", "third", name="Third")
    other = ReviewItem.objects.create(object_id=third, member=str(twins[0]), **about)
    difference = ReviewItem.objects.create(**about | {"kind": "difference"}, object_id=twins[0],
                                           member="name")  # fmt: skip
    act(client, Place, twins[:1], "merge", into=twins[1], reason="One town.")
    for item in (other, difference):
        item.refresh_from_db()
        assert item.resolved_at is None


def test_the_question_is_resolved_where_they_are_two(client, twins, question):
    address, fields = forms(client.get(url(ReviewItem, "change", question.pk)))[2]
    page = client.post(address, fields | {"reason": "Two towns."}, follow=True)
    assert told(page) == ["1 questions resolved."]
    assert told(act(client, Place, twins, ACT)) == [
        "No pair was found that may be one and is not settled."]  # fmt: skip


def test_whoever_may_not_publish_sees_the_pair_and_no_merge(client, twins, question):
    staff = User.objects.create_user("editor", is_staff=True)
    for codename in ("change_place", "view_reviewitem"):
        staff.user_permissions.add(Permission.objects.get(codename=codename))
    client.force_login(staff)
    page = client.get(url(ReviewItem, "change", question.pk))
    assert page.context["pair"]["merges"] == []
    assert forms(page) == []
    staff.user_permissions.remove(Permission.objects.get(codename="change_place"))
    page = client.get(url(ReviewItem, "change", question.pk))
    assert page.context["pair"] is None


def test_other_questions_are_shown_without_a_pair(client, twins):
    about = {"kind": "difference", "resource": "places", "object_id": twins[0]}
    item = ReviewItem.objects.create(reason="Another name.", **about)
    assert "pair" not in client.get(url(ReviewItem, "change", item.pk)).context


# What a merge of claims and of events leaves: see also `tests/records/test_merging.py`.


@pytest.mark.parametrize("resource", ["claims", "events"])
def test_the_address_of_what_was_merged_leads_to_the_survivor_and_back(client, world, resource):
    loser, survivor = {
        "claims": (world.repeated, world.announced),
        "events": (world.advance, world.withdrawal),
    }[resource]
    model = record_of(resource).shape.model
    linked = public("claims", "linked", claimant=world.paper, event=world.advance,
                    relations=[{"kind": "supports", "claim": world.repeated}])  # fmt: skip
    here, there = (f"/api/v1/{resource}/{i}/" for i in (loser, survivor))
    before = client.get(here).content
    act(client, model, [loser], "merge", into=survivor, reason="They are one.")
    answer = client.get(here)
    assert (answer.status_code, answer["Location"]) == (308, f"http://testserver{there}")
    shown = body("claims", linked)
    to = {"claims": shown["relations"][0]["claim"]["id"], "events": shown["event"]["id"]}
    assert to[resource] == str(survivor)
    filtered = {"claims": "related_to", "events": "event"}[resource]
    ids = [e["id"] for e in client.get("/api/v1/claims/", {filtered: loser}).json()["results"]]
    assert str(linked) in ids
    act(client, model, [loser], "restore", reason="They are two.")
    after = client.get(here)
    assert after.status_code == 200
    assert after.content.split(b'"version":')[0] == before.split(b'"version":')[0]
    shown = body("claims", linked)
    to = {"claims": shown["relations"][0]["claim"]["id"], "events": shown["event"]["id"]}
    assert to[resource] == str(loser)
