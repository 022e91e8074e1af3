"""Files of data: what is read, and the one sentence for each file that cannot be."""

import gzip
import io
import re
import struct
import sys
import time
import zipfile

import numpy as np
import pytest

from xpnn import data
from xpnn.errors import ArgumentError, ArgumentTypeError, DataError, XpnnError


@pytest.fixture
def write(tmp_path):
    """Write text or bytes to a file and return its path."""

    def write_file(content, name="t.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def message(path, load, *args, **options):
    """The sentence of the DataError, with the folder taken out."""
    with pytest.raises(DataError) as caught:
        load(path, *args, **options)
    text = str(caught.value)
    assert "\n" not in text
    return text.replace(str(path), path.name)


# --- CSV: what is read ---


@pytest.mark.parametrize(
    "text",
    [
        "a,b,c\n1,2,0\n3,4,1\n",
        "a,b,c\n1,2,0\n3,4,1",
        "a,b,c\r\n1,2,0\r\n3,4,1\r\n",
        "a,b,c\r1,2,0\r3,4,1\r",
        "\ufeffa,b,c\n1,2,0\n3,4,1\n",
        "a;b;c\n1;2;0\n3;4;1\n",
        "a\tb\tc\n1\t2\t0\n3\t4\t1\n",
        '"a","b","c"\n"1","2","0"\n"3","4","1"\n',
        "\n  \n\na,b,c\n\n1,2,0\n   \n3,4,1\n\n",
        " a , b, c\n 1,2.0 , 0\n+3e0,4., 1\n",
    ],
)
def test_a_table_is_read_however_it_is_written(write, text):
    table = data.load_csv(write(text))
    assert table.x.tolist() == [[1, 2], [3, 4]] and table.x.dtype == np.float64
    assert table.y.tolist() == [0, 1] and table.y.dtype == np.int64
    assert table.feature_names == ("a", "b") and table.target_name == "c" and table.class_names == ()
    packed = data.load_csv(write(gzip.compress(text.encode(), mtime=0), "t.csv.gz"))
    assert np.array_equal(packed.x, table.x) and packed.feature_names == ("a", "b")


def test_numbers_are_read_to_the_last_bit(write):
    values = np.random.default_rng(0).standard_normal((300, 3)) * 10.0 ** np.arange(-150, 150)[:, None]
    text = "a,b,c\n" + "".join(",".join(map(repr, row)) + "\n" for row in values.tolist())
    x, y = data.load_csv(write(text))
    assert np.array_equal(x, values[:, :2]) and np.array_equal(y, values[:, 2]) and y.dtype == np.float64


def test_quoted_cells_hold_delimiters_quotes_and_line_ends(write):
    text = '"size, in ""cm""","two\nlines",kind\n1,2,"a,b"\n3,4,"c\nd"\n'
    table = data.load_csv(write(text))
    assert table.feature_names == ('size, in "cm"', "two\nlines") and table.class_names == ("a,b", "c\nd")


def test_the_delimiter_can_be_said(write):
    assert data.load_csv(write("a|b\n1|2\n"), delimiter="|").x.tolist() == [[1]]
    assert data.load_csv(write("a,x;b\n1;2\n"), delimiter=";").feature_names == ("a,x",)
    for wrong in (",,", "", '"', "\n", 3):
        with pytest.raises(ArgumentError, match=r"^delimiter must be one character that is no quote"):
            data.load_csv(write("a,b\n1,2\n"), delimiter=wrong)


def test_a_first_line_with_a_number_is_no_header(write):
    table = data.load_csv(write("5.1,3.5,setosa\n7,3.2,versicolor\n"))
    assert table.feature_names == ("column_0", "column_1") and table.target_name == "column_2"
    assert table.x.tolist() == [[5.1, 3.5], [7, 3.2]] and table.class_names == ("setosa", "versicolor")
    years = data.load_csv(write("2019,2020\n1,2\n"), header=True)
    assert years.feature_names == ("2019",) and years.x.tolist() == [[1]]
    assert message(write("a,b\n1,2\n"), data.load_csv, header=False).startswith("t.csv must hold numbers, got 'a' in")
    with pytest.raises(ArgumentError, match=r"^header must be True or False, got 1\.$"):
        data.load_csv(write("a,b\n1,2\n"), header=1)


def test_target_and_features_are_chosen_by_name_or_position(write):
    path = write("id,a,b,c\nx,1,2,3\ny,4,5,6\n")
    assert data.load_csv(path, "b", features=["c", "a"]).x.tolist() == [[3, 1], [6, 4]]
    assert data.load_csv(path, "b", features=["c", "a"]).feature_names == ("c", "a")
    assert data.load_csv(path, -2, features=[np.int64(1), -1]).x.tolist() == [[1, 3], [4, 6]]
    for one in ("a", 1, np.int64(1), ["a"], np.asarray([1])):
        assert data.load_csv(path, "b", features=one).feature_names == ("a",)
        assert data.load_inputs(path, one).tolist() == [[1], [4]]
    assert message(path, data.load_csv, "b", features="aa").endswith("got 'aa'. Did you mean 'a'?")
    assert data.load_csv(path, 0).class_names == ("x", "y") and data.load_csv(path, 0).x.tolist() == [
        [1, 2, 3],
        [4, 5, 6],
    ]
    with pytest.raises(ArgumentError, match=r"^features must leave out the target, got 'b'\.$"):
        data.load_csv(path, "b", features=["a", "b"])


def test_a_target_becomes_what_the_task_asks_for(write):
    cases = [
        ("1\n10\n9", "auto", [1, 10, 9], np.int64, ()),
        ("1\n10\n9", "classification", [0, 2, 1], np.int64, ("1", "9", "10")),
        ("1\n10\n9", "regression", [1, 10, 9], np.float64, ()),
        ("1.0\n10\n9", "auto", [1, 10, 9], np.float64, ()),
        ("1.0\n2.5\n1.0", "classification", [0, 1, 0], np.int64, ("1", "2.5")),
        ("99999999999999999999\n1\n2", "auto", [1e20, 1, 2], np.float64, ()),
        ("no\nyes\n no ", "auto", [0, 1, 0], np.int64, ("no", "yes")),
        ("2\n5more\n4", "classification", [0, 2, 1], np.int64, ("2", "4", "5more")),
        ("1_0\n2\n3", "classification", [0, 1, 2], np.int64, ("1_0", "2", "3")),
    ]
    for cells, task, y, dtype, names in cases:
        lines = "".join(f"0,{cell}\n" for cell in cells.split("\n"))
        table = data.load_csv(write("a,t\n" + lines), task=task)
        assert table.y.tolist() == y and table.y.dtype == dtype and table.class_names == names
    with pytest.raises(
        ArgumentError, match=r"^task must be one of auto, classification, regression, got 'clasification'"
    ):
        data.load_csv(write("a,b\n1,2\n"), task="clasification")


def test_names_may_be_long_and_of_any_script(write):
    name = "größe_身長_" + "x" * 50_000
    table = data.load_csv(write(f"{name},種\n1,赤\n2,青\n"), "種")
    assert table.feature_names == (name,) and table.class_names == ("赤", "青")
    assert len(message(write(f"{name},b\n1,2\n"), data.load_csv, "c")) < 300


def test_a_wide_table_is_read(write):
    header = ",".join(f"pixel{i}" for i in range(784))
    text = f"label,{header}\n" + "".join(f"{i % 10}," + ",".join(["7"] * 784) + "\n" for i in range(20))
    table = data.load_csv(write(text), "label")
    assert table.x.shape == (20, 784) and table.y.tolist() == [i % 10 for i in range(20)]


def test_a_hundred_thousand_rows_are_read_quickly(write):
    values = np.random.default_rng(1).integers(-9999, 9999, (10_000, 10)) / 1000
    text = (
        "abcdefghij"[0]
        + ","
        + ",".join("bcdefghij")
        + "\n"
        + "".join(",".join(map(repr, row)) + "\n" for row in values.tolist()) * 10
    )
    path = write(text)
    start = time.perf_counter()
    x, _ = data.load_csv(path)
    assert x.shape == (100_000, 9) and time.perf_counter() - start < 5.0


# --- CSV: what is refused ---


CURE = " Leave a column out with features=[...], or read a target as classes with task='classification'."


@pytest.mark.parametrize(
    ("text", "options", "wanted"),
    [
        ("", {}, "t.csv must hold data, got an empty file."),
        ("\n \n", {}, "t.csv must hold data, got blank lines alone."),
        ("\ufeff", {}, "t.csv must hold data, got blank lines alone."),
        ("a,b\n", {}, "t.csv must have rows, got the names of columns alone."),
        ("a\n1\n", {}, "t.csv must have a column of features besides the target, got none."),
        ("a,b\n1,2\n", {"features": []}, "t.csv must have a column of features besides the target, got none."),
        ("a,b,a\n1,2,3\n", {}, "t.csv must have a name of its own for each column, got 'a' twice."),
        ("a,b\n1,2\n\n1,2,3\n", {}, "t.csv must have 2 cells in each line, got 3 in line 4."),
        ("a,b\n1\n", {}, "t.csv must have 2 cells in each line, got 1 in line 2."),
        ('a,b\n"x\ny",2\n1\n', {}, "t.csv must have 2 cells in each line, got 1 in line 4."),
        ("1,2\n3\n", {}, "t.csv must have 2 cells in each line, got 1 in line 2."),
        ("a,b\n1,2\n,4\n", {}, "t.csv must have no missing values, got '' in column 'a', line 3."),
        ("a,b\n1,2\n3, NaN\n", {}, "t.csv must have no missing values, got ' NaN' in column 'b', line 3."),
        ("a,b\nnan,2\n", {}, "t.csv must have no missing values, got 'nan' in column 'a', line 2."),
        ("a,b\n1,x\n2,?\n", {}, "t.csv must have no missing values, got '?' in column 'b', line 3."),
        ("a,b\n1,\n2,\n", {}, "t.csv must have no missing values, got '' in column 'b', line 2."),
        ("1,2\nNA,4\n", {}, "t.csv must have no missing values, got 'NA' in column 'column_0', line 2."),
        ("a,b\n1,2\ninf,4\n", {}, "t.csv must hold finite numbers, got 'inf' in column 'a', line 3."),
        ("a,b\n1,1e999\n", {}, "t.csv must hold finite numbers, got '1e999' in column 'b', line 2."),
        ("a,b\n1,2\nParis,4\n", {}, "t.csv must hold numbers, got 'Paris' in column 'a', line 3." + CURE),
        ("a,b\n1_000,4\n", {}, "t.csv must hold numbers, got '1_000' in column 'a', line 2." + CURE),
        ("a;b\n1,5;4\n", {}, "t.csv must hold numbers, got '1,5' in column 'a', line 2." + CURE),
        ("a,b\n1,2\n3,x\n", {}, "t.csv must hold numbers, got 'x' in column 'b', line 3." + CURE),
        ("a,b\n1,x\n", {"task": "regression"}, "t.csv must hold numbers, got 'x' in column 'b', line 2." + CURE),
        (
            "width,species\n1,2\n",
            {"target": "speices"},
            "t.csv must have the column that target names (it has 'width', 'species'), got 'speices'."
            " Did you mean 'species'?",
        ),
        ("a,b\n1,2\n", {"target": 2}, "t.csv must have the column that target names (it has 'a', 'b'), got 2."),
        ("a,b\n1,2\n", {"target": -3}, "t.csv must have the column that target names (it has 'a', 'b'), got -3."),
        ("a,b\n1,2\n", {"target": True}, "t.csv must have the column that target names (it has 'a', 'b'), got True."),
        ("a,b\n1,2\n", {"target": 0.0}, "t.csv must have the column that target names (it has 'a', 'b'), got 0.0."),
        (
            "a,b\n1,2\n",
            {"features": ["q"]},
            "t.csv must have the column that features names (it has 'a', 'b'), got 'q'.",
        ),
        ('a,b\n1,"2\n3,4\n', {}, "t.csv must be a table of cells, got an error in line 3 (unexpected end of data)."),
        (b"a,b\n\xff,1\n", {}, "t.csv must be text in UTF-8, got byte 0xff at 4."),
        ("a,b\n1,2\n".encode("utf-16"), {}, "t.csv must be text in UTF-8, got byte 0xff at 0."),
        (b"\x1f\x8b\x00", {}, None),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-4], {}, None),
        (gzip.compress(b"a,b\n1,2\n" * 50, mtime=0)[:-30] + b"\0" * 30, {}, None),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_one_sentence(write, text, options, wanted):
    got = message(write(text), data.load_csv, **options)
    if wanted is None:
        assert got.startswith("t.csv must be a whole file, got an error while reading (")
    else:
        assert got == wanted


def test_a_list_of_many_columns_is_cut(write):
    text = ",".join(f"n{i}" for i in range(30))
    assert "'n19', ...), got" in message(write(f"{text}\n{text.replace('n', '')}\n"), data.load_csv, "q")


@pytest.mark.parametrize("load", [data.load_csv, data.load_npz, data.load_parquet, data.load_idx])
def test_a_file_that_is_not_there_is_named(load, tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "none.csv"
    assert message(path, load) == "path must be a file that can be read, got 'none.csv' (No such file or directory)."
    assert "(Is a directory)" in message(tmp_path, load)
    assert message(tmp_path / "a\0b", load).startswith("path must be a file that can be read, got ")
    with pytest.raises(ArgumentTypeError, match=r"^path must be a string or a path, got 3\.$"):
        load(3)


# --- NPZ ---


def npz(**arrays):
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def test_npz_arrays_keep_their_values_and_types(write):
    rng = np.random.default_rng(0)
    for x in (
        rng.random((6, 3)).astype(np.float32),
        rng.integers(0, 256, (6, 4, 4, 1), dtype=np.uint8),
        np.asfortranarray(rng.random((6, 2))),
        rng.random((6, 2)).astype(">f8"),
        np.zeros((6, 0)),
    ):
        y = rng.integers(0, 3, 6).astype(">i2" if x.dtype.kind == "f" else "u1")
        ours = data.load_npz(write(npz(x=x, y=y), "t.npz"))
        assert np.array_equal(ours.x, x) and ours.x.dtype == x.dtype.newbyteorder("=") and ours.x.flags.c_contiguous
        assert np.array_equal(ours.y, y) and ours.y.dtype == np.int64


def test_npz_targets_may_be_text_and_arrays_may_have_other_names(write):
    path = write(npz(a=np.eye(3), labels=np.asarray(["x", "ä", "x"]), t=np.asarray([0.5, 1, 2], np.float32)), "t.npz")
    table = data.load_npz(path, "labels", features="a")
    assert table.y.tolist() == [0, 1, 0] and table.class_names == ("x", "ä") and table.target_name == "labels"
    assert data.load_npz(path, "t", features="a").y.dtype == np.float32
    assert data.load_npz(path, "t", features="a", task="regression").y.dtype == np.float64
    assert data.load_npz(path, "t", features="a", task="classification").class_names == ("0.5", "1", "2")
    assert message(path, data.load_npz, "labels", features="a", task="regression").endswith("got text.")
    assert data.load_npz(write(npz(x=np.eye(2), y=np.asarray([True, False])), "t.npz")).class_names == ("False", "True")


def test_stored_npz_files_and_those_with_a_long_header_are_read(write):
    stream = io.BytesIO()
    np.savez(stream, x=np.eye(3), y=np.arange(3))
    assert data.load_npz(write(stream.getvalue(), "t.npz")).y.tolist() == [0, 1, 2]
    with zipfile.ZipFile(stream := io.BytesIO(), "w") as archive:
        for name, version in (("x.npy", (2, 0)), ("y.npy", (3, 0))):
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ones((2, 2)), version=version)
            archive.writestr(name, member.getvalue())
    assert data.load_npz(write(stream.getvalue(), "t.npz")).y.tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize(
    ("arrays", "wanted"),
    [
        ({"x": np.eye(2), "Y": np.ones(2)}, "t.npz must hold the array 'y', got 'x', 'Y'."),
        ({"x_": np.eye(2), "yy": np.ones(2)}, "t.npz must hold the array 'x', got 'x_', 'yy'. Did you mean 'x_'?"),
        ({}, "t.npz must hold the array 'x', got no array."),
        (
            {"x": np.ones(2), "y": np.ones(2)},
            "t.npz must hold real numbers of shape (samples, ...) in 'x', got float64 of shape (2,).",
        ),
        (
            {"x": np.eye(2) * 1j, "y": np.ones(2)},
            "t.npz must hold real numbers of shape (samples, ...) in 'x', got complex128 of shape (2, 2).",
        ),
        (
            {"x": np.eye(2), "y": np.asarray(1)},
            "t.npz must hold numbers or text of shape (samples, ...) in 'y', got int64 of shape ().",
        ),
        (
            {"x": np.eye(2), "y": np.ones(3)},
            "t.npz must hold as many inputs as targets, and at least one, got 2 and 3.",
        ),
        (
            {"x": np.ones((0, 2)), "y": np.ones(0)},
            "t.npz must hold as many inputs as targets, and at least one, got 0 and 0.",
        ),
        (
            {"x": np.asarray([[1], [np.nan]]), "y": np.ones(2)},
            "t.npz must hold finite numbers in 'x', got another in sample 1.",
        ),
        (
            {"x": np.eye(2), "y": np.asarray([np.inf, 0])},
            "t.npz must hold finite numbers in 'y', got another in sample 0.",
        ),
        (
            {"x": np.eye(1), "y": np.asarray([2**63], np.uint64)},
            "y must hold integers below 2**63, got 9223372036854775808.",
        ),
        (
            {"x": np.eye(1), "y": np.asarray([None])},
            "t.npz must hold plain numbers or text, got Python objects, which would have to be unpickled.",
        ),
    ],
)
def test_npz_arrays_that_cannot_be_used_are_refused_in_one_sentence(write, arrays, wanted):
    assert message(write(npz(**arrays), "t.npz"), data.load_npz) == wanted


def member_bytes(header, payload=b""):
    text = header.encode() + b" " * (117 - len(header)) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + payload


@pytest.mark.parametrize("shape", ["(4611686018427387904,)", "(2, 9223372036854775807, 8)", "(3,)", "(5,)", "(-4,)"])
def test_a_header_that_promises_other_bytes_than_there_are_is_refused_before_memory_is_taken(write, shape):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
    with zipfile.ZipFile(stream := io.BytesIO(), "w") as archive:
        archive.writestr("x.npy", member_bytes(header, bytes(32)))
    assert "must hold the whole array 'x', got 32 bytes for " in message(
        write(stream.getvalue(), "t.npz"), data.load_npz
    )


def test_a_member_that_claims_an_impossible_size_is_refused(write):
    content = bytearray(npz(x=np.zeros((200, 10)), y=np.zeros(200)))
    central = content.index(b"PK\x01\x02")
    content[central + 24 : central + 28] = struct.pack("<I", 2**31)
    assert "must hold 'x' in a size that can be, got 2147483648 bytes packed into" in message(
        write(bytes(content), "t.npz"), data.load_npz
    )


def test_no_pickle_in_an_npz_file_is_ever_run(write):
    class Trap:
        def __reduce__(self):
            return exec, ("raise SystemExit('unpickled')",)

    path = write(npz(x=np.eye(1), y=np.asarray([Trap()], dtype=object)), "t.npz")
    assert message(path, data.load_npz).endswith("which would have to be unpickled.")
    with zipfile.ZipFile(stream := io.BytesIO(), "w") as archive:
        archive.writestr("x", b"\x80\x04cposix\nsystem\n.")
    assert "must be a whole .npz file of plain arrays" in message(write(stream.getvalue(), "t.npz"), data.load_npz)


# --- IDX and MNIST ---


def idx(array, code=None):
    array = np.asarray(array)
    codes = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}
    code = codes[array.dtype.str[1:]] if code is None else code
    head = struct.pack(">BBBB", 0, 0, code, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx_arrays_of_every_type_come_back(write, dtype, pack):
    array = (np.random.default_rng(0).standard_normal((3, 4, 2)) * 100).astype(dtype)
    for values in (array, array[0, 0], np.zeros((0, 4), dtype)):
        ours = data.load_idx(write(pack(idx(values)), "t"))
        assert np.array_equal(ours, values) and ours.dtype == np.dtype(dtype) and ours.flags.writeable


def test_the_magic_number_of_mnist_is_the_known_one():
    assert idx(np.zeros((1, 28, 28), np.uint8))[:4] == (2051).to_bytes(4, "big")
    assert idx(np.zeros(1, np.uint8))[:4] == (2049).to_bytes(4, "big")


GOOD = idx(np.arange(6, dtype=np.int16).reshape(2, 3))


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"", "t must start like an IDX file (0, 0, type, axes), got the bytes []."),
        (b"\0\0\x08", "t must start like an IDX file (0, 0, type, axes), got the bytes [0, 0, 8]."),
        (b"\1" + GOOD[1:], "t must start like an IDX file (0, 0, type, axes), got the bytes [1, 0, 11, 2]."),
        (b"\0\0\x0a" + GOOD[3:], "t must start like an IDX file (0, 0, type, axes), got the bytes [0, 0, 10, 2]."),
        (b"\0\0\x08\0", "t must have 1 to 8 axes, got 0."),
        (b"\0\0\x08\x09" + bytes(36), "t must have 1 to 8 axes, got 9."),
        (GOOD[:10], "t must hold the length of each of 2 axes, got 6 bytes of them."),
        (GOOD[:-1], "t must hold 12 bytes of values for shape (2, 3), got 11."),
        (GOOD + b"\0", "t must hold 12 bytes of values for shape (2, 3), got more."),
        (
            GOOD[:4] + b"\xff" * 8 + bytes(9),
            "t must hold 36893488130239234050 bytes of values for shape (4294967295, 4294967295), got fewer.",
        ),
    ],
)
def test_an_idx_file_that_breaks_a_rule_is_refused_in_one_sentence(write, content, wanted):
    assert message(write(content, "t"), data.load_idx) == wanted
    if content:
        assert message(write(gzip.compress(content, mtime=0), "t"), data.load_idx) == wanted


def test_a_truncated_idx_file_is_refused_at_every_length(write):
    for packed in (GOOD, gzip.compress(GOOD, mtime=0)):
        for length in range(len(packed)):
            message(write(packed[:length], "t"), data.load_idx)


@pytest.mark.parametrize("dot", [False, True])
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_mnist_is_read_from_its_four_files(tmp_path, dot, ending):
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (9, 28, 28), dtype=np.uint8), rng.integers(0, 10, 9, dtype=np.uint8)
    parts = {"train-images-idx3": images, "train-labels-idx1": labels}
    parts |= {"t10k-images-idx3": images[:4] // 2, "t10k-labels-idx1": labels[:4]}
    for name, array in parts.items():
        name = (name.replace("-idx", ".idx") if dot else name) + "-ubyte" + ending
        (tmp_path / name).write_bytes(gzip.compress(idx(array), mtime=0) if ending else idx(array))
    x, y = data.load_mnist(tmp_path)
    assert np.array_equal(x, images[..., None]) and x.dtype == np.uint8
    assert np.array_equal(y, labels) and y.dtype == np.int64
    x, y = data.load_mnist(str(tmp_path), split="test")
    assert np.array_equal(x[..., 0], images[:4] // 2) and np.array_equal(y, labels[:4])
    assert np.array_equal(data.load(tmp_path).x, images[..., None])


def test_a_folder_that_is_not_mnist_is_refused(tmp_path):
    def refused(**options):
        return message(tmp_path, data.load_mnist, **options)

    wanted = f"folder must hold t10k-images-idx3-ubyte, also as .gz, got '{tmp_path.name}' without it."
    assert refused(split="test") == wanted
    images, labels = tmp_path / "train-images-idx3-ubyte", tmp_path / "train-labels-idx1-ubyte"
    images.write_bytes(idx(np.zeros((2, 3, 3), np.uint8)))
    assert "train-labels-idx1-ubyte" in refused()
    labels.write_bytes(idx(np.zeros(3, np.uint8)))
    assert refused().endswith("must hold 2 uint8 labels, got uint8 of shape (3,).")
    labels.write_bytes(idx(np.zeros(2, np.int8)))
    assert refused().endswith("must hold 2 uint8 labels, got int8 of shape (2,).")
    images.write_bytes(idx(np.zeros((2, 3), np.uint8)))
    assert refused().endswith("must hold uint8 images of shape (samples, height, width), got uint8 of shape (2, 3).")
    with pytest.raises(ArgumentError, match=r"^split must be one of test, train, got 'val'\.$"):
        data.load_mnist(tmp_path, split="val")
    with pytest.raises(ArgumentTypeError, match=r"^folder must be a string or a path, got None\.$"):
        data.load_mnist(None)


# --- Parquet ---


def parquet(path, **columns):
    arrow, writer = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    writer.write_table(arrow.table(columns), path)
    return path


def test_a_parquet_table_is_read_as_the_csv_table_of_the_same_values(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    from decimal import Decimal

    path = parquet(
        tmp_path / "t.parquet",
        a=arrow.array([1, 2, 3], arrow.int8()),
        b=arrow.array([0.5, 1.5, 2.5], arrow.float32()),
        c=arrow.array([True, False, True]),
        d=arrow.array([Decimal("1.25"), Decimal("2.50"), Decimal("3.75")]),
        kind=arrow.array(["x", "ä", "x"]).dictionary_encode(),
    )
    table = data.load_parquet(path)
    assert table.x.tolist() == [[1, 0.5, 1, 1.25], [2, 1.5, 0, 2.5], [3, 2.5, 1, 3.75]] and table.x.dtype == np.float64
    assert table.y.tolist() == [0, 1, 0] and table.class_names == ("x", "ä") and table.target_name == "kind"
    assert data.load_parquet(path, "a", features=["b"]).y.dtype == np.int64
    assert data.load_parquet(path, "b", features=["a"]).y.tolist() == [0.5, 1.5, 2.5]
    assert data.load_parquet(path, "c", features=["a"]).class_names == ("False", "True")
    assert data.load_parquet(path, "c", features=["a"], task="regression").y.tolist() == [1, 0, 1]
    assert data.load(path, "a", features=["b"], task="classification").class_names == ("1", "2", "3")


def test_a_parquet_table_that_cannot_be_used_is_refused_in_one_sentence(tmp_path, write):
    path = tmp_path / "t.parquet"
    for columns, wanted in [
        ({"a": [1, None], "b": [0, 1]}, "t.parquet must have no missing values, got nan in column 'a', row 1."),
        ({"a": [True, None], "b": [0, 1]}, "t.parquet must have no missing values, got nan in column 'a', row 1."),
        ({"a": [1, 2], "b": ["x", None]}, "t.parquet must have no missing values, got '' in column 'b', row 1."),
        ({"a": [1, 2], "b": [0.0, float("inf")]}, "t.parquet must hold finite numbers, got inf in column 'b', row 1."),
        ({"a": ["p", "q"], "b": [0, 1]}, "t.parquet must hold numbers, got 'p' in column 'a', row 0." + CURE),
        ({"a": [[1], [2]], "b": [0, 1]}, "t.parquet must hold numbers, got '[1]' in column 'a', row 0." + CURE),
        ({"a": [], "b": []}, "t.parquet must have rows, got the names of columns alone."),
        ({"a": [1, 2]}, "t.parquet must have a column of features besides the target, got none."),
        ({}, "t.parquet must have the column that target names (it has no column), got -1."),
    ]:
        assert message(parquet(path, **columns), data.load_parquet) == wanted
    for broken in (b"", b"PAR1", path.read_bytes()[:-5]):
        got = message(write(broken, "t.parquet"), data.load_parquet)
        assert got.startswith("t.parquet must be a whole Parquet file, got an error (")


def test_without_pyarrow_the_error_says_how_to_install_it(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    wanted = "Parquet files need pyarrow. Install: pip install 'xpnn[data]'."
    assert message(write(b"", "t.parquet"), data.load_parquet) == wanted


# --- one door ---


def test_one_door_reads_by_suffix(write):
    assert data.load(write("a,b\n1,2\n", "t.CSV"), "a").y.tolist() == [1]
    assert data.load(str(write("a\tb\n1\t2\n", "t.tsv")), features=["a"]).x.tolist() == [[1]]
    assert data.load(write(gzip.compress(b"a,b\n1,2\n", mtime=0), "t.TXT.GZ"), task="regression").y.dtype == np.float64
    assert data.load(write(npz(a=np.eye(2), b=np.ones(2)), "t.npz"), "b", features="a").target_name == "b"


def test_inputs_alone_are_read_from_every_kind_of_file(write, tmp_path):
    path = write("a,b,c\n1,2,3\n4,5,6\n")
    assert data.load_inputs(path).tolist() == [[1, 2, 3], [4, 5, 6]]
    assert data.load_inputs(path, ["c", 0]).tolist() == [[3, 1], [6, 4]]
    assert data.load_inputs(write("kind,a\nx,1\n"), ["a"]).tolist() == [[1]]
    images = np.arange(8, dtype=np.uint8).reshape(2, 2, 2)
    packed = write(npz(x=np.eye(3), images=images), "t.npz")
    assert np.array_equal(data.load_inputs(packed), np.eye(3))
    for name in ("images", ["images"]):
        read = data.load_inputs(packed, name)
        assert np.array_equal(read, images) and read.dtype == np.uint8
    for names in (["x", "images"], [0]):
        with pytest.raises(ArgumentError, match=r"^features must be the name of one array, got \["):
            data.load_inputs(packed, names)
    assert message(path, data.load_inputs, ["d"]).startswith("t.csv must have the column that features names (it has")
    assert message(path, data.load_inputs, []) == "t.csv must have a column of features, got none."
    assert message(write("a,b\n"), data.load_inputs) == "t.csv must have rows, got the names of columns alone."
    assert message(write("a,b\n1,\n"), data.load_inputs).startswith("t.csv must have no missing values")
    with pytest.raises(ArgumentError, match=r"^features must be left out for a folder of images, got 'x'\.$"):
        data.load_inputs(tmp_path, "x")
    table = parquet(tmp_path / "t.parquet", a=[1, 2], b=[0.5, 1.5])
    assert data.load_inputs(table).tolist() == [[1, 0.5], [2, 1.5]]
    assert data.load_inputs(table, "b").tolist() == [[0.5], [1.5]]


def test_one_door_refuses_what_it_does_not_know(write, tmp_path):
    known = ".csv, .npz, .parquet, .tsv, .txt"
    for name in ("t.xls", "t", "t.gz", "t.idx3-ubyte"):
        got = message(write("a,b\n1,2\n", name), data.load)
        assert got == f"path must end in {known}, or be a folder with MNIST, got '{name}'."
    with pytest.raises(ArgumentTypeError, match=r"^path must be a string or a path, got 3\.$"):
        data.load(3)
    with pytest.raises(ArgumentError, match=r"^target must be left out for a folder of images, got 'y'\.$"):
        data.load(tmp_path, "y")


# --- garbage ---


def mutants(content, count, rng):
    """Copies with some bytes changed, cut out, doubled, or cut off."""
    for _ in range(count):
        copy = bytearray(content)
        for _ in range(rng.integers(1, 4)):
            at = int(rng.integers(0, max(len(copy), 1)))
            kind = rng.integers(0, 4)
            if kind == 0:
                copy[at : at + 1] = rng.bytes(1)
            elif kind == 1:
                del copy[at : at + int(rng.integers(1, 8))]
            elif kind == 2:
                copy[at:at] = copy[at : at + int(rng.integers(1, 16))]
            else:
                copy[at:] = b"" if rng.random() < 0.3 else copy[at:]
        yield bytes(copy)


FUZZED = {
    "npz": (data.load_npz, npz(x=np.eye(3), y=np.asarray(["a", "b", "a"]))),
    "idx": (data.load_idx, GOOD),
    "idx.gz": (data.load_idx, gzip.compress(GOOD, mtime=0)),
    "csv": (data.load_csv, b'a,"b b",c\n1,2.5,x\n-3e2,4,"y"\n\n5,6,z\n'),
    "csv.gz": (data.load_csv, gzip.compress(b"a,b,c\n1,2.5,x\n-3e2,4,y\n", mtime=0)),
}


@pytest.mark.parametrize("kind", FUZZED)
def test_garbage_gives_a_dataset_or_a_data_error(kind, write):
    load, content = FUZZED[kind]
    refused = 0
    for mutant in mutants(content, 400, np.random.default_rng(0)):
        path = write(mutant, "t")
        try:
            load(path)
        except DataError as error:
            refused += 1
            assert "\n" not in str(error) and len(str(error)) < 500, repr(str(error))
    assert refused > 80


def test_random_bytes_and_random_text_give_data_errors(write):
    rng = np.random.default_rng(1)
    alphabet = list('0123456789.,;\t\n\r"a é-+eE_?nNiI\0\ufeff')
    for i in range(400):
        text = "".join(rng.choice(alphabet, int(rng.integers(0, 60))))
        path = write(text if i % 2 else rng.bytes(int(rng.integers(0, 60))), "t")
        for load in (data.load_csv, data.load_idx, data.load_npz):
            try:
                load(path)
            except XpnnError as error:
                assert isinstance(error, DataError) and re.search(r"^(t|.*[\\/]t|y) must ", str(error), re.DOTALL)
