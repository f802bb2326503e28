"""Events and claims as JSON-LD, in the terms of schema.org."""

from places.api import jsonld as places
from records.api.jsonld import (
    Address,
    filed,
    first_date,
    last_date,
    node,
    one_date,
    ours,
    time,
    totals,
)
from records.shape import Body
from sources.api import jsonld as sources

#: The grade of each verdict that has one, of 1 to 5, as fact checks give it.
GRADES = {"verified": 5, "mostly_accurate": 4, "mixed": 3, "misleading": 2, "false": 1}


def event_reference(body: Body, address: Address) -> Body:
    """An event as others name it."""
    return node("Event", address("events", body["id"]), name=body["title"])


def claim_reference(body: Body, address: Address) -> Body:
    """A claim as others name it."""
    return node("Claim", address("claims", body["id"]), text=body["statement"])


def event(body: Body, address: Address) -> Body:
    """An event, with how far it is settled. Who did it is only said where it is not disputed."""
    taking_place = [
        ours(
            place=places.reference(element["place"], address),
            role=element["role"],
            basis=element["basis"],
        )
        for element in body["places"]
    ]
    taking_part = [
        ours(actor=sources.actor_reference(one["actor"], address), role=one["role"])
        for one in body["participants"]
    ]
    relations = [
        ours(
            kind=relation["kind"],
            event=event_reference(relation["event"], address),
            phrase=relation["phrase"],
            claim=relation["claim"] and claim_reference(relation["claim"], address),
        )
        for relation in body["relations"]
    ]
    planned = "https://schema.org/EventScheduled" if body["status"] == "planned" else None
    return {
        **node(
            "Event",
            address("events", body["id"]),
            name=body["title"],
            description=body["summary"],
            startDate=first_date(body["when"]),
            endDate=last_date(body["when"]),
            location=_locations(body, address),
            eventStatus=planned and {"@id": planned},
        ),
        **ours(
            type=body["type"]["code"],
            contexts=body["contexts"],
            status=body["status"],
            when=time(body["when"]),
            geo_precision=body["geo_precision"],
            places=taking_place,
            participants=taking_part,
            relations=relations,
        ),
        **filed(body),
    }


def _locations(body: Body, address: Address) -> list[Body]:
    """Where it is said to have happened: not where it came from, went to, or was near."""
    at = [one["place"] for one in body["places"] if one["role"] == "location"]
    elsewhere = {one["place"]["id"] for one in body["places"]} - {one["id"] for one in at}
    # The place to show it at may be there for want of a better one.
    if body["place"] and body["place"]["id"] not in elsewhere:
        at.append(body["place"])
    located = {one["id"]: places.reference(one, address) for one in at}
    if body["lat"] is None:
        return [*located.values()]
    own = node("Place", "", geo=places.position(body["lat"], body["lon"]))
    return [*located.values(), own]


def claim(body: Body, address: Address) -> Body:
    """A claim by whoever asserts it, where it can be read, and what a fact check says of it."""
    about = [places.reference(one, address) for one in body["places"]]
    about += [event_reference(body["event"], address)] if body["event"] else []
    about += [sources.actor_reference(body["actor"], address)] if body["actor"] else []
    about += [sources.document_reference(body["document"], address)] if body["document"] else []
    carrying = [sources.document_reference(c["document"], address) for c in body["citations"]]
    subject = body["object_actor"]
    quantity = body["quantity"]
    whole = {
        **claim_reference(body, address),
        **node(
            "Claim",
            address("claims", body["id"]),
            author=sources.source_reference(body["claimant"], address),
            dateCreated=one_date(body["said"]),
            about=about,
            appearance=list({one["@id"]: one for one in carrying}.values()),
        ),
        **ours(
            kind=body["kind"],
            voice=body["voice"],
            object_actor=subject and sources.actor_reference(subject, address),
            polarity=body["polarity"],
            certainty=body["certainty"],
            condition=body["condition"],
            quantity=quantity and ours(**quantity),
            control_status=body["control_status"],
            extent=body["extent"],
            evidence=body["evidence"],
            interest=body["interest"],
            wording=body["wording"],
            said=time(body["said"]),
            holds=time(body["holds"]),
            credibility=ours(**body["credibility"]),
            citations=[_citation(citation, address) for citation in body["citations"]],
            relations=[
                ours(
                    kind=relation["kind"],
                    claim=claim_reference(relation["claim"], address),
                    phrase=relation["phrase"],
                    how=relation["how"],
                )
                for relation in body["relations"]
            ],
        ),
        **filed(body),
    }
    if body["rating"]:
        whole["review"] = _review(body, address)
    return whole


def _citation(citation: Body, address: Address) -> Body:
    """Where in a document a claim can be read, and through what it got there."""
    via = [
        sources.document_reference(hop["document"], address)
        if hop["document"]
        else sources.source_reference(hop["source"], address)
        for hop in citation["via"]
    ]
    publisher = citation["publisher"]
    return ours(
        document={"@id": address("documents", citation["document"]["id"])},
        publisher=publisher and sources.source_reference(publisher, address),
        mode=citation["mode"],
        spans=[ours(start=start, end=end) for start, end in citation["spans"]],
        insertions=[ours(start=start, end=end) for start, end in citation["insertions"]],
        locator=citation["locator"],
        quote=citation["quote"],
        passage_sha256=citation["passage_sha256"],
        via={"@list": via} if via else None,
        **totals(citation),
    )


def _review(body: Body, address: Address) -> Body:
    """The verdict on a claim, as fact checks publish it."""
    rating = body["rating"]
    grade = GRADES.get(rating["value"])
    scale = {"ratingValue": grade, "bestRating": 5, "worstRating": 1} if grade else {}
    iri = address("claims", body["id"])
    return node(
        "ClaimReview",
        f"{iri}#review",
        url=iri,
        claimReviewed=body["statement"],
        itemReviewed={"@id": iri},
        reviewRating=node("Rating", "", alternateName=rating["value"], **scale),
        reviewBody=rating["reason"],
        datePublished=rating["at"],
    )
