"""OCHA's P-codes of administrative divisions, as its common operational data sets list them.

The mapping is in `docs/imports.md`.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from places.imports.areas import DIVISIONS, add_country, country_of, find_divisions
from records.imports import Headed, Item, Opened, Rejected, Row

COLUMNS = ("Location", "Admin Level", "P-Code", "Name", "Parent P-Code")


class PCodes(Headed):
    """Divisions by OCHA's P-codes."""

    name = "pcodes"
    title = "administrative divisions with OCHA's P-codes"
    primary = "places"
    dataset: ClassVar = {
        "slug": "ocha-pcodes",
        "title": "OCHA administrative divisions (P-codes)",
        "publisher": "OCHA",
        "licence": "CC BY-IGO 3.0",
        "licence_url": "https://creativecommons.org/licenses/by/3.0/igo/",
        "attribution": "Administrative divisions: OCHA, CC BY-IGO 3.0",
        "redistribution": "attribution",
    }
    called = "list of P-codes"
    columns = COLUMNS

    def rows(self, files: Sequence[Opened]) -> Iterator[Row]:
        """Rows of upper levels first, so that those below find them."""
        for level in ("1", "2", "3", None):
            for row in super().rows(files):
                given = None if row.fault else row.fields["Admin Level"]
                if (given if given in ("1", "2", "3") else None) == level:
                    yield row

    def read(self, row: Row) -> Item:
        cells = row.fields
        key, level = cells["P-Code"], cells["Admin Level"]
        if not key:
            raise Rejected("P-Code", key, "is missing")
        if level not in ("1", "2", "3"):
            raise Rejected("Admin Level", level, "is none of 1, 2 and 3", key)
        country = country_of(cells["Location"])
        if country is None:
            raise Rejected("Location", cells["Location"], "is no country's code", key)
        item = Item(key, row)
        item.add(
            "places",
            key,
            name=cells["Name"],
            kind=DIVISIONS[int(level)],
            country=country,
            codes={"ocha-pcode": key},
        )
        upper = cells["Parent P-Code"]
        above = add_country(item, country) if level == "1" else upper
        item.parts[0].statement["parent"] = above
        return item

    def settle(self, items: Sequence[Item]) -> None:
        find_divisions(items)
