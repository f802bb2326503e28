"""Actors, sources and documents as JSON-LD, in the terms of schema.org."""

from places.api import jsonld as places
from records.api.jsonld import Address, alternate_names, filed, first_date, node, ours, time
from records.shape import Body

ACTOR_TYPES = {
    "person": "Person",
    "political_party": "PoliticalParty",
    "state": "GovernmentOrganization",
    "government": "GovernmentOrganization",
    "ministry": "GovernmentOrganization",
    "armed_force": "GovernmentOrganization",
}
SOURCE_TYPES = {
    "news_outlet": "NewsMediaOrganization",
    "news_agency": "NewsMediaOrganization",
    "state_media": "NewsMediaOrganization",
    "government": "GovernmentOrganization",
    "ministry": "GovernmentOrganization",
    "military": "GovernmentOrganization",
    "local_authority": "GovernmentOrganization",
    "election_authority": "GovernmentOrganization",
    "court": "GovernmentOrganization",
    "police": "GovernmentOrganization",
    "emergency_service": "GovernmentOrganization",
    "political_party": "PoliticalParty",
    "ngo": "NGO",
    "company": "Corporation",
    "head_of_state": "Person",
    "spokesperson": "Person",
    "eyewitness": "Person",
    "combatant": "Person",
    "academic": "Person",
    "anonymous": "Person",
}
DOCUMENT_TYPES = {
    "article": "NewsArticle",
    "liveblog": "LiveBlogPosting",
    "press_release": "Article",
    "interview": "Article",
    "social_post": "SocialMediaPosting",
    "video": "VideoObject",
    "image": "ImageObject",
    "audio": "AudioObject",
    "map": "Map",
    "dataset": "Dataset",
    "satellite_image": "ImageObject",
    "legal_text": "Legislation",
}


def actor_reference(body: Body, address: Address) -> Body:
    """An actor as others name it."""
    return node(
        ACTOR_TYPES.get(body["kind"], "Organization"),
        address("actors", body["id"]),
        name=body["name"],
        **ours(kind=body["kind"], party=body["party"]),
    )


def source_reference(body: Body, address: Address) -> Body:
    """A source as others name it."""
    return node(
        SOURCE_TYPES.get(body["kind"], "Organization"),
        address("sources", body["id"]),
        name=body["name"],
        **ours(kind=body["kind"], party=body["party"]),
    )


def document_reference(body: Body, address: Address) -> Body:
    """A document as others name it."""
    return node(
        DOCUMENT_TYPES.get(body["kind"], "CreativeWork"),
        address("documents", body["id"]),
        name=body["title"],
        url=body["url"],
        **ours(kind=body["kind"]),
    )


def actor(body: Body, address: Address) -> Body:
    """An actor, with the one right above it."""
    parent = body["parent"] and actor_reference(body["parent"], address)
    above = "memberOf" if body["kind"] == "person" else "parentOrganization"
    return {
        **actor_reference(body, address),
        "alternateName": alternate_names(body),
        **({above: parent} if parent else {}),
        **ours(party_reason=body["party_reason"]),
        **filed(body),
    }


def source(body: Body, address: Address) -> Body:
    """A source, with the actor that it speaks for."""
    speaks_for = body["speaks_for"] and actor_reference(body["speaks_for"], address)
    said = source_reference(body, address)
    country = body["country"] and node("PostalAddress", "", addressCountry=body["country"])
    return {
        **said,
        "alternateName": alternate_names(body),
        **({"url": body["url"]} if body["url"] else {}),
        **({"address": country} if country else {}),
        **ours(
            speaks_for=speaks_for,
            independent=body["independent"],
            reliability=ours(**body["reliability"]),
        ),
        **filed(body),
    }


def document(body: Body, address: Address) -> Body:
    """A document, with its publisher and what it mentions. Its text is not in it."""
    mentioned = [
        places.reference(mention["place"], address)
        if mention["place"]
        else actor_reference(mention["actor"], address)
        if mention["actor"]
        else source_reference(mention["source"], address)
        for mention in body["mentions"]
    ]
    related = [
        ours(kind=relation["kind"], document=document_reference(relation["document"], address))
        for relation in body["relations"]
    ]
    of_text = ours(
        status=body["status"],
        rights=body["rights"],
        text_length=body["text_length"],
        text_sha256=body["text_sha256"],
        published=time(body["published"]),
        related=related,
    )
    return {
        **document_reference(body, address),
        **node(
            DOCUMENT_TYPES.get(body["kind"], "CreativeWork"),
            address("documents", body["id"]),
            author=body["author"] and node("Person", "", name=body["author"]),
            publisher=body["publisher"] and source_reference(body["publisher"], address),
            inLanguage=body["language"],
            datePublished=first_date(body["published"]),
            mentions=list({one["@id"]: one for one in mentioned}.values()),
        ),
        **of_text,
        **filed(body),
    }
