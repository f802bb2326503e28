from django.db import migrations

from records import rules


class Migration(migrations.Migration):
    dependencies = [("sources", "0001_initial"), ("records", "0002_rules")]

    operations = [
        rules.no_cycle("sources_actor"),
        *rules.of_versions("sources_actorrecord"),
        *rules.of_versions("sources_sourcerecord"),
        *rules.of_versions("sources_documentrecord"),
        rules.spans_in_text("sources_mention", '{row}."end"'),
    ]
