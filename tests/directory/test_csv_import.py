"""Importing users and groups from CSV files."""

import pytest

from provisor.audit.verify import verify
from provisor.directory import attributes, memberships, queries, users
from provisor.directory.csv_import import FileRefused, Report, import_groups, import_users
from provisor.directory.everyone import everyone
from provisor.directory.models import Group, Nesting, User
from provisor.scim.schemas import ENTERPRISE_SCHEMA

from .conftest import ADA

pytestmark = pytest.mark.django_db

ACME = "urn:example:params:scim:schemas:extension:acme:2.0:User"


def load(text: str | bytes, **options: object) -> Report:
    data = text if isinstance(text, bytes) else text.encode()
    return import_users(data, actor=ADA, **options)  # type: ignore[arg-type]


def load_groups(text: str, **options: object) -> Report:
    return import_groups(text.encode(), actor=ADA, **options)  # type: ignore[arg-type]


def counts(report: Report) -> tuple[int, int, int, int, list[int]]:
    refused = [one.line for one in report.refused]
    return report.created, report.updated, report.deleted, report.unchanged, refused


FILE = """User Name,First Name,last_name,E-Mail,Enabled,department,roles,custom
bob,Bob,"O""Brien, Jr.",bob@example.com,yes,Sales,admin;clerk,7
ann,Ann,,ann@example.com,no,,,
"""


def test_users_are_created_with_aliases_lists_and_custom_attributes() -> None:
    """Names of columns as other products write them; each value where RFC 7643 has it."""
    attributes.declare_attribute(ACME, "custom", type="integer", actor=ADA)
    assert counts(load(FILE)) == (2, 0, 0, 0, [])
    bob = queries.find_user("bob")
    assert bob.resource == {
        "schemas": bob.resource["schemas"],
        "id": str(bob.id),
        "userName": "bob",
        "active": True,
        "name": {"givenName": "Bob", "familyName": 'O"Brien, Jr.'},
        "emails": [{"type": "work", "value": "bob@example.com"}],
        "roles": [{"value": "admin"}, {"value": "clerk"}],
        ENTERPRISE_SCHEMA: {"department": "Sales"},
        ACME: {"custom": 7},
    }
    assert queries.find_user("ann").active is False
    assert verify().ok


def test_r03_importing_the_same_file_again_changes_nothing(watch) -> None:
    """Every line is counted as unchanged, and not a row is written."""
    attributes.declare_attribute(ACME, "custom", type="integer", actor=ADA)
    load(FILE)
    seen = watch()
    assert counts(load(FILE)) == (0, 0, 0, 2, [])
    assert seen.nothing


def test_an_absent_column_keeps_and_an_empty_cell_clears(user, watch) -> None:
    """Except active, which an empty cell leaves as it is."""
    made = user("bob", title="Clerk", nickName="B", active=False)
    seen = watch()
    assert counts(load("userName,nickName,active\nBOB,,\n")) == (0, 1, 0, 0, [])
    kept = User.objects.get(id=made.id)
    assert ("nickName" in kept.resource, kept.resource["title"], kept.active) == (False, "Clerk", False)
    assert kept.user_name == "BOB"
    assert seen.events == seen.acts == ["user.updated"]


def test_a_dry_run_writes_nothing_and_says_the_same(user, watch) -> None:
    """Create, update, delete, unchanged and refused lines alike."""
    for name in ("upd", "del", "same"):
        user(name)
    text = "userName,title,action\nnew,x,add\nupd,y,update\ndel,,delete\nsame,,\nbad\x01,,\nghost,,delete\nnone,,update\n"
    seen = watch()
    dry = load(text, dry_run=True)
    assert seen.nothing
    assert counts(dry) == (1, 1, 1, 1, [6, 7, 8])
    real = load(text)
    assert counts(real) == counts(dry)
    assert [one.reason for one in real.refused] == [one.reason for one in dry.refused]
    assert {one.user_name for one in queries.users()} == {"new", "upd", "same"}


def test_all_or_nothing_writes_nothing_with_one_bad_line(watch) -> None:
    """Without it a good line is never lost to a bad one."""
    everyone()
    text = "userName,email\na,a@example.com\nb,nonsense\nc,c@example.com\n"
    seen = watch()
    assert counts(load(text, all_or_nothing=True)) == (0, 0, 0, 0, [3])
    assert counts(load(text, all_or_nothing=True, dry_run=True)) == (0, 0, 0, 0, [3])
    assert seen.nothing
    assert counts(load(text)) == (2, 0, 0, 0, [3])
    assert counts(load("userName\nd\ne\n", all_or_nothing=True)) == (2, 0, 0, 0, [])


def test_a_user_name_twice_is_refused_the_second_time(user) -> None:
    """In another case within the file, and against the directory it is an update."""
    user("ann")
    report = load("userName,title\nBob,1\nbOB,2\nANN,3\n")
    assert counts(report) == (1, 1, 0, 0, [3])
    assert 'in line 2 already (as "Bob")' in report.refused[0].reason


def test_actions_that_do_not_fit_are_refused(user) -> None:
    """Adding what differs, updating what is not there, deleting what never was, and unknown words."""
    user("ann")
    users.delete_user(user("gone").id, actor=ADA)
    report = load("userName,title,action\nann,x,ADD\nbob,x,update\ncid,,delete\ngone,,delete\ndan,,drop\n")
    assert counts(report) == (0, 0, 0, 1, [2, 3, 4, 6])
    assert counts(load("userName,action\nann,add\n")) == (0, 0, 0, 1, [])


def test_groups_are_joined_and_never_left(user, group, watch) -> None:
    """By name or id, several; Everyone goes without saying; an unknown one refuses the line."""
    sales, ops = group("Sales"), group("Ops")
    ann = user("ann")
    memberships.add_members(ops.id, [ann.id], actor=ADA)
    text = f"userName,groups\nann,sales; Everyone\nbob,{sales.id};OPS;ops\ncid,Nowhere\n"
    report = load(text)
    assert counts(report) == (1, 1, 0, 0, [4])
    assert 'There is no group "Nowhere"' in report.refused[0].reason
    bob = queries.find_user("bob")
    assert set(queries.effective_groups(bob.id)) == {sales, ops, everyone()}
    assert set(queries.effective_groups(ann.id)) == {sales, ops, everyone()}
    seen = watch()
    assert counts(load(text)) == (0, 0, 0, 2, [4])
    assert seen.nothing


def test_managers_may_be_in_the_same_file_in_any_order(user, watch) -> None:
    """Above, below, in a circle, in the directory, by name or id; an unknown one refuses the line."""
    boss = user("boss")
    text = f"userName,manager\na,b\nb,A\nc,BOSS\nd,{boss.id}\ne,nobody\nf,f\ng,e\nh,g\ni,\n"
    report = load(text)
    assert counts(report) == (5, 0, 0, 0, [6, 7, 8, 9])
    found = {one.user_name: one for one in queries.users()}
    assert found["a"].manager_id == found["b"].id
    assert found["b"].manager_id == found["a"].id
    assert found["c"].manager_id == found["d"].manager_id == boss.id
    assert found["a"].resource[ENTERPRISE_SCHEMA] == {"manager": {"value": str(found["b"].id)}}
    seen = watch()
    assert counts(load(text)) == (0, 0, 0, 5, [6, 7, 8, 9])
    assert seen.nothing


def test_an_existing_user_can_get_a_manager_whom_the_file_creates(user) -> None:
    """The reference is written once the manager is there."""
    old, new = user("old"), user("new")
    load(f"userName,manager\nnew,{old.id}\n")
    assert counts(load("userName,manager,title\nnew,fresh,x\nfresh,,\n")) == (1, 1, 0, 0, [])
    kept = User.objects.get(id=new.id)
    assert (kept.manager_id, kept.resource["title"]) == (queries.find_user("fresh").id, "x")


def test_formulas_and_markup_are_data() -> None:
    """Nothing is evaluated, escaped or cut."""
    nasty = [
        "=cmd|' /C calc'!A0",
        "+1",
        "-1",
        "@SUM(A1)",
        "<script>alert(1)</script>",
        "'; DROP TABLE x; --",
        "ᚠ🦊",
    ]
    load("userName,title\n" + "".join(f'u{n},"{text}"\n' for n, text in enumerate(nasty)))
    assert [queries.find_user(f"u{n}").resource["title"] for n in range(len(nasty))] == nasty


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_separators_line_ends_and_marks_are_found(separator: str, end: str, mark: str) -> None:
    """As spreadsheet programs of every country write them."""
    rows = [("userName", "title", "roles"), ("bob", "a b", '"x;y"'), ("", "", ""), ("ann", "", "")]
    text = mark + end.join(separator.join(row) for row in rows) + end
    assert counts(load(text)) == (2, 0, 0, 0, [])
    assert queries.find_user("bob").resource["roles"] == [{"value": "x"}, {"value": "y"}]


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (b"userName,title\nbob,x\nann,M\xfcller\n", 3, "byte 0xFC, which is not UTF-8"),
        ("userName\nbob\n".encode("utf-16"), 1, "UTF-16"),
        ("userName\nbob\n".encode("utf-16-le"), 1, "NUL"),
        (b"userName\nb\0b\n", 2, "NUL"),
        (b"PK\x03\x04\x14\0", 1, "workbook"),
        (b"\x89PNG\r\n\x1a\n", 1, "0x89"),
        (b"", 1, "empty"),
        (b"\xef\xbb\xbf\n\n , \n", 1, "empty"),
        (b"bob,Bob,bob@example.com\n", 1, 'names no column that is known here; it begins with "bob"'),
        (b"userName,depratment,frist name\nbob,x,y\n", 1, '"depratment" (did you mean "department"'),
        (b"userName,password\nbob,x\n", 1, "keeps no passwords"),
        (b"userName,email,E-Mail\nbob,x,y\n", 1, 'Two columns mean "email"'),
        (b"email,title\nx,y\n", 1, 'no column "userName"'),
        (b"x" * (64 * 1024 * 1024 + 1), 1, "64 MiB"),
        (b"userName,title\n" + b'a,"b"c\n' * 1002, 2, "Hardly any line is CSV"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_up_front(watch, data: bytes, line: int, said: str) -> None:
    """What it is, where, and what to do; nothing is written."""
    seen = watch()
    with pytest.raises(FileRefused) as refused:
        load(data)
    assert said in refused.value.reason
    assert refused.value.line == line
    assert refused.value.hint
    assert seen.nothing


def test_broken_lines_are_named_and_hold_up_no_other() -> None:
    """Quotation marks out of place, never closed, too many and too few values, too long ones."""
    text = (
        "userName,title\n"  # 1
        'ok1,"two\nlines"\n'  # 2, 3
        'bad1,"x"y\n'  # 4
        "ok2,x\n"  # 5
        "bad2,x,y\n"  # 6
        "bad3\n"  # 7
        f"bad4,{'x' * 10_001}\n"  # 8
        f"bad5,{'x' * 140_000}\n"  # 9
        "ok3,x\n"  # 10
        'bad6,"never closed\n'  # 11
        "ok4,x\n"  # 12
    )
    report = load(text)
    assert counts(report) == (4, 0, 0, 0, [4, 6, 7, 8, 9, 11])
    assert queries.find_user("ok1").resource["title"] == "two\nlines"
    assert all(one.reason and one.hint for one in report.refused)


def test_cells_that_cannot_be_read_name_the_column() -> None:
    """A boolean that is none, a number that is none."""
    attributes.declare_attribute(ACME, "size", type="integer", actor=ADA)
    attributes.declare_attribute(ACME, "rate", type="decimal", actor=ADA)
    attributes.declare_attribute(ACME, "title", actor=ADA)
    report = load("userName,active,size,rate\na,maybe,1,1\nb,1,x,1\nc,1,1,nan\nd,off,12,1.5\n")
    assert counts(report) == (1, 0, 0, 0, [2, 3, 4])
    assert "in the column size is no number" in report.refused[1].reason
    assert queries.find_user("d").resource[ACME] == {"size": 12, "rate": 1.5}
    load(f"userName,title,{ACME}:title\ne,core,own\n")
    assert queries.find_user("e").resource[ACME] == {"title": "own"}


def test_progress_goes_up_to_all_lines() -> None:
    """Monotonous, and ends with everything."""
    steps: list[tuple[int, int]] = []
    text = "userName\n" + "".join(f"u{n}\n" for n in range(2300)) + "u1\n"
    report = load(text, progress=lambda done, total: steps.append((done, total)))
    assert (report.created, len(report.refused)) == (2300, 1)
    assert steps == sorted(steps)
    assert (steps[-1], len(steps) >= 4) == ((2301, 2301), True)


def test_wide_files_cost_statements_by_the_run(django_assert_max_num_queries) -> None:
    """Two thousand lines, first created and then unchanged: no statement for each."""
    text = "userName,title,groups\n" + "".join(f"u{n},x,Everyone\n" for n in range(2000))
    with django_assert_max_num_queries(70):
        load(text)
    with django_assert_max_num_queries(30):
        assert load(text).unchanged == 2000


def test_groups_are_imported_with_members_and_parents(user, watch) -> None:
    """Parents above and below, members by user name; again changes nothing."""
    ann, bob = user("ann"), user("bob")
    text = "name,externalId,members,parent\nInner,i1,ann;BOB,Outer\nOuter,,,\nDeep,,,inner\n"
    dry = load_groups(text, dry_run=True)
    report = load_groups(text)
    assert counts(report) == counts(dry) == (3, 0, 0, 0, [])
    outer = queries.find_group("outer")
    assert set(queries.effective_members(outer.id)) == {ann, bob}
    assert queries.path_of_groups(outer.id, queries.find_group("deep").id)[1].external_id == "i1"
    seen = watch()
    assert counts(load_groups(text)) == (0, 0, 0, 3, [])
    assert seen.nothing
    assert counts(load_groups("displayName,externalId,action\nInner,i2,\nDeep,,delete\n")) == (0, 1, 1, 0, [])
    assert Nesting.objects.count() == 1
    assert verify().ok


def test_group_lines_that_cannot_be_are_refused(user, group) -> None:
    """Unknown members and parents, circles (also within the file), and Everyone."""
    group("A")
    text = (
        "displayName,members,parent\n"
        "B,nobody,\n"  # 2
        "C,,B\n"  # 3: B is refused
        "D,,C\n"  # 4: and so is C
        "E,,F\n"  # 5: F is refused
        "F,,E\n"  # 6: a circle
        "G,,G\n"  # 7
        "H,,Everyone\n"  # 8
        "Everyone,,A\n"  # 9
        "I,,a\n"  # 10
        "i,,\n"  # 11
        "J,,Nowhere\n"  # 12
    )
    dry = load_groups(text, dry_run=True)
    report = load_groups(text)
    assert counts(report) == counts(dry) == (1, 0, 0, 0, [2, 3, 4, 5, 6, 7, 8, 9, 11, 12])
    assert set(Group.objects.values_list("display_name", flat=True)) == {"Everyone", "A", "I"}
    assert counts(load_groups("displayName,action\nEveryone,delete\n")) == (0, 0, 0, 0, [2])
    assert counts(load_groups("displayName\nEveryone\n")) == (0, 0, 0, 1, [])
