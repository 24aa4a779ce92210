"""The function library: the table is what the documents and the console show, so its examples must be true."""

import pytest

from provisor.mapping.explanations import ExpressionFailed, ExpressionRefused
from provisor.mapping.expression import activation, compile_expression
from provisor.mapping.functions import FUNCTIONS, LONGEST_TEXT, SAMPLE
from provisor.mapping.source import reader


def evaluate(text, source=SAMPLE):
    compiled = compile_expression(text, "user")
    text_values = {path: reader(path, "user")(source) or "" for path in compiled.texts}
    return compiled.evaluate(activation("user", source, text_values, "Wiki"))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_each_example_gives_the_result_beside_it(function):
    """An example in the table is run and gives what the table says."""
    assert function.name in function.example
    assert evaluate(function.example) == function.result


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_each_function_is_described_in_one_sentence(function):
    """The table can be shown to a reader as it is."""
    assert function.name in function.signature
    assert function.sentence.endswith(".")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("ascii('Łódź, Straße, Æther, \u2019n\u2019')", "Lodz, Strasse, AEther, 'n'"),
        ("slug('  ')", ""),
        ("normalize('\u212b  x ')", "Å x"),
        ("'ÄB'.lowerAscii()", "Äb"),
        ("'abc'.substring(1)", "bc"),
        ("'ab'.split('')", ["a", "b"]),
        ("before('ab', '@')", "ab"),
        ("after('ab', '@')", ""),
        ("firstNonEmpty(['', null, 'x'])", "x"),
        ("firstNonEmpty([])", ""),
        ("joined([], ',')", ""),
        ("text['nickName']", ""),
        ("text['emails.value']", "zoe@home.example"),
        ("''.replace('', 'x')", "x"),
    ],
)
def test_edge_cases_of_functions(text, result):
    """Nothing there, nothing found and letters outside ASCII are handled."""
    assert evaluate(text) == result


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("'abc'.substring(2, 1)", "substring"),
        ("'abc'.substring(9)", "substring"),
        ("joined([1], ',')", "A text is needed"),
        ("lowerAscii", "not known"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(text, said):
    """A function that cannot do its work fails with a sentence, when compiled or when run."""
    with pytest.raises(Exception, match=said):
        evaluate(text)


@pytest.mark.parametrize(
    "chain",
    [
        "'x'" + f".replace('x', '{'x' * 100}')" * 8,
        "'x'" + ".replace('', 'xx')" * 8,
        "user.userName.replace('a', user.userName).replace('b', user.title)",
        "'x'.replace('x', 'x' + 'x').replace('x', 'xx')",
    ],
)
def test_a_chain_of_replacements_that_could_fill_the_memory_is_refused(chain):
    """How much each `replace` can lengthen a text is seen when saving."""
    with pytest.raises(ExpressionRefused, match="fill the memory"):
        compile_expression(chain, "user")


def test_everyday_replacements_are_no_danger():
    """Removing and spelling out characters can be done as often as one likes."""
    assert (
        evaluate("'+1 (2) 3'.replace(' ', '').replace('(', '').replace(')', '').replace('+', '00')")
        == "00123"
    )


def test_a_function_of_ours_caps_its_result():
    """64 Ki characters are the most that a call gives."""
    source = {"userName": "x" * 10_000}
    with pytest.raises(ExpressionFailed, match=f"{LONGEST_TEXT:,} characters"):
        evaluate("joined([1,2,3,4,5,6,7].map(i, user.userName), ',')", source)
