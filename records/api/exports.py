"""Whole sets out: all that match, as CSV or NDJSON, streamed in constant memory."""

import logging
import threading
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.http import HttpResponseBase, StreamingHttpResponse

from records import flat
from records.api.moments import moment
from records.api.problems import BadParameter, ProblemError
from records.copying import copy_texts, snapshot

if TYPE_CHECKING:
    from records.api.resource import RecordViewSet

logger = logging.getLogger("dateline.errors")

#: By format: the column that is served, what ends a line, and how a stream that breaks off ends.
#: The server ends a failed answer as if it were whole, so its last line is one that no reader
#: takes for a record: an object, or a quoted cell, that is never closed.
FORMATS = {
    "csv": ("csv", flat.LINE_END, b'"This export broke off here; ask for it again.'),
    "ndjson": ("body", b"\n", b'{"detail":"This export broke off here; ask for it again.'),
}
#: What lists are asked for by the page, and whole sets are not.
OF_PAGES = ("limit", "cursor", "ordering", "count", "fields", "expand")
#: How many exports a process sends at a time: the other threads are for everything else, for a
#: slow client keeps one as long as it likes.
SLOTS = threading.BoundedSemaphore(max(1, settings.THREADS // 2))


class Busy(ProblemError):
    """Others are taking whole sets out."""

    status_code = 503
    slug = "unavailable"
    title = "The service is busy"


class Lines:
    """All that a query set of records finds, by id, as lines of a format in chunks.

    Making one reads the newest number in the state that is read, and two chunks. Unless that was
    all, it holds a connection and a slot until it is closed. Should it break off, its last chunk
    says so. Raises `Busy` where no slot is free.
    """

    def __init__(self, queryset: QuerySet[Any], format: str) -> None:  # noqa: A002
        self._held = ExitStack()
        with ExitStack() as held:
            if not SLOTS.acquire(blocking=False):
                raise Busy(
                    "Others are taking whole sets out; try again in a while.",
                    headers={"Retry-After": "10"},
                )
            held.callback(SLOTS.release)
            source = held.enter_context(snapshot())
            with source.cursor() as cursor:
                cursor.execute("select coalesce(max(last_seq), 0) from records_changeset")
                self.newest: int = cursor.fetchone()[0]
            self._rest = _read(source, queryset, format)
            held.callback(self._rest.close)
            self._ahead = list(islice(self._rest, 2))
            if len(self._ahead) > 1:
                self._held = held.pop_all()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return self._ahead.pop(0) if self._ahead else next(self._rest)

    def close(self) -> None:
        """Give the connection back, whatever is left to be read."""
        self._held.close()


def _read(
    source: BaseDatabaseWrapper, queryset: QuerySet[Any], name: str
) -> Generator[bytes, None, None]:
    column, end, broken_off = FORMATS[name]
    batches = copy_texts(source, queryset.order_by("object_id"), column)
    head = [flat.header(queryset.model.csv_columns).encode()] if name == "csv" else []
    yield end.join([*head, *next(batches, []), b""])
    try:
        for batch in batches:
            yield end.join([*batch, b""])
    except DatabaseError:
        logger.exception("an export broke off")
        yield broken_off
        raise


def whole_set(view: "RecordViewSet") -> HttpResponseBase:
    """All records that match at a moment, or the 304 to who has them."""
    params, wanted = view.request.query_params, view.request.accepted_renderer
    if refused := [name for name in OF_PAGES if name in params]:
        why = f"is for pages; {wanted.format} has all that match, whole and by id"
        raise BadParameter(*((name, why) for name in refused))
    filters = view.filterset_class(params)
    now = moment(params.get("as_of"))
    if (same := view.unchanged(now)) is not None:
        return same
    while True:
        queryset = filters.apply(view.at(view.queryset.all(), now), now)
        lines = Lines(queryset, wanted.format)
        # The number was read ahead, and references resolved: all must speak of the same moment.
        if now.seq is not None or lines.newest == now.newest:
            break
        lines.close()
        now = moment(None)
    if view.request.method == "HEAD":
        lines.close()
    seq = now.newest if now.seq is None else now.seq
    resource = view.record.shape.resource
    charset = f"; charset={wanted.charset}" if wanted.charset else ""
    name = f"dateline-{resource}-{seq}.{wanted.format}"
    response = StreamingHttpResponse(
        () if view.request.method == "HEAD" else lines,
        content_type=wanted.media_type + charset,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    tag = view.tag(now.newest)
    return view.licensed(view.headed(response, tag, now.newest, now.recorded_at))
