"""The JSON that every resource shares, as the OpenAPI document declares it.

These serializers declare; they do not serialize. Answers are stored text, and a contract test binds
each stored body to its serializer.
"""

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from drf_spectacular.drainage import set_override
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from records.models import (
    Cause,
    Change,
    Code,
    Dataset,
    Name,
    NameKind,
    Op,
    Origin,
    Record,
    Redistribution,
)
from records.shape import NESTED_LIMIT
from records.time import Precision, TimeBasis

#: Numbers of the sequence stay exact in JavaScript.
LARGEST = 2**53 - 1


def described(model: type[models.Model], name: str) -> str:
    """The help text of a model's field or uncertain time. Raises `LookupError` if it has none."""
    try:
        text = model._meta.get_field(name).help_text  # type: ignore[union-attr]
    except FieldDoesNotExist:
        text = getattr(getattr(model, name, None), "help_text", "")
    if not text:
        raise LookupError(f"{model.__name__}.{name} has no help text")
    return str(text)


class Vocabulary(serializers.CharField):
    """A code of a list that may grow: an open string, with the codes known today beside it.

    A closed list would make generated clients refuse the whole answer when a code is added.
    """

    def __init__(self, codes: type[models.TextChoices] | list[str], **kwargs: Any) -> None:
        known = codes if isinstance(codes, list) else codes.values
        if not isinstance(codes, list):
            listed = ", ".join(f"`{code}`" for code in known)
            kwargs["help_text"] = f"{kwargs['help_text']} One of {listed}; more may be added."
        super().__init__(**kwargs)
        set_override(self, "field", {"type": "string", "x-extensible-enum": known})


@extend_schema_field({"type": "string", "format": "uri-reference"})
class RelativeURLField(serializers.CharField):
    """An address that may be relative to that of the answer."""


class Number(serializers.IntegerField):
    """A whole number from 0 that is exact in every language."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=LARGEST, **kwargs)


def total(name: str) -> Number:
    """The member that counts a nested list's elements where the list is cut."""
    return Number(
        required=False,
        help_text=f"How many elements `{name}` has; there only where it is cut, at {NESTED_LIMIT}.",
    )


class SpanField(serializers.ListField):
    """A stretch of a text: the code point at which it starts, and the one before which it ends."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            child=serializers.IntegerField(min_value=0), min_length=2, max_length=2, **kwargs
        )


class UncertainTimeSerializer(serializers.Serializer):
    """A time as a text gives it. Bounds are computed from `edtf` and half-open, in UTC.

    A day ends where the next begins. Where `edtf` is null the time is known in words alone.
    """

    edtf = serializers.CharField(
        allow_null=True,
        help_text="The time in EDTF (ISO 8601-2, level 1), such as `2022-10-01`; "
        "null if only words are known.",
    )
    earliest = serializers.DateTimeField(
        allow_null=True, help_text="The earliest instant that it may mean; null if it is open."
    )
    latest = serializers.DateTimeField(
        allow_null=True, help_text="The first instant after it; null if it is open."
    )
    precision = Vocabulary(Precision, help_text="How finely the time is known.")
    phrase = serializers.CharField(
        allow_null=True, help_text="The words that gave the time; null if none did."
    )
    basis = serializers.ChoiceField(
        choices=TimeBasis.choices,
        allow_null=True,
        help_text="What the time rests on; null if that is not known.",
    )


class NameSerializer(serializers.Serializer):
    """One more name: in a language, of a kind, and since when or until when."""

    name = serializers.CharField(help_text=described(Name, "name"))
    language = serializers.CharField(allow_null=True, help_text=described(Name, "language"))
    kind = Vocabulary(NameKind, help_text=described(Name, "kind"))
    since = serializers.CharField(allow_null=True, help_text=described(Name, "since"))
    until = serializers.CharField(allow_null=True, help_text=described(Name, "until"))


class CodeSerializer(serializers.Serializer):
    """A code in a scheme of others; scheme and code travel together."""

    scheme = serializers.CharField(help_text=described(Code, "scheme"))
    code = serializers.CharField(help_text=described(Code, "code"))


class CodesField(serializers.DictField):
    """`codes`: the preferred code of each scheme."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault(
            "help_text",
            'The preferred code of each scheme, such as `{"geonames": "704204"}`. '
            "`scheme:code` may stand in place of the id in every address and filter.",
        )
        super().__init__(
            child=serializers.CharField(help_text="The code, as the scheme writes it."), **kwargs
        )


OTHER_CODES = "Further codes: those of records that were merged into it, and former ones."


class OriginSerializer(serializers.Serializer):
    """That the row is in a data set, and by which id it is known there."""

    dataset = serializers.CharField(help_text=described(Dataset, "slug"))
    external_id = serializers.CharField(help_text=described(Origin, "external_id"))


class RecordSerializer(serializers.Serializer):
    """What every record has: its id first; where it comes from and its version last."""

    id = serializers.UUIDField(help_text="Its id. It never changes.")
    dataset = serializers.CharField(
        allow_null=True,
        help_text="Slug of the data set that created the row; null for one made by hand.",
    )
    datasets = OriginSerializer(
        many=True, help_text="Every data set that it is in, with its id there."
    )
    version = Number(help_text="Which version of the record it is; counts from 1.")
    seq = Number(help_text="The version's number in the one sequence of all changes.")
    recorded_at = serializers.DateTimeField(help_text="When the version was recorded.")

    def get_fields(self) -> dict[str, Any]:
        """The members in the order in which they are served."""
        fields = super().get_fields()
        last = ("dataset", "datasets", "version", "seq", "recorded_at")
        return fields | {name: fields.pop(name) for name in last}


class ChangeSerializer(serializers.Serializer):
    """One number of the sequence: which record got a new version, and why.

    Replayed from the first to the last, `record` in place of what was there, or nothing in its
    place where it is null, the changes give exactly the current records.
    """

    seq = Number(help_text=described(Change, "seq"))
    op = serializers.ChoiceField(choices=Op.choices, help_text=described(Change, "op"))
    cause = Vocabulary(Cause, help_text=described(Change, "cause"))
    resource = serializers.CharField(help_text="The record's resource, such as `places`.")
    id = serializers.UUIDField(help_text=described(Change, "object_id"))
    version = Number(help_text=described(Change, "version"))
    recorded_at = serializers.DateTimeField(help_text="When the change was recorded.")
    role = serializers.CharField(
        allow_null=True, help_text="In which role the change was made; null if nobody said."
    )
    reason = serializers.CharField(
        allow_null=True, help_text="Why the change was made; null if nobody said."
    )
    record = serializers.DictField(
        allow_null=True,
        help_text="The record as the change left it, in the form that its resource's own address "
        "serves; null where it was retracted, merged or erased.",
    )


PATCH_OPERATIONS = ["add", "remove", "replace", "move", "copy", "test"]


@extend_schema_serializer(component_name="JSONPatchOperation")
class PatchOperationSerializer(serializers.Serializer):
    """One operation of a JSON Patch (RFC 6902)."""

    op = serializers.ChoiceField(choices=PATCH_OPERATIONS, help_text="What is done at `path`.")
    path = serializers.CharField(help_text="Where, as a JSON Pointer (RFC 6901).")
    value = serializers.JSONField(
        required=False, help_text="The new value, for `add`, `replace` and `test`."
    )

    def get_fields(self) -> dict[str, Any]:
        """The members, with `from`, which is a word of Python's own."""
        return super().get_fields() | {
            "from": serializers.CharField(
                required=False, help_text="Where the value comes from, for `move` and `copy`."
            )
        }


class VersionSerializer(serializers.Serializer):
    """One version of a record, and what it changed."""

    version = Number(help_text=described(Record, "version"))
    seq = Number(help_text=described(Record, "seq"))
    op = serializers.ChoiceField(choices=Op.choices, help_text=described(Record, "op"))
    cause = Vocabulary(Cause, help_text=described(Change, "cause"))
    role = serializers.CharField(
        allow_null=True, help_text="In which role the change was made; null if nobody said."
    )
    reason = serializers.CharField(
        allow_null=True, help_text="Why the change was made; null if nobody said."
    )
    recorded_at = serializers.DateTimeField(help_text=described(Record, "recorded_at"))
    superseded_at = serializers.DateTimeField(
        allow_null=True, help_text="When the next version replaced it; null for the newest."
    )
    patch = PatchOperationSerializer(
        many=True,
        allow_null=True,
        help_text="The changes against the version before (JSON Patch, RFC 6902); null for the "
        "first version, and where a version or the one before it has no record.",
    )


class ProgressSerializer(serializers.Serializer):
    """What the newest import of a data set has done so far, in rows of its files."""

    rows = Number(help_text="Rows that were read.")
    added = Number(help_text="Rows that the data set did not have.")
    changed = Number(help_text="Rows that said something else before.")
    unchanged = Number(help_text="Rows that say what they said.")
    rejected = Number(help_text="Rows that could not be read.")
    held = Number(help_text="Rows that are retracted or being edited here, and stay as they are.")
    withdrawn = Number(help_text="Rows of an earlier release that a complete one no longer has.")
    kept = Number(help_text="Of what is gone, what stays: others refer to it, or it was edited.")
    withdrawals_skipped = Number(
        help_text="1 where nothing was withdrawn, as a rejected row has no id that can be read."
    )
    questions = Number(help_text="Questions that wait for a curator.")
    repaired = serializers.DictField(
        child=Number(help_text="How many rows."),
        help_text="Rows that were mended so that they could be read, by kind of repair.",
    )
    written = serializers.DictField(
        child=Number(help_text="How many."),
        help_text="What was made or changed, by resource.",
    )


class DatasetSerializer(serializers.Serializer):
    """One dossier or imported file series: who made it, under which terms, in which version."""

    slug = serializers.SlugField(help_text=described(Dataset, "slug"))
    title = serializers.CharField(help_text=described(Dataset, "title"))
    version = serializers.CharField(allow_null=True, help_text=described(Dataset, "version"))
    publisher = serializers.CharField(allow_null=True, help_text=described(Dataset, "publisher"))
    licence = serializers.CharField(allow_null=True, help_text=described(Dataset, "licence"))
    licence_url = serializers.URLField(allow_null=True, help_text=described(Dataset, "licence_url"))
    attribution = serializers.CharField(
        allow_null=True, help_text=described(Dataset, "attribution")
    )
    redistribution = serializers.ChoiceField(
        choices=Redistribution.choices, help_text="What may be done with its rows."
    )
    counts = serializers.DictField(
        child=Number(help_text="How many of its rows are public."),
        help_text="How many of its rows are public, by resource.",
    )
    sha256 = serializers.CharField(allow_null=True, help_text=described(Dataset, "sha256"))
    state = Vocabulary(Dataset.State, help_text="How far its loading has got.")
    progress = ProgressSerializer(
        allow_null=True, help_text="What its newest import has done so far; null for a dossier."
    )
    updated_at = serializers.DateTimeField(help_text=described(Dataset, "updated_at"))


class FaultSerializer(serializers.Serializer):
    """One thing that is wrong with a request."""

    parameter = serializers.CharField(
        required=False, help_text="The query parameter that is wrong."
    )
    pointer = serializers.CharField(
        required=False, help_text="Where in the body it is, as a JSON Pointer (RFC 6901)."
    )
    detail = serializers.CharField(help_text="What is wrong with it, and what is known.")


class ProblemSerializer(serializers.Serializer):
    """What went wrong (RFC 9457). A kind of problem may add members of its own."""

    type = RelativeURLField(
        help_text="Which kind of problem it is: an address, relative to this one, that explains it."
    )
    title = serializers.CharField(help_text="The kind of problem in words.")
    status = serializers.IntegerField(help_text="The HTTP status of the answer.")
    detail = serializers.CharField(help_text="What went wrong this time.")
    errors = FaultSerializer(many=True, help_text="What is wrong with the request, one by one.")
    request_id = serializers.CharField(
        help_text="Names this request in our logs; give it when you ask about it."
    )


class DocumentationSerializer(serializers.Serializer):
    """Where the API is described."""

    openapi = serializers.URLField(help_text="The OpenAPI document.")
    swagger_ui = serializers.URLField(help_text="The same to try out, in Swagger UI.")
    redoc = serializers.URLField(help_text="The same to read, in Redoc.")


class RootSerializer(serializers.Serializer):
    """What there is to read, and how far the record has got."""

    name = serializers.CharField(help_text="The name of the service.")
    version = serializers.CharField(help_text="The release that answers.")
    seq = Number(help_text="The newest number of the sequence; 0 while nothing is published.")
    resources = serializers.DictField(
        child=serializers.URLField(help_text="The address of its list."),
        help_text="The address of each list, by its name.",
    )
    documentation = DocumentationSerializer(help_text="Where the API is described.")


class VocabularyHeadSerializer(serializers.Serializer):
    """What is said of a code list wherever it is shown."""

    name = serializers.SlugField(help_text="Its name, such as `event-types`.")
    title = serializers.CharField(help_text="Its title in English.")
    description = serializers.CharField(
        help_text="What its codes are about, and what its crosswalks name."
    )
    extensible = serializers.BooleanField(
        help_text="Whether codes may be added to it; a closed list stays as it is."
    )


class VocabularySummarySerializer(VocabularyHeadSerializer):
    """A code list, without its codes."""

    size = Number(help_text="How many codes it has.")
    url = serializers.URLField(help_text="The address of its codes.")


class VocabularyPageSerializer(serializers.Serializer):
    """Every code list, sorted by name, on one page."""

    next = serializers.URLField(allow_null=True, help_text="Always null: one page has all.")
    previous = serializers.URLField(allow_null=True, help_text="Always null: one page has all.")
    results = VocabularySummarySerializer(many=True, help_text="The code lists, by name.")


class VocabularyValueSerializer(serializers.Serializer):
    """One code of a list. What there is none of is empty: null, `[]` or `{}`."""

    code = serializers.CharField(help_text="The code.")
    label = serializers.CharField(help_text="Its label in English.")
    definition = serializers.CharField(help_text="One sentence that says what it stands for.")
    crosswalk = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(help_text="A code of theirs.")),
        help_text="What other systems call it: their codes, by the name of the system.",
    )
    note = serializers.CharField(
        allow_null=True, help_text="Where a code of another system misfits, and how."
    )
    unverified = serializers.ListField(
        child=serializers.CharField(help_text="A system's name."),
        help_text="Systems whose codes are given from memory, not from their codebook.",
    )
    url_template = serializers.CharField(
        allow_null=True,
        help_text="For the scheme of a code: the address that an id of it leads to, with `{code}` "
        "in the id's place; null if there is none.",
    )


class VocabularySerializer(VocabularyHeadSerializer):
    """One code list, with all its codes."""

    members = serializers.ListField(
        child=serializers.CharField(help_text="A path such as `claims.quantity.metric`."),
        help_text="Where its codes are: the list, then the member, through objects and lists. "
        "Records that embed a reference show the code in it as well, which is not listed.",
    )
    values = VocabularyValueSerializer(
        many=True, help_text="Its codes, in an order that means something where there is one."
    )


class SearchSerializer(serializers.Serializer):
    """The best of each resource for some words."""

    q = serializers.CharField(help_text="What was looked for.")
    more = serializers.DictField(
        child=serializers.URLField(help_text="The address of a list."),
        help_text="Where the rest is, best first, by resource.",
    )
    results = serializers.DictField(
        child=serializers.ListField(
            child=serializers.DictField(help_text="A record, as its own address serves it.")
        ),
        help_text="The records that fit best, by resource, best first.",
    )
