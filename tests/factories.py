"""Made-up rows for tests: plain functions over the statements of `records.shape`.

The world is small: Landia with its regions Northmark and Southmark, the states Red and Blue with
an army each, an independent paper, a ministry, two spokesmen, an article with a post that it
embeds, two events and what was said of them, and who denies it. Every id is made from a name, so
it is the same in every run: `ident("places", "oakford")`.
"""

from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

import orjson

from events.contradictions import contradiction_id
from records import publishing, workspace
from records.ids import named
from records.models import ChangeSet
from records.registry import record_of, resources

#: What a row of each resource says when a test does not care.
DEFAULTS: dict[str, dict[str, Any]] = {
    "places": {"name": "Somewhere", "kind": "town"},
    "actors": {"name": "Somebody", "kind": "person"},
    "sources": {"name": "Some voice", "kind": "unknown"},
    "documents": {"kind": "article", "title": "Some article"},
    "events": {"type": "battle.clash", "title": "Some clash"},
    "claims": {"statement": "Something was so.", "kind": "description"},
}
_numbers = count(1)


def ident(resource: str, name: str) -> UUID:
    """The id of a row that was made under a name."""
    return named("tests", resource, name)


def curated_resources() -> list[str]:
    """The resources whose rows are made by hand; those of the others follow from theirs."""
    return [resource for resource in resources() if not record_of(resource).computed]


def row(resource: str, name: str | None = None, /, **members: Any) -> UUID:
    """Make a draft in the workspace that says `members` and the defaults; its id.

    Ids in `members` may be UUIDs.
    """
    row_id = ident(resource, name or f"row {next(_numbers)}")
    if resource == "claims" and "citations" not in members:
        members["citations"] = [{"document": cited(), "mode": "paraphrase"}]
    workspace.apply(resource, {row_id: plain(DEFAULTS[resource] | members)})
    return row_id


def cited() -> UUID:
    """A public document, for claims of which a test does not care where they can be read."""
    document = ident("documents", "cited")
    if not record_of("documents").objects.of(document).exists():
        row("documents", "cited")
        publish(("documents", document))
    return document


def public(resource: str, name: str | None = None, /, **members: Any) -> UUID:
    """Make a row and publish it; its id."""
    row_id = row(resource, name, **members)
    publish((resource, row_id))
    return row_id


def edit(resource: str, row_id: UUID, /, **members: Any) -> None:
    """Change members of a row as a curator does: it is a draft until it is published again."""
    model = record_of(resource).shape.model
    state = model._default_manager.values_list("state", flat=True).get(pk=row_id)
    workspace.apply(resource, {row_id: said(resource, row_id) | plain(members)}, state=state)
    workspace.mark_edited(model._default_manager.get(pk=row_id))


def publish(*objects: tuple[str, UUID], **options: Any) -> ChangeSet | None:
    """Publish rows in one change set."""
    return publishing.publish(objects, **options)


def republish(resource: str, row_id: UUID, /, **members: Any) -> ChangeSet | None:
    """Change members of a row, and publish it."""
    edit(resource, row_id, **members)
    return publish((resource, row_id))


def said(resource: str, row_id: UUID) -> dict[str, Any]:
    """What a row says in the workspace."""
    return record_of(resource).shape.read([row_id])[row_id]


def body(resource: str, row_id: UUID) -> dict[str, Any]:
    """What the world reads of a row now. Raises `DoesNotExist` where it is not public."""
    return orjson.loads(record_of(resource).objects.current().get(object_id=row_id).body)


def record(resource: str, row_id: UUID) -> Any:
    """The current record of a row, with its columns."""
    return record_of(resource).objects.current().get(object_id=row_id)


def versions(resource: str, row_id: UUID) -> int:
    """How many versions of a row there are."""
    return record_of(resource).objects.of(row_id).count()


def state(resource: str, row_id: UUID) -> str:
    """The workspace state of a row."""
    return record_of(resource).shape.model._default_manager.get(pk=row_id).state


def plain(value: Any) -> Any:
    """A statement with its UUIDs as text."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, dict):
        return {key: plain(element) for key, element in value.items()}
    if isinstance(value, list | tuple):
        return [plain(element) for element in value]
    return value


@dataclass(frozen=True)
class World:
    """The ids of the rows of the made-up world."""

    landia: UUID
    northmark: UUID
    southmark: UUID
    oakford: UUID
    ferry: UUID
    red: UUID
    red_army: UUID
    blue: UUID
    blue_army: UUID
    paper: UUID
    red_ministry: UUID
    red_spokesman: UUID
    blue_spokesman: UUID
    article: UUID
    post: UUID
    withdrawal: UUID
    advance: UUID
    narrated: UUID
    announced: UUID
    repeated: UUID
    counted: UUID
    held: UUID
    denied: UUID

    @property
    def objects(self) -> list[tuple[str, UUID]]:
        """All rows, as publishing takes them."""
        return [(RESOURCES[name], getattr(self, name)) for name in RESOURCES]

    @property
    def dispute(self) -> UUID:
        """The contradiction that follows from it: one side denies what the other holds."""
        return contradiction_id("negation", str(self.held), str(self.denied))


RESOURCES = {
    name: resource
    for resource, names in {
        "places": "landia northmark southmark oakford ferry",
        "actors": "red red_army blue blue_army",
        "sources": "paper red_ministry red_spokesman blue_spokesman",
        "documents": "article post",
        "events": "withdrawal advance",
        "claims": "narrated announced repeated counted held denied",
    }.items()
    for name in names.split()
}


def world(*, published: bool = True) -> World:
    """Make the made-up world, and publish it in one change set unless told otherwise."""
    made = World(**{name: ident(resource, name) for name, resource in RESOURCES.items()})
    _geography(made)
    _voices(made)
    _story(made)
    if published:
        publish(*made.objects, reason="The made-up world.")
    return made


def _geography(made: World) -> None:
    row("places", "landia", name="Landia", kind="country", country="LA",
        codes={"iso3166-1": "LA"})  # fmt: skip
    for name in ("northmark", "southmark"):
        row("places", name, name=name.title(), kind="admin1", country="LA", parent=made.landia)
    row("places", "oakford", name="Oakford", kind="town", country="LA", parent=made.northmark,
        lat=48.5, lon=37.25, codes={"geonames": "1001"}, names=[
            {"name": "Дубове", "language": "uk", "kind": "official"},
            {"name": "Old Oakford", "kind": "former", "until": "1999"},
        ])  # fmt: skip
    row("places", "ferry", name="Ferry", kind="village", country="LA", parent=made.southmark)


def _voices(made: World) -> None:
    for side in ("red", "blue"):
        state_id = row("actors", side, name=side.title(), kind="state",
                       party_reason="It is a party of its own.")  # fmt: skip
        row("actors", f"{side}_army", name=f"{side.title()} Army", kind="armed_force",
            parent=state_id, codes={"wikidata": f"Q1{side}"})  # fmt: skip
        row("sources", f"{side}_spokesman", name=f"{side.title()} spokesman", kind="spokesperson",
            speaks_for=ident("actors", f"{side}_army"))  # fmt: skip
    row(
        "sources",
        "paper",
        name="The Paper",
        kind="news_outlet",
        independent=True,
        country="LB",
        reliability={"value": "B", "reason": "It corrects itself.", "at": "2024-01-15"},
    )
    row("sources", "red_ministry", name="Red Ministry", kind="ministry", speaks_for=made.red)


def _story(made: World) -> None:
    row("documents", "post", kind="social_post", title=None, publisher=made.red_spokesman,
        language="uk", published="2022-10-01T12:30:00Z")  # fmt: skip
    row("documents", "article", title="Troops leave Oakford", publisher=made.paper,
        url="https://paper.example/oakford", language="en",
        published={"edtf": "2022-10-01", "basis": "metadata"}, rights="open", text_length=400,
        relations=[{"kind": "embeds", "document": made.post}],
        mentions=[{"span": [13, 20], "place": made.oakford, "basis": "gazetteer",
                   "candidates": ["geonames:1002"]},
                  {"span": [0, 6], "actor": made.red_army, "basis": "inferred"}])  # fmt: skip
    row("events", "withdrawal", type="territory.withdrawal", title="Withdrawal from Oakford",
        contexts=["military", "territory"], status="occurred", when="2022-10-01",
        place=made.oakford, places=[{"place": made.oakford}],
        participants=[{"actor": made.red_army, "role": "initiator"}],
        codes={"acled": "LAN1"})  # fmt: skip
    row("claims", "announced", statement="Red's troops left Oakford.", kind="occurrence",
        claimant=made.red_spokesman, event=made.withdrawal, interest="against_interest",
        said="2022-10-01", wording="redeployed", citations=[
            {"document": made.article, "mode": "mixed", "spans": [[30, 60], [70, 90]],
             "insertions": [[72, 75]], "quote": "left for better lines",
             "via": [{"document": made.post}, {"source": made.red_ministry}]}])  # fmt: skip
    row("events", "advance", type="battle.offensive", title="Advance on Ferry",
        when={"edtf": "2022-09/2022-10-01", "phrase": "in the days before", "basis": "inferred"},
        places=[{"place": made.ferry, "role": "destination"},
                {"place": made.oakford, "role": "origin"}],
        participants=[{"actor": made.blue_army, "role": "initiator"}],
        relations=[{"kind": "causes", "event": made.withdrawal, "claim": made.announced},
                   {"kind": "precedes", "event": made.withdrawal, "phrase": "days before"}],
        )  # fmt: skip
    row("claims", "narrated", statement="Troops left Oakford.", kind="occurrence",
        voice="narration", claimant=made.paper, event=made.withdrawal, said="2022-10-01",
        citations=[{"document": made.article, "mode": "narration", "spans": [[0, 28]]}],
        relations=[{"kind": "same_as", "claim": made.announced}])  # fmt: skip
    row("claims", "repeated", statement="Red left Oakford, its ministry confirmed.",
        kind="occurrence", claimant=made.red_ministry, event=made.withdrawal,
        citations=[{"document": made.article, "mode": "paraphrase", "spans": [[100, 140]]}],
        relations=[{"kind": "repeats", "claim": made.announced}])  # fmt: skip
    row("claims", "counted", statement="About 500 of Red's troops were lost.", kind="quantity",
        claimant=made.blue_spokesman, event=made.withdrawal, object_actor=made.red_army,
        quantity={"metric": "lost", "best": 500, "unit": "troops", "approximator": "about"},
        citations=[{"document": made.article, "mode": "direct_quote", "spans": [[150, 180]]}],
        )  # fmt: skip
    row("claims", "held", statement="Blue holds the whole of Oakford.", kind="control",
        claimant=made.blue_spokesman, places=[made.oakford], object_actor=made.blue,
        control_status="controlled", extent="whole", holds="2022-10-02/..", said="2022-10-02",
        citations=[{"document": made.post, "mode": "media_content", "locator": "00:12"}],
        )  # fmt: skip
    row("claims", "denied", statement="Blue does not hold Oakford.", kind="control",
        claimant=made.red_ministry, places=[made.oakford], object_actor=made.blue,
        control_status="controlled", polarity="denied", said="2022-10-03",
        citations=[{"document": made.article, "mode": "paraphrase", "spans": [[200, 240]]}],
        )  # fmt: skip
