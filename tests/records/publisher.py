"""A process that edits and publishes, run by `test_sequence.py`: its orders are JSON."""

import json
import os
import sys
from uuid import UUID


def main() -> None:
    orders = json.loads(sys.argv[1])
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from django.db import connection

    connection.settings_dict.update(orders["database"])
    for turn in range(orders["turns"]):
        work(orders, f"{orders['name']}.{turn}")


def work(orders: dict, name: str) -> None:
    """Make a place of our own, and add a name to the one that everybody adds to."""
    from django.db import transaction

    from places.models import Place
    from records import publishing, workspace
    from records.edition import lock
    from records.registry import record_of

    own, shared = UUID(int=hash_of(name)), UUID(orders["shared"])
    workspace.apply("places", {own: {"name": name, "kind": "town", "parent": str(shared)}})
    publishing.publish([("places", own)])

    def add_name() -> None:
        row = Place.objects.select_for_update(no_key=True).get(pk=shared)
        said = record_of("places").shape.read([shared])[shared]
        names = [*said["names"], {"name": name}]
        workspace.apply("places", {shared: said | {"names": names}}, state=row.state)
        workspace.mark_edited(row)

    if orders["together"]:
        with transaction.atomic():
            lock()
            add_name()
            publishing.publish([("places", shared)])
    else:
        with transaction.atomic():
            add_name()
        publishing.publish([("places", shared)])


def hash_of(name: str) -> int:
    return int.from_bytes(name.encode().ljust(16, b"\0")[:16])


if __name__ == "__main__":
    main()
