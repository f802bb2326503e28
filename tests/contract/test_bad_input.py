"""Hostile requests: always a 4xx problem that names the offender, short and at once."""

import http.client
import os
import random
import signal
import socket
import string
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from config.state import CHECKOUT
from tests import api_world
from tests.api_world import get, lists
from tests.factories import World

UUID = "0192f0c1-2345-7abc-8def-0123456789ab"
CURSOR = "WyJhIixmYWxzZSxmYWxzZSxbMSwxXV0:1abcde:c2lnbmF0dXJl"

#: Name of the case: the request as method, address and headers; the status; what the answer names.
Case = tuple[str, str, dict[str, str], int, str]


def asked(query: str, name: str, status: int = 400) -> Case:
    return "GET", f"/api/v1/events/?{query}", {}, status, name


def at(path: str, name: str, status: int = 404) -> Case:
    return "GET", f"/api/v1/{path}", {}, status, name


CASES: dict[str, Case] = {
    # Parameters.
    "unknown": asked("sort=1", "sort"),
    "unknown, with an empty name": asked("=1", "(empty name)"),
    "unknown, without a value": asked("battle", "battle"),
    "unknown, with brackets": asked("type[]=battle", "type[]"),
    "unknown, in capitals": asked("Type=battle", "Type"),
    "unknown lookup": asked("title__icontains=a", "title__icontains"),
    "unknown, of another resource": asked("speaks_for=" + UUID, "speaks_for"),
    "unknown, of a later release": asked("corroboration=x", "corroboration"),
    "unknown, with a NUL in its name": asked("a%00b=1", "a\N{REPLACEMENT CHARACTER}b"),
    "unknown, ten of them": asked("&".join(f"p{n}=1" for n in range(10)), "p0"),
    "unknown, of a thousand letters": asked("a" * 1000 + "=1", "aaaa"),
    "empty": asked("type=", "type"),
    "blank": asked("type=%20", "type"),
    "repeated": asked("limit=1&limit=2", "limit"),
    "separated by semicolons": asked("limit=1;ordering=when", "limit"),
    "eleven hundred": asked("&".join(f"{n}=1" for n in range(1100)), "1100", 414),
    "two hundred ids": asked("id=" + ",".join([UUID] * 200), "id"),
    "a query of 9 kB": asked("type=" + "a" * 9000, "9005", 414),
    "a query of 100 kB": asked("type=" + "a" * 100_000, "100005", 414),
    # Encodings.
    "NUL in a value": asked("type=%00", "type"),
    "NUL in a name to look up": asked("party=Re%00d", "party"),
    "NUL in a cursor": asked("cursor=%00", "cursor"),
    "a byte that is no UTF-8": asked("party=%ff", "party"),
    "overlong UTF-8": asked("party=%c0%af", "party"),
    "a lone surrogate": asked("party=%ed%a0%80", "party"),
    "half a character": asked("party=%e2%82", "party"),
    "UTF-16": asked("type=%fe%ff%00b", "type"),
    "a byte order mark": asked("type=%ef%bb%bfbattle", "type"),
    # Numbers.
    "limit 10^30": asked("limit=1" + "0" * 30, "limit"),
    "limit NaN": asked("limit=NaN", "limit"),
    "limit infinite": asked("limit=Infinity", "limit"),
    "limit negative": asked("limit=-1", "limit"),
    "limit hexadecimal": asked("limit=0x10", "limit"),
    "limit in Arabic digits": asked("limit=%D9%A3", "limit"),
    "limit in fullwidth digits": asked("limit=%EF%BC%95", "limit"),
    "limit of 5000 digits": asked("limit=" + "9" * 5000, "limit"),
    "as_of 10^30": asked("as_of=1" + "0" * 30, "as_of"),
    "as_of of a number to come": asked("as_of=999999999999999999", "as_of"),
    "as_of negative": asked("as_of=-1", "as_of"),
    "as_of NaN": asked("as_of=NaN", "as_of"),
    "as_of in Arabic digits": asked("as_of=%D9%A3", "as_of"),
    "since 10^30 in the change log": at("changes/?since=1" + "0" * 30, "since", 400),
    "since a date in the change log": at("changes/?since=2022-10-01", "since", 400),
    # Times.
    "as_of a day": asked("as_of=2022-10-01", "as_of"),
    "as_of without a zone": asked("as_of=2022-10-01T00:00:00", "no zone"),
    "as_of with a plus": asked("as_of=2022-10-01T00:00:00+02:00", "%2B"),
    "as_of in the future": asked("as_of=9998-12-31T23:59:59Z", "future"),
    "as_of at the end of time": asked("as_of=9999-12-31T23:59:59-14:00", "as_of"),
    "as_of beyond the end of time": asked("as_of=9999-12-31T23:59:59%2B14:00", "as_of"),
    "as_of T": asked("as_of=T", "as_of"),
    "as_of yesterday": asked("as_of=yesterday", "as_of"),
    "a leap second": asked("since=2016-12-31T23:59:60Z", "since"),
    "year 0": asked("since=0000", "since"),
    "year 0, to the second": asked("since=0000-01-01T00:00:00Z", "since"),
    "the first second, further east": asked("since=0001-01-01T00:00:00%2B14:00", "since"),
    "the last second": asked("since=9999-12-31T23:59:59%2B14:00", "since"),
    "five digits of a year": asked("since=12022-10-01", "since"),
    "February 30": asked("since=2022-02-30", "since"),
    "a zone of 99 hours": asked("since=2022-10-01T00:00:00%2B99:00", "since"),
    "a zone of 75 minutes": asked("since=2022-10-01T00:00:00%2B01:75", "since"),
    "nanoseconds": asked("since=2022-10-01T00:00:00.123456789Z", "since"),
    "a week": asked("since=2022-W40", "since"),
    "a season": asked("since=2022-21", "since"),
    "a date in Arabic digits": asked("since=%D9%A2%D9%A0%D9%A2%D9%A2", "since"),
    "an interval": asked("since=2022/2023", "since"),
    "a Unix time": asked("updated_since=1664582400", "updated_since"),
    # Cursors.
    "cursor abc": asked("cursor=abc", "cursor"),
    "cursor 1e30": asked("cursor=1e30", "cursor"),
    "cursor -1": asked("cursor=-1", "cursor"),
    "cursor with a forged signature": asked(f"cursor={CURSOR}", "cursor"),
    "cursor of colons": asked("cursor=:::", "cursor"),
    "cursor of dots": asked("cursor=.:.:.", "cursor"),
    "cursor that is not ASCII": asked("cursor=%C3%A9:%C3%A9:%C3%A9", "cursor"),
    "cursor of 8 kB": asked("cursor=" + "a" * 8000, "cursor"),
    # What the database must never see.
    "a regular expression": asked("type=(a%2B)%2B$", "type"),
    "SQL": asked("type=battle')%3B+drop+table+events_event--", "type"),
    "SQL in the ordering": asked("ordering=(select+1)", "ordering"),
    "a wildcard": asked("type=%25", "type"),
    "a format string": asked("type=%25s%25n{0}", "type"),
    "count true": asked("count=true", "count"),
    # Addresses.
    "id 0": at("events/0/", "'0'"),
    "id -1": at("events/-1/", "'-1'"),
    "id 2^63": at("events/9223372036854775808/", "9223372036854775808"),
    "id of 4301 digits": at(f"events/{'9' * 4301}/", "9999"),
    "id in Arabic digits": at(f"events/{quote('٣' * 32)}/", "\\u0663"),
    "id without dashes": at(f"events/{UUID.replace('-', '')}/", UUID.replace("-", "")),
    "id in braces": at(f"events/%7B{UUID}%7D/", UUID),
    "id that nothing has": at(f"events/{UUID}/", UUID),
    "id of another resource's form": at("events/Q42/", "Q42"),
    "id with a NUL": at("events/%00/", "NUL"),
    "code with a NUL": at("places/geonames:%00/", "NUL"),
    "data set with a NUL": at("datasets/a%00/", "NUL"),
    "data set with a byte that is no UTF-8": at("datasets/%ff/", "%FF"),
    "code that nothing has": at("places/geonames:1/", "geonames:1"),
    "code of 5000 letters": at(f"places/geonames:{'a' * 5000}/", "geonames:aaa"),
    "code with a line break": at("places/geonames:%0A1/", "geonames"),
    "id with a byte that is no UTF-8": at("events/%ff/", "%FF"),
    "id with overlong UTF-8": at("events/%c0%ae%c0%ae/", "%C0%AE"),
    "id with a lone surrogate": at("events/%ed%a0%80/", "%ED%A0%80"),
    "parent folders": at("events/../../../etc/passwd", "passwd"),
    "a history of nothing": at(f"events/{UUID}/history/", UUID),
    "a version of nothing": at(f"events/{UUID}/history/1/", UUID),
    "nothing": at("nothing/", "/api/v1/nothing/"),
    "an address of a thousand folders": at("a/" * 1000, "/api/v1/a/a/"),
    "a data set that is not there": at("datasets/nowhere/", "nowhere"),
    "detail with a filter": at(f"events/{UUID}/?type=battle", "type", 400),
    "data sets as of": at("datasets/?as_of=1", "as_of", 400),
    "root as of": at("?as_of=1", "as_of", 400),
    # Methods, media types and the rest of HTTP.
    **{
        f"{method} to a list": (method, "/api/v1/events/?type=battle", {}, 405, method)
        for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")
    },
    "a method of 300 letters": ("X" * 300, "/api/v1/events/", {}, 405, "X" * 40),
    "POST that says GET": (
        "POST", "/api/v1/events/", {"X-HTTP-Method-Override": "GET"}, 405, "POST",
    ),
    "DELETE of the root": ("DELETE", "/api/v1/", {}, 405, "DELETE"),
    "PUT to the change log": ("PUT", "/api/v1/changes/", {}, 405, "PUT"),
    "PATCH of a record": ("PATCH", f"/api/v1/events/{UUID}/", {}, 405, "PATCH"),
    "POST to the documents": ("POST", "/api/v1/schema/?x=1", {}, 405, "POST"),
    "POST to the bare address": ("POST", "/", {}, 405, "POST"),
    "POST to a problem": ("POST", "/problems/retracted/", {}, 405, "POST"),
    "POST to nowhere": ("POST", "/nowhere/", {}, 404, "/nowhere/"),
    "a problem that there is not": ("GET", "/problems/other/", {}, 404, "/problems/other/"),
    "format xyz": asked("format=xyz", "format"),
    "format twice": asked("format=json&format=xml", "format"),
    "format xyz of a record": at(f"events/{UUID}/?format=csv", "format", 400),
    "format xyz of the schema": at("schema/?format=xyz", "format", 400),
    "Accept text": ("GET", "/api/v1/events/", {"Accept": "text/html"}, 406, "text/html"),
    "Accept nonsense": ("GET", "/api/v1/events/", {"Accept": "¡nonsense!"}, 406, "Accept"),
    "Accept 5 kB": ("GET", "/api/v1/events/", {"Accept": "a/" + "b" * 5000}, 406, "Accept"),
    "a bad Host": ("GET", "/api/v1/events/", {"Host": "evil.example"}, 400, "evil.example"),
    "a Host with a slash": ("GET", "/api/v1/events/", {"Host": "a/b"}, 400, "a/b"),
    "a bad Host nowhere": ("GET", "/nowhere", {"Host": "evil.example"}, 400, "evil.example"),
}  # fmt: skip


def check(status: int, wanted: int, media_type: str, body: bytes, named: str) -> None:
    assert status == wanted, body[:500]
    assert media_type == "application/problem+json"
    assert len(body) < 2048
    said = orjson.loads(body)
    assert list(said)[:6] == ["type", "title", "status", "detail", "errors", "request_id"]
    assert said["status"] == wanted
    assert named in said["detail"] or named in [e.get("parameter") for e in said["errors"]], said
    assert "Traceback" not in said["detail"]


@pytest.fixture(scope="module")
def warm(django_db_setup: None, django_db_blocker: Any) -> None:
    """The views are imported: what is timed is the answer."""
    with django_db_blocker.unblock():
        Client().get("/api/v1/events/")
        Client().get("/api/v1/schema/")


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_request_is_a_problem_that_names_the_offender(
    name: str, warm: None, db: None
) -> None:
    method, address, headers, status, named = CASES[name]
    client = Client(raise_request_exception=False, headers=headers)
    if "Host" in headers:
        client.defaults["HTTP_HOST"] = headers["Host"]
    path, _, query = address.partition("?")
    start = time.perf_counter()
    answer = client.generic(method, path, QUERY_STRING=query)
    assert time.perf_counter() - start < 1
    check(answer.status_code, status, answer["Content-Type"], answer.content, named)
    if status == 405:
        assert answer["Allow"] in ("GET, HEAD, OPTIONS", "GET, HEAD")


def test_there_are_at_least_sixty_of_them() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("route", lists(), ids=str)
def test_every_list_refuses_what_is_hostile_in_any_parameter(
    route: api_world.Route, client: Client, db: None
) -> None:
    known = {"limit", "cursor", "count", "format", "as_of", "ordering"}
    filters = getattr(route.view, "filterset_class", None)
    names = known | set(filters.base_filters if filters else ())
    for name in sorted(names):
        for value in ("%00", "%ff", "%ed%a0%80", "", "!", ",", "%09"):
            answer = client.get(f"{reverse(route.name)}?{name}={value}")
            assert answer.status_code == 400, (name, value)
            errors = orjson.loads(answer.content)["errors"]
            assert [error["parameter"] for error in errors] == [name]


def test_the_widest_times_are_taken(client: Client, world: World) -> None:
    for query in (
        "since=0001", "until=9998", "since=0001-01-01T00:00:00Z", "until=9998-12-31T23:59:59Z",
        "since=2022-10-01T00:00:00.123456Z", "since=2022-10-01t00:00:00z",
        "until=2022-10-01T00:00:00-23:59", "updated_since=9998",
    ):  # fmt: skip
        get(client, f"/api/v1/events/?{query}")
    assert get(client, "/api/v1/events/?as_of=0")["results"] == []
    assert get(client, "/api/v1/events/?as_of=0001-01-01T00:00:00Z")["results"] == []


@pytest.fixture
def cursor(client: Client, world: World) -> str:
    """A cursor of the events, newest first, one to a page."""
    return get(client, "/api/v1/events/?limit=1")["next"].partition("cursor=")[2]


def test_a_cursor_with_a_flipped_letter_is_refused(client: Client, cursor: str) -> None:
    rng = random.Random(7)
    letters = string.ascii_letters + string.digits + "-_"
    for _ in range(200):
        place = rng.randrange(len(cursor))
        other = rng.choice([letter for letter in letters if letter != cursor[place]])
        forged = cursor[:place] + other + cursor[place + 1 :]
        if "%" in cursor[max(place - 2, 0) : place + 1]:
            continue  # that is in the escape of a colon
        answer = client.get(f"/api/v1/events/?limit=1&cursor={forged}")
        # The last letter of a signature has bits that mean nothing.
        assert answer.status_code == 400 or place == len(cursor) - 1


@pytest.mark.parametrize(
    "url",
    [
        "/api/v1/claims/?limit=1",
        "/api/v1/events/?limit=1&ordering=when",
        "/api/v1/events/?limit=1&ordering=recorded_at",
        "/api/v1/events/?limit=1&type=battle",
        "/api/v1/events/?limit=1&as_of=22",
        "/api/v1/changes/?limit=1",
        "/api/v1/datasets/?limit=1",
    ],
)
def test_a_cursor_of_another_list_is_refused(url: str, client: Client, cursor: str) -> None:
    assert api_world.wrong_parameters(client, f"{url}&cursor={cursor}") == ["cursor"]


def test_a_cursor_goes_with_another_limit_and_a_count(client: Client, cursor: str) -> None:
    page = get(client, f"/api/v1/events/?limit=7&count=exact&cursor={cursor}")
    assert (len(page["results"]), page["count"]) == (1, 2)


# What never reaches Django, against the server itself.


class Server:
    """A granian as `config/serve.py` starts it, on a free port, over the test database."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        name = connection.settings_dict["NAME"]
        code = (
            "from django.conf import settings\n"
            f"settings.DATABASES['default']['NAME'] = {name!r}\n"
            "from granian import Granian\n"
            "from granian.constants import HTTPModes, Interfaces\n"
            f"Granian('config.wsgi:application', address='127.0.0.1', port={self.port},\n"
            "    interface=Interfaces.WSGI, workers=1, blocking_threads=2, http=HTTPModes.http1,\n"
            "    websockets=False, log_enabled=False).serve()\n"
        )
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], cwd=CHECKOUT, env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while True:
            try:
                if self.ask(b"GET /api/v1/docs/ HTTP/1.1\r\nHost: localhost\r\n\r\n")[0]:
                    return
            except OSError:
                assert time.monotonic() < deadline, "the server did not start within 60 s"
                time.sleep(0.05)

    def ask(self, request: bytes) -> tuple[int, str, bytes]:
        """Status, media type and body of the answer to a request as raw bytes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line:
            line.sendall(request)
            answer = http.client.HTTPResponse(line)
            answer.begin()
            return answer.status, answer.headers.get("Content-Type", ""), answer.read()

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: Any) -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


#: Requests as raw bytes; the status; what the problem names, or None where the server beneath
#: Django answers by itself: then a 4xx without a body is all that there can be.
RAW: dict[str, tuple[bytes, int, str | None]] = {
    "a bad Host": (b"GET /api/v1/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", 400, "evil.example"),
    "no Host": (b"GET /api/v1/ HTTP/1.0\r\n\r\n", 400, "HTTP_HOST"),
    "a byte that is no UTF-8": (
        b"GET /api/v1/events/?party=%ff HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "party",
    ),
    "broken percent-encoding in the query": (
        b"GET /api/v1/events/?type=%zz%1 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "type",
    ),
    "broken percent-encoding in the path": (
        b"GET /api/v1/events/%zz%/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, "%zz%",
    ),
    "a NUL in the path": (
        b"GET /api/v1/events/%00/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, "NUL",
    ),
    "a query of 50 kB": (
        b"GET /api/v1/events/?type=" + b"a" * 50_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        414, "50005",
    ),
    "TRACE": (b"TRACE /api/v1/events/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "TRACE"),
    "an address of 100 kB": (
        b"GET /api/v1/events/?type=" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        414, None,
    ),
    "raw bytes in the path": (
        b"GET /api/v1/\xff\xfe/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, None,
    ),
    "a negative length": (
        b"POST /api/v1/events/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        400, None,
    ),
    "no HTTP": (b"HELLO\r\n\r\n", 400, None),
}  # fmt: skip


@pytest.mark.parametrize("name", RAW)
def test_a_hostile_request_is_refused_by_the_server_itself(name: str, server: Server) -> None:
    request, status, named = RAW[name]
    start = time.perf_counter()
    got, media_type, body = server.ask(request)
    assert time.perf_counter() - start < 1
    if named is None:
        assert got == status
        assert len(body) < 2048
    else:
        check(got, status, media_type, body, named)
