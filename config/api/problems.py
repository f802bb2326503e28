"""The pages that the `type` of a problem leads to."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from records.api.problems import KINDS


@csrf_exempt  # nothing is written here: other methods are 405
@require_safe
def problem_page(request: HttpRequest, slug: str) -> HttpResponse:
    """What a kind of problem means, as plain text."""
    if slug not in KINDS:
        raise Http404
    title, meaning = KINDS[slug]
    return HttpResponse(f"{title}\n\n{meaning}\n", content_type="text/plain; charset=utf-8")
