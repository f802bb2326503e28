"""Links that lead one way never lead back: in the workspace, the admin, and what is public."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from django.urls import reverse

from events.models import ClaimLink, EventLink
from records import publishing
from records.publishing import PublishError
from tests import factories
from tests.factories import said
from tests.kept import Kept, kept_by

LINKS: dict[str, Any] = {"claims": (ClaimLink, "claim"), "events": (EventLink, "event")}
KINDS = [
    ("claims", "precedes"), ("claims", "repeats"), ("claims", "supersedes"),
    ("events", "precedes"), ("events", "part_of"),
]  # fmt: skip


def make_rows() -> dict[str, dict[str, UUID]]:
    """Make four claims and four events, drafts, by their names a to d; ids rise with the names."""
    source = factories.public("sources", "voice")
    made: dict[str, dict[str, UUID]] = {"claims": {}, "events": {}}
    for name in "abcd":
        made["events"][name] = factories.row("events", name, title=f"Event {name}")
        made["claims"][name] = factories.row(
            "claims", name, statement=f"Claim {name}.", claimant=source, document=factories.cited()
        )
    for resource, ids in made.items():
        made[resource] = dict(zip("abcd", sorted(ids.values()), strict=True))
    return made


kept_rows = kept_by(make_rows)


@pytest.fixture
def rows(db: None, kept_rows: Kept[dict[str, dict[str, UUID]]]) -> dict[str, dict[str, UUID]]:
    """Four claims and four events, drafts, by their names a to d; ids rise with the names."""
    return kept_rows.bring_back()


def link(resource: str, ids: dict[str, UUID], *links: str) -> list[Any]:
    """Make links, each written as `a precedes b`."""
    model, start = LINKS[resource]
    made = []
    for written in links:
        one, kind, other = written.split()
        made.append(model(**{f"{start}_id": ids[one]}, kind=kind, target_id=ids[other]))
    return model._default_manager.bulk_create(made)


@contextmanager
def refused(resource: str) -> Iterator[list[str]]:
    """The database refuses what is done inside, at the latest at the commit; in which words."""
    words: list[str] = []
    broken = None
    try:
        with transaction.atomic():
            yield words
            connection.check_constraints()
    except IntegrityError as error:
        broken = error.__cause__.diag  # type: ignore[union-attr]
    assert broken is not None, "the database took it"
    assert broken.constraint_name == f"{LINKS[resource][0]._meta.db_table}_no_cycle"
    words.append(broken.message_primary)


@pytest.mark.parametrize(("resource", "kind"), KINDS)
@pytest.mark.parametrize("length", [2, 3, 4])
def test_a_chain_never_leads_back(
    resource: str, kind: str, length: int, rows: dict[str, dict[str, UUID]]
) -> None:
    names = "abcd"[:length]
    link(resource, rows[resource], *(f"{a} {kind} {b}" for a, b in pairwise(names)))
    connection.check_constraints()
    with refused(resource):
        link(resource, rows[resource], f"{names[-1]} {kind} a")


@pytest.mark.parametrize("resource", LINKS)
def test_what_is_the_same_stands_in_a_chain_of_precedes_as_one(
    resource: str, rows: dict[str, dict[str, UUID]]
) -> None:
    ids = rows[resource]
    link(resource, ids, "a precedes b", "b same_as c")
    connection.check_constraints()
    with refused(resource):
        link(resource, ids, "c precedes a")
    with refused(resource):
        link(resource, ids, "a same_as b")
    with refused(resource):
        link(resource, ids, "a same_as c")
    with refused(resource):
        link(resource, ids, "c precedes b")
    link(resource, ids, "c precedes d")
    connection.check_constraints()
    with refused(resource):
        link(resource, ids, "a same_as d")


def test_other_chains_know_nothing_of_what_is_the_same_or_of_each_other(
    rows: dict[str, dict[str, UUID]],
) -> None:
    link("claims", rows["claims"], "a repeats b", "a same_as b", "b supersedes a", "c precedes a",
         "a responds_to c", "d elaborates a", "a elaborates d")  # fmt: skip
    link("events", rows["events"], "a part_of b", "b precedes a", "a same_as c")
    connection.check_constraints()


def test_a_batch_may_be_written_in_any_order(rows: dict[str, dict[str, UUID]]) -> None:
    ids = rows["claims"]
    made = link("claims", ids, "a precedes b", "b precedes a")
    made[0].delete()
    connection.check_constraints()
    with refused("claims"):
        link("claims", ids, "c precedes d", "a precedes c", "d precedes b")


def test_a_link_that_is_turned_to_another_end_is_refused_too(
    rows: dict[str, dict[str, UUID]],
) -> None:
    ids = rows["events"]
    _, second = link("events", ids, "a part_of b", "b part_of c")
    connection.check_constraints()
    with refused("events"):
        EventLink.objects.filter(pk=second.pk).update(target=ids["a"])
    (other,) = link("events", ids, "b same_as d")
    with refused("events"):
        EventLink.objects.filter(pk=other.pk).update(kind="part_of", target=ids["a"])


def test_a_refusal_names_both_ends(rows: dict[str, dict[str, UUID]]) -> None:
    ids = rows["claims"]
    link("claims", ids, "a precedes b")
    connection.check_constraints()
    with refused("claims") as words:
        link("claims", ids, "b precedes a")
    names = {row_id: said("claims", row_id)["statement"] for row_id in ids.values()}
    one, other = (f"{ids[name]} ({names[ids[name]]})" for name in "ba")
    (said_why,) = words
    assert said_why == (
        f"the link precedes from {one} to {other} closes a circle: other links lead back, and a "
        "chain of precedes has an end"
    )


@pytest.mark.django_db(transaction=True)
def test_two_transactions_do_not_close_a_circle_together(
    rows: dict[str, dict[str, UUID]],
) -> None:
    ids = rows["claims"]
    refusals: list[str] = []

    def other() -> None:
        try:
            link("claims", ids, "b precedes a")
        except IntegrityError as error:
            refusals.append(str(error))
        finally:
            connections.close_all()

    thread = threading.Thread(target=other)
    with transaction.atomic():
        link("claims", ids, "a precedes b")
        connection.check_constraints()
        thread.start()
        wait_until_something_waits_for_a_lock()
    thread.join(timeout=30)
    assert len(refusals) == 1
    assert "closes a circle" in refusals[0]
    assert ClaimLink.objects.count() == 1


def wait_until_something_waits_for_a_lock() -> None:
    until = time.monotonic() + 30
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute(
                "select count(*) from pg_locks l join pg_database d on d.oid = l.database"
                " where d.datname = current_database() and not l.granted"
                " and l.locktype = 'advisory'"
            )
            if cursor.fetchone()[0]:
                return
    pytest.fail("nothing waited for the lock")


# Publishing.


def publish_all(resource: str, ids: dict[str, UUID]) -> None:
    factories.publish(*((resource, row_id) for row_id in ids.values()))


def relation(resource: str, kind: str, other: UUID) -> dict[str, Any]:
    return {"kind": kind, LINKS[resource][1]: other}


@pytest.mark.parametrize(("resource", "kind"), KINDS)
def test_what_is_public_leads_nowhere_back_either(
    resource: str, kind: str, rows: dict[str, dict[str, UUID]]
) -> None:
    ids = rows[resource]
    factories.edit(resource, ids["a"], relations=[relation(resource, kind, ids["b"])])
    factories.edit(resource, ids["b"], relations=[relation(resource, kind, ids["c"])])
    publish_all(resource, ids)
    # The draft of a has no link any more; its record has.
    factories.edit(resource, ids["a"], relations=[])
    factories.edit(resource, ids["c"], relations=[relation(resource, kind, ids["a"])])
    connection.check_constraints()
    with pytest.raises(PublishError) as refused:
        factories.publish((resource, ids["c"]))
    says = {"precedes": "precedes", "part_of": "is part of"}.get(kind, kind)
    (problem,) = refused.value.problems
    assert (problem.resource, problem.object_id) == (resource, str(ids["c"]))
    assert problem.detail.endswith(
        f"itself by what is public: it {says} {resource}/{ids['a']}, which {says} "
        f"{resource}/{ids['b']}, which {says} it; drop one of these links, or publish in the same "
        "change set the row that no longer has it"
    )
    factories.publish((resource, ids["c"]), (resource, ids["a"]))
    assert factories.body(resource, ids["a"])["relations"] == []
    assert len(factories.body(resource, ids["c"])["relations"]) == 1


@pytest.mark.parametrize("resource", LINKS)
def test_a_public_circle_over_what_is_the_same_is_refused(
    resource: str, rows: dict[str, dict[str, UUID]]
) -> None:
    ids = rows[resource]
    factories.edit(resource, ids["a"], relations=[relation(resource, "precedes", ids["b"])])
    publish_all(resource, ids)
    factories.edit(resource, ids["a"], relations=[])
    factories.edit(resource, ids["c"], relations=[relation(resource, "precedes", ids["a"])])
    factories.edit(resource, ids["b"], relations=[relation(resource, "same_as", ids["c"])])
    connection.check_constraints()
    with pytest.raises(PublishError) as refused:
        factories.publish((resource, ids["b"]), (resource, ids["c"]))
    assert "is the same as" in str(refused.value)
    assert "would precede itself by what is public" in str(refused.value)


def test_a_merge_that_would_close_a_circle_is_refused(
    rows: dict[str, dict[str, UUID]],
) -> None:
    ids = rows["events"]
    factories.edit("events", ids["a"], relations=[relation("events", "precedes", ids["b"])])
    factories.edit("events", ids["b"], relations=[relation("events", "precedes", ids["c"])])
    publish_all("events", ids)
    with pytest.raises(PublishError, match="closes a circle"):
        publishing.merge("events", ids["c"], ids["a"], reason="The same.")
    assert factories.state("events", ids["c"]) == "published"


def test_links_that_stay_as_they_are_are_not_asked_about(
    rows: dict[str, dict[str, UUID]],
) -> None:
    ids = rows["claims"]
    factories.edit("claims", ids["a"], relations=[relation("claims", "precedes", ids["b"])])
    publish_all("claims", ids)
    factories.republish("claims", ids["a"], statement="Claim a, in other words.")
    assert factories.body("claims", ids["a"])["relations"][0]["kind"] == "precedes"


# The admin.


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser("curator"))
    return client


def save(client: Client, resource: str, row_id: UUID, *links: tuple[str, UUID]) -> Any:
    """Save the page of a row with these links."""
    name = LINKS[resource][1]
    address = reverse(f"admin:events_{name}_change", args=[row_id])
    page = client.get(address)
    form = page.context["adminform"].form
    data: dict[str, Any] = {}
    for one in [form, *(f for s in page.context["inline_admin_formsets"] for f in s.formset)]:
        for bound in one:
            value = bound.field.prepare_value(bound.value())
            if value is not None and value is not False:
                data[bound.html_name] = value
    for shown in page.context["inline_admin_formsets"]:
        data |= {b.html_name: b.value() for b in shown.formset.management_form}
    data["relations-TOTAL_FORMS"] = len(links)
    for number, (kind, other) in enumerate(links):
        data[f"relations-{number}-kind"] = kind
        data[f"relations-{number}-target"] = str(other)
    return client.post(address, data)


@pytest.mark.parametrize(("resource", "kind"), KINDS)
def test_the_admin_shows_at_the_link_that_it_leads_back(
    resource: str, kind: str, rows: dict[str, dict[str, UUID]], admin: Client
) -> None:
    ids = rows[resource]
    link(resource, ids, f"a {kind} b", f"b {kind} c")
    page = save(admin, resource, ids["c"], (kind, ids["d"]), (kind, ids["a"]))
    assert page.status_code == 200
    (formset,) = [
        s.formset for s in page.context["inline_admin_formsets"]
        if s.formset.prefix == "relations"
    ]  # fmt: skip
    errors = [dict(form.errors) for form in formset]
    assert errors == [
        {"target": [f"Other links lead back from there: a chain of `{kind}` links has an end."]},
        {},
    ]
    assert save(admin, resource, ids["c"], (kind, ids["d"])).status_code == 302
    connection.check_constraints()


@pytest.mark.parametrize("resource", LINKS)
def test_the_admin_sees_what_is_the_same_from_both_its_ends(
    resource: str, rows: dict[str, dict[str, UUID]], admin: Client
) -> None:
    ids = rows[resource]
    link(resource, ids, "a precedes b", "b same_as c")
    # Each as its page sends it: with the link that starts there already, or without.
    for row, links in [
        ("c", ["precedes a"]),
        ("c", ["same_as a"]),
        ("a", ["precedes b", "same_as c"]),
        ("b", ["same_as c", "precedes c"]),
    ]:
        typed = [(kind, ids[other]) for kind, other in map(str.split, links)]
        page = save(admin, resource, ids[row], *typed)
        assert page.status_code == 200, (row, links)
        assert "Other links lead back from there" in page.content.decode()
    assert save(admin, resource, ids["c"], ("precedes", ids["d"])).status_code == 302
    connection.check_constraints()


@pytest.mark.django_db(transaction=True)
def test_what_the_form_did_not_see_is_said_on_the_page_and_nothing_is_saved(
    rows: dict[str, dict[str, UUID]], admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As where another curator saves the other half at the same moment.
    monkeypatch.setattr("records.admin.forms.ChainFormSet._leads_back", lambda *given: False)
    ids = rows["claims"]
    link("claims", ids, "a precedes b")
    answer = save(admin, "claims", ids["b"], ("precedes", ids["a"]))
    assert answer.status_code == 302
    page = admin.get(answer["Location"])
    (message,) = [str(message) for message in page.context["messages"]]
    assert message.startswith("The database refused this, and nothing was saved: the link precedes")
    assert str(ids["a"]) in message
    assert str(ids["b"]) in message
    assert said("claims", ids["b"])["relations"] == []
