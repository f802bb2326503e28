"""What every answer carries: an id of the request, and leave for browsers of other origins."""

import logging
from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

from config.api.errors import PROBLEM_JSON, known_problem, plain_problem

EXPOSED = (
    "Content-Disposition, ETag, Link, Location, Retry-After, RateLimit, RateLimit-Policy, "
    "Dateline-Seq, X-Request-Id"
)

logger = logging.getLogger("dateline.errors")


class ApiMiddleware:
    """Gives each request an id, answers preflights, and opens the API to browsers.

    Errors that no view has seen, such as a database that is restarting, become problems here.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = str(uuid4())  # type: ignore[attr-defined]
        api = request.path.startswith("/api/")
        if api and request.method == "OPTIONS" and "HTTP_ORIGIN" in request.META:
            response = HttpResponse(status=204)
            response["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
            response["Access-Control-Allow-Headers"] = (
                "Accept, Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key"
            )
            response["Access-Control-Max-Age"] = "86400"
        else:
            response = self.get_response(request)
            if (
                response.status_code >= 400
                and response.get("Content-Type") != PROBLEM_JSON
                and not request.path.startswith("/admin/")
            ):
                response = plain_problem(request, response)
        if api:
            response["Access-Control-Allow-Origin"] = "*"
            response["Access-Control-Expose-Headers"] = EXPOSED
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The problem for an exception that a view let through, where it is a known one."""
        if request.path.startswith("/admin/"):
            return None
        return known_problem(request, error)
