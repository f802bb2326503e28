"""The partial order: by time, else by links, else undecided."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from events.order import PRECEDES, TIME, Item, Layers, Link, PartialOrder, Reason, Step, layers

MIDNIGHT = datetime(2022, 10, 1, tzinfo=UTC)


def day(first: int | None, last: int | None = None) -> tuple[datetime | None, datetime | None]:
    """The bounds of a day, or from one day to another; a day is a number, null is open."""
    start = None if first is None else MIDNIGHT + timedelta(days=first)
    if last is None and first is not None:
        last = first
    return start, None if last is None else MIDNIGHT + timedelta(days=last + 1)


def test_time_orders_what_does_not_overlap() -> None:
    order = PartialOrder([Item("a", day(1)), Item("b", day(2)), Item("c", day(1, 2))])
    assert order.before("a", "b")
    assert not order.before("b", "a")
    assert not order.decided("a", "c")
    assert not order.decided("b", "c")


def test_an_open_side_is_before_or_after_nothing_that_it_may_reach() -> None:
    until, since = (None, day(1)[1]), (day(3)[0], None)
    order = PartialOrder([Item("until", until), Item("since", since), Item("two", day(2))])
    assert order.before("until", "since")
    assert order.before("until", "two")
    assert order.before("two", "since")


def test_what_touches_is_ordered_and_an_instant_is_not_before_itself() -> None:
    instant = (MIDNIGHT, MIDNIGHT)
    order = PartialOrder([Item("a", day(-1)), Item("b", instant), Item("c", instant)])
    assert order.before("a", "b")
    assert not order.before("b", "b")
    assert not order.decided("b", "c")


def test_links_decide_what_time_leaves_open_over_chains_and_over_the_same() -> None:
    order = PartialOrder(
        [Item("a", day(1)), Item("b", day(1)), Item("c"), Item("b2", day(1))],
        [Link("a", "b"), Link("b2", "hidden"), Link("hidden", "c")],
        [("b", "b2")],
    )
    assert order.before("a", "b")
    assert order.before("a", "b2")
    assert order.before("a", "c")
    assert order.before("b", "c")
    assert not order.decided("b", "b2")
    assert order.set_aside == []


def test_an_order_by_time_goes_on_over_a_link() -> None:
    order = PartialOrder([Item("a", day(1)), Item("b", day(2)), Item("c")], [Link("b", "c")])
    assert order.before("a", "c")


def test_time_decides_first_and_a_link_against_it_is_set_aside() -> None:
    against = Link("b", "a", "moments before")
    order = PartialOrder([Item("a", day(1)), Item("b", day(2))], [against])
    assert order.before("a", "b")
    assert order.set_aside == [against]
    # Over a third that has no time: which of the two links is wrong cannot be told.
    one, other = Link("b", "c"), Link("c", "a")
    order = PartialOrder([Item("a", day(1)), Item("b", day(2)), Item("c")], [one, other])
    assert order.before("a", "b")
    assert not order.decided("b", "c")
    assert not order.decided("c", "a")
    assert order.set_aside == [one, other]


def test_a_circle_of_links_decides_nothing_and_what_hangs_on_it_stays() -> None:
    circle = [Link("a", "b"), Link("b", "c"), Link("c", "a")]
    order = PartialOrder([Item(name) for name in "abcd"], [*circle, Link("c", "d")])
    assert not order.decided("a", "b")
    assert order.before("c", "d")
    assert order.set_aside == circle
    order = PartialOrder([Item("a"), Item("b")], [Link("a", "b")], [("a", "b")])
    assert not order.decided("a", "b")
    assert order.set_aside == [Link("a", "b")]


def test_reasons_are_the_last_that_ended_and_every_link_with_its_words() -> None:
    order = PartialOrder(
        [Item("old", day(-5)), Item("near", day(0)), Item("a", day(1)), Item("b", day(1)),
         Item("c", day(1)), Item("hidden")],
        [Link("a", "hidden", "hours after"), Link("hidden", "c", "moments before"),
         Link("b", "c"), Link("old", "c", "days before")],
    )  # fmt: skip
    shown = ["old", "near", "a", "b", "c"]
    assert order.reasons("c", shown) == [
        Reason("near", TIME),
        Reason("old", TIME, "days before"),
        Reason("a", PRECEDES, "hours after; moments before"),
        Reason("b", PRECEDES, None),
    ]
    assert order.reasons("old", shown) == []


def test_of_several_that_ended_together_the_linked_and_then_the_shortest_is_the_reason() -> None:
    items = [Item("long", day(-9, 0)), Item("short", day(0)), Item("a", day(1))]
    assert PartialOrder(items).reasons("a", ["long", "short", "a"]) == [Reason("short", TIME)]
    linked = PartialOrder(items, [Link("long", "a", "a day after")])
    assert linked.reasons("a", ["long", "short", "a"]) == [Reason("long", TIME, "a day after")]


def test_of_two_that_are_the_same_each_has_its_own_words_first() -> None:
    links = [Link("a", "b", "of the first"), Link("a", "c", "of the second")]
    order = PartialOrder([Item("a"), Item("b"), Item("c")], links, [("b", "c")])
    assert order.reasons("b", "abc") == [Reason("a", PRECEDES, "of the first")]
    assert order.reasons("c", "abc") == [Reason("a", PRECEDES, "of the second")]


def shown(found: Layers) -> tuple[list[str], list[str], str]:
    """Layers in short: each step, each loose item with its places, what is unknown."""
    return (
        ["".join(step.ids) for step in found.steps],
        [f"{loose.id} {loose.after}-{loose.before}" for loose in found.loose],
        "".join(found.unknown),
    )


def test_layers_are_steps_and_apart_what_fits_in_several_and_what_is_unknown() -> None:
    order = PartialOrder(
        [Item("a", day(0)), Item("b", day(1)), Item("c", day(1)), Item("d", day(1)),
         Item("w", day(0, 9)), Item("x", day(1)), Item("y"), Item("u"), Item("v")],
        [Link("b", "c"), Link("c", "d"), Link("y", "d"), Link("u", "elsewhere")],
    )  # fmt: skip
    found = layers(order, "abcdwxyuv")
    assert shown(found) == (["a", "b", "c", "d"], ["y None-4", "w None-None", "x 1-None"], "uv")


def test_a_step_is_tied_where_nothing_orders_any_of_it() -> None:
    order = PartialOrder([Item("a", day(1)), Item("b", day(1)), Item("c", day(2))])
    assert layers(order, "abc").steps == [Step(["a", "b"], tied=True), Step(["c"], tied=False)]


def test_chains_side_by_side_are_one_step_that_is_not_tied() -> None:
    order = PartialOrder(
        [Item(name, day(1)) for name in "abcd"] + [Item("e", day(2))],
        [Link("a", "b"), Link("c", "d")],
    )
    assert layers(order, "abcde").steps == [
        Step(["a", "c", "b", "d"], tied=False),
        Step(["e"], tied=False),
    ]


def test_nothing_has_no_layers() -> None:
    assert layers(PartialOrder([]), []) == Layers()


NAMES = st.sampled_from("abcdefgh")
TIMES = st.one_of(
    st.none(),
    st.tuples(st.integers(0, 5), st.integers(0, 3)).map(
        lambda pair: (
            MIDNIGHT + timedelta(hours=pair[0]),
            MIDNIGHT + timedelta(hours=pair[0] + pair[1]),
        )
    ),
    st.integers(0, 5).map(lambda hour: (None, MIDNIGHT + timedelta(hours=hour))),
    st.integers(0, 5).map(lambda hour: (MIDNIGHT + timedelta(hours=hour), None)),
)
ITEMS = st.dictionaries(NAMES, TIMES, min_size=1, max_size=6).map(
    lambda times: [Item(name, time) for name, time in times.items()]
)
LINKS = st.lists(st.builds(Link, NAMES, NAMES, st.sampled_from([None, "before", "hours after"])))
SAME = st.lists(st.tuples(NAMES, NAMES), max_size=3)


@given(ITEMS, LINKS, SAME)
def test_the_order_is_irreflexive_antisymmetric_and_transitive(
    items: list[Item], links: list[Link], same: list[tuple[str, str]]
) -> None:
    order = PartialOrder(items, links, same)
    ids = list(order.items)
    for one in ids:
        assert not order.before(one, one)
        for other in ids:
            assert not (order.before(one, other) and order.before(other, one))
            for third in order.after(other, ids) if order.before(one, other) else ():
                assert order.before(one, third)


@given(ITEMS, LINKS, SAME)
def test_what_time_tells_stands_and_a_link_stands_unless_it_is_set_aside(
    items: list[Item], links: list[Link], same: list[tuple[str, str]]
) -> None:
    order = PartialOrder(items, links, same)
    for one in items:
        for other in items:
            if order.by_time(one.id, other.id):
                assert order.before(one.id, other.id)
    for link in links:
        assert order.before(link.before, link.after) != (link in order.set_aside)


@given(st.data(), ITEMS, LINKS, SAME)
def test_the_order_of_what_is_given_does_not_matter(
    data: st.DataObject, items: list[Item], links: list[Link], same: list[tuple[str, str]]
) -> None:
    order = PartialOrder(items, links, same)
    other = PartialOrder(
        data.draw(st.permutations(items)),
        data.draw(st.permutations(links)),
        [pair[::-1] for pair in data.draw(st.permutations(same))],
    )
    ids = list(order.items)
    assert ids == list(other.items)
    assert order.set_aside == other.set_aside
    for one in ids:
        assert order.after(one, ids) == other.after(one, ids)
        assert order.reasons(one, ids) == other.reasons(one, ids)
    assert layers(order, ids) == layers(other, data.draw(st.permutations(ids)))


@given(ITEMS, LINKS, SAME)
def test_layers_say_nothing_that_the_order_does_not(
    items: list[Item], links: list[Link], same: list[tuple[str, str]]
) -> None:
    order = PartialOrder(items, links, same)
    ids = [item.id for item in items]
    found = layers(order, ids)
    in_steps = [one for step in found.steps for one in step.ids]
    assert sorted([*in_steps, *(o.id for o in found.loose), *found.unknown]) == sorted(ids)
    for number, step in enumerate(found.steps):
        for later in found.steps[number + 1 :]:
            assert all(order.before(one, other) for one in step.ids for other in later.ids)
        among = [(one, other) for one in step.ids for other in step.ids if order.before(one, other)]
        assert step.tied == (len(step.ids) > 1 and not among)
        assert all(step.ids.index(one) < step.ids.index(other) for one, other in among)
    for loose in found.loose:
        for position, step in enumerate(found.steps, start=1):
            after_all = all(order.before(one, loose.id) for one in step.ids)
            before_all = all(order.before(loose.id, one) for one in step.ids)
            assert after_all == (loose.after is not None and position <= loose.after)
            assert before_all == (loose.before is not None and position >= loose.before)
    for one in found.unknown:
        assert not any(order.decided(one, other) for other in ids)
