"""Actors, sources and documents as JSON-LD, in the terms of schema.org."""

from places.api import jsonld as places
from records.api.jsonld import Address, alternate_names, filed, node, one_date, ours, time
from records.shape import Body

#: The type of each kind that has a closer one than `Organization`. What acts as a state is none of
#: a government unless its kind says so: whether it is a state may be contested.
ACTOR_TYPES = {
    "person": "Person",
    "political_party": "PoliticalParty",
    "government": "GovernmentOrganization",
    "ministry": "GovernmentOrganization",
}
#: Likewise for sources; `Thing` where it may be a person as well as an organisation.
SOURCE_TYPES = {
    "news_outlet": "NewsMediaOrganization",
    "news_agency": "NewsMediaOrganization",
    "state_media": "NewsMediaOrganization",
    "government": "GovernmentOrganization",
    "ministry": "GovernmentOrganization",
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
    "anonymous": "Person",
    "academic": "Thing",
    "social_account": "Thing",
    "unknown": "Thing",
    "dataset": "Dataset",
}
#: Likewise for documents, whose type is `CreativeWork` otherwise.
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
    said = actor_reference(body, address)
    return {
        **said,
        **node(said["@type"], said["@id"], alternateName=alternate_names(body), **{above: parent}),
        **ours(party_reason=body["party_reason"]),
        **filed(body),
    }


def source(body: Body, address: Address) -> Body:
    """A source, with the actor that it speaks for."""
    speaks_for = body["speaks_for"] and actor_reference(body["speaks_for"], address)
    said = source_reference(body, address)
    country = body["country"]
    # Only persons and organisations have an address.
    located = said["@type"] not in ("Thing", "Dataset")
    return {
        **said,
        **node(
            said["@type"],
            said["@id"],
            alternateName=alternate_names(body),
            url=body["url"],
            address=node("PostalAddress", "", addressCountry=country)
            if country and located
            else None,
        ),
        **ours(
            country=None if located else country,
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
            datePublished=one_date(body["published"]),
            mentions=list({one["@id"]: one for one in mentioned}.values()),
        ),
        **of_text,
        **filed(body),
    }
