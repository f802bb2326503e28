"""What search reads: side tables keyed by record version, written with it and never changed."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class SearchText(models.Model):
    """What full text finds a version by. Subclasses name the version, their key.

    Its words are stemmed in English and Russian. Beside them stand the ids of the places, actors
    and sources that the version names, so that any other name of theirs finds it too.
    """

    vector = SearchVectorField(help_text="Its words, and the ids of what it names.")

    class Meta:
        abstract = True
        indexes = [GinIndex(fields=["vector"], name="%(class)s_vector")]

    def __str__(self) -> str:
        return f"text of {self.pk}"


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
