"""The sample company of the demo: believable, and the same every time."""

import pytest

from provisor.sample.company import FEW_DIVISIONS, LEAST, OUTSIDE, build_company, layers, romanised


@pytest.mark.parametrize("size", [LEAST, 500, 1_999])
def test_it_has_the_size_that_was_asked_for_in_30_groups(size: int) -> None:
    """Everybody counts, those outside and those who left too."""
    company = build_company(size)
    assert (len(company.people), len(company.teams)) == (size, 30)


def test_with_few_divisions_it_has_12_groups() -> None:
    """The one that a person looks around in: everybody has a place in it still."""
    company = build_company(120, divisions=FEW_DIVISIONS)
    assert (len(company.people), len(company.teams)) == (120, 12)
    parents = {team.parent for team in company.teams if team.parent}
    assert parents <= {team.name for team in company.teams}


def test_the_same_seed_gives_the_same_company() -> None:
    """A fixed seed: two runs can be compared."""
    assert build_company(200) == build_company(200)
    assert build_company(200) != build_company(200, seed=1)


def test_user_names_are_unique_in_any_case_and_plain() -> None:
    """Same names get numbers; other scripts are romanised."""
    names = [person.user_name for person in build_company(1_000).people]
    assert len({name.casefold() for name in names}) == len(names)
    assert all(name.isascii() and " " not in name for name in names)


def test_it_has_what_breaks_naive_software() -> None:
    """Apostrophes, non-Latin and very long names, same names, and people who have left."""
    people = build_company(500).people
    shown = [person.display for person in people]
    assert any("'" in name for name in shown)
    assert any(
        not name.isascii() and not any("LATIN" in _script(letter) for letter in name) for name in shown
    )
    assert max(map(len, shown)) > 60
    assert len(shown) > len(set(shown))
    assert any(not person.active for person in people)


def test_every_manager_is_an_active_person_with_a_team() -> None:
    """Managers come before those who report to them, so that references can be resolved."""
    company = build_company(300)
    known = {person.user_name: person for person in company.people}
    assert all(known[person.manager].active for person in company.people if person.manager)
    assert [person.manager for person in layers(company.people)[0]].count("") == len(
        layers(company.people)[0]
    )
    assert len(layers(company.people)) == 4


def test_nobody_who_left_is_in_a_group() -> None:
    """Leavers of long ago were taken out of everything."""
    company = build_company(300)
    gone = {person.user_name for person in company.people if not person.active}
    assert not any(gone & set(team.members) for team in company.teams)
    assert company.team(OUTSIDE).parent == ""


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Łukasz", "lukasz"),
        ("O'Brien", "obrien"),
        ("田中/Tanaka", "tanaka"),
        ("García Márquez", "garcia-marquez"),
        ("Weiß", "weiss"),
    ],
)
def test_names_are_romanised(name: str, plain: str) -> None:
    """Marks fall away, apostrophes too, and a given spelling counts."""
    assert romanised(name) == plain


def _script(letter: str) -> str:
    import unicodedata

    return unicodedata.name(letter, "")
