"""Dossiers: one folder a story, human-writable YAML. `docs/dossiers.md` is the guide."""

from events.dossiers.dumping import dump
from events.dossiers.loading import Loaded, load
from events.dossiers.reading import Dossier, DossierError, Fault, read

__all__ = ["Dossier", "DossierError", "Fault", "Loaded", "dump", "load", "read"]
