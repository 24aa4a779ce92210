"""What we rely on in cel-expr-python, so that an update that changes it is noticed here first."""

import sys

import pytest
from cel_expr_python import cel

from provisor.mapping.explanations import ExpressionRefused
from provisor.mapping.expression import compile_expression

USER = {"user": {"userName": "bjensen", "name": {"givenName": "Babs"}, "nul": None}}


def environment(**functions):
    declared = [
        cel.FunctionDecl(
            name,
            [cel.Overload(name, return_type=cel.Type.STRING, parameters=[cel.Type.STRING], impl=call)],
        )
        for name, call in functions.items()
    ]
    return cel.NewEnv(variables={"user": cel.Type.Map(cel.Type.STRING, cel.Type.DYN)}, functions=declared)


def evaluate(text, data=USER, **functions):
    return environment(**functions).compile(text).eval(data=data)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("usr.x", "<input>:1:4: undeclared reference to 'usr.x'"),
        ("user.x +", "<input>:1:9: Syntax error"),
        ("user.x\n + (", "<input>:2:5: Syntax error"),
        ("'a' + 1", "<input>:1:5: found no matching overload for '_+_' applied to '(string, int)'"),
        ("nosuch('x')", "undeclared reference to 'nosuch'"),
        ("[" * 40 + "]" * 40, "recursion limit exceeded"),
        ("user.?a", "unsupported syntax"),
    ],
)
def test_compiling_raises_runtime_error_with_line_and_column(text, said):
    """A faulty expression is refused when compiled, and the message holds the place."""
    with pytest.raises(RuntimeError, match=r"ERROR|recursion") as refused:
        environment().compile(text)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("user.x", "DYN"),
        ("user.x == 1", "BOOL"),
        ("'a'", "STRING"),
        ("[1]", "LIST<INT>"),
        ("{'a': 1}", "MAP<STRING, INT>"),
    ],
)
def test_the_static_type_has_a_name(text, name):
    """The result type of a compiled expression is known by name."""
    assert environment().compile(text).return_type().name() == name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("user.nope", 'NOT_FOUND: Key not found in map : "nope"'),
        ("[1][3]", "UNKNOWN: Index error: index=3 size=1"),
        ("1 / 0", "INVALID_ARGUMENT: divide by zero"),
        ("user.userName + 1", "UNKNOWN: No matching overloads found : _+_(string, int64)"),
    ],
)
def test_a_run_time_error_is_a_returned_value(text, said):
    """Errors come back as values of type ERROR whose plain value is the message."""
    value = evaluate(text)
    assert value.type() == cel.Type.ERROR
    assert value.plain_value() == said


def test_an_error_inside_a_list_makes_the_whole_list_an_error():
    """Many expressions in one list: a list came back means that none of them failed."""
    assert evaluate("['a', user.nope]").type() == cel.Type.ERROR
    assert evaluate("['a', user.userName, true, null]").plain_value() == ["a", "bjensen", True, None]


def test_an_exceeded_budget_raises_runtime_error():
    """Loops end after some 10,000 steps, by an exception and not by an error value."""
    ten = "[0,1,2,3,4,5,6,7,8,9]"
    with pytest.raises(RuntimeError, match="Iteration budget exceeded"):
        evaluate(f"{ten}.map(a, {ten}.map(b, {ten}.map(c, {ten}.map(d, {ten}.map(e, a)))))")


def test_an_exception_of_an_own_function_is_an_error_value():
    """What an own function raises is passed on as text, and nothing is thrown through the library."""

    def refuse(text):
        raise ValueError("too long")

    value = evaluate("f('x')", f=refuse)
    assert value.type() == cel.Type.ERROR
    assert value.plain_value() == "OUT_OF_RANGE: too long"


def test_one_number_that_is_too_large_spoils_the_whole_activation():
    """Why only the attributes that expressions read are bound."""
    value = evaluate("user.a", {"user": {"a": "x", "b": 2**70}})
    assert value.type() == cel.Type.ERROR


def test_a_text_is_cut_at_nul_without_a_word():
    """Why texts with U+0000 are refused before they are bound."""
    assert evaluate("user.a", {"user": {"a": "x\0y"}}).plain_value() == "x"


def test_half_a_surrogate_pair_raises():
    """Why texts that have no UTF-8 form are refused before they are bound."""
    with pytest.raises(RuntimeError):
        evaluate("user.a", {"user": {"a": "\ud800"}})


def test_a_call_into_python_keeps_its_arguments_and_result_for_ever():
    """A leak of cel-expr-python 0.1.3: when this fails it has been mended, and functions.py may say so."""
    held = []

    def remember(text):
        held.extend((text, text.upper()))
        return held[1]

    assert evaluate("f('argument' + user.userName)", f=remember).plain_value() == "ARGUMENTBJENSEN"
    argument, result = held
    held.clear()
    assert (sys.getrefcount(argument), sys.getrefcount(result)) == (3, 3)


@pytest.mark.parametrize(
    "text", ["['a'].join(',')", "'%s'.format(['a'])", "strings.quote('a')", "optional.of(1)"]
)
def test_functions_that_could_fill_the_memory_or_end_the_process_are_not_there(text):
    """Only version 0 of the string functions is loaded, and no optional values."""
    with pytest.raises(ExpressionRefused, match="not known"):
        compile_expression(text, "user")
