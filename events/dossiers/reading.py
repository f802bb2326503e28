"""Reading a dossier's folder: YAML to plain values, and where in which file each stands."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Path_ = tuple[Any, ...]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a dossier: where, what, and how to mend it."""

    file: str
    line: int
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.where}: {self.message}"


class DossierError(Exception):
    """A dossier that was refused; nothing of it was kept."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(faults, key=lambda fault: (fault.file, fault.line))
        super().__init__("\n".join(map(str, self.faults)))


class _Loader(yaml.SafeLoader):
    """YAML in which a date and a word such as `no` stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for word in ("true", "false"):
    _Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(rf"^{word}$"), [word[0]])


@dataclass
class Dossier:
    """A dossier as it is written: its sections, and the file and line of every value."""

    folder: Path
    sections: dict[str, Any] = field(default_factory=dict)
    places: dict[Path_, tuple[str, int]] = field(default_factory=dict)
    sha256: str = ""

    def fault(self, path: Path_, message: str) -> Fault:
        """A fault at the value under `path`, or at the nearest one above it."""
        where = path
        while where and where not in self.places:
            where = where[:-1]
        file, line = self.places.get(where, (str(self.folder), 1))
        return Fault(file, line, ".".join(map(str, path)) or "dossier", message)

    def find(self, path: Path_, value: str) -> Path_:
        """The path of the first value under `path` that is `value`; else `path`."""

        def walk(at: Path_, found: Any) -> Path_ | None:
            if found == value:
                return at
            pairs: Iterable[tuple[Any, Any]] = ()
            if isinstance(found, dict):
                pairs = found.items()
            elif isinstance(found, list):
                pairs = enumerate(found)
            return next((hit for k, v in pairs if (hit := walk((*at, k), v)) is not None), None)

        start: Any = self.sections
        for key in path:
            start = start[key]
        return walk(path, start) or path


def read(folder: Path) -> Dossier:
    """Read every `*.yaml` of a folder and merge them by section.

    Raises `DossierError` for a missing or empty folder, text that is not YAML, and a name that is
    given twice.
    """
    dossier = Dossier(folder)
    files = sorted(folder.glob("*.yaml"))
    if not files:
        what = "has no *.yaml file" if folder.is_dir() else "is no folder"
        raise DossierError([Fault(str(folder), 1, "dossier", f"{what}; name a dossier's folder")])
    faults: list[Fault] = []
    digest = hashlib.sha256()
    for file in files:
        data = file.read_bytes()
        digest.update(file.name.encode() + b"\0" + data + b"\0")
        try:
            node = yaml.compose(data.decode("utf-8"), Loader=_Loader)
        except UnicodeDecodeError as error:
            faults.append(Fault(str(file), 1, "dossier", f"is not UTF-8: {error.reason}"))
            continue
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            faults.append(
                Fault(
                    str(file),
                    mark.line + 1 if mark else 1,
                    "dossier",
                    f"is not YAML: {error.problem}",
                )
            )
            continue
        except yaml.YAMLError as error:
            faults.append(Fault(str(file), 1, "dossier", f"is not YAML: {error}"))
            continue
        if node is None:
            continue
        if not isinstance(node, yaml.MappingNode):
            faults.append(Fault(str(file), 1, "dossier", "must be sections, such as `places:`"))
            continue
        _merge(dossier, node, str(file), faults)
    if faults:
        raise DossierError(faults)
    dossier.sha256 = digest.hexdigest()
    return dossier


def _merge(dossier: Dossier, root: yaml.MappingNode, file: str, faults: list[Fault]) -> None:
    loader = _Loader("")
    dossier.places.setdefault((), (file, 1))
    try:
        for key_node, value_node in root.value:
            section = loader.construct_object(key_node)
            dossier.places.setdefault((section,), (file, key_node.start_mark.line + 1))
            found = _plain(dossier, loader, value_node, (section,), file, faults)
            present = dossier.sections.get(section)
            if isinstance(present, dict) and isinstance(found, dict):
                faults += [
                    dossier.fault((section, name), "is given in two files; names are unique")
                    for name in sorted(present.keys() & found.keys(), key=str)
                ]
                present |= found
            else:
                dossier.sections[section] = found
    finally:
        loader.dispose()


def _plain(
    dossier: Dossier, loader: Any, node: yaml.Node, path: Path_, file: str, faults: list[Fault]
) -> Any:
    dossier.places.setdefault(path, (file, node.start_mark.line + 1))
    if isinstance(node, yaml.SequenceNode):
        return [
            _plain(dossier, loader, child, (*path, position), file, faults)
            for position, child in enumerate(node.value)
        ]
    if isinstance(node, yaml.MappingNode):
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node)
            where = (*path, key)
            if key in found:
                faults.append(
                    Fault(
                        file,
                        key_node.start_mark.line + 1,
                        ".".join(map(str, where)),
                        "is given twice; keep one of the two",
                    )
                )
            dossier.places[where] = (file, key_node.start_mark.line + 1)
            found[key] = _plain(dossier, loader, value_node, where, file, faults)
        return found
    return loader.construct_object(node)
