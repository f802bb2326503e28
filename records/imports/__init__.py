"""Importing files: one frame for every format.

`opening` unpacks and decodes, `tables` reads rows, `formats` is what a format implements, `headed`
what tables with a header have in common, `running` takes rows into the workspace and publishes
them, batch by batch, and `withdrawing` takes back what a complete release no longer has. Formats
live in the app whose rows they make, such as `events/imports/ucdp.py`.
"""

from records.imports.cells import Cells
from records.imports.counts import Counts
from records.imports.formats import Format, Item, Part, Question, Rejected, formats, register
from records.imports.headed import Headed
from records.imports.opening import Opened, Refused, open_files
from records.imports.running import Asked, Import
from records.imports.tables import Row, read_table

__all__ = [
    "Asked", "Cells", "Counts", "Format", "Headed", "Import", "Item", "Opened", "Part", "Question",
    "Refused", "Rejected", "Row", "formats", "open_files", "read_table", "register",
]  # fmt: skip
