"""What the OpenAPI document says beyond what the code can be asked, in the form that clients read.

`clients.md` of the design tells which generators stumble over what, and so why each step is here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.renderers import SafeDumper

from records.api.serializers import ProblemSerializer
from records.registry import record_of, resources

Node = dict[str, Any]

# PyYAML writes YAML 1.1, where a text such as 0874 needs no quotes. To the readers of YAML 1.2,
# which most generators use, it would be a number; told so, PyYAML quotes it.
SafeDumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+)$"),
    list("-+.0123456789"),
)

#: Real answers, which `make examples` writes.
EXAMPLES = Path(__file__).with_name("examples.json")

DESCRIPTION = """\
Dateline serves structured news: who said what happened, where, when, and on what evidence. It never
states a contested thing in its own voice.

- **Lists** have `next`, `previous` and `results`; follow `next` until it is null.
- **Filters** take several values for any of them, as a comma list or repeated, and `!` before a
  value to exclude it. A parameter that is unknown, empty, repeated where it takes one value, or
  wrong is answered with 400 and named; nothing is ignored.
- **Time**: `as_of` answers as it stood at an instant or at a number of the sequence. Every answer
  carries the newest number in `Dateline-Seq`.
- **Formats**: JSON; and where it is said, GeoJSON and JSON-LD, by `format` or `Accept`. Lists of
  records also come whole, as CSV and as NDJSON.
- **Codes** that may grow are open strings (`x-extensible-enum` has those known today): take an
  unknown one for what it is, one more. Members may be added to any object.
- **Errors** are problem details (RFC 9457), whatever the `Accept`.
"""

TAGS = {
    "root": "What there is to read.",
    "places": "Somewhere on earth, with names, a position and a parent.",
    "actors": "Who takes part in events, and to which party they belong.",
    "sources": "The voices that information comes from.",
    "documents": "What a source published, or what another document embeds.",
    "events": "What is said to have happened, to be happening, or to be possible.",
    "claims": "One assertion by one source, and where it can be read.",
    "contradictions": "Two claims that cannot both hold, by a named rule.",
    "datasets": "Where rows came from as a batch, and under which terms.",
    "changes": "Every change of every record, in the one order.",
    "search": "The best of each resource in one answer.",
    "coverage": "What was read.",
    "vocabularies": "Every code list, with a definition of each code and crosswalks.",
}

#: How an answer is asked for in another format than JSON.
FORMATS = {
    "application/geo+json": "GeoJSON (`format=geojson`)",
    "application/ld+json": "JSON-LD (`format=jsonld`)",
}
#: How all that match is asked for, where a list is otherwise given by the page.
WHOLE_FORMATS = {
    "text/csv": "CSV (`format=csv`)",
    "application/x-ndjson": "NDJSON (`format=ndjson`)",
}

#: The parameters of a path, by the names that the code has for them.
PATH_PARAMETERS: dict[str, tuple[str, str, Node]] = {
    "seq": (
        "id",
        "The record's id, a UUID; or a code of it as `scheme:code`, which is answered with 307.",
        {"type": "string", "examples": ["geonames:704204"]},
    ),
    "version": ("version", "The number of the version, from 1.", {"type": "integer", "minimum": 1}),
    "slug": ("slug", "The data set's slug.", {"type": "string"}),
    "name": ("name", "The vocabulary's name.", {"type": "string", "examples": ["event-types"]}),
}

HEADERS = {
    "ETag": "The entity tag; sent back in `If-None-Match` it saves an answer that is the same.",
    "Last-Modified": "When what is answered was last recorded.",
    "Dateline-Seq": "The newest number of the sequence when this was answered.",
    "Link": 'Where the licences of what is listed can be read, with `rel="license"`.',
    "Location": "Where to go instead, the query kept.",
    "Retry-After": "After how many seconds to try again.",
}


@dataclass(frozen=True)
class Answer:
    """An answer other than 200, as a component that operations share."""

    name: str
    description: str
    headers: tuple[str, ...] = ()
    problem: bool = True


ANSWERS = {
    304: Answer("NotModified", "Nothing has changed since `ETag` was given.", ("ETag",), False),
    307: Answer("Coded", "A code was given; its record is elsewhere.", ("Location",), False),
    308: Answer("Merged", "It was merged into what is there.", ("Location",), False),
    400: Answer("BadRequest", "A parameter is unknown, repeated, empty or wrong."),
    401: Answer("NeedsKey", "This instance is closed to anonymous reading."),
    404: Answer(
        "NotFound",
        "There is nothing at this address. If it is there now and was not yet at `as_of`, "
        "`first_recorded_at` and `first_seq` tell since when.",
    ),
    406: Answer("NotAcceptable", "There is no such format."),
    410: Answer("Retracted", "It was retracted; `reason`, `retracted_at` and `seq` tell more."),
    414: Answer("QueryTooLong", "The query is too long."),
    429: Answer("TooManyRequests", "Too many requests.", ("Retry-After",)),
    451: Answer("Erased", "It was erased in every version."),
    503: Answer("Unavailable", "The service is busy.", ("Retry-After",)),
}
#: Which of them any operation may give.
EVERYWHERE = (304, 400, 401, 406, 414, 429, 503)


@dataclass(frozen=True)
class Kind:
    """A kind of operation, known by how its id ends: its summary, its 200, its other answers."""

    ending: str
    summary: str
    answer: str
    others: tuple[int, ...] = ()


#: The first that fits counts.
KINDS = (
    Kind("root_retrieve", "What there is to read", "What there is to read."),
    Kind("search_retrieve", "Search everything", "The best of each resource."),
    Kind("coverage_retrieve", "Get what was read", "What was read."),
    Kind("changes_list", "List changes", "A page of changes."),
    Kind("datasets_list", "List data sets", "A page of data sets."),
    Kind("datasets_retrieve", "Get a data set", "The data set.", (404,)),
    Kind("vocabularies_list", "List vocabularies", "All of them."),
    Kind("vocabularies_retrieve", "Get a vocabulary", "The vocabulary.", (404,)),
    Kind(
        "documents_annotations_retrieve",
        "Get a document's citations as annotations",
        "A page of annotations.",
        (307, 308, 404, 410, 451),
    ),
    Kind(
        "places_control_list",
        "List who controls the places under one",
        "A page of places, each with what every voice says.",
    ),
    Kind(
        "places_control_retrieve",
        "Get who controls a place, by whose word",
        "What every voice says of it on the date.",
        (307, 308, 404, 410, 451),
    ),
    Kind(
        "places_control_timeline_retrieve",
        "Get how control of a place was told over time",
        "What every voice said, in order, and each date at which the summary changes.",
        (307, 308, 404, 410, 451),
    ),
    Kind(
        "events_positions_retrieve",
        "Get what each voice says of an event",
        "Propositions by voice.",
        (307, 308, 404, 410, 451),
    ),
    Kind(
        "_chronology_retrieve",
        "Get the order of one of the {tag}",
        "Statements and happenings in their partial order.",
        (307, 308, 404, 410, 451),
    ),
    Kind("_timeline_retrieve", "Count {tag} over time", "Counts by interval."),
    Kind("_facets_retrieve", "Count {tag} by what they have", "Counts by value."),
    Kind("_history_list", "List versions of one of the {tag}", "A page of versions.", (307, 404)),
    Kind("_history_retrieve", "Get one such version", "The version.", (307, 404, 451)),
    Kind("_list", "List {tag}", "A page of records."),
    Kind("_retrieve", "Get one of the {tag}", "The record.", (307, 308, 404, 410, 451)),
)


def normalize(result: Node, generator: Any, **context: Any) -> Node:
    """The last step of making the document; called by drf-spectacular."""
    result["info"]["description"] = DESCRIPTION
    result["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    result["components"] = components = _components(generator)
    result["paths"] = {
        _path(path): {
            method: _operation(operation, components["schemas"])
            for method, operation in operations.items()
        }
        for path, operations in result["paths"].items()
    }
    _share_parameters(result["paths"])
    _included(components["schemas"])
    for operations in result["paths"].values():
        for operation in operations.values():
            _other_formats(operation, components["schemas"])
    _typed_search(components["schemas"])
    for node in _nodes(result):
        plain(node)
    for name in ("BlankEnum", "NullEnum"):
        components["schemas"].pop(name, None)
    return result


def _share_parameters(paths: Node) -> None:
    """Give the address of one record what its list takes too: `fields` and `expand`."""
    for path, operations in paths.items():
        of_list = paths.get(path.removesuffix("{id}/"), {}).get("get")
        if path.endswith("/{id}/") and of_list:
            operations["get"]["parameters"] += [
                parameter
                for parameter in of_list["parameters"]
                if parameter["name"] in ("fields", "expand")
            ]


def _included(schemas: dict[str, Node]) -> None:
    """Say what `expand` adds, to a page as to one record."""
    components = {name: record_of(name).shape.model.__name__ for name in resources()}
    schemas["Included"] = {
        "type": "object",
        "description": "What `expand` adds: each record once, whole, by resource, ordered by id.",
        "properties": {
            name: {
                "type": "array",
                "items": _ref(component),
                "description": f"The {name} that are referred to, or refer to it.",
            }
            for name, component in components.items()
        },
    }
    links = {"type": "array", "items": {"type": "string", "format": "uri"}}
    beside = {
        "included": {
            "allOf": [_ref("Included")],
            "description": "What `expand` asks for; only there with it.",
        },
        "included_truncated": {
            "type": "boolean",
            "description": "True where there is more than `included` holds; only there then.",
        },
        "included_rest": {
            "type": "object",
            "additionalProperties": links,
            "description": "Lists that have what was left out, by resource; only there then.",
        },
    }
    for component in components.values():
        for name in (component, f"Paginated{component}List"):
            schemas[name]["properties"] |= beside


def _other_formats(operation: Node, schemas: dict[str, Node]) -> None:
    """Say what other formats there are, beside the content that generated clients read.

    Media types of one answer are alternatives to a generator: a client's every answer would be of
    one type or another, and nobody could read `results` from it. So the others are said in words
    and, for tools that want them, in `x-alternatives`.
    """
    content = operation["responses"]["200"]["content"]
    others = {kind: content.pop(kind) for kind in [*content] if kind != "application/json"}
    if not others:
        return
    operation["parameters"] = [p for p in operation["parameters"] if p["name"] != "format"]
    said = []
    if names := [text for kind, text in FORMATS.items() if kind in others]:
        said.append(f"Also as {' and '.join(names)}, or by `Accept`.")
    if names := [text for kind, text in WHOLE_FORMATS.items() if kind in others]:
        said.append(
            f"All that match, in the order of their ids, as {' or '.join(names)}: whole records, "
            "streamed, at one moment. These take the filters and `as_of`, and no other parameters."
        )
    operation["description"] += f"\n\n{' '.join(said)}"
    operation["responses"]["200"]["x-alternatives"] = others
    _describe(others, content, schemas)


def _describe(others: Node, content: Node, schemas: dict[str, Node]) -> None:
    """Describe records in formats other than JSON."""
    name = content["application/json"]["schema"].get("$ref", "").rpartition("/")[2]
    component = name.removeprefix("Paginated").removesuffix("List")
    if "text/csv" in others:
        (record,) = [r for r in map(record_of, resources()) if r.shape.model.__name__ == component]
        columns = ", ".join(f"`{column.name}`" for column in record.csv_columns)
        text = f"RFC 4180, the names of the columns first: {columns}."
        others["text/csv"] = {"schema": {"type": "string", "description": text}}
    if "application/x-ndjson" in others:
        text = f"A record a line, each `{component}` as its own address serves it."
        others["application/x-ndjson"] = {"schema": {"type": "string", "description": text}}
    if "application/ld+json" in others:
        text = "JSON-LD; its context is in the answer."
        others["application/ld+json"] = {
            "schema": {"type": "object", "additionalProperties": True, "description": text}
        }
    if "application/geo+json" not in others:
        return
    page = schemas[name]["properties"] if name.startswith("Paginated") else None
    record = page["results"]["items"]["$ref"].rpartition("/")[2] if page else name
    schemas[f"{record}Feature"] = _feature(record)
    if page is None:
        others["application/geo+json"] = {"schema": _ref(f"{record}Feature")}
        return
    features = {"type": "array", "items": _ref(f"{record}Feature")}
    schemas[f"{record}FeatureCollection"] = {
        "type": "object",
        "description": "A page of records as GeoJSON (RFC 7946).",
        "required": ["type", "next", "previous", "features"],
        "properties": {
            "type": {"type": "string", "const": "FeatureCollection", "description": "Always that."},
            **{key: value for key, value in page.items() if key != "results"},
            "features": {**features, "description": "The records of this page, in order."},
        },
    }
    others["application/geo+json"] = {"schema": _ref(f"{record}FeatureCollection")}


def _ref(name: str) -> Node:
    return {"$ref": f"#/components/schemas/{name}"}


def _feature(record: str) -> Node:
    return {
        "type": "object",
        "description": "A record as a GeoJSON feature (RFC 7946); longitude first, WGS 84.",
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "const": "Feature", "description": "Always that."},
            "id": {"type": "string", "format": "uuid", "description": "The record's id."},
            "geometry": {
                "oneOf": [_ref("Geometry"), {"type": "null"}],
                "description": "Where it lies; null if that is not known.",
            },
            "properties": {"allOf": [_ref(record)], "description": "The record."},
        },
    }


def _typed_search(schemas: dict[str, Node]) -> None:
    """The results of a search by resource: each a list of its records."""
    results = schemas["Search"]["properties"]["results"]
    results.pop("additionalProperties")
    results |= {
        "type": "object",
        "required": resources(),
        "properties": {
            name: {
                "type": "array",
                "items": _ref(record_of(name).shape.model.__name__),
                "description": f"The {name} that fit best.",
            }
            for name in resources()
        },
    }


def _components(generator: Any) -> Node:
    """The components, with those that no view names: problems, their answers, headers."""
    schema = AutoSchema()
    schema.registry, schema.view = generator.registry, SimpleNamespace(request=None)
    problem = schema.resolve_serializer(ProblemSerializer, "response").ref
    content = {"application/problem+json": {"schema": problem}}
    components: Node = generator.registry.build({})
    components["headers"] = {
        name: {"description": text, "schema": {"type": "string"}} for name, text in HEADERS.items()
    }
    components["responses"] = {
        answer.name: {
            "description": answer.description,
            **({"headers": _headers(answer.headers)} if answer.headers else {}),
            **({"content": content} if answer.problem else {}),
        }
        for answer in ANSWERS.values()
    }
    return components


def _headers(names: tuple[str, ...]) -> Node:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _path(path: str) -> str:
    """The path with the names of parameters that are shown."""
    for name, (shown, _, _) in PATH_PARAMETERS.items():
        path = path.replace(f"{{{name}}}", f"{{{shown}}}")
    return path


def _operation(operation: Node, schemas: dict[str, Node]) -> Node:
    """The operation, with what it answers and what its parameters are."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            shown, text, schema = PATH_PARAMETERS[parameter["name"]]
            parameter |= {"name": shown, "description": text, "schema": schema}
        else:
            _plain_parameter(parameter, schemas)
    if operation.get("security") == [{}]:
        del operation["security"]
    name = operation.pop("operationId")
    kind = next(kind for kind in KINDS if name.endswith(kind.ending))
    licensed = kind.ending in ("_timeline_retrieve", "_facets_retrieve") or (
        name.endswith("_list") and kind.ending not in ("_history_list", "vocabularies_list")
    )
    answered = operation["responses"]["200"]
    answered["description"] = kind.answer
    answered["headers"] = _headers(
        ("ETag", "Last-Modified", "Dateline-Seq", *(("Link",) if licensed else ()))
    )
    operation["responses"] |= {
        str(status): {"$ref": f"#/components/responses/{ANSWERS[status].name}"}
        for status in sorted((*EVERYWHERE, *kind.others))
    }
    summary = kind.summary.format(tag=operation["tags"][0])
    if name in _examples():
        example = _examples()[name]
        answered["content"]["application/json"]["examples"] = {
            "lyman": {"summary": f"GET {example['path']}", "value": example["answer"]}
        }
    return {"operationId": name, "summary": summary, **operation}


@cache
def _examples() -> dict[str, Node]:
    """By operation: a request on the Lyman story, and what it is answered."""
    found: dict[str, Node] = orjson.loads(EXAMPLES.read_bytes()) if EXAMPLES.exists() else {}
    return found


def _nodes(node: Any) -> Iterator[Node]:
    """Every object of the document, the inner ones first."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from _nodes(child)
    if isinstance(node, dict):
        yield node


def plain(node: Node) -> None:
    """Put one object of the document, in place, into the form that every generator reads."""
    _plain_null(node)
    _plain_enum(node)
    _plain_string(node)
    _plain_description(node)


def _plain_null(node: Node) -> None:
    """`nullable`, which OpenAPI 3.1 does not know, as a type."""
    if node.get("nullable") is not True:
        return
    del node["nullable"]
    if isinstance(node.get("type"), str):
        node["type"] = [node["type"], "null"]
        return
    description = node.pop("description", None)
    inner = dict(node)
    node.clear()
    node["oneOf"] = [inner, {"type": "null"}]
    if description:
        node["description"] = description


def _plain_enum(node: Node) -> None:
    """A code or null, without the components that stand for an empty text and for null."""
    choices = node.get("oneOf")
    if not isinstance(choices, list):
        return
    named = [choice.get("$ref", "").rpartition("/")[2] for choice in choices]
    if not {"BlankEnum", "NullEnum"} & set(named):
        return
    node["oneOf"] = [
        {"type": "null"} if name == "NullEnum" else choice
        for name, choice in zip(named, choices, strict=True)
        if name != "BlankEnum"
    ]
    if len(node["oneOf"]) == 1:
        node["allOf"] = node.pop("oneOf")


def _plain_string(node: Node) -> None:
    """An address that may be empty is one string, not a choice between two."""
    choices = node.get("oneOf", ())
    if [c.get("type") for c in choices] == ["string"] * 2 and choices[1].get("maxLength") == 0:
        del node["oneOf"]
        node["type"] = "string"


def _plain_parameter(parameter: Node, shared: dict[str, Node]) -> None:
    """A parameter without null, which a query does not have, and with enums that are shared."""
    schema: Node = parameter["schema"]
    for part in (schema, schema.get("items", {})):
        if isinstance(part.get("type"), list):
            part["type"] = next(kind for kind in part["type"] if kind != "null")
        if "enum" not in part:
            continue
        part["enum"] = [value for value in part["enum"] if value is not None]
        for name, component in shared.items():
            if component.get("enum") == part["enum"] and "default" not in part:
                part.clear()
                part["$ref"] = f"#/components/schemas/{name}"
                break
        else:
            part["x-enum-varnames"] = [_constant(value) for value in part["enum"]]


def _constant(value: str) -> str:
    """The name of a value in generated code: `NAME_DESCENDING` for `-name`."""
    name = value.removeprefix("-").upper()
    return f"{name}_DESCENDING" if value.startswith("-") else name


def _plain_description(node: Node) -> None:
    """The meaning of each code is told once, where the codes are."""
    if "allOf" in node or "oneOf" in node:
        text, separator, _ = node.get("description", "").partition("\n\n* `")
        if separator:
            node["description"] = text
