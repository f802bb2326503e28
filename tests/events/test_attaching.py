"""Attaching texts: offsets are code points of the text as given, and everything is verified."""

import hashlib

import pytest
from django.core.management import CommandError, call_command

from events.attaching import TextError, attach_text
from events.dossiers import load, read
from events.passages import passage_of
from events.records import ClaimRecord
from records import publishing
from records.models import Change
from records.publishing import PublishError
from sources.models import Document, DocumentText
from tests.factories import body, edit, ident, public, publish, republish, row, said, state

pytestmark = pytest.mark.django_db

# Characters beyond the basic plane, combining marks and both kinds of line end.
TEXT = "🜁🜂 Troops left Oakfo\u0301rd.\r\nThe mayor: “We saw [two] columns.”\n\tE\u0301nd 🏳️‍🌈.\r\n"


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def span(part):
    start = TEXT.index(part)
    return [start, start + len(part)]


@pytest.fixture
def paper(world):
    """A document with mentions, cited three times: with hash and quote, without, by locator."""
    document = public(
        "documents",
        "news",
        publisher=world.paper,
        text_length=len(TEXT),
        text_sha256=sha(TEXT),
        mentions=[{"span": span("Oakfo\u0301rd"), "place": world.oakford, "basis": "text"}],
    )
    said_by_mayor = [span("We saw [two] columns"), span("E\u0301nd")]
    public("claims", "saw", claimant=world.paper, places=[world.oakford], citations=[
        {"document": document, "mode": "direct_quote", "spans": said_by_mayor,
         "insertions": [span("[two]")], "quote": "We saw [two]",
         "passage_sha256": sha("We saw [two] columns\nE\u0301nd")}])  # fmt: skip
    public("claims", "left", claimant=world.paper, places=[world.oakford], citations=[
        {"document": document, "mode": "narration", "spans": [span("Troops left")]},
        {"document": world.post, "mode": "paraphrase", "locator": "line 2"}])  # fmt: skip
    return Document.objects.get(pk=document)


def faults_of(document, text=TEXT):
    before = Change.objects.count(), DocumentText.objects.count()
    with pytest.raises(TextError) as refused:
        attach_text(document, text)
    assert (Change.objects.count(), DocumentText.objects.count()) == before
    return refused.value.faults


def test_a_text_that_fits_is_kept_and_the_document_says_so(world, paper):
    attached = attach_text(paper, TEXT)
    assert (attached.citations, attached.mentions, attached.filled) == (2, 1, 1)
    assert DocumentText.objects.get().text == TEXT
    assert body("documents", paper.pk)["has_text"] is True
    assert TEXT not in str(body("documents", paper.pk))
    assert attached.change_set.changes.count() == 2


def test_a_missing_passage_hash_is_filled_in_and_published(world, paper):
    attach_text(paper, TEXT)
    for statement in (
        said("claims", ident("claims", "left")),
        body("claims", ident("claims", "left")),
    ):
        hashes = {c["mode"]: c["passage_sha256"] for c in statement["citations"]}
        assert hashes == {"narration": sha("Troops left"), "paraphrase": None}


def test_a_missing_length_and_hash_of_the_text_are_filled_in(world):
    document = public("documents", "bare")
    attach_text(Document.objects.get(pk=document), TEXT)
    shown = body("documents", document)
    assert (shown["text_length"], shown["text_sha256"]) == (len(TEXT), sha(TEXT))


def test_attaching_once_more_changes_nothing(world, paper):
    attach_text(paper, TEXT)
    before = Change.objects.count()
    attached = attach_text(paper, TEXT)
    assert (attached.filled, attached.change_set) == (0, None)
    assert Change.objects.count() == before


@pytest.mark.parametrize(
    "other",
    [
        TEXT.replace("\r\n", "\n"),
        TEXT.replace("o\u0301", "ó"),
        TEXT + " ",
        TEXT.encode().decode("latin-1"),
    ],
    ids=["line ends", "composed", "longer", "latin"],
)
def test_another_text_is_refused(world, paper, other):
    faults = faults_of(paper, other)
    assert f"the document: text_length is {len(other)} by the text, not {len(TEXT)}" in faults
    assert f"the document: text_sha256 is {sha(other)} by the text, not {sha(TEXT)}" in faults


def test_every_fault_is_named_at_once(world, paper):
    saw = ident("claims", "saw")
    republish(
        "claims",
        saw,
        citations=[
            said("claims", saw)["citations"][0] | {"quote": "They saw", "passage_sha256": "0" * 64}
        ],
    )
    shown = "[{}, {}], [{}, {}]".format(*span("We saw [two] columns"), *span("E\u0301nd"))
    found = sha("We saw [two] columns\nE\u0301nd")
    assert faults_of(paper) == [
        f"claims/{saw}: passage_sha256 of {shown} is {found} by the text, not {'0' * 64}",
        f"claims/{saw}: quote 'They saw' does not stand in the passage {shown}",
    ]


def test_spans_and_mentions_beyond_the_text_are_named(world):
    document = public("documents", "long", mentions=[
        {"span": [1, 900], "place": world.oakford, "basis": "text"}])  # fmt: skip
    claim = public("claims", "far", claimant=world.paper, places=[world.oakford], citations=[
        {"document": document, "mode": "narration", "spans": [[0, 3], [500, 800]],
         "insertions": [[500, 700]]}])  # fmt: skip
    beyond = f"ends beyond the text, which has {len(TEXT)} characters"
    assert faults_of(Document.objects.get(pk=document)) == [
        f"the document: mention [1, 900] {beyond}",
        f"claims/{claim}: span [500, 800] {beyond}",
        f"claims/{claim}: span [500, 700] {beyond}",
    ]


def test_a_draft_is_verified_and_filled_in_and_stays_a_draft(world, paper):
    draft = row("claims", "draft", claimant=world.paper, places=[world.oakford], citations=[
        {"document": paper.pk, "mode": "narration", "spans": [span("Troops")]}])  # fmt: skip
    attached = attach_text(paper, TEXT)
    assert attached.drafts == [draft]
    assert said("claims", draft)["citations"][0]["passage_sha256"] == sha("Troops")
    assert state("claims", draft) == "draft"


def test_a_claim_under_edit_is_not_published_along(world, paper):
    left = ident("claims", "left")
    edit("claims", left, statement="An unapproved statement.")
    attach_text(paper, TEXT)
    assert body("claims", left)["statement"] == "Something was so."
    assert state("claims", left) == "draft"


def test_a_document_under_edit_is_refused(world, paper):
    edit("documents", paper.pk, title="An unapproved title")
    assert faults_of(paper) == ["the document: it is draft; publish or discard its edits first"]


def test_a_document_that_is_not_public_keeps_its_text_until_it_is(world):
    draft = row("documents", "draft", publisher=world.paper)
    assert attach_text(Document.objects.get(pk=draft), TEXT).change_set is None
    assert said("documents", draft)["has_text"] is True
    publish(("documents", draft))
    assert body("documents", draft)["has_text"] is True


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"passage_sha256": "0" * 64}, "passage_sha256 of"),
        ({"quote": "They saw"}, "does not stand in the passage"),
        ({"quote": "we saw"}, "does not stand in the passage"),
        ({"spans": [[0, 5]]}, "does not stand in the passage"),
    ],
)
def test_a_citation_of_a_kept_text_is_verified_when_it_is_published(world, paper, wrong, why):
    attach_text(paper, TEXT)
    saw = ident("claims", "saw")
    right = said("claims", saw)["citations"][0]
    if "spans" in wrong:
        wrong = wrong | {"insertions": [], "passage_sha256": None}
    edit("claims", saw, citations=[right | wrong])
    with pytest.raises(PublishError, match=why):
        publish(("claims", saw))
    edit("claims", saw, citations=[right | {"quote": "[two] columns"}])
    assert publish(("claims", saw)) is not None


def test_a_mention_beyond_a_kept_text_is_refused_when_it_is_published(world, paper):
    attach_text(paper, TEXT)
    edit("documents", paper.pk, text_length=5000, mentions=[
        {"span": [4000, 4001], "place": world.oakford, "basis": "text"}])  # fmt: skip
    with pytest.raises(PublishError) as refused:
        publish(("documents", paper.pk))
    assert len(refused.value.problems) == 2


def test_a_document_that_takes_a_kept_text_is_verified_with_what_cites_it(world, paper):
    other = public("documents", "other")
    claim = public("claims", "wrong", claimant=world.paper, places=[world.oakford], citations=[
        {"document": other, "mode": "narration", "spans": [[0, 2]], "quote": "no"}])  # fmt: skip
    attach_text(paper, TEXT)
    edit("documents", other, text_sha256=sha(TEXT))
    with pytest.raises(PublishError, match=f"claims/{claim}: cites documents/{other}: quote 'no'"):
        publish(("documents", other))


def test_a_merge_into_a_document_with_a_text_verifies_what_moves(world, paper):
    attach_text(paper, TEXT)
    other = public("documents", "other")
    public("claims", "wrong", claimant=world.paper, places=[world.oakford], citations=[
        {"document": other, "mode": "narration", "spans": [[0, 2]], "quote": "no"}])  # fmt: skip
    with pytest.raises(PublishError, match="does not stand in the passage"):
        publishing.merge("documents", other, paper.pk, reason="They are one.")


def test_a_claim_that_follows_a_rename_is_not_held_up(world, paper):
    attach_text(paper, TEXT)
    republish("places", world.oakford, name="Oakton")
    assert body("claims", ident("claims", "saw"))["places"][0]["name"] == "Oakton"


def test_what_attaching_filled_in_stays_when_the_dossier_is_loaded_again(db, tmp_path):
    (tmp_path / "story.yaml").write_text(
        "dataset: {slug: story, title: Story}\n"
        "places: {town: {name: Town, kind: town}}\n"
        "sources: {paper: {name: Paper, kind: news_outlet}}\n"
        "documents: {news: {kind: article, publisher: paper}}\n"
        "claims:\n"
        "  left: {statement: Troops left., kind: description, claimant: paper, places: [town],\n"
        "         citations: [{document: news, mode: narration, spans: [[3, 14]]}]}\n"
    )
    load(read(tmp_path))
    document = Document.objects.get()
    assert attach_text(document, TEXT).filled == 1
    assert load(read(tmp_path)).published is None
    assert body("documents", document.pk)["has_text"] is True
    claim = ClaimRecord.objects.current().get()
    assert claim.statement()["citations"][0]["passage_sha256"] == sha("Troops left")


def test_a_passage_is_its_spans_joined_by_a_line_feed():
    assert passage_of("abcdef", [[0, 2], [4, 6]]) == "ab\nef"
    assert passage_of("🜁é", [[0, 1]]) == "🜁"


def test_the_command_reads_the_file_as_it_is(world, paper, tmp_path, capsys):
    file = tmp_path / "news.txt"
    file.write_bytes(TEXT.encode())
    call_command("attach_text", str(paper.pk), str(file))
    assert "2 citations and 1 mentions verified, 1 hashes filled in" in capsys.readouterr().out
    assert DocumentText.objects.get().text == TEXT


def test_the_command_names_the_faults_and_attaches_nothing(world, paper, tmp_path):
    file = tmp_path / "news.txt"
    file.write_bytes(b"Something else.")
    with pytest.raises(CommandError, match="nothing was attached"):
        call_command("attach_text", str(paper.pk), str(file))
    file.write_bytes(b"\xff")
    with pytest.raises(CommandError, match="decode"):
        call_command("attach_text", str(paper.pk), str(file))
    file.write_bytes(TEXT.encode())
    with pytest.raises(CommandError, match="is no document"):
        call_command("attach_text", "nowhere:news", str(file))
    assert not DocumentText.objects.exists()


def test_the_command_computes_hashes_for_whoever_writes_a_dossier(world, paper, tmp_path, capsys):
    file = tmp_path / "news.txt"
    file.write_bytes(TEXT.encode())
    spans = ["{}-{}".format(*span(part)) for part in ("Troops left", "E\u0301nd")]
    call_command("attach_text", str(paper.pk), str(file), compute=spans)
    assert capsys.readouterr().out.splitlines() == [
        f"{spans[0]}: Troops left",
        f"{spans[1]}: E\u0301nd",
        f"passage_sha256: {sha('Troops left' + chr(10) + 'E' + chr(769) + 'nd')}",
    ]
    assert not DocumentText.objects.exists()
    with pytest.raises(CommandError, match="a span is START-END"):
        call_command("attach_text", str(paper.pk), str(file), compute=["5-2"])
