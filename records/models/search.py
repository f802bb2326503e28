"""What search reads: the words of a version, and a side table of names written with it."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Func


class WordVector(Func):
    """The words of a text as a vector, stemmed in English and Russian."""

    template = "to_tsvector('dateline'::regconfig, %(expressions)s)"


class NameKey(models.Model):
    """One name of a version of a place, actor or source, as names are compared."""

    id = models.BigAutoField(primary_key=True)
    folded = models.CharField(max_length=400, help_text="The name, folded.")
    sound = models.CharField(max_length=800, help_text="The name in Latin letters, by its sound.")
    main = models.BooleanField(help_text="Whether it is the name that is shown.")

    class Meta:
        abstract = True
        indexes = [
            models.Index(fields=["folded"], name="%(class)s_folded"),
            models.Index(fields=["sound"], name="%(class)s_sound"),
            GinIndex(OpClass("sound", name="gin_trgm_ops"), name="%(class)s_trigrams"),
        ]

    def __str__(self) -> str:
        return self.folded
