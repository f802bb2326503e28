"""Every error as problem details (RFC 9457), on every path."""

import logging
from http import HTTPStatus
from typing import Any

import orjson
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import DataError, InterfaceError, OperationalError
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404, HttpRequest, HttpResponse
from django.views import defaults
from psycopg_pool import PoolTimeout
from rest_framework import exceptions

from records.api.problems import KINDS, ProblemError

logger = logging.getLogger("dateline.errors")

PROBLEM_JSON = "application/problem+json"
#: Bytes of a problem that `detail` and `errors` together may take.
SAID_LIMIT = 1500

SLUGS = {
    400: "bad-request",
    401: "not-authenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    409: "conflict",
    413: "too-large",
    415: "unsupported-media-type",
    429: "unavailable",
    500: "server-error",
    503: "unavailable",
}


def problem(
    request: HttpRequest,
    status: int,
    detail: str,
    *,
    slug: str | None = None,
    title: str | None = None,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
    **members: Any,
) -> HttpResponse:
    """A problem as an answer: `type, title, status, detail, errors, request_id`, and members."""
    slug = slug or SLUGS.get(status, "bad-request")
    known = KINDS.get(slug)
    errors = [dict(error) for error in errors or []]
    body = {
        "type": f"/problems/{slug}/",
        "title": title or (known[0] if known else HTTPStatus(status).phrase),
        "status": status,
        "detail": _short(detail, SAID_LIMIT // 3 if errors else SAID_LIMIT),
        "errors": _fitting(errors, SAID_LIMIT - SAID_LIMIT // 3),
        "request_id": getattr(request, "request_id", None),
        **members,
    }
    response = HttpResponse(
        orjson.dumps(body, default=str), content_type=PROBLEM_JSON, status=status, headers=headers
    )
    response["Cache-Control"] = "no-store"
    return response


def _short(text: str, limit: int) -> str:
    """As much of a text as fits into so many bytes."""
    raw = text.encode("utf-8", "backslashreplace")
    if len(raw) <= limit:
        return raw.decode()
    return raw[: limit - 3].decode("utf-8", "ignore") + "…"


def _fitting(errors: list[dict[str, str]], limit: int) -> list[dict[str, str]]:
    """As many errors as fit into so many bytes, each cut to half of that."""
    shown: list[dict[str, str]] = []
    for error in errors:
        short = {name: _short(text, limit // 2) for name, text in error.items()}
        limit -= len(orjson.dumps(short)) + 1
        if shown and limit < 0:
            break
        shown.append(short)
    return shown


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """What Django REST framework calls for an exception in a view; None for an unknown one."""
    request = context["request"]._request
    if isinstance(error, ProblemError):
        return problem(
            request,
            error.status_code,
            str(error.detail),
            slug=error.slug,
            title=error.title,
            errors=error.errors,
            headers=error.headers,
            **error.members,
        )
    if isinstance(error, exceptions.APIException):
        headers: dict[str, str] = {}
        detail = str(error.detail)
        if isinstance(error, exceptions.MethodNotAllowed):
            headers["Allow"] = ", ".join(context["view"].allowed_methods)
            detail = f"{request.method[:40]!a} is not allowed here; {headers['Allow']} are."
        if isinstance(error, exceptions.NotAcceptable):
            known = ", ".join(found.media_type for found in context["view"].get_renderers())
            accept = request.META.get("HTTP_ACCEPT", "")
            detail = f"Accept: {accept[:100]!a} takes nothing that is served here: {known}."
        if getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = error.auth_header
        if getattr(error, "wait", None):
            headers["Retry-After"] = str(int(error.wait))
        return problem(request, error.status_code, detail, headers=headers)
    return known_problem(request, error)


def known_problem(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """The problem for an exception of Django's or the database's; None for an unknown one."""
    match error:
        case Http404():
            return problem(request, 404, f"Nothing is served at {request.path[:200]}.")
        case PermissionDenied():
            return problem(request, 403, "This is not allowed.")
        case RequestDataTooBig():
            return problem(request, 413, "The body is larger than 1 MiB.")
        case SuspiciousOperation():
            return problem(request, 400, f"The request is malformed: {error}")
        case ProtectedError() | RestrictedError():
            return problem(request, 409, "Something refers to it.")
        case DataError():
            return problem(request, 400, "A value does not fit its column.")
        case OperationalError() | InterfaceError() | PoolTimeout():
            logger.warning("database: %s", error)
            return problem(
                request,
                503,
                "The database is busy or restarting; try again in a moment.",
                headers={"Retry-After": "2"},
            )
    return None


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler400`: a malformed request that no view has seen."""
    found = known_problem(request, exception)
    return found or problem(request, 400, "The request is malformed.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler403`."""
    if request.path.startswith("/admin/"):
        return defaults.permission_denied(request, exception)
    return problem(request, 403, "This is not allowed.")


def plain_problem(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The problem in place of an error page that something beneath the views has written."""
    headers = {name: response[name] for name in ("Allow", "Retry-After") if name in response}
    if response.status_code == 405:
        detail = f"{(request.method or '')[:40]!a} is not allowed here; {headers['Allow']} are."
    else:
        detail = HTTPStatus(response.status_code).description or response.reason_phrase
    return problem(request, response.status_code, detail, headers=headers)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler404`: a path that is not routed."""
    if request.path.startswith("/admin/"):
        return defaults.page_not_found(request, exception)
    return problem(
        request, 404, f"Nothing is served at {request.path[:200]}. The resources are at /api/v1/."
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`: an exception that nobody handled. It was logged with its traceback."""
    return problem(
        request,
        500,
        "Something broke on our side. It was logged; please report the request_id.",
    )
