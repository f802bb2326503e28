"""The JSON of who controls places."""

from rest_framework import serializers

from events.api.serializers import ClaimReferenceSerializer
from events.control import ControlCurrent, ControlSummary
from events.models import Certainty, Claim, ClaimKind, ControlStatus, Extent, Polarity
from events.models import Voice as ClaimVoice
from places.api.serializers import PlaceReferenceSerializer
from records.api.serializers import (
    Number,
    UncertainTimeSerializer,
    Vocabulary,
    described,
    total,
)
from sources.api.serializers import ActorReferenceSerializer, SourceReferenceSerializer

SAID_UNTIL = "What was asked for as `said_until`; null if nothing was."


class ControlClaimReferenceSerializer(ClaimReferenceSerializer):
    """A claim with what it says of who holds a place, and how."""

    kind = Vocabulary(ClaimKind, help_text=described(Claim, "kind"))
    voice = serializers.ChoiceField(choices=ClaimVoice.choices, help_text=described(Claim, "voice"))
    claimant = SourceReferenceSerializer(help_text=described(Claim, "claimant"))
    said = UncertainTimeSerializer(allow_null=True, help_text=described(Claim, "said"))
    holds = UncertainTimeSerializer(allow_null=True, help_text=described(Claim, "holds"))
    control_status = Vocabulary(
        ControlStatus, allow_null=True, help_text=described(Claim, "control_status")
    )
    extent = serializers.ChoiceField(
        choices=Extent.choices, allow_null=True, help_text=described(Claim, "extent")
    )
    object_actor = ActorReferenceSerializer(
        allow_null=True, help_text=described(Claim, "object_actor")
    )
    polarity = serializers.ChoiceField(
        choices=Polarity.choices, help_text=described(Claim, "polarity")
    )
    certainty = serializers.ChoiceField(
        choices=Certainty.choices, help_text=described(Claim, "certainty")
    )
    conditional = serializers.BooleanField(help_text="Whether it has a condition.")
    condition = serializers.CharField(allow_null=True, help_text=described(Claim, "condition"))
    citations = Number(help_text="In how many places it can be read; the claim itself has them.")


class ControlVoiceSerializer(serializers.Serializer):
    """By whose word something is: a party's, or that of a source that has none."""

    id = serializers.UUIDField(help_text="The id of the party, or of the source.")
    name = serializers.CharField(help_text="The name of the party, or of the source.")
    party = ActorReferenceSerializer(
        allow_null=True, help_text="The party; null for a source that has none."
    )
    source = SourceReferenceSerializer(
        allow_null=True, help_text="The source, where it has no party; null for a party."
    )
    counted = serializers.BooleanField(
        help_text="Whether the summary counts the voice: a party, or a source that a curator holds "
        "to be independent. The standing of any other source is unknown, and it counts as neither."
    )


class ControlDatedClaimSerializer(serializers.Serializer):
    """A claim on the date that was asked for."""

    claim = ControlClaimReferenceSerializer(help_text="The claim.")
    time = UncertainTimeSerializer(
        allow_null=True,
        help_text="When what it says held: its `holds`, or else its `said`; null if neither is "
        "known.",
    )
    current = Vocabulary(
        ControlCurrent,
        allow_null=True,
        help_text="Whether that is on the date: `certain` if it held on the date by every reading "
        "of its time, `possible` if by some reading, `earlier` if its time ended before. What "
        "holds without a known end is certain until it was said, and possible after that. "
        "Null if the time is not known.",
    )
    limited_by = ControlClaimReferenceSerializer(
        many=True, help_text="Claims that hold it to a part, a time or a condition (`limits`)."
    )
    limited_by_total = total("limited_by")


class ControlClaimsSerializer(serializers.Serializer):
    """What one voice says of one place, and when."""

    voice = ControlVoiceSerializer(help_text="By whose word it is.")
    claims = ControlDatedClaimSerializer(
        many=True,
        help_text="Its latest claims that begin on or before the date, affirmed and without a "
        "condition: usually one; several where nothing tells which is later; none if it states "
        "nothing.",
    )
    claims_total = total("claims")
    beside = ControlDatedClaimSerializer(
        many=True,
        help_text="Its claims that decide nothing and are not older than those that do: denied, "
        "unknown, conditional, or without any time.",
    )
    beside_total = total("beside")


class ControlRowSerializer(ControlClaimsSerializer):
    """What one voice says of who controls the place."""

    statuses = serializers.ListField(
        child=serializers.CharField(help_text="A code of `control-status`, or `not_stated`."),
        help_text="What its claims say, each once: codes of the vocabulary `control-status`. More "
        "than one only where it is undecided which claim is later. `not_stated` if it has none.",
    )


class ContainingControlSerializer(ControlRowSerializer):
    """What one voice says of who controls a place that contains the place."""

    place = PlaceReferenceSerializer(help_text="The containing place, which the claims are about.")


class SovereigntySerializer(ControlClaimsSerializer):
    """What one voice says of whose a place is by right."""

    place = PlaceReferenceSerializer(
        help_text="The place that the claims are about: the place itself, or one that contains it."
    )


class PlaceControlSerializer(serializers.Serializer):
    """What each voice says of who controls a place on a date."""

    place = PlaceReferenceSerializer(help_text="The place.")
    said_until = serializers.CharField(allow_null=True, help_text=SAID_UNTIL)
    on = serializers.CharField(help_text="The date that the answer is for.")
    summary = Vocabulary(
        ControlSummary,
        help_text="How what the voices say compares. It is no finding on who controls the place.",
    )
    rows = ControlRowSerializer(
        many=True,
        help_text="A row for each voice that speaks about the place, or says who holds or owns a "
        "place that contains it, and for each party that a claim there says to hold or own it, or "
        "not to: parties, then independent sources, then those of unknown standing, by name.",
    )
    rows_total = Number(
        required=False,
        help_text="How many rows there are; there only where `rows` is cut, and then the voices "
        "that state something come first.",
    )


class ControlSerializer(PlaceControlSerializer):
    """What each voice says of who controls a place on a date, and what is said around it."""

    containing = ContainingControlSerializer(
        many=True,
        help_text="What is said of the places that contain it, nearest first. It fills no row.",
    )
    containing_total = total("containing")
    sovereignty = SovereigntySerializer(
        many=True,
        help_text="Who is said to be sovereign over the place, or over one that contains it, "
        "nearest first.",
    )
    sovereignty_total = total("sovereignty")


class ControlStepSerializer(serializers.Serializer):
    """One dated statement of a voice on who controls the place."""

    time = UncertainTimeSerializer(
        help_text="When what it says held: the claim's `holds`, or else its `said`."
    )
    decides = serializers.BooleanField(
        help_text="Whether the claim counts: it is affirmed and has no condition."
    )
    claim = ControlClaimReferenceSerializer(help_text="The claim.")


class ControlStepsSerializer(serializers.Serializer):
    """What one voice says of who controls the place, in the order of time."""

    voice = ControlVoiceSerializer(help_text="By whose word it is.")
    steps = ControlStepSerializer(
        many=True,
        help_text="Its dated claims, from first to last: by when what they say began, else by "
        "`precedes`; what neither decides, by the earliest instant at which it may begin. None if "
        "it states nothing of the place itself.",
    )
    steps_total = Number(
        required=False,
        help_text="How many steps there are; there only where `steps` is cut. The list of claims "
        "has them all, by `place` and `control_status`.",
    )
    undated = Number(help_text="How many claims on it have no known time, and so are no step.")


class ControlChangeSerializer(serializers.Serializer):
    """That the summary became another on a day."""

    since = serializers.DateField(
        allow_null=True,
        help_text="The day in UTC; null for what stood before any day that is named.",
    )
    summary = Vocabulary(ControlSummary, help_text="The summary from that day on.")


class ControlTimelineSerializer(serializers.Serializer):
    """What each voice says of who controls a place, over time."""

    place = PlaceReferenceSerializer(help_text="The place.")
    said_until = serializers.CharField(allow_null=True, help_text=SAID_UNTIL)
    voices = ControlStepsSerializer(
        many=True, help_text="The voices, as in the answer for one date, each with its claims."
    )
    voices_total = Number(
        required=False, help_text="How many voices there are; there only where `voices` is cut."
    )
    changes = ControlChangeSerializer(
        many=True,
        help_text="Each day on which the summary of the answer for that day is another than for "
        "the day before, in order. The first says what it was before.",
    )
