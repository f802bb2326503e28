"""What goes wrong with a request: exceptions that become problem details (RFC 9457)."""

from typing import Any

from rest_framework import status
from rest_framework.exceptions import APIException


class ProblemError(APIException):
    """A request that cannot be answered. `slug` names its kind, under `/problems/`."""

    status_code = status.HTTP_400_BAD_REQUEST
    slug = "bad-request"
    title = "The request cannot be understood"

    def __init__(
        self,
        detail: str,
        *,
        errors: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.errors = errors or []
        self.headers = headers or {}
        self.members = members


class BadParameter(ProblemError):
    """A query parameter that is unknown, given twice, empty or wrong."""

    slug = "bad-parameter"
    title = "A query parameter is wrong"

    def __init__(self, *errors: tuple[str, str]) -> None:
        super().__init__(
            "; ".join(f"{parameter}: {detail}" for parameter, detail in errors),
            errors=[{"parameter": parameter, "detail": detail} for parameter, detail in errors],
        )


class NotFoundProblem(ProblemError):
    """Nothing is, or was, at this address."""

    status_code = status.HTTP_404_NOT_FOUND
    slug = "not-found"
    title = "There is nothing at this address"


class NotYetRecorded(NotFoundProblem):
    """It exists, and did not at the moment asked for."""

    slug = "not-yet-recorded"
    title = "It was not recorded yet at that moment"


class Retracted(ProblemError):
    """It was withdrawn."""

    status_code = status.HTTP_410_GONE
    slug = "retracted"
    title = "It was retracted"


class Erased(ProblemError):
    """It was erased, for legal reasons or for a person's safety."""

    status_code = status.HTTP_451_UNAVAILABLE_FOR_LEGAL_REASONS
    slug = "erased"
    title = "It was erased"


class QueryTooLong(ProblemError):
    """A query of more bytes than is read."""

    status_code = status.HTTP_414_REQUEST_URI_TOO_LONG
    slug = "query-too-long"
    title = "The query is too long"


class NeedsKey(ProblemError):
    """A closed instance answers only those who sign in."""

    status_code = status.HTTP_401_UNAUTHORIZED
    slug = "needs-key"
    title = "This instance is closed to anonymous reading"


#: Every kind of problem that has a page of its own, by its slug.
KINDS: dict[str, tuple[str, str]] = {
    cls.slug: (cls.title, (cls.__doc__ or "").strip())
    for cls in (
        ProblemError,
        BadParameter,
        NotFoundProblem,
        NotYetRecorded,
        Retracted,
        Erased,
        QueryTooLong,
        NeedsKey,
    )
} | {
    "method-not-allowed": ("The method is not allowed here", "`Allow` names those that are."),
    "not-acceptable": ("There is no such format", "`Accept` or `format` asks for an unknown one."),
    "unsupported-media-type": ("The body's media type is not read", "JSON in UTF-8 is read."),
    "too-large": ("The body is too large", "At most 1 MiB is read."),
    "conflict": ("It conflicts with what is there", "Something refers to it, or has changed."),
    "unavailable": ("The service is busy", "Try again after the seconds in `Retry-After`."),
    "not-authenticated": ("Signing in is needed", "Give a valid key."),
    "forbidden": ("It is not allowed", "The key's role does not allow it."),
    "server-error": ("Something broke on our side", "It was logged under `request_id`."),
}
