from django.db import migrations

from records import rules


class Migration(migrations.Migration):
    dependencies = [("sources", "0001_initial"), ("records", "0002_rules")]

    operations = [
        rules.no_cycle("sources_actor"),
        rules.append_only("sources_actorrecord"), rules.word_statistics("sources_actorrecord"), rules.stored_in_rows("sources_actorrecord"),
        rules.append_only("sources_sourcerecord"), rules.word_statistics("sources_sourcerecord"), rules.stored_in_rows("sources_sourcerecord"),
        rules.append_only("sources_documentrecord"), rules.word_statistics("sources_documentrecord"), rules.stored_in_rows("sources_documentrecord"),
        rules.spans_in_text("sources_mention", '{row}."end"'),
    ]
