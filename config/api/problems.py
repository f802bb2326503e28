"""The pages that the `type` of a problem leads to."""

from django.http import Http404, HttpRequest, HttpResponse

from records.api.problems import KINDS


def problem_page(request: HttpRequest, slug: str) -> HttpResponse:
    """What a kind of problem means, as plain text."""
    if slug not in KINDS:
        raise Http404
    title, meaning = KINDS[slug]
    return HttpResponse(f"{title}\n\n{meaning}\n", content_type="text/plain; charset=utf-8")
