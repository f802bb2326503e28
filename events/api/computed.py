"""Answers that are computed when they are asked for, over the records of one moment."""

from collections.abc import Callable

import orjson
from django.http import HttpResponse

from records.api.moments import Moment, moment, newest
from records.api.resource import RecordViewSet
from records.shape import Body


class ComputedView(RecordViewSet):
    """What computed answers share: they are of one moment, and come in one order."""

    orderings = {}
    default_ordering = ""

    def answered(self, say: Callable[[Moment], Body | HttpResponse]) -> HttpResponse:
        """The answer that `say` computes, all of one moment, or the 304 to who has it.

        Where `say` has a response already, such as a redirect, it is that.
        """
        now = moment(self.request.query_params.get("as_of"))
        if (same := self.unchanged(now)) is not None:
            return same
        while True:
            said = say(now)
            if isinstance(said, HttpResponse):
                return said
            # Several queries were made: they must have seen the same records.
            if now.seq is not None or newest().newest == now.newest:
                break
            now = moment(None)
        body = orjson.dumps(said)
        return self.licensed(self.answer(body, self.tag(now.newest), now.newest, now.recorded_at))

    def told_of(self, pk: str, tell: Callable[[Body, Moment], Body]) -> HttpResponse:
        """The answer that `tell` computes of one record, from its body."""

        def say(now: Moment) -> Body | HttpResponse:
            version = self.find(pk, now)
            if isinstance(version, HttpResponse):
                return version
            return tell(orjson.loads(version.body), now)

        return self.answered(say)
