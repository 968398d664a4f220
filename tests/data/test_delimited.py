from __future__ import annotations

import csv
import io
import json

import pytest

from jeoni.data.read import load_items
from jeoni.errors import DataError
from jeoni.tasks import load_data


@pytest.fixture
def write(tmp_path):
    def written(text, name="t.csv", encoding="utf-8"):
        (tmp_path / name).write_bytes(text.encode(encoding))
        return tmp_path / name

    return written


def rows_of(data):
    return [(data.items.text(i), data.task.class_names[data.targets[i]]) for i in range(len(data))]


STRAY = [
    ('"정말 좋다', "p"),
    ("나쁘다", "n"),
    ("좋다", "p"),
    ('그는 "최고"라 했다', "n"),
    ('이렇게 끝난다"', "p"),
    ("별로", "n"),
]


FAR = [("좋다", "p"), ('"좋다', "p"), *[(f"중간 {i}", "n") for i in range(30)], ('끝"', "p"), ("나쁘다", "n")]


@pytest.mark.parametrize("name, mark", [("t.tsv", "\t"), ("t.csv", "\t"), ("t.csv", ",")])
@pytest.mark.parametrize(
    "rows", [STRAY, STRAY[:4], STRAY[::-1], FAR], ids=["some", "never closed", "reversed", "far apart"]
)
def test_a_table_written_without_quoting_keeps_every_line(write, rows, name, mark):
    text = f"text{mark}label\n" + "".join(f"{text}{mark}{label}\n" for text, label in rows)
    data = load_data(write(text, name))
    assert rows_of(data) == rows
    assert [(f.kind, f.action) for f in data.findings] == [("quotes", "kept")]
    assert "every line is taken as a row" in data.findings[0].detail


QUOTED = [
    ("one\nand two", "p"),
    ('he said "fine"', "n"),
    ("a, b; c\td", "p"),
    ('"', "n"),
    ("first\r\nsecond\n\nfourth", "p"),
    ("plain", "n"),
]


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("name, mark", [("t.csv", ","), ("t.csv", ";"), ("t.tsv", "\t")])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_quoted_cells_may_hold_line_breaks_marks_and_delimiters(write, name, mark, quoting, encoding):
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=mark, quoting=quoting).writerows([("text", "label"), *QUOTED])
    data = load_data(write(buffer.getvalue(), name, encoding))
    assert rows_of(data) == QUOTED
    assert "quotes" not in {f.kind for f in data.findings}


def test_a_text_of_a_table_of_tabs_may_begin_with_a_quotation(write):
    data = load_data(write('text\tlabel\n"최고" 영화\tp\n나쁘다\tn\n', "t.tsv"))
    assert rows_of(data) == [('"최고" 영화', "p"), ("나쁘다", "n")] and len(data.findings) == 1


def test_a_well_quoted_table_of_tabs_loses_its_quotation_marks_as_it_should(write):
    data = load_data(write('text\tlabel\n"he said ""fine"""\tp\n"dull"\tn\n', "t.tsv"))
    assert rows_of(data) == [('he said "fine"', "p"), ("dull", "n")] and not data.findings


@pytest.mark.parametrize("text", ["\n\r\ntext,label\n{}01\ndull,02\n", "text,label\n\n{}01\n\ndull,02\n\n"])
@pytest.mark.parametrize("first", ["fine,", '"fine,'])
def test_empty_lines_are_no_rows_and_no_header(write, text, first):
    data = load_data(write(text.format(first)))
    assert rows_of(data) == [(first[:-1], "01"), ("dull", "02")]


def test_a_name_of_a_column_may_hold_a_line_break(write):
    data = load_data(write('"text","class\nof it"\nfine,01\ndull,02\n'), label_column="class\nof it")
    assert data.task.class_names == ("01", "02")


@pytest.mark.parametrize(
    "text, row, rows",
    [
        ('text,label\ngood,p\n"so good,p\nbad,n\nbad again,n\nthe end",p\n"bad, bad",n\n', 1, 4),
        ('label,text\np,"good, so"\np,"so good\nn,bad\nn,the end"\nn,bad\n', 1, 3),
        ('id,text,label\n1,"so good,p\n2,bad,n\n3,the end",n\n4,"good, so",p\n5,bad,n\n', 0, 3),
    ],
)
def test_a_cell_that_reads_like_several_rows_is_named(write, text, row, rows):
    (found,) = load_data(write(text), single_class=True).findings
    assert (found.kind, found.path, found.action) == ("quotes", f"row {row}", "kept")
    assert f"row {row} holds what looks like {rows} rows: a quotation mark that was never closed?" in found.detail


def test_texts_of_several_lines_are_no_suspects(write):
    data = load_data(write('text,label\n"one, two\nthree",p\n"four\nfive, six",n\n"seven\n\neight, nine",p\n'))
    assert [data.items.text(i) for i in range(3)] == ["one, two\nthree", "four\nfive, six", "seven\n\neight, nine"]
    assert not data.findings
    alone = load_items(write('review\n"one\ntwo"\nthree\n'), "text")
    assert [alone.items.text(i) for i in range(2)] == ["one\ntwo", "three"] and not alone.findings


@pytest.mark.parametrize(
    "text, name, said",
    [
        (
            "text,label\nfine,p\ngood, very,p\n",
            "t.csv",
            "row 3, .*has 3 cells.*has 2: 'good, very,p'.*holds a comma in d",
        ),
        (
            "text;label\ngood; very;p\n",
            "t.csv",
            "row 2, .*has 3 cells.*Put each cell that holds a semicolon in double quotes",
        ),
        (
            "text\tlabel\nfine\tso\tp\n",
            "t.tsv",
            "row 2, .*has 3 cells.*Put each cell that holds a tab in double quotes",
        ),
        ("text,label\nfine\n", "t.csv", "row 2, .*has 1 cells.*has 2: 'fine'.*Correct that row"),
    ],
)
def test_a_row_with_too_many_or_too_few_cells_is_shown_and_how_to_mend_it(write, text, name, said):
    with pytest.raises(DataError, match=f"cannot be read as a table: {said}"):
        load_data(write(text, name))


def test_a_name_that_is_never_closed_does_not_crash(write):
    with pytest.raises(DataError, match=r"t\.csv"):
        load_data(write('"text,label\n' + "fine,p\n" * 40_000))


@pytest.mark.parametrize("rows", [["fine", "fine"], []], ids=["behind others", "the first"])
@pytest.mark.parametrize("mark, quote", [(",", '"'), ("\t", "")])
def test_a_text_longer_than_a_block_is_read_like_any_other(write, rows, mark, quote):
    long = "a long text " * 200_000
    lines = [f"text{mark}label", *(f"{t}{mark}p" for t in rows), f"{quote}{long}{quote}{mark}n", f"dull{mark}p"]
    data = load_data(write("\n".join(lines)))
    assert [t for t, _ in rows_of(data)] == [*rows, long, "dull"] and not data.findings


def test_a_mark_that_is_never_closed_before_more_than_a_block_is_said_to_be_wrong(write):
    said = r'row 2, .*has 1 cells, and the header has 2: \'"so good,p.*Correct that row'
    with pytest.raises(DataError, match=f"cannot be read as a table: {said}"):
        load_data(write('text,label\n"so good,p\na, b,n\n' + "fine,p\n" * 400_000))


KOREAN = [(f"{i}번째로 본 정말 좋은 영화", "pn"[i % 2]) for i in range(60)]


@pytest.fixture
def damaged(tmp_path):
    """A table in UTF-8 with some bytes in it replaced."""

    def made(name, *changes):
        raw = "\n".join(["text,label,split", *(f"{t},{k},train" for t, k in KOREAN)])
        if name.endswith("jsonl"):
            rows = (dict(zip(("text", "label", "split"), (*row, "train"), strict=True)) for row in KOREAN)
            raw = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        raw = raw.encode()
        for old, new in changes:
            assert raw.count(old) == 1
            raw = raw.replace(old, new)
        (tmp_path / name).write_bytes(raw)
        return tmp_path / name

    return made


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
@pytest.mark.parametrize(
    "old, new", [("17번째".encode(), "17번째".encode()[:-1]), (b"17", b"17\xe2\x80"), (b"17", b"\xff")]
)
def test_a_row_with_broken_bytes_is_no_text_and_all_others_are_read(damaged, name, old, new):
    data = load_data(damaged(name, (old, new)))
    assert (len(data), data.task.class_names, data.findings) == (60, ("n", "p"), ())
    said = "row 17 of t[.].* holds broken bytes, in '.*\ufffd.*'. Correct that row"
    with pytest.raises(DataError, match=said):
        data.items.read(17)
    rest = data.select([k for k in range(59, -1, -1) if k != 17])
    assert [rest.items.read(k).decode() for k in range(59)] == [t for i, (t, _) in enumerate(KOREAN) if i != 17][::-1]
    with pytest.raises(DataError, match=said):
        data.select([3, 17]).items.read(1)


def test_a_broken_label_is_no_class_and_a_broken_part_no_part(damaged):
    label, part = "17번째로 본 정말 좋은 영화,n".encode(), "18번째로 본 정말 좋은 영화,p,train".encode()
    data = load_data(damaged("t.csv", (label, label + b"\xec"), (part, part[:-1] + b"\x80")))
    assert (data.task.class_names, set(data.part.tolist())) == (("n", "p"), {"train"})
    for row in (17, 18):
        with pytest.raises(DataError, match=f"row {row} of t.csv holds broken bytes"):
            data.items.read(row)
    data.items.read(16)


def test_broken_bytes_where_nothing_is_read_do_not_matter(damaged):
    row = "17번째로 본 정말 좋은 영화,n,tr".encode()
    data = load_data(damaged("t.csv", (b"split", b"other"), (row, row + b"\xff")))
    assert data.items.read(17).decode() == KOREAN[17][0]


def test_a_broken_name_of_a_column_is_refused(damaged):
    with pytest.raises(DataError, match="column 'l\ufffdbel' of .* has a name of broken bytes"):
        load_data(damaged("t.csv", (b"label", b"l\xe2bel")))


@pytest.mark.parametrize("lines, few", [(1100, True), (900, False)])
def test_of_plain_ascii_fewer_bytes_may_be_broken_since_nothing_says_that_it_is_utf8(tmp_path, lines, few):
    rows = ["text,label", *(f"good film {i},{'pn'[i % 2]}" for i in range(lines))]
    (tmp_path / "t.csv").write_bytes("\n".join(rows).encode().replace(b"film 17,", b"film\x92s 17,"))
    if few:
        assert len(load_data(tmp_path / "t.csv")) == lines
    else:
        with pytest.raises(DataError, match=r"not understood: it is not UTF-8.*Save it again as UTF-8.*: line 19 …"):
            load_data(tmp_path / "t.csv")


@pytest.mark.parametrize(
    "text, name",
    [
        ("text;label (0, 1, 2)\ngood;1\nbad, bad;0\nx y;1\n", "t.csv"),
        ('"text";"label (0, 1, 2)"\ngood;1\nbad, bad;0\nx y;1\n', "t.csv"),
        ("text|label (0, 1, 2)\ngood|1\nbad, bad|0\nx y|1\n", "t.csv"),
        ('sep=;\r\ntext;"label (0, 1, 2)"\r\ngood;1\r\nbad, bad;0\r\nx y;1\r\n', "t.csv"),
        ('text,"label (0, 1, 2)"\ngood,1\n"bad, bad",0\nx y,1\n', "t.tsv"),
    ],
)
def test_what_stands_between_cells_is_what_all_rows_agree_on(write, text, name):
    data = load_data(write(text, name), label_column="label (0, 1, 2)")
    assert rows_of(data) == [("good", "1"), ("bad, bad", "0"), ("x y", "1")]


def test_commas_within_rows_do_not_make_a_table_of_another_kind(write):
    assert rows_of(load_data(write("text,label\nhello; world,1\na;b;c,0\n"))) == [("hello; world", "1"), ("a;b;c", "0")]
    with pytest.raises(DataError, match="row 2, counting the header, has 3 cells"):
        load_data(write("text,label\nhello, world,1\na,0\nc,d,e,1\n"))


@pytest.mark.parametrize("before", [0, 9000])
def test_a_stray_zero_byte_makes_no_binary_file_of_a_table(write, before):
    data = load_data(write("text,label\n" + "x y,0\n" * before + "bad \0 cell,1\n" + "x y,0\n" * 3))
    assert len(data) == before + 4 and data.task.class_names == ("0", "1")


def test_a_broken_syllable_is_that_of_one_row_in_cp949_too(tmp_path):
    good = "text,label\n" + "".join(f"정말 재미있는 영화였다 {i},{'ab'[i % 2]}\n" for i in range(50))
    path = tmp_path / "t.csv"
    path.write_bytes(good.encode("cp949") + "정말 재미있는 영".encode("cp949")[:-1] + b",a\n")
    data = load_data(path)
    assert len(data) == 51 and data.items.read(49).decode() == "정말 재미있는 영화였다 49"
    assert [f.kind for f in data.findings] == ["encoding"]
    with pytest.raises(DataError, match="row 50 of t.csv holds broken bytes, in '정말 재미있는 \ufffd'"):
        data.items.read(50)
