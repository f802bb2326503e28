"""Articles and fact checks in the terms of schema.org, as JSON-LD.

The mapping is in `docs/imports.md`. An article is a document. A fact check (`ClaimReview`) is the
claim that it checks, with the verdict as its rating, cited in the check, which is a document too.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from events.imports.objects import (
    cut,
    every,
    host_of,
    language_of,
    rights_of,
    row_of,
    text_of,
    texts,
    time_of,
    url_of,
)
from events.imports.voices import (
    LONGEST_TITLE,
    add_article,
    add_source,
    digest,
)
from events.models import Rating
from records.imports import Format, Item, Opened, Part, Rejected, Row
from sources.models import DocumentKind, SourceKind

Node = dict[str, Any]

CHECK = "ClaimReview"
#: Types of articles, the more special ones first.
ARTICLES = {
    "LiveBlogPosting": DocumentKind.LIVEBLOG,
    "BlogPosting": DocumentKind.ARTICLE,
    "SocialMediaPosting": DocumentKind.SOCIAL_POST,
    "AnalysisNewsArticle": DocumentKind.ARTICLE,
    "AskPublicNewsArticle": DocumentKind.ARTICLE,
    "BackgroundNewsArticle": DocumentKind.ARTICLE,
    "OpinionNewsArticle": DocumentKind.ARTICLE,
    "ReportageNewsArticle": DocumentKind.ARTICLE,
    "ReviewNewsArticle": DocumentKind.ARTICLE,
    "NewsArticle": DocumentKind.ARTICLE,
    "Report": DocumentKind.ARTICLE,
    "Article": DocumentKind.ARTICLE,
}
#: What a claim that was checked may have appeared in, beside articles.
WORKS = ARTICLES | {
    "Clip": DocumentKind.VIDEO,
    "VideoObject": DocumentKind.VIDEO,
    "ImageObject": DocumentKind.IMAGE,
    "Photograph": DocumentKind.IMAGE,
    "AudioObject": DocumentKind.AUDIO,
}
#: The verdicts by their grade, as fact checks give it.
RATINGS = {
    1: Rating.FALSE,
    2: Rating.MISLEADING,
    3: Rating.MIXED,
    4: Rating.MOSTLY_ACCURATE,
    5: Rating.VERIFIED,
}
#: The grades of a rating that does not say them, by schema.org.
WORST, BEST = 1.0, 5.0
LONGEST_STATEMENT, LONGEST_AUTHOR, LONGEST_VERDICT = 300, 300, 200

_VOCABULARY = re.compile(r".*[/#:]")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]")


@dataclass(frozen=True)
class _Given:
    """One object of a file, and those beside it that have an id."""

    node: Node
    others: Mapping[str, Node]

    def all(self, node: Node, *members: str) -> list[Any]:
        """The values of members, with what they refer to by an id."""
        values = [value for member in members for value in every(node.get(member))]
        return [self.others.get(_reference(value), value) for value in values]

    def objects(self, node: Node, *members: str) -> list[Node]:
        """The values of members that are objects."""
        return [value for value in self.all(node, *members) if isinstance(value, dict)]

    def names(self, item: Item, node: Node, *members: str) -> list[str]:
        """The names of those that members name, each once, by their hosts where they have none."""
        names: dict[str, None] = {}
        for value in self.all(node, *members):
            said = value if isinstance(value, dict) else {"name": value}
            name = text_of(said.get("name")) or text_of(said.get("legalName"))
            url = url_of(said.get("url")) or url_of(_id(said)) or url_of(name)
            if url and name in (None, url):
                name = host_of(url)
                item.mend("named_by_host", f"{members[0]} has no name but that of its host, {name}")
            if name:
                names[name] = None
        return list(names)


class SchemaOrg(Format):
    """Articles and fact checks of schema.org."""

    name = "schemaorg"
    title = "articles and fact checks in schema.org's terms: JSON-LD, or pages that have it"
    primary = "documents"
    dataset: ClassVar = {
        "slug": "schemaorg",
        "title": "Articles and fact checks in schema.org's terms",
        "publisher": "The publishers of the pages",
        "attribution": "Articles and fact checks: their publishers, by the markup of their pages",
        "redistribution": "attribution",
    }

    def __init__(self) -> None:
        self._keys: set[str] = set()

    def check(self, files: Sequence[Opened]) -> None:
        for file in files:
            for _ in texts(file):
                break

    def rows(self, files: Sequence[Opened]) -> Iterator[Row]:
        self._keys = set()
        for file in files:
            yield from _rows(file)

    def read(self, row: Row) -> Item:
        given: _Given = row.fields
        types = _types(given.node)
        if CHECK in types:
            return self._check(row, given)
        kind = next((kind for name, kind in ARTICLES.items() if name in types), None)
        if kind is None:
            reason = "is none of ClaimReview, NewsArticle and the other articles"
            raise Rejected("@type", ", ".join(sorted(types)), reason)
        return self._article(row, given, kind)

    def _begun(self, row: Row, key: str, what: str, shown: str) -> Item:
        """The item of an object that was not met before."""
        if key in self._keys:
            raise Rejected("url", shown, f"is the URL of an earlier {what} of the files", key)
        self._keys.add(key)
        return Item(key, row)

    # Articles.

    def _article(self, row: Row, given: _Given, kind: DocumentKind) -> Item:
        node = given.node
        url = url_of([*every(node.get("url")), *every(node.get("mainEntityOfPage")), _id(node)])
        told = url or _id(node)
        if told is None:
            raise Rejected("url", "", "is missing, and so is an absolute @id")
        item = self._begun(row, digest(told), "article", told)
        authors = "; ".join(given.names(item, node, "author"))
        publishers = given.names(item, node, "publisher")
        item.add(
            "documents",
            item.key,
            kind=kind,
            title=cut(text_of(node.get("headline")) or text_of(node.get("name")), LONGEST_TITLE),
            author=cut(authors, LONGEST_AUTHOR) or None,
            url=url,
            language=language_of(item, "inLanguage", node.get("inLanguage")),
            published=time_of(item, "datePublished", node.get("datePublished")),
            rights=rights_of(node.get("license")),
        )
        if publishers:
            said = item.parts[0].statement
            said["publisher"] = add_source(item, publishers[0], kind=SourceKind.NEWS_OUTLET)
        left = [m for m in ("about", "mentions", "liveBlogUpdate", "correction") if node.get(m)]
        if left:
            item.mend("left_out", f"{', '.join(left)}: not kept")
        return item

    # Fact checks.

    def _check(self, row: Row, given: _Given) -> Item:
        node = given.node
        claimed = text_of(node.get("claimReviewed"))
        if claimed is None:
            raise Rejected("claimReviewed", "", "is missing")
        url = url_of([*every(node.get("url")), *every(node.get("mainEntityOfPage")), _id(node)])
        if url is None:
            raise Rejected("url", text_of(node.get("url")) or "", "is no URL, nor is @id")
        item = self._begun(row, digest(url, claimed), "fact check of the same claim", url)
        reviewers = given.names(item, node, "author", "publisher")
        reviewer = reviewers[0] if reviewers else ""
        checked = time_of(item, "datePublished", node.get("datePublished"))
        review = add_article(
            item,
            reviewer,
            title=text_of(node.get("headline")) or text_of(node.get("name")),
            published=checked["edtf"] if checked else None,
            url=url,
        )
        reviewed = next(iter(given.objects(node, "itemReviewed")), {})
        appearance = self._appearance(item, given, reviewed, url)
        item.parts.insert(
            0,
            Part(
                "claims",
                item.key,
                {
                    "statement": cut(claimed, LONGEST_STATEMENT),
                    "kind": "description",
                    "claimant": self._claimant(item, given, reviewed),
                    "document": appearance or review,
                    "certainty": "unstated",
                    "said": time_of(
                        item, "itemReviewed.datePublished", reviewed.get("datePublished")
                    ),
                    "rating": self._rating(item, given, reviewer, checked),
                    "citations": [
                        {
                            "document": review,
                            "mode": "paraphrase",
                            "locator": "claimReviewed",
                            "via": [{"document": appearance}] if appearance else [],
                        }
                    ],
                },
            ),
        )
        return item

    def _claimant(self, item: Item, given: _Given, reviewed: Node) -> str:
        """Who is said to have claimed it; a voice of its own where nobody is named."""
        names = given.names(item, reviewed, "author")
        if len(names) > 1:
            item.mend("first_claimant", f"of {len(names)} claimants the first is kept")
        if names:
            return add_source(item, names[0])
        return item.add(
            "sources", f"{item.key}:claimant", name="Unknown claimant", kind=SourceKind.UNKNOWN
        )

    def _appearance(self, item: Item, given: _Given, reviewed: Node, review_url: str) -> str | None:
        """The document that the claim appeared in, where the check names one; its id."""
        works = [
            {"url": one} if isinstance(one, str) else one
            for one in given.all(reviewed, "firstAppearance", "appearance")
        ]
        if "Claim" not in _types(reviewed):
            works.append(reviewed)
        said = [one for work in works if (one := _work(item, given, work, review_url))]
        if not said:
            return None
        if len(said) > 1:
            item.mend("first_appearance", f"of {len(said)} appearances the first is kept")
        published = said[0]["published"]
        told = digest(
            said[0]["kind"], said[0]["title"], said[0]["url"], published and published["edtf"]
        )
        return item.add("documents", f"work {told}", **said[0])

    def _rating(
        self, item: Item, given: _Given, reviewer: str, checked: dict[str, str] | None
    ) -> dict[str, Any] | None:
        """The verdict: by its figure, between the worst and the best; its words are its reason."""
        said = next(iter(given.objects(given.node, "reviewRating")), {})
        value = _figure(said, "ratingValue")
        worst, best = _figure(said, "worstRating"), _figure(said, "bestRating")
        worst, best = WORST if worst is None else worst, BEST if best is None else best
        words = cut(text_of(said.get("alternateName")), LONGEST_VERDICT)
        if value is None and words is None:
            return None
        if checked is None or len(checked["edtf"]) < len("2022-10-01"):
            item.mend("rating_undated", "its rating has no day and is not kept")
            return None
        scale = f"where {worst:g} is the worst and {best:g} the best"
        figure = None if value is None else f"{value:g}, {scale}"
        verdict = "; ".join(part for part in (words and f"“{words}”", figure) if part)
        return {
            "value": _graded(value, worst, best),
            "reason": f"Rated by {reviewer or 'a fact check'}: {verdict}.",
            "at": checked["edtf"][:10],
        }


def _work(item: Item, given: _Given, work: Any, review_url: str) -> dict[str, Any] | None:
    """What is said of a document that a claim appeared in; None where it is the check itself."""
    if not isinstance(work, dict):
        return None
    around = next(iter(given.objects(work, "isPartOf")), {})
    url = url_of([*every(work.get("url")), *every(around.get("url")), _id(work)])
    title = cut(text_of(work.get("headline")) or text_of(work.get("name")), LONGEST_TITLE)
    if url == review_url or not (url or title):
        return None
    types = _types(work)
    kind = next((kind for name, kind in WORKS.items() if name in types), DocumentKind.LINK_STUB)
    published = time_of(item, "datePublished of the appearance", work.get("datePublished"))
    return {"kind": kind, "title": title, "url": url, "published": published}


def _graded(value: float | None, worst: float, best: float) -> Rating:
    """The verdict for a figure between the worst and the best; halves go to the middle."""
    low, high = sorted((worst, best))
    if value is None or low == high or not low <= value <= high:
        return Rating.UNRATED
    from_middle = 4 * (value - worst) / (best - worst) - 2
    return RATINGS[3 + int(math.copysign(math.ceil(abs(from_middle) - 0.5), from_middle))]


def _figure(said: Node, member: str) -> float | None:
    """The figure of a member, also one that is written as text; None for anything else."""
    value = said.get(member)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


# Objects.


def _rows(file: Opened) -> Iterator[Row]:
    """The objects of a file that say something by themselves.

    What others beside it refer to by its id, such as a publisher, is read where they are.
    """
    for together in texts(file):
        found = [(line, node) for line, value in together for node in _nodes(value)]
        objects = [node for _, node in found if isinstance(node, dict)]
        others = {
            one: node for node in objects if (one := node.get("@id")) and isinstance(one, str)
        }
        referred = {one for node in objects for one in _referred(node)}
        many = len(together) == 1 and len(found) > 1
        for position, (line, node) in enumerate(found, start=1):
            if isinstance(node, dict) and str(node.get("@id")) in referred and not _speaks(node):
                continue
            given = _Given(node, others) if isinstance(node, dict) else None
            yield row_of(file, position if many else line, node, given)


def _nodes(value: Any) -> Iterator[Any]:
    """The objects of a text: of lists, graphs and feeds, what is in them."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += reversed(one)
        elif isinstance(one, dict) and "@graph" in one:
            waiting.append(one["@graph"])
        elif isinstance(one, dict) and "DataFeed" in _types(one):
            waiting.append(every(one.get("dataFeedElement")))
        elif isinstance(one, dict) and "DataFeedItem" in _types(one):
            waiting.append(every(one.get("item")))
        else:
            yield one


def _speaks(node: Node) -> bool:
    """Whether an object is an article or a fact check."""
    return bool({CHECK, *ARTICLES} & _types(node))


def _types(node: Node) -> set[str]:
    """The types of an object, without the vocabulary that they are of."""
    return {_VOCABULARY.sub("", one) for one in every(node.get("@type")) if isinstance(one, str)}


def _id(node: Node) -> str | None:
    """The id of an object, where it says the same everywhere."""
    told = node.get("@id")
    return told if isinstance(told, str) and _ABSOLUTE.match(told) else None


def _reference(value: Any) -> str:
    """The id that a value refers to; empty where it is more than a reference."""
    if isinstance(value, dict) and value.keys() <= {"@id", "@type"}:
        return str(value.get("@id", ""))
    return ""


def _referred(node: Node) -> Iterator[str]:
    """The ids that an object refers to."""
    waiting = list(node.values())
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
            if reference := _reference(value):
                yield reference
