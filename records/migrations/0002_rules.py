from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations

from records import rules


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]

    operations = [
        TrigramExtension(),
        UnaccentExtension(),
        rules.SPANS,
        rules.FUNCTIONS,
        rules.append_only("records_change", versions=False),
    ]
