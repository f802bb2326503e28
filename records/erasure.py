"""The one exception to append-only: replacing what every version says of an erased object."""

from typing import Any
from uuid import UUID

import orjson
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Cast

from records import searching, workspace
from records.edition import Edition, Key
from records.models import ChangeSet, Erasure, Op, ReviewItem, State
from records.querysets import column_names
from records.record import ERASED, PublishedRecord, content_hash, core_json
from records.registry import embedders, record_of
from records.shape import Body
from records.timeline import FIRST

#: Columns of a version that say nothing of its object.
_KEPT = {
    "seq", "object_id", "version", "recorded_at", "superseded_seq", "dataset", "datasets",
}  # fmt: skip
_NOBODY = UUID(int=0)


def erase_versions(made: Edition) -> None:
    """Erase, in every version, what an edition buries with `erase`, and log it.

    Runs in the edition's transaction, which the append-only triggers let pass by a setting.
    """
    assert made.change_set is not None
    with connection.cursor() as cursor:
        cursor.execute("select set_config('dateline.erasing', 'on', true)")
    for change in made.change_set.changes.filter(op=Op.ERASE):
        key = (change.resource, str(change.object_id))
        record = record_of(change.resource)
        last = (
            record.objects.of(change.object_id).filter(op__in=[Op.ADD, Op.MODIFY]).latest("version")
        )
        erased = record.erased(orjson.loads(last.body))
        record.forget(change.object_id)
        _erase_own(record, change.object_id, erased, made.reason)
        _erase_embedded(key, record.reference(erased))
        _erase_row(key)
        _erase_beside(key)
        Erasure.objects.create(
            resource=change.resource,
            object_id=change.object_id,
            seq=change.seq,
            reason=made.reason,
        )
    with connection.cursor() as cursor:
        cursor.execute("select set_config('dateline.erasing', 'off', true)")


def _erase_own(record: type[PublishedRecord], object_id: UUID, erased: Body, reason: str) -> None:
    body = orjson.dumps({**erased, "erased": True, "reason": reason}).decode()
    values: dict[str, Any] = {
        field.name: _empty(field)
        for field in record._meta.concrete_fields
        if field.name not in _KEPT and not field.generated
    }
    values |= {
        "op": Op.ERASE,
        "live": False,
        "body": body,
        "content_hash": content_hash(body.encode()),
        "kind": erased.get("kind", ""),
    }
    names = column_names(record)
    record.objects.of(object_id).update(**{k: v for k, v in values.items() if k in names})
    searching.forget(record, record.objects.of(object_id).values_list("pk", flat=True))
    if record.place_line is not None:
        record.place_line._default_manager.filter(object_id=object_id).delete()


def _empty(field: models.Field) -> Any:  # type: ignore[type-arg]
    if field.null:
        return None
    if isinstance(field, ArrayField):
        return []
    if isinstance(field, models.DateTimeField):
        return FIRST
    if isinstance(field, models.BooleanField):
        return False
    if isinstance(field, models.UUIDField):
        return _NOBODY
    if isinstance(field, models.IntegerField):
        return 0
    return ""


def _erase_embedded(key: Key, reference: Body) -> None:
    """Replace the object's small form, and its name as a party, wherever a version has them."""
    resource, object_id = key
    for embedder in embedders(resource):
        record = record_of(embedder)
        holding = record.objects.filter(
            Q(body__contains=object_id) | Q(refs__contains=[object_id])
        ).exclude(object_id=object_id)
        for version in holding.iterator(chunk_size=500):
            body = _rewrite(version.body, object_id, reference)
            read: Body = orjson.loads(body)
            core = {k: v for k, v in read.items() if k not in ("version", "seq", "recorded_at")}
            shown = core if version.live else record.erased({"id": str(version.object_id)})
            record.objects.filter(pk=version.pk).update(
                body=body,
                csv=record.csv_line(read) if version.live else "",
                content_hash=content_hash(core_json(core)),
                words=searching.words_of(record, shown, vars(version)),
                **record.borrowed(shown),
            )
            if record.point_table is not None:
                searching.forget(record, [version.pk])
                searching.write_points(record, [(version, shown)] if version.live else [])


def _rewrite(body: str, object_id: str, reference: Body) -> str:
    def walk(value: Any) -> Any:
        if isinstance(value, list):
            return [walk(element) for element in value]
        if not isinstance(value, dict):
            return value
        if value.get("id") == object_id:
            return {name: reference.get(name) for name in value}
        walked = {name: walk(element) for name, element in value.items()}
        if walked.get("party_id") == object_id:
            walked["party"] = ERASED
        return walked

    whole = orjson.loads(body)
    return orjson.dumps(
        {name: walk(value) for name, value in whole.items()}
        | ({"party": ERASED} if whole.get("party_id") == object_id else {})
    ).decode()


def _erase_row(key: Key) -> None:
    """Empty the workspace row, keeping what the database requires of it."""
    resource, object_id = key
    record = record_of(resource)
    row_id = UUID(object_id)
    if record.computed:
        record.shape.model._default_manager.filter(pk=row_id).delete()
        return
    said = record.shape.read([row_id]).get(row_id)
    if said is None:
        return
    emptied = {
        name: value
        for name, value in said.items()
        if name in ("kind", "type", "claimant", "voice", "dataset", "datasets")
    }
    if resource == "claims":
        emptied["event"] = said["event"]
        emptied["document"] = said["document"]
        emptied["actor"] = said["actor"]
        emptied["places"] = said["places"]
        emptied["kind"] = "description"
    for name in ("name", "title", "statement"):
        if name in said:
            emptied[name] = ERASED
    workspace.apply(resource, {row_id: emptied}, state=State.RETRACTED)


def _erase_beside(key: Key) -> None:
    """Erase what is kept beside versions and rows: what merges moved, and open questions."""
    resource, object_id = key
    kept = ChangeSet.objects.annotate(text=Cast("undo", models.TextField()))
    kept.filter(text__contains=object_id).update(undo={"erased": True})
    asked = Q(object_id=object_id) | Q(kind=ReviewItem.Kind.DUPLICATE, member=object_id)
    ReviewItem.objects.filter(asked, resource=resource).delete()
    others = ReviewItem.objects.annotate(text=Cast("detail", models.TextField()))
    for item in others.filter(text__contains=object_id):
        item.detail = _without(item.detail, object_id)
        item.save(update_fields=["detail"])


def _without(value: Any, object_id: str) -> Any:
    """A value of JSON without what lists have of an object: it is no longer to be chosen."""
    if isinstance(value, list):
        kept = [e for e in value if not (isinstance(e, dict) and e.get("id") == object_id)]
        return [_without(element, object_id) for element in kept]
    if isinstance(value, dict):
        return {name: _without(element, object_id) for name, element in value.items()}
    return value
