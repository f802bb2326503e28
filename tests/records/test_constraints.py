"""What is wrong is refused by the database itself, whoever writes it and past all validation."""

from contextlib import contextmanager
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from events.models import (
    Citation,
    CitationHop,
    Claim,
    ClaimLink,
    ClaimPlace,
    Contradiction,
    Event,
    EventCode,
    EventLink,
    EventParticipant,
    EventPlace,
)
from places.models import Place, PlaceCode, PlaceName
from records.models import Change, ChangeSet, Dataset, Origin, Refresh, ReviewItem
from records.registry import record_of, resources
from sources.models import (
    Actor,
    ActorCode,
    Document,
    DocumentLink,
    Mention,
    Source,
    SourceCode,
)
from tests import factories
from tests.factories import ident

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """The made-up world, made once for all tests here, in a transaction that is taken back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield factories.world()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _world_first(request):
    """The world is there before a test's own transaction opens."""
    request.getfixturevalue("world")


@contextmanager
def refused(rule=None):
    """The database refuses what is done inside, by this rule, at the latest at the commit."""
    broken = None
    try:
        with transaction.atomic():
            yield
            connection.check_constraints()
    except IntegrityError as error:
        broken = error.__cause__.diag.constraint_name
    assert broken is not None, "the database took it"
    assert rule in (None, broken)


def allowed():
    """Whether the database takes what was done so far, as at a commit."""
    connection.check_constraints()


def change(model, row_id, **columns):
    """Change columns of a row as they are given, past the model."""
    assert model._default_manager.filter(pk=row_id).update(**columns) == 1


def execute(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def citation(world, **columns):
    columns = {"claim_id": world.announced, "document_id": world.article, "mode": "paraphrase",
               "spans": [[0, 5]]} | columns  # fmt: skip
    return Citation.objects.bulk_create([Citation(**columns)])


# Spans, insertions and quotes


@pytest.mark.parametrize(
    "spans",
    [
        [[5, 5]], [[6, 5]], [[-1, 5]], [[0, 5], [4, 9]], [[10, 20], [0, 5]], [[0, 5], [0, 5]],
        [[0, 9], [2, 4]],
    ],
    ids=["empty", "reversed", "negative", "overlapping", "out of order", "twice", "nested"],
)  # fmt: skip
def test_spans_are_pairs_in_order(world, spans):
    with refused("events_citation_spans_ordered"):
        citation(world, spans=spans)


@pytest.mark.parametrize("spans", ["{1,2}", "{{1}}", "{{1,2,3}}", "{{{1,2}}}", "{{1,null}}"])
def test_spans_are_pairs_also_where_sql_writes_them(world, spans):
    with refused("events_citation_spans_ordered"):
        execute(
            "insert into events_citation (claim_id, document_id, mode, spans, insertions)"
            " values (%s, %s, 'paraphrase', %s::int[], '{}')",
            world.announced, world.article, spans,
        )  # fmt: skip


def test_spans_that_touch_and_none_at_all_are_allowed(world):
    citation(world, spans=[[0, 5], [5, 9]])
    citation(world, spans=[], locator="00:12")
    allowed()


def test_a_span_ends_within_the_text(world):
    citation(world, spans=[[0, 400]])
    allowed()
    with refused("events_citation_in_text"):
        citation(world, spans=[[0, 5], [390, 401]])


def test_a_text_is_not_cut_below_the_spans_that_point_into_it(world):
    change(Document, world.article, text_length=240)
    allowed()
    with refused("events_citation_in_text"):
        change(Document, world.article, text_length=239)


def test_a_text_is_not_cut_below_the_mentions_that_point_into_it(world):
    Mention.objects.create(
        document_id=world.post, start=0, end=50, basis="text", place_id=world.ferry
    )
    change(Document, world.post, text_length=50)
    allowed()
    with refused("sources_mention_in_text"):
        change(Document, world.post, text_length=49)


def test_a_citation_is_not_moved_to_a_document_with_a_shorter_text(world):
    change(Document, world.post, text_length=10)
    with refused("events_citation_in_text"):
        Citation.objects.filter(claim_id=world.narrated).update(document_id=world.post)


def test_a_mention_ends_within_the_text(world):
    meant = {"document_id": world.article, "basis": "text", "place_id": world.ferry}
    with refused("sources_mention_in_text"):
        Mention.objects.bulk_create([Mention(start=395, end=401, **meant)])


@pytest.mark.parametrize(("start", "end"), [(5, 5), (6, 5), (-1, 5)])
def test_a_mention_has_a_span_in_order(world, start, end):
    with refused("sources_mention_span_ordered"):
        Mention.objects.filter(document_id=world.article, start=13).update(start=start, end=end)


@pytest.mark.parametrize(
    "insertions", [[[5, 7]], [[4, 6]], [[2, 2]], [[3, 4], [1, 2]]],
    ids=["beside", "across the end", "empty", "out of order"],
)  # fmt: skip
def test_insertions_lie_inside_the_spans(world, insertions):
    with refused("events_citation_insertions_in_spans"):
        citation(world, spans=[[0, 5], [6, 9]], insertions=insertions)


def test_a_span_is_not_taken_from_around_its_insertion(world):
    with refused("events_citation_insertions_in_spans"):
        Citation.objects.filter(claim_id=world.announced).update(spans=[[30, 60]])


def test_a_quote_has_at_most_ten_words(world):
    citation(world, quote="one two three four five six seven eight nine ten")
    for quote in ("one two three four five six seven eight nine ten eleven", "", "  "):
        with refused("events_citation_quote_is_a_fragment"):
            citation(world, quote=quote)


def test_a_quote_has_at_most_eighty_characters(world):
    citation(world, quote="x" * 80)
    with pytest.raises(Exception, match="value too long"), transaction.atomic():
        citation(world, quote="x" * 81)


def test_a_passage_hash_is_a_hash_over_spans(world):
    for wrong in ("", "0" * 63, "A" * 64, "g" * 64):
        with refused("events_citation_passage_sha256_is_a_hash"):
            citation(world, passage_sha256=wrong)
    with refused("events_citation_passage_has_spans"):
        citation(world, spans=[], passage_sha256="0" * 64)


def test_a_hop_is_a_document_or_a_source(world):
    made = Citation.objects.get(claim_id=world.announced)
    for columns in ({}, {"document_id": world.post, "source_id": world.paper}):
        with refused("events_citationhop_document_or_source"):
            CitationHop.objects.bulk_create([CitationHop(citation=made, position=7, **columns)])
    with refused("events_citationhop_position"):
        CitationHop.objects.bulk_create([
            CitationHop(citation=made, position=0, source_id=world.paper)
        ])  # fmt: skip


@pytest.mark.parametrize("named", ["", "place actor", "actor source", "place actor source"])
def test_a_mention_means_exactly_one_thing(world, named):
    meant = {"place": world.ferry, "actor": world.red, "source": world.paper}
    columns = {f"{name}_id": meant[name] if name in named.split() else None for name in meant}
    with refused("sources_mention_means_one_thing"):
        Mention.objects.filter(document_id=world.article, start=13).update(**columns)


# Claims


@pytest.mark.parametrize(
    "figures",
    [
        {"low": 501}, {"high": 499}, {"low": 3, "best": None, "high": 2}, {"low": 1, "high": 0},
    ],
)  # fmt: skip
def test_a_quantity_is_low_best_high(world, figures):
    with refused("events_claim_quantity_ordered"):
        change(Claim, world.counted, **{f"quantity_{name}": v for name, v in figures.items()})


def test_a_quantity_of_one_figure_or_three_alike_is_allowed(world):
    for low, best, high in ((None, 5, None), (5, 5, 5), (None, None, 5), (0, None, None)):
        change(Claim, world.counted, quantity_low=low, quantity_best=best, quantity_high=high)
        allowed()


@pytest.mark.parametrize("column", ["quantity_low", "quantity_best", "quantity_high"])
@pytest.mark.parametrize("figure", ["NaN", "Infinity", "-Infinity", "1e30"])
def test_a_quantity_is_a_finite_number(world, column, figure):
    change(Claim, world.counted, quantity_best=None)
    with refused("events_claim_quantity_is_finite"):
        change(Claim, world.counted, **{column: float(figure)})


def test_a_quantity_needs_a_metric(world):
    with refused("events_claim_quantity_has_a_metric"):
        change(Claim, world.counted, quantity_metric=None)
    for columns in ({"quantity_best": 5}, {"quantity_unit": "troops"}, {"kind": "quantity"},
                    {"quantity_approximator": "about"}):  # fmt: skip
        with refused("events_claim_quantity_has_a_metric"):
            change(Claim, world.narrated, **columns)


def test_what_is_in_words_only_or_unknown_has_no_figures(world):
    for columns in ({"quantity_approximator": "unquantified"}, {"kind": "unknown"}):
        with refused("events_claim_quantity_in_words_has_no_figures"):
            change(Claim, world.counted, **columns)


def test_polarity_unknown_goes_with_kind_unknown_alone(world):
    with refused("events_claim_unknown_polarity_of_unknown"):
        change(Claim, world.narrated, polarity="unknown")
    change(Claim, world.narrated, polarity="unknown", kind="unknown")
    allowed()


def test_a_claim_of_control_has_a_status_and_an_extent_goes_with_one(world):
    with refused("events_claim_control_has_a_status"):
        change(Claim, world.held, control_status=None, extent=None)
    with refused("events_claim_extent_of_control"):
        change(Claim, world.narrated, extent="whole")


def test_a_claim_has_a_subject(world):
    with refused("events_claim_has_a_subject"):
        change(Claim, world.narrated, event_id=None)
    with refused("events_claim_has_a_subject"):
        Claim.objects.bulk_create([
            Claim(statement="About nothing.", kind="description", claimant_id=world.paper)
        ])  # fmt: skip


def test_a_claim_keeps_its_last_place(world):
    with refused("events_claim_has_a_subject"):
        ClaimPlace.objects.filter(claim_id=world.held).delete()
    ClaimPlace.objects.create(claim_id=world.held, place_id=world.ferry)
    ClaimPlace.objects.filter(claim_id=world.held, place_id=world.oakford).delete()
    allowed()
    with refused("events_claim_has_a_subject"):
        execute("delete from events_claimplace where claim_id = %s", world.held)


def test_a_place_is_not_handed_from_a_claim_that_has_no_other_subject(world):
    with refused("events_claim_has_a_subject"):
        ClaimPlace.objects.filter(claim_id=world.held).update(claim_id=world.narrated)


def test_a_claim_may_go_with_its_places(world):
    Contradiction.objects.filter(pk=world.dispute).delete()
    Claim.objects.filter(pk=world.held).delete()
    allowed()


@pytest.mark.parametrize("subject", ["actor", "document"])
def test_an_actor_or_a_document_is_a_subject(world, subject):
    about = {"actor": world.red, "document": world.post}[subject]
    change(Claim, world.narrated, event_id=None, **{f"{subject}_id": about})
    allowed()


# Judgements


@pytest.mark.parametrize(
    ("model", "row", "column", "value"),
    [
        (Source, "paper", "reliability", "A"),
        (Claim, "narrated", "credibility", "2"),
        (Claim, "narrated", "rating", "verified"),
    ],
)
def test_a_judgement_needs_a_reason_and_a_date(world, model, row, column, value):
    rule = f"{model._meta.db_table}_{column}_has_a_reason"
    row_id = getattr(world, row)
    both = {f"{column}_reason": "It has been seen.", f"{column}_at": date(2024, 1, 15)}
    for missing in both:
        with refused(rule):
            change(model, row_id, **{column: value, **both, missing: None})
    change(model, row_id, **{column: value}, **both)
    allowed()


def test_an_independent_source_speaks_for_nobody(world):
    with refused("sources_source_independent_of_actors"):
        change(Source, world.paper, speaks_for_id=world.red)
    with refused("sources_source_independent_of_actors"):
        change(Source, world.red_ministry, independent=True)


# Parents


@pytest.mark.parametrize("table", ["places_place", "sources_actor"])
@pytest.mark.parametrize("length", [1, 2, 3])
def test_parents_never_lead_back(world, table, length):
    model, kind = {"places_place": (Place, "area"), "sources_actor": (Actor, "group")}[table]
    ids = [UUID(int=n) for n in range(1, length + 1)]
    parents = [None, *ids]
    model.objects.bulk_create([
        model(id=row_id, name=f"Number {n}", kind=kind, parent_id=parents[n])
        for n, row_id in enumerate(ids)
    ])  # fmt: skip
    allowed()
    rule = f"{table}_no_cycle" if length > 1 else f"{table}_not_its_own_parent"
    with refused(rule):
        change(model, ids[0], parent_id=ids[-1])


def test_parents_that_lead_back_are_not_inserted_either(world):
    one, two = UUID(int=1), UUID(int=2)
    with refused("places_place_no_cycle"):
        Place.objects.bulk_create([
            Place(id=one, name="One", kind="area", parent_id=two),
            Place(id=two, name="Two", kind="area", parent_id=one),
        ])  # fmt: skip


def test_a_row_is_not_merged_into_itself(world):
    with refused("places_place_not_merged_into_itself"):
        change(Place, world.ferry, merged_into_id=world.ferry)


# Codes and names

CODES = [
    (PlaceCode, "place", "ferry", "oakford"), (ActorCode, "actor", "red", "blue"),
    (SourceCode, "source", "paper", "red_ministry"), (EventCode, "event", "advance", "withdrawal"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "parent", "one", "other"), CODES)
def test_a_code_belongs_to_one_live_row(world, model, parent, one, other):
    def add(name, code, **columns):
        columns |= {f"{parent}_id": getattr(world, name), "scheme": "made-up", "code": code}
        model.objects.bulk_create([model(**columns)])

    add(one, "77")
    add(other, "77", live=False)
    add(other, "77", live=False, preferred=False)
    table = model._meta.db_table
    with refused(f"{table}_one_live_row"):
        model.objects.filter(**{f"{parent}_id": getattr(world, other)}, code="77").update(live=True)
    with refused(f"{table}_one_live_row"):
        add(other, "77", preferred=False)
    with refused(f"{table}_one_preferred"):
        add(one, "78")
    with refused(f"{table}_well_formed"):
        add(one, "", preferred=False)


def test_a_scheme_is_in_small_letters(world):
    for scheme in ("GeoNames", "geo names", "", "a:b", "-a"):
        with refused("places_placecode_well_formed"):
            PlaceCode.objects.bulk_create(
                [PlaceCode(place_id=world.ferry, scheme=scheme, code="1")]
            )


def test_a_name_is_not_empty_and_its_dates_are_in_order(world):
    for rule, columns in {
        "not_empty": {"name": ""},
        "dates_are_dates": {"since": "May 1999"},
        "since_before_until": {"since": "2000", "until": "1999"},
        "kind_known": {"kind": "nickname"},
    }.items():
        with refused(f"places_placename_{rule}"):
            PlaceName.objects.filter(place_id=world.oakford, name="Old Oakford").update(**columns)


# Positions and times


@pytest.mark.parametrize(("model", "row"), [(Place, "oakford"), (Event, "withdrawal")])
def test_a_position_is_whole_and_on_earth(world, model, row):
    table, row_id = model._meta.db_table, getattr(world, row)
    for lat, lon in ((1.5, None), (None, 1.5)):
        with refused(f"{table}_position_whole"):
            change(model, row_id, lat=lat, lon=lon)
    for lat, lon in ((90.1, 0), (-90.1, 0), (0, 180.1), (0, -181), (float("nan"), 0),
                     (0, float("nan")), (float("inf"), 0)):  # fmt: skip
        with refused(f"{table}_position_on_earth"):
            change(model, row_id, lat=lat, lon=lon)
    for lat, lon in ((90, 180), (-90, -180), (0, 0), (None, None)):
        change(model, row_id, lat=lat, lon=lon)
        allowed()


TIMES = [
    ("events_event", "when", "withdrawal"), ("sources_document", "published", "article"),
    ("events_claim", "said", "announced"), ("events_claim", "holds", "held"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "name", "row"), TIMES)
def test_an_uncertain_time_is_whole_and_in_order(world, table, name, row):
    row_id = getattr(world, row)
    day = datetime(2022, 10, 1, tzinfo=UTC)

    def write(**columns):
        for column, value in columns.items():
            execute(f"update {table} set {name}_{column} = %s where id = %s", value, row_id)

    for latest in (day, day.replace(month=9)):
        with refused(f"{table}_{name}_ordered"):
            execute(
                f"update {table} set {name}_earliest = %s, {name}_latest = %s where id = %s",
                day, latest, row_id,
            )  # fmt: skip
    with refused(f"{table}_{name}_bounded"):
        execute(
            f"update {table} set {name}_edtf = null, {name}_precision = 'unknown' where id = %s",
            row_id,
        )
    with refused(f"{table}_{name}_bounded"):
        execute(
            f"update {table} set {name}_earliest = null, {name}_latest = null where id = %s", row_id
        )
    with refused(f"{table}_{name}_precision"):
        write(precision="fortnight")
    with refused(f"{table}_{name}_phrase"):
        write(phrase="")
    with refused(f"{table}_{name}_basis"):
        write(basis="guessed")


# Links


@pytest.mark.parametrize("kind", ["causes", "enables", "responds_to"])
def test_a_cause_needs_the_claim_that_says_so(world, kind):
    with refused("events_eventlink_cause_is_claimed"):
        EventLink.objects.bulk_create([
            EventLink(event_id=world.withdrawal, kind=kind, target_id=world.advance)
        ])  # fmt: skip
    with refused("events_eventlink_cause_is_claimed"):
        EventLink.objects.filter(event_id=world.advance, kind="causes").update(
            kind=kind, claim_id=None
        )


def test_a_contradiction_and_nothing_else_says_how(world):
    low, high = sorted([world.counted, world.held])
    for kind, how in (("contradicts", None), ("elaborates", "value"), ("same_as", "value")):
        with refused("events_claimlink_contradiction_says_how"):
            ClaimLink.objects.bulk_create([
                ClaimLink(claim_id=low, kind=kind, target_id=high, how=how)
            ])  # fmt: skip


def test_symmetric_links_are_stored_once(world):
    low, high = sorted([world.counted, world.held])
    for kind, how in (("same_as", None), ("contradicts", "value")):
        ClaimLink.objects.create(claim_id=low, kind=kind, target_id=high, how=how)
        with refused("events_claimlink_symmetric_stored_once"):
            ClaimLink.objects.bulk_create([
                ClaimLink(claim_id=high, kind=kind, target_id=low, how=how)
            ])  # fmt: skip
        with refused("events_claimlink_once"):
            ClaimLink.objects.bulk_create([
                ClaimLink(claim_id=low, kind=kind, target_id=high, how=how)
            ])  # fmt: skip
    low, high = sorted([world.withdrawal, world.advance])
    EventLink.objects.filter(kind="precedes").delete()  # nothing precedes what it is the same as
    EventLink.objects.create(event_id=low, kind="same_as", target_id=high)
    with refused("events_eventlink_symmetric_stored_once"):
        EventLink.objects.bulk_create([EventLink(event_id=high, kind="same_as", target_id=low)])
    with refused("events_eventlink_once"):
        EventLink.objects.bulk_create([EventLink(event_id=low, kind="same_as", target_id=high)])


def test_nothing_is_linked_to_itself(world):
    for model, near, row_id, kind in (
        (EventLink, "event", world.advance, "precedes"),
        (ClaimLink, "claim", world.held, "elaborates"),
        (DocumentLink, "document", world.post, "cites"),
    ):
        with refused(f"{model._meta.db_table}_to_another"):
            model.objects.bulk_create([
                model(**{f"{near}_id": row_id, "target_id": row_id, "kind": kind})
            ])  # fmt: skip


def test_a_part_in_an_event_is_stored_once(world):
    for model, values in (
        (EventPlace, {"place_id": world.oakford, "role": "location"}),
        (EventParticipant, {"actor_id": world.red_army, "role": "initiator"}),
    ):
        with refused(f"{model._meta.db_table}_once"):
            model.objects.bulk_create([model(event_id=world.withdrawal, **values)])


# Code lists

LISTED = [
    (Place, "ferry", "kind"), (Place, "ferry", "state"), (Actor, "red", "kind"),
    (Source, "paper", "kind"), (Document, "post", "kind"), (Document, "post", "status"),
    (Document, "post", "rights"), (Event, "advance", "status"), (Event, "advance", "geo_precision"),
    *((Claim, "narrated", column) for column in (
        "kind", "voice", "polarity", "certainty", "quantity_approximator", "control_status",
        "extent", "evidence", "interest", "credibility", "rating",
    )),
]  # fmt: skip


@pytest.mark.parametrize(("model", "row", "column"), LISTED)
def test_a_code_of_no_list_is_refused(world, model, row, column):
    value = "Z" if model._meta.get_field(column).max_length == 1 else "no_such_code"
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        change(model, getattr(world, row), **{column: value})
    assert error.value.__cause__.diag.constraint_name.startswith(model._meta.db_table)


def test_an_event_has_a_type_and_contexts_of_the_lists(world):
    with refused("events_event_contexts_known"):
        change(Event, world.advance, contexts=["military", "sports"])
    with refused():
        change(Event, world.advance, type_id="battle.quarrel")


# Origins, review items and the queue


def test_a_row_of_a_data_set_and_an_open_question_are_stored_once(world):
    made = Dataset.objects.create(slug="made-up", title="Made up")
    origin = {"dataset": made, "resource": "places", "external_id": "1"}
    Origin.objects.create(**origin, object_id=world.ferry)
    with refused("records_origin_external_id"):
        Origin.objects.bulk_create([Origin(**origin, object_id=world.oakford)])
    question = {"kind": "support", "resource": "events", "object_id": world.advance, "reason": "?"}
    ReviewItem.objects.create(**question)
    with refused("records_reviewitem_open_once"):
        ReviewItem.objects.bulk_create([ReviewItem(**question)])
    waiting = {"resource": "events", "object_id": world.advance, "because_seq": 1}
    Refresh.objects.create(**waiting)
    with refused("records_refresh_once"):
        Refresh.objects.bulk_create([Refresh(**waiting)])


# Records and the sequence


def tables():
    return [record_of(resource)._meta.db_table for resource in resources()]


def test_no_version_of_a_record_is_changed_or_deleted(world):
    for resource in resources():
        record = record_of(resource)
        rule = f"{record._meta.db_table}_append_only"
        assert record.objects.exists()
        for columns in ({"body": "{}"}, {"live": False, "op": "retract"}, {"datasets": ["x"]},
                        {"superseded_seq": 99, "body": "{}"}):  # fmt: skip
            with refused(rule):
                record.objects.update(**columns)
        with refused(rule):
            execute(f"delete from {record._meta.db_table}")
        with refused(rule):
            execute(f"update {record._meta.db_table} set seq = seq + 1000")


def test_a_version_is_superseded_once(world):
    for resource in resources():
        record = record_of(resource)
        rule = f"{record._meta.db_table}_append_only"
        first = record.objects.filter(superseded_seq__isnull=True).values_list("seq", flat=True)[0]
        with refused(f"{record._meta.db_table}_superseded_later"):
            record.objects.filter(seq=first).update(superseded_seq=first)
        record.objects.filter(seq=first).update(superseded_seq=first + 500)
        for superseded in (first + 501, None):
            with refused(rule):
                record.objects.filter(seq=first).update(superseded_seq=superseded)


def test_the_change_log_is_never_changed_or_deleted(world):
    assert Change.objects.exists()
    for columns in ({"op": "retract"}, {"cause": "schema"}, {"version": 9}):
        with refused("records_change_append_only"):
            Change.objects.update(**columns)
    with refused("records_change_append_only"):
        execute("delete from records_change")


def test_no_record_table_is_emptied(world):
    execute("set local dateline.truncate = 'off'")
    connection.check_constraints()
    for table in [*tables(), "records_change"]:
        with refused(f"{table}_append_only"):
            execute(f"truncate {table} cascade")


def test_an_object_has_one_newest_version_and_each_version_once(world):
    for resource in resources():
        record = record_of(resource)
        version = record.objects.newest().first()
        table = record._meta.db_table
        for rule, columns in {
            "one_newest": {"seq": 900, "version": version.version + 1},
            "version": {"seq": 900, "superseded_seq": 901},
            "live_by_op": {"seq": 900, "object_id": UUID(int=9), "live": False},
        }.items():
            copy = {
                f.attname: getattr(version, f.attname)
                for f in record._meta.concrete_fields
                if not f.generated
            }
            with refused(f"{table}_{rule}"):
                record.objects.bulk_create([record(**{**copy, **columns})])


def test_a_number_of_the_sequence_is_given_once(world):
    change_set, taken = ChangeSet.objects.get(), Change.objects.order_by("seq").first()
    given = {"change_set": change_set, "op": "add", "cause": "edit", "resource": taken.resource}
    again = {"object_id": taken.object_id, "version": taken.version}
    with refused("records_change_pkey"):
        Change.objects.bulk_create([
            Change(seq=taken.seq, object_id=UUID(int=9), version=1, **given)
        ])  # fmt: skip
    with refused("records_change_version"):
        Change.objects.bulk_create([Change(seq=900, **given, **again)])
    for numbers in ((0, 900), (901, 900)):
        with refused("records_changeset_numbers_ordered"):
            ChangeSet.objects.bulk_create([
                ChangeSet(first_seq=numbers[0], last_seq=numbers[1],
                          recorded_at=datetime(2031, 1, 1, tzinfo=UTC))])  # fmt: skip


def test_what_others_refer_to_is_not_deleted(world):
    for model, row_id in ((Place, world.oakford), (Actor, world.red_army), (Source, world.paper),
                          (Document, world.article), (Event, world.withdrawal),
                          (Claim, world.announced)):  # fmt: skip
        with refused():
            execute(f"delete from {model._meta.db_table} where id = %s", row_id)
    assert Place.objects.filter(pk=ident("places", "oakford")).exists()
