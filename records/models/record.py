"""The published record: one row a version, append-only."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q

from records.models.ledger import Op
from records.models.search import WordVector

#: Rows that answer for the present.
CURRENT = Q(superseded_seq__isnull=True, live=True)


class Record(models.Model):
    """One published version: the JSON exactly as served, and the columns that filters read.

    The only update that a row permits is being superseded; a trigger refuses every other.
    """

    seq = models.BigIntegerField(primary_key=True, help_text="Its number in the one sequence.")
    object_id = models.UUIDField(help_text="The id of what it is a version of.")
    version = models.IntegerField(help_text="Counts from 1 for each object.")
    recorded_at = models.DateTimeField(help_text="When it was recorded.")
    superseded_seq = models.BigIntegerField(
        null=True, help_text="The number of the version that replaced it; null for the newest."
    )
    op = models.CharField(max_length=8, choices=Op, help_text="What made it.")
    live = models.BooleanField(help_text="False for a tombstone: retracted, merged or erased.")
    body = models.TextField(help_text="The JSON exactly as served.")
    whole = models.TextField(
        null=True, help_text="All that the row said, where the JSON cuts a long list; else null."
    )
    csv = models.TextField(
        help_text="The JSON as one line of CSV, without its end; empty for a tombstone."
    )
    content_hash = models.CharField(
        max_length=64, help_text="SHA-256 of the JSON without version, seq and recorded_at."
    )
    merged_into = models.UUIDField(null=True, help_text="For a merged one: into what.")
    dataset = models.CharField(max_length=64, null=True, help_text="Slug of its home data set.")
    datasets = ArrayField(
        models.CharField(max_length=64), help_text="Slugs of all data sets that it is in."
    )
    codes = ArrayField(models.TextField(), help_text="Its codes, each as `scheme:code`.")
    refs = ArrayField(models.UUIDField(), help_text="Ids of all that it embeds.")
    words = models.TextField(
        help_text="What full text finds it by: its words, folded, and the ids of what it names."
    )
    vector = models.GeneratedField(
        expression=WordVector("words"),
        output_field=SearchVectorField(),
        db_persist=True,
        help_text="Its words as full text compares them.",
    )
    line = ArrayField(
        models.UUIDField(),
        help_text="Ids of the places or actors that it lies under, for those that embed it.",
    )

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["object_id"],
                condition=Q(superseded_seq__isnull=True),
                name="%(app_label)s_%(class)s_one_newest",
            ),
            models.UniqueConstraint(
                fields=["object_id", "version"], name="%(app_label)s_%(class)s_version"
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_superseded_later",
                condition=Q(superseded_seq__isnull=True) | Q(superseded_seq__gt=F("seq")),
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_live_by_op",
                condition=Q(op__in=["add", "modify"], live=True)
                | Q(op__in=["retract", "merge", "erase"], live=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["recorded_at", "object_id"],
                condition=CURRENT,
                name="%(app_label).5s_%(class).9s_recorded",
            ),
            models.Index(
                fields=["recorded_at", "object_id"], name="%(app_label).5s_%(class).9s_rec_all"
            ),
            GinIndex(fields=["refs"], condition=CURRENT, name="%(app_label).5s_%(class).9s_refs"),
            GinIndex(fields=["vector"], name="%(app_label).5s_%(class).9s_vector"),
            GinIndex(fields=["codes"], name="%(app_label).5s_%(class).9s_codes"),
            GinIndex(
                fields=["datasets"], condition=CURRENT, name="%(app_label).5s_%(class).9s_datasets"
            ),
            models.Index(
                fields=["datasets"], condition=CURRENT, name="%(app_label).5s_%(class).9s_sets"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.object_id} v{self.version}"


def version_key(record: type[Record], related_name: str) -> "models.ForeignKey[Any, Any]":
    """The key of the version that a row of a side table is about.

    Such rows are written with their version, by one function, and change as little as it does: the
    database does not look each of them up again, which took a sixth of an import.
    """
    return models.ForeignKey(
        record,
        models.PROTECT,
        db_column="seq",
        db_constraint=False,
        related_name=related_name,
        help_text="The version.",
    )


class Point(models.Model):
    """One of several positions of a version, which has no single one in its own columns."""

    id = models.BigAutoField(primary_key=True)
    lat = models.FloatField(help_text="Latitude in degrees, WGS 84.")
    lon = models.FloatField(help_text="Longitude in degrees, WGS 84.")

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["lat", "lon"], name="%(class)s_position")]

    def __str__(self) -> str:
        return f"{self.lat}, {self.lon}"


class PlaceLine(models.Model):
    """That a version of a record lies in a place, at any depth: what `within` reads.

    One row for each place of the record's line. It repeats the record's sort keys, so that a page
    of any region is read from one index in order. Subclasses add those keys and their indexes.
    """

    id = models.BigAutoField(primary_key=True)
    place_id = models.UUIDField(help_text="A place that the record lies in, or is.")
    object_id = models.UUIDField(help_text="The id of what the record is a version of.")
    current = models.BooleanField(help_text="Whether the version is the current one.")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.object_id} in {self.place_id}"
