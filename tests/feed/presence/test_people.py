"""People are counted once, whatever they watch with."""

from feed.presence.people import People, merged, visitor_named


def test_a_person_who_watches_through_two_hubs_counts_once() -> None:
    alice, both = People(frozenset({"1"})), People(frozenset({"1", "2"}), frozenset({"a"}), 1)
    assert len(merged([alice, both, People(visitors=frozenset({"a"}), others=2)])) == 6


def test_one_who_is_known_already_is_not_one_more() -> None:
    people = People(frozenset({"1"}), frozenset({"a"}))
    assert people.with_one_more("1") == people == people.with_one_more(visitor="a")
    assert [len(people.with_one_more(*who)) for who in (("2",), ("", "b"), ())] == [3, 3, 3]


def test_people_survive_the_way_through_the_table() -> None:
    people = People(frozenset({"1", "2"}), frozenset({"a"}), 3)
    assert People.from_json(people.as_json()) == people


def test_the_name_of_a_browser_does_not_tell_its_cookie() -> None:
    assert visitor_named("secret") == visitor_named("secret") != visitor_named("another")
    assert "secret" not in visitor_named("secret")
    assert visitor_named(None) == ""
