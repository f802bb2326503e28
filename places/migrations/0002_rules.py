from django.db import migrations

from records import rules


class Migration(migrations.Migration):
    dependencies = [("places", "0001_initial"), ("records", "0002_rules")]

    operations = [rules.no_cycle("places_place"), *rules.of_versions("places_placerecord")]
