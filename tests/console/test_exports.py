"""CSV: no cell becomes a formula, numbers stay numbers."""

import csv
import io

import pytest
from django.test import RequestFactory

from provisor.console.exports import cell, csv_answer


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")'])
def test_a_cell_that_a_spreadsheet_would_calculate_is_text(text: str):
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (-3, "-3"), (2.5, "2.5"), (True, "True"), ("Ada", "Ada")]
)
def test_other_cells_stay_as_they_are(value: object, text: str):
    assert cell(value) == text


def test_the_file_is_one_that_a_reader_of_csv_reads():
    answer = csv_answer(RequestFactory().get("/"), "people", ["name", "note"], [['Ada, "K"', "=x\ny"]])
    content = b"".join(answer.streaming_content).decode()
    assert list(csv.reader(io.StringIO(content))) == [["name", "note"], ['Ada, "K"', "'=x\ny"]]
    assert answer.headers["Content-Disposition"] == 'attachment; filename="people.csv"'
