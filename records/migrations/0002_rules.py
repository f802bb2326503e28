from django.contrib.postgres.operations import CreateExtension, TrigramExtension
from django.db import migrations

from records import rules


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]

    operations = [
        CreateExtension("fuzzystrmatch"),
        TrigramExtension(),
        rules.TEXT_SEARCH,
        rules.SPANS,
        rules.FUNCTIONS,
        rules.append_only("records_change", versions=False),
    ]
