"""The file format: layout, round trips, faults. Writing as a whole or not at all: test_atomic_file.py."""

import copy
import functools
import gzip
import io
import itertools
import json
import math
import os
import pickle
import random
import re
import subprocess
import sys
import textwrap
import tracemalloc

import numpy as np
import pytest
from safetensors_files import METADATA, arrays, canonical, envelope, frame, signed, split

from xpnn.errors import ArgumentError, CheckpointError
from xpnn.safetensors import decode, encode, read, write

PREFIX = "data is no safetensors file that xpnn can read: "
VALID = encode(arrays(), METADATA)
DTYPES = ["u8", "i8", "f8", "f4", "u4", "i4", "f2", "u2", "i2", "i1", "u1", "b1"]


def same(first, second):
    """Tell whether two results of reading hold the same names, types, shapes, bytes and metadata."""
    (tensors, metadata), (others, other_metadata) = first, second
    return (
        canonical(metadata) == canonical(other_metadata)
        and tensors.keys() == others.keys()
        and all(
            (x.dtype, x.shape, x.tobytes()) == (others[name].dtype, others[name].shape, others[name].tobytes())
            for name, x in tensors.items()
        )
    )


def fault(data):
    """Sentence with which a file is refused, less its beginning."""
    with pytest.raises(CheckpointError) as caught:
        decode(data)
    message = str(caught.value)
    assert message.startswith(PREFIX)
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 500
    return message.removeprefix(PREFIX)


def table(dtype="F32", shape=(2,), offsets=(0, 8), **more):
    return {"a": {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}}


class TestRoundTrip:
    def test_a_file_gives_back_what_was_written(self, tmp_path):
        path = tmp_path / "model.safetensors"
        write(path, arrays(), METADATA)
        assert same(read(path), (arrays(), METADATA))
        assert path.read_bytes() == VALID

    def test_a_path_may_be_a_string(self, tmp_path):
        write(str(tmp_path / "a"), arrays(), METADATA)
        assert same(read(str(tmp_path / "a")), (arrays(), METADATA))

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("shape", [(), (0,), (1,), (5,), (2, 3), (3, 0, 2), (1, 2, 1, 2, 1, 2, 1, 2)])
    def test_every_type_and_shape_comes_back(self, dtype, shape):
        octets = np.random.default_rng(1).integers(0, 256, 64 * 8, dtype=np.uint8)
        x = (octets & 1 if dtype == "b1" else octets).view(dtype)[: math.prod(shape)].reshape(shape)
        assert same(decode(encode({"x": x}, None)), ({"x": x}, None))

    def test_extreme_values_keep_their_bits(self):
        x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, 1.7976931348623157e308])
        x = np.concatenate([x, np.array([0x7FF8DEADBEEF0001], dtype=np.uint64).view(np.float64)])
        assert decode(encode({"x": x}, None))[0]["x"].tobytes() == x.tobytes()

    def test_no_tensors_at_all_are_fine(self):
        assert decode(encode({}, None)) == ({}, None)

    @pytest.mark.parametrize(
        "metadata",
        [
            None,
            True,
            0,
            -1,
            2**200,
            1.5,
            -0.0,
            1e308,
            "",
            'ü\x00\x7f\u2028\ud800\U0001f600\\"',
            [],
            [[[]]],
            {},
            {"": {"b": [1]}},
        ],
    )
    def test_metadata_come_back(self, metadata):
        back = decode(encode({}, metadata))[1]
        assert canonical(back) == canonical(metadata)
        assert type(back) is type(metadata)

    def test_tuples_in_metadata_come_back_as_lists(self):
        assert decode(encode({}, {"shape": (1, 2)}))[1] == {"shape": [1, 2]}

    @pytest.mark.parametrize("change", [lambda x: x.T, lambda x: x[::2, ::-1], lambda x: x[:, 1], np.asfortranarray])
    def test_any_memory_layout_is_written_by_value(self, change):
        x = change(np.arange(24.0).reshape(4, 6))
        back = decode(encode({"x": x}, None))[0]["x"]
        np.testing.assert_array_equal(back, x)
        assert back.flags.c_contiguous

    def test_a_broadcast_array_is_written_in_full(self):
        x = np.broadcast_to(np.float32(3.0), (4, 2))
        np.testing.assert_array_equal(decode(encode({"x": x}, None))[0]["x"], x)

    @pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i2", "u4", "i8"])
    def test_big_endian_arrays_are_written_by_value_and_come_back_native(self, dtype):
        x = np.arange(6).reshape(2, 3)
        big = x.astype(f">{dtype}")
        assert encode({"x": big}, None) == encode({"x": x.astype(dtype)}, None)
        back = decode(encode({"x": big}, None))[0]["x"]
        assert back.dtype.isnative
        np.testing.assert_array_equal(back, x)

    def test_the_bytes_of_a_number_are_little_endian(self):
        assert split(encode({"x": np.array([1], dtype=np.uint32)}, None))[1] == b"\x01\x00\x00\x00"

    def test_arrays_read_are_owned_writable_and_apart(self):
        tensors, _ = decode(VALID)
        for x in tensors.values():
            assert x.flags.owndata
            assert x.flags.writeable
            assert x.flags.aligned
        tensors["0.bias"][0] = 9
        assert same(decode(VALID), (arrays(), METADATA))

    def test_arrays_are_not_changed_by_writing(self):
        tensors = {"x": np.arange(3.0).astype(">f8")}
        encode(tensors, None)
        assert tensors["x"].dtype == np.dtype(">f8")
        assert tensors["x"].tolist() == [0, 1, 2]


class TestLayout:
    def test_equal_input_gives_equal_bytes_in_any_order(self):
        backward = dict(reversed(arrays().items()))
        metadata = dict(reversed(METADATA.items()))
        assert {encode(backward, metadata), encode(arrays(), METADATA), encode(arrays(), METADATA)} == {VALID}

    def test_another_process_with_another_hash_seed_writes_the_same_bytes(self):
        program = """
            import hashlib
            from safetensors_files import METADATA, arrays
            from xpnn.safetensors import encode
            print(hashlib.sha256(encode(arrays(), METADATA)).hexdigest())
        """
        digests = {run(program, PYTHONHASHSEED=seed).strip() for seed in ("1", "2")}
        assert len(digests) == 1

    def test_the_bytes_of_a_small_file_are_known(self):
        text = '{"network":[1],"sha256":"a33b6d1d00236deb6ff763efa47c6c8c5edee009e3a4191034ce11bc6a81be39"}'
        line = '"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}'
        header = '{"__metadata__":{"xpnn":' + json.dumps(text) + "}," + line + "}"
        header += " " * (-len(header) % 8)
        assert encode({"a": np.array([1, 2, 3], dtype=np.uint8)}, [1]) == frame(header, b"\x01\x02\x03")

    def test_the_sum_is_the_one_of_the_documentation(self):
        header, data = split(VALID)
        text = header.pop("__metadata__")["xpnn"]
        assert text == envelope(header, data, METADATA)

    @pytest.mark.parametrize("length", range(9))
    def test_the_data_begin_at_a_multiple_of_8(self, length):
        data = encode({"x": np.ones(1)}, "y" * length)
        size = int.from_bytes(data[:8], "little")
        assert size % 8 == 0
        assert len(data) == 8 + size + 8
        assert data[8 : 8 + size].rstrip(b" ").endswith(b"}")

    def test_the_header_is_ascii(self):
        assert encode({}, "é\x7f")[8:].isascii()

    def test_every_array_is_aligned_to_its_item(self):
        tensors = {f"{i}{dtype}": np.zeros(i, dtype=dtype) for dtype in DTYPES for i in (1, 2, 3)}
        header, _ = split(encode(tensors, None))
        for name, x in tensors.items():
            assert header[name]["data_offsets"][0] % x.itemsize == 0


class TestReferenceImplementation:
    @pytest.fixture
    def library(self):
        return pytest.importorskip("safetensors.numpy")

    def test_it_writes_the_same_bytes(self, library):
        rng = np.random.default_rng(2)
        for _ in range(50):
            dtypes, ranks = rng.choice(DTYPES, 6), rng.integers(0, 4, 6)
            tensors = {
                f"{rng.integers(100)}.{i}": rng.integers(0, 2, rng.integers(0, 4, rank)).astype(dtype)
                for i, (dtype, rank) in enumerate(zip(dtypes, ranks, strict=True))
            }
            data = encode(tensors, {"seed": i} if (i := int(rng.integers(9))) else None)
            assert library.save(tensors, split(data)[0]["__metadata__"]) == data

    def test_it_reads_our_files(self, library, tmp_path):
        write(tmp_path / "a", arrays(), METADATA)
        theirs = library.load_file(tmp_path / "a")
        assert same((theirs, None), (arrays(), None))

    def test_we_read_its_files(self, library, tmp_path):
        header, _ = split(VALID)
        library.save_file(arrays(), tmp_path / "a", header["__metadata__"])
        assert same(read(tmp_path / "a"), (arrays(), METADATA))

    def test_torch_reads_our_files(self, tmp_path):
        torch_side = pytest.importorskip("safetensors.torch")
        write(tmp_path / "a", arrays(), METADATA)
        theirs = {name: x.numpy() for name, x in torch_side.load_file(tmp_path / "a").items()}
        assert same((theirs, None), (arrays(), None))

    def test_a_file_without_our_metadata_is_refused(self, library):
        rule = "its __metadata__ must hold one text under 'xpnn', not "
        assert fault(library.save({"x": np.zeros(2)})) == rule + "None."
        assert fault(library.save({"x": np.zeros(2)}, {"format": "pt"})) == rule + "{'format': 'pt'}."


HEADER, DATA = split(VALID)
TEXT = HEADER["__metadata__"]["xpnn"]
META = json.dumps({"xpnn": envelope({}, b"", None)})
ZEROS = bytes(8)
DEEP = "[" * 100_000
EDGES = {
    "nothing": (b"", "it has 0 bytes, and the size of the header alone takes 8"),
    "seven bytes": (VALID[:7], "it has 7 bytes, and the size of the header alone takes 8"),
    "a prefix alone": (VALID[:8], r"its header says \d+ bytes but 0 are left"),
    "a header of 0 bytes": (ZEROS, "its header must start with '{', not with b''"),
    "a header of 1 byte": (frame("{"), "its header must end with '}' and spaces"),
    "a header longer than the file": ((9).to_bytes(8, "little") + b"{}", "its header says 9 bytes but 2 are left"),
    "a header of 8 exabytes": (
        b"\xff" * 7 + b"\x7f{}",
        "its header says 9223372036854775807 bytes but may have 16777216",
    ),
    "a header above the limit": (
        frame(b"{" + b" " * 2**24),
        "its header says 16777217 bytes but may have 16777216",
    ),
    "a space first": (frame(" {}"), "its header must start with '{', not with b' '"),
    "a byte order mark": (frame(b"\xef\xbb\xbf{}"), r"its header must start with '{', not with b'\xef'"),
    "a list": (frame("[]"), "its header must start with '{', not with b'['"),
    "UTF-16": (frame("{}".encode("utf-16-le")), "its header must end with '}' and spaces"),
    "bytes that are no UTF-8": (
        frame(b'{"\xff":1}'),
        "its header is no strict JSON ('utf-8' codec can't decode byte 0xff in position 2",
    ),
    "padding with zero bytes": (frame(b"{}\0"), "its header must end with '}' and spaces"),
    "padding with a tab": (frame(b"{}\t"), "its header must end with '}' and spaces"),
    "padding with a line break": (frame(b"{}\n"), "its header must end with '}' and spaces"),
    "broken JSON": (frame('{"a":}'), "its header is no strict JSON (Expecting value: line 1 column 6 (char 5))"),
    "two objects": (frame("{}{}"), "its header is no strict JSON (Extra data"),
    "a control character in a string": (frame('{"a\n":1}'), "its header is no strict JSON (Invalid control character"),
    "a repeated name": (
        frame('{"a":1,"b":2,"a":1}'),
        "its header is no strict JSON (the key 'a' appears twice)",
    ),
    "a repeated key inside": (
        frame('{"a":{"dtype":"F32","dtype":"F64"}}'),
        "its header is no strict JSON (the key 'dtype' appears twice)",
    ),
    "a repeated name spelt otherwise": (
        frame('{"a":1,"\\u0061":1}'),
        "its header is no strict JSON (the key 'a' appears twice)",
    ),
    "NaN": (frame('{"a":NaN}'), "its header is no strict JSON (NaN is no number)"),
    "Infinity": (frame('{"a":-Infinity}'), "its header is no strict JSON (-Infinity is no number)"),
    "a number beyond all": (frame('{"a":1e999}'), "its header is no strict JSON ('1e999' is too large for a number)"),
    "an integer of 5000 digits": (frame('{"a":' + "9" * 5000 + "}"), "its header is no strict JSON (Exceeds the limit"),
    "a deep header": (frame('{"a":' + DEEP + "}"), "its header is no strict JSON (it nests deeper than 128 levels)"),
    "a header a little too deep": (
        frame('{"a":' + "[" * 128 + "]" * 128 + "}"),
        "its header is no strict JSON (it nests deeper than 128 levels)",
    ),
    "metadata a little too deep": (
        frame(json.dumps({"__metadata__": {"xpnn": '{"network":' + "[" * 128 + "]" * 128 + ',"sha256":""}'}})),
        "its text under 'xpnn' is no strict JSON (it nests deeper than 128 levels)",
    ),
    "no metadata": (frame("{}"), "its __metadata__ must hold one text under 'xpnn', not None"),
    "metadata that are a list": (
        frame('{"__metadata__":[]}'),
        "its __metadata__ must hold one text under 'xpnn', not []",
    ),
    "metadata under another key": (
        frame('{"__metadata__":{"format":"pt"}}'),
        "its __metadata__ must hold one text under 'xpnn', not {'format': 'pt'}",
    ),
    "metadata under two keys": (
        frame(json.dumps({"__metadata__": {"xpnn": TEXT, "a": "b"}})),
        "its __metadata__ must hold one text under 'xpnn', not {'a': 'b', 'xpnn': ",
    ),
    "metadata that are no text": (
        frame('{"__metadata__":{"xpnn":{}}}'),
        "its __metadata__ must hold one text under 'xpnn', not {'xpnn': {}}",
    ),
    "metadata that are no JSON": (
        frame('{"__metadata__":{"xpnn":"network"}}'),
        "its text under 'xpnn' is no strict JSON (Expecting value: line 1 column 1 (char 0))",
    ),
    "deep metadata": (
        frame(json.dumps({"__metadata__": {"xpnn": DEEP}})),
        "its text under 'xpnn' is no strict JSON (it nests deeper than 128 levels)",
    ),
    "metadata with half a character": (
        frame('{"__metadata__":{"xpnn":"\\ud800"}}'),
        "'utf-8' codec can't encode character '\\ud800' in position 0",
    ),
    "metadata without a sum": (
        frame(json.dumps({"__metadata__": {"xpnn": '{"network":1}'}})),
        "its text under 'xpnn' must hold network and sha256, not {'network': 1}",
    ),
    "metadata with more": (
        frame(json.dumps({"__metadata__": {"xpnn": '{"network":1,"sha256":"","x":1}'}})),
        "its text under 'xpnn' must hold network and sha256, not {'network': 1, 'sha256': '', 'x': 1}",
    ),
    "metadata that are a list inside": (
        frame(json.dumps({"__metadata__": {"xpnn": "[]"}})),
        "its text under 'xpnn' must hold network and sha256, not []",
    ),
    "metadata with a space": (
        frame(json.dumps({"__metadata__": {"xpnn": json.dumps(json.loads(envelope({}, b"", None)))}})),
        "its text under 'xpnn' must be canonical JSON",
    ),
    "a wrong sum": (
        frame(json.dumps({"__metadata__": {"xpnn": canonical({"network": None, "sha256": "0" * 64})}})),
        "its content does not match its SHA-256, so it was damaged or changed",
    ),
    "a sum that is a number": (
        frame(json.dumps({"__metadata__": {"xpnn": canonical({"network": None, "sha256": 0})}})),
        "its content does not match its SHA-256, so it was damaged or changed",
    ),
    "an empty name": (signed({"": {}}), "the name of a tensor must be 1 to 200 letters"),
    "a long name": (signed({"a" * 201: {}}), "the name of a tensor must be 1 to 200 letters"),
    "a name with a space": (signed({"a b": {}}), "between slashes, not 'a b'"),
    "a name with a line break": (signed({"a\n": {}}), r"between slashes, not 'a\n'"),
    "a name beyond ASCII": (signed({"é": {}}), "between slashes, not 'é'"),
    "a name that climbs": (signed({"../a": {}}), "between slashes, not '../a'"),
    "a name that climbs later": (signed({"a/..": {}}), "between slashes, not 'a/..'"),
    "a name from the root": (signed({"/a": {}}), "between slashes, not '/a'"),
    "a line that is no object": (signed({"a": []}), "tensor 'a' must have dtype, shape and data_offsets, not []"),
    "a line with less": (
        signed({"a": {"dtype": "F32", "shape": [0]}}),
        "tensor 'a' must have dtype, shape and data_offsets, not {'dtype': 'F32', 'shape': [0]}",
    ),
    "a line with more": (signed(table(x=1), ZEROS), "tensor 'a' must have dtype, shape and data_offsets, not {"),
    "BF16": (
        signed(table("BF16"), ZEROS),
        "the dtype of tensor 'a' must be one of U64, I64, F64, F32, U32, I32, F16, U16, I16, I8, U8, BOOL, not 'BF16'",
    ),
    "F8": (signed(table("F8_E4M3"), ZEROS), "BOOL, not 'F8_E4M3'"),
    "a dtype in small letters": (signed(table("f32"), ZEROS), "BOOL, not 'f32'"),
    "a dtype that is a list": (signed(table(["F32"]), ZEROS), "BOOL, not ['F32']"),
    "a dtype of NumPy": (signed(table("O"), ZEROS), "BOOL, not 'O'"),
    "a shape that is a number": (
        signed({"a": {"dtype": "F32", "shape": 2, "data_offsets": [0, 8]}}, ZEROS),
        "the shape of tensor 'a' must be a list of at most 8 sizes, not 2",
    ),
    "a rank of 9": (
        signed(table(shape=[1] * 9, offsets=(0, 4)), ZEROS[:4]),
        "at most 8 sizes, not [1, 1, 1, 1, 1, 1, ...]",
    ),
    "a negative size": (signed(table(shape=[-2]), ZEROS), "at most 8 sizes, not [-2]"),
    "negative sizes with a positive product": (signed(table(shape=[-1, -2]), ZEROS), "at most 8 sizes, not [-1, -2]"),
    "a size that is a float": (signed(table(shape=[2.0]), ZEROS), "at most 8 sizes, not [2.0]"),
    "a size that is true": (signed(table(shape=[True, 2]), ZEROS), "at most 8 sizes, not [True, 2]"),
    "a size that is text": (signed(table(shape=["2"]), ZEROS), "at most 8 sizes, not ['2']"),
    "a shape of 4 exabytes": (
        signed(table(shape=[2**60]), ZEROS),
        "tensor 'a' needs 4611686018427387904 bytes but has 8",
    ),
    "a shape of 2**62": (
        signed(table(shape=[2**62]), ZEROS),
        "the shape of tensor 'a' is too large, [4611686018427387904]",
    ),
    "a shape of 2**63 bytes": (
        signed(table(shape=[2**61]), ZEROS),
        "the shape of tensor 'a' is too large, [2305843009213693952]",
    ),
    "a shape that wraps to 8 bytes": (
        signed(table(shape=[2**32, 2**32, 2]), ZEROS),
        "the shape of tensor 'a' is too large",
    ),
    "an empty shape too large for NumPy": (
        signed(table(shape=[0, 2**62], offsets=(0, 0))),
        "the shape of tensor 'a' is too large, [0, 4611686018427387904]",
    ),
    "three offsets": (
        signed(table(offsets=(0, 8, 8)), ZEROS),
        "the data_offsets of tensor 'a' must be two offsets, not [0, 8, 8]",
    ),
    "negative offsets": (signed(table(offsets=(-8, 0)), ZEROS), "must be two offsets, not [-8, 0]"),
    "offsets that are floats": (signed(table(offsets=(0.0, 8.0)), ZEROS), "must be two offsets, not [0.0, 8.0]"),
    "offsets backward": (signed(table(offsets=(8, 0)), ZEROS), "tensor 'a' needs 8 bytes but has -8"),
    "fewer bytes than the shape": (signed(table(offsets=(0, 4)), ZEROS[:4]), "tensor 'a' needs 8 bytes but has 4"),
    "more bytes than the shape": (signed(table(shape=[1]), ZEROS), "tensor 'a' needs 4 bytes but has 8"),
    "bytes in front": (signed(table(offsets=(8, 16)), ZEROS * 2), "tensor 'a' begins at byte 8 of the data, not at 0"),
    "a gap": (
        signed({**table(), "b": table(offsets=(12, 20))["a"]}, bytes(20)),
        "tensor 'b' begins at byte 12 of the data, not at 8",
    ),
    "an overlap": (
        signed({**table(), "b": table(offsets=(4, 12))["a"]}, bytes(12)),
        "tensor 'b' begins at byte 4 of the data, not at 8",
    ),
    "shared bytes": (
        signed({**table(), "b": table()["a"]}, ZEROS),
        "tensor 'b' begins at byte 0 of the data, not at 8",
    ),
    "an empty tensor outside": (
        signed(table(shape=[0], offsets=(9, 9))),
        "tensor 'a' begins at byte 9 of the data, not at 0",
    ),
    "bytes behind": (signed(table(), ZEROS + b"\0"), "its tensors need 8 bytes of data but 9 follow the header"),
    "bytes behind no tensors": (signed({}, b"\0"), "its tensors need 0 bytes of data but 1 follow the header"),
    "fewer bytes than the table": (
        signed(table(), ZEROS[:7]),
        "its tensors need 8 bytes of data but 7 follow the header",
    ),
    "a boolean of 2": (
        signed(table("BOOL", [2], (0, 2)), b"\x01\x02"),
        "tensor 'a' must hold the bytes 0 and 1 alone, as BOOL does",
    ),
}


class TestFaults:
    @pytest.mark.parametrize("case", EDGES)
    def test_a_header_that_breaks_a_rule_is_refused_by_name(self, case):
        data, reason = EDGES[case]
        message = fault(data)
        assert reason in message or re.match(reason, message)

    def test_files_made_by_hand_within_the_rules_are_read(self):
        x = np.arange(2, dtype=np.float32)
        assert same(decode(signed(table(), x.tobytes())), ({"a": x}, None))
        wide = {"a": {"data_offsets": [0, 8], "shape": [2], "dtype": "F32"}}
        text = json.dumps({**wide, "__metadata__": {"xpnn": envelope(wide, x.tobytes(), None)}}, indent=1)
        assert same(decode(frame(text + "   ", x.tobytes())), ({"a": x}, None))

    def test_names_up_to_the_limit_are_read(self):
        for name in ("a" * 200, "A-z_0.9/x", "..a", "a..", "__metadata", "..."):
            assert list(decode(encode({name: np.zeros(1)}, None))[0]) == [name]

    def test_as_many_tensors_as_the_limit_are_read_and_one_more_is_refused(self, monkeypatch):
        monkeypatch.setattr("xpnn.safetensors.reader.TENSOR_LIMIT", 3)
        monkeypatch.setattr("xpnn.safetensors.writer.TENSOR_LIMIT", 4)
        tensors = {str(i): np.zeros(1) for i in range(5)}
        assert len(decode(encode(dict(list(tensors.items())[:3]), None))[0]) == 3
        four = encode(dict(list(tensors.items())[:4]), None)
        assert fault(four) == "it has 4 tensors but may have 3."
        with pytest.raises(ArgumentError, match=re.escape("tensors must be at most 4 arrays, got 5.")):
            encode(tensors, None)

    def test_the_limit_is_100_000_tensors_and_16_mebibytes(self):
        from xpnn.safetensors import header

        assert (header.TENSOR_LIMIT, header.HEADER_LIMIT, header.RANK_LIMIT) == (100_000, 16_777_216, 8)

    def test_metadata_as_deep_as_the_limit_come_back_and_one_level_more_is_refused(self):
        def nest(depth):
            return json.loads("[" * depth + "]" * depth)

        assert decode(encode({}, nest(127)))[1] == nest(127)
        for depth in (128, 129, 400, 100_000):
            value = []
            for _ in range(depth - 1):
                value = [value]
            with pytest.raises(ArgumentError, match="it nests deeper than 128 levels"):
                encode({}, value)
        with pytest.raises(ArgumentError, match="it nests deeper than 128 levels"):
            encode({}, functools.reduce(lambda value, _: (value,), range(128), ()))

    def test_a_header_of_just_the_limit_is_read(self):
        text = json.dumps({"__metadata__": {"xpnn": envelope({}, b"", 5)}})
        assert decode(frame(text + " " * (2**24 - len(text)))) == ({}, 5)

    def test_the_lines_of_the_table_may_stand_in_any_order(self):
        lines = {
            "a": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]},
            "b": {"dtype": "F64", "shape": [0], "data_offsets": [2, 2]},
            "c": {"dtype": "I8", "shape": [1, 3], "data_offsets": [2, 5]},
            "d": {"dtype": "U8", "shape": [0, 3], "data_offsets": [5, 5]},
        }
        for order in itertools.permutations(lines):
            tensors, _ = decode(signed({name: lines[name] for name in order}, bytes(range(5))))
            assert [tensors[name].tolist() for name in "abcd"] == [[0, 1], [], [[2, 3, 4]], []]

    def test_sentences_stay_short_whatever_a_file_holds(self):
        for lines in (
            {"a" * 10_000: {}},
            {"a": "b" * 10_000},
            table("c" * 10_000),
            table(shape=[2] * 10_000),
            table(x="d" * 9_999),
        ):
            fault(signed(lines, ZEROS))
        fault(frame(json.dumps({"__metadata__": {"a" * 10_000: list(range(10_000))}})))

    @pytest.mark.parametrize(
        ("make", "kind"),
        [
            (lambda: pickle.dumps([1, 2, 3], protocol=2), "a pickle, which is never loaded"),
            (lambda: pickle.dumps([1, 2, 3], protocol=3), "a pickle, which is never loaded"),
            (lambda: pickle.dumps([1, 2, 3], protocol=4), "a pickle, which is never loaded"),
            (lambda: pickle.dumps([1, 2, 3], protocol=5), "a pickle, which is never loaded"),
            (lambda: _saved(np.savez, x=np.zeros(3)), "a zip archive, as .npz, .pt and .keras files are"),
            (lambda: _saved(np.save, np.zeros(3)), "an .npy file"),
            (lambda: gzip.compress(VALID), "packed by gzip"),
            (lambda: gzip.compress(VALID, mtime=0), "packed by gzip"),
            (lambda: b"\x89HDF\r\n\x1a\n" + bytes(88), "an HDF5 file"),
        ],
    )
    def test_other_formats_are_recognised(self, make, kind):
        assert fault(make()).endswith(f"; it looks like {kind}.")

    def test_the_sentence_names_the_file(self, tmp_path):
        path = tmp_path / "model.safetensors"
        path.write_bytes(b"\x09" + bytes(7) + b"{}")
        with pytest.raises(CheckpointError) as caught:
            read(path)
        reason = "its header says 9 bytes but 2 are left."
        assert str(caught.value) == f"{path} is no safetensors file that xpnn can read: {reason}"

    def test_a_missing_file_and_a_folder_give_the_errors_of_the_system(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "none")
        with pytest.raises(IsADirectoryError):
            read(tmp_path)

    def test_a_file_that_shrinks_while_it_is_read_is_refused(self, tmp_path, monkeypatch):
        path = tmp_path / "a"
        path.write_bytes(VALID[:-1])
        real = os.fstat
        monkeypatch.setattr(os, "fstat", lambda fd: os.stat_result((*real(fd)[:6], len(VALID), *real(fd)[7:10])))
        with pytest.raises(CheckpointError, match=r"it ends within tensor '1\.mask'\.$"):
            read(path)


class TestDamage:
    def test_a_file_cut_at_any_byte_is_refused(self):
        for end in range(len(VALID)):
            fault(VALID[:end])

    def test_a_file_with_any_byte_more_is_refused(self):
        for byte in range(256):
            fault(VALID + bytes([byte]))

    def test_a_flip_of_any_bit_is_found(self):
        for bit in range(8 * len(VALID)):
            damaged = bytearray(VALID)
            damaged[bit // 8] ^= 1 << bit % 8
            fault(bytes(damaged))

    def test_20_000_random_mutants_are_refused_or_equal(self):
        rng = random.Random(3)
        accepted = sum(not refused(mutate_bytes(rng)) for _ in range(20_000))
        assert accepted < 1_000

    def test_20_000_mutants_of_the_header_are_refused_or_equal(self):
        rng = random.Random(4)
        accepted = 0
        for _ in range(20_000):
            header = copy.deepcopy(HEADER)
            mutate_header(header, rng)
            accepted += not refused(frame(json.dumps(header), DATA))
        assert accepted < 2_000

    def test_forged_headers_with_a_right_sum_are_refused_or_read_as_the_reference_reads_them(self):
        library = pytest.importorskip("safetensors.numpy")
        rng = random.Random(5)
        accepted = 0
        for _ in range(4_000):
            lines = copy.deepcopy(HEADER)
            del lines["__metadata__"]
            mutate_header(lines, rng)
            try:
                data = signed(lines, DATA)
                tensors, _ = decode(data)
            except CheckpointError as error:
                assert "SHA-256" not in str(error)
                continue
            accepted += 1
            assert same((tensors, None), (library.load(data), None))
        assert 20 < accepted < 2_000


def refused(data):
    """Tell whether a file is refused; if not, its content must be that of the valid one."""
    try:
        result = decode(data)
    except CheckpointError as error:
        assert str(error).startswith(PREFIX)
        return True
    assert same(result, (arrays(), METADATA))
    return False


def mutate_bytes(rng):
    """Change, cut, repeat or insert bytes, mostly in the header."""
    data = bytearray(VALID)
    for _ in range(rng.randint(1, 4)):
        kind = rng.randrange(5)
        at = rng.randrange(len(data)) if rng.random() < 0.3 else rng.randrange(min(len(data), len(VALID) - len(DATA)))
        if kind == 0:
            data[at] = rng.randrange(256)
        elif kind == 1:
            data[at] = rng.choice(b'0123456789-eE.{}[]",: tfn\\/')
        elif kind == 2:
            data.insert(at, rng.randrange(256))
        elif kind == 3:
            del data[at : at + rng.randint(1, 8)]
        else:
            data[at:at] = data[at : at + rng.randint(1, 40)]
        data = data or bytearray(b"{")
    if rng.random() < 0.5:
        data[:8] = (max(0, len(data) - 8 - len(DATA))).to_bytes(8, "little")
    return bytes(data)


ODD_NUMBERS = [0, 1, -1, 2, 3, 8, 24, 2**31, 2**53, 2**62, 2**63, 2**64, 10**30, 1.0, -0.0, 1e308, None, True, False]
ODD_TEXTS = ["", "F32", "F64", "I64", "BF16", "BOOL", "U8", "__metadata__", "é", "\ud800", "../x"]
ODD_VALUES = [*ODD_NUMBERS, *ODD_TEXTS, [], [0], [0, 8], [8, 0], [2, 3], [[2]], {}, {"dtype": "F32"}]


def mutate_header(header, rng):
    """Change one to three places of the table, keeping it JSON."""
    for _ in range(rng.randint(1, 3)):
        name = rng.choice(list(header) or ["x"])
        line = header.get(name)
        kind = rng.randrange(7)
        if kind == 0 and isinstance(line, dict) and line:
            line[rng.choice(list(line))] = copy.deepcopy(rng.choice(ODD_VALUES))
        elif kind == 1 and isinstance(line, dict):
            values = rng.choice([value for value in line.values() if isinstance(value, list)] or [[]])
            if values:
                values[rng.randrange(len(values))] = rng.choice(ODD_VALUES)
        elif kind == 2 and isinstance(line, dict):
            values = rng.choice([value for value in line.values() if isinstance(value, list)] or [[]])
            rng.shuffle(values)
        elif kind == 3:
            header.pop(name, None)
        elif kind == 4:
            header[rng.choice(["x", "", "a/b", "é", "0.bias"])] = copy.deepcopy(line)
        elif kind == 5:
            other = rng.choice(list(header) or ["x"])
            header[name], header[other] = header.get(other), line
        else:
            header[name] = copy.deepcopy(rng.choice(ODD_VALUES))


def _saved(save, *arguments, **named):
    stream = io.BytesIO()
    save(stream, *arguments, **named)
    return stream.getvalue()


class TestArguments:
    @pytest.mark.parametrize("name", ["", "a b", "a" * 201, "é", "../x", "a//b", "/a", "a/", ".", "__metadata__", 3])
    def test_a_name_outside_the_rule_is_refused(self, name):
        rule = "be 1 to 200 letters, digits and _ . - /, with no part '', '.', '..' or '__metadata__' between slashes"
        with pytest.raises(ArgumentError) as caught:
            encode({name: np.zeros(1)}, None)
        assert str(caught.value) == f"the name of a tensor must {rule}, got {name!r}."

    @pytest.mark.parametrize(
        "dtype", ["c8", "c16", "O", "U3", "S3", "M8[s]", "m8[s]", "V4", [("a", "f4")], np.longdouble]
    )
    def test_a_dtype_outside_the_list_is_refused(self, dtype):
        x = np.zeros(2, dtype=dtype)
        with pytest.raises(ArgumentError) as caught:
            encode({"x": x}, None)
        assert str(caught.value) == (
            "tensor 'x' must have one of the dtypes U64, I64, F64, F32, U32, I32, F16, U16, I16, I8, U8, BOOL, "
            f"got {str(x.dtype)!r}."
        )

    def test_bfloat16_is_refused(self):
        ml_dtypes = pytest.importorskip("ml_dtypes")
        with pytest.raises(ArgumentError, match="got 'bfloat16'"):
            encode({"x": np.zeros(2, dtype=ml_dtypes.bfloat16)}, None)

    def test_nine_axes_are_refused(self):
        with pytest.raises(ArgumentError, match=re.escape("tensor 'x' must have at most 8 axes, got 9.")):
            encode({"x": np.zeros([1] * 9)}, None)

    @pytest.mark.parametrize(
        ("metadata", "message"),
        [
            (float("nan"), "got nan: Out of range float values are not JSON compliant"),
            ([float("inf")], "got [inf]: Out of range float values are not JSON compliant"),
            ({1: 2}, "got {1: 2}: its keys must be strings, not 1."),
            ({"a": {None: 2}}, "got {'a': {None: 2}}: its keys must be strings, not None."),
            ({1: 2, "1": 3}, "got {'1': 3, 1: 2}: '<' not supported between instances of 'str' and 'int'."),
            ({"a": {1, 2}}, "got {'a': {1, 2}}: Object of type set is not JSON serializable."),
            (b"x", "got b'x': Object of type bytes is not JSON serializable."),
            (np.int64(3), "Object of type int64 is not JSON serializable."),
        ],
    )
    def test_metadata_that_are_no_json_are_refused(self, metadata, message):
        with pytest.raises(ArgumentError) as caught:
            encode({}, metadata)
        text = str(caught.value)
        assert text.startswith("metadata must be JSON data, ")
        assert message in text or sorted(message) == sorted(text.removeprefix("metadata must be JSON data, "))

    def test_metadata_that_hold_themselves_are_refused(self):
        metadata = []
        metadata.append(metadata)
        with pytest.raises(ArgumentError, match="Circular reference detected"):
            encode({}, metadata)

    def test_metadata_above_the_limit_are_refused(self, tmp_path):
        with pytest.raises(ArgumentError, match=r"metadata must fit into a header of 16777216 bytes together with"):
            write(tmp_path / "a", {}, "x" * 2**24)
        assert list(tmp_path.iterdir()) == []

    def test_a_refused_argument_leaves_the_old_file_alone(self, tmp_path):
        path = tmp_path / "a"
        write(path, arrays(), METADATA)
        with pytest.raises(ArgumentError):
            write(path, {"x": np.zeros(1, dtype=complex)}, None)
        assert path.read_bytes() == VALID
        assert list(tmp_path.iterdir()) == [path]


class TestResources:
    def test_reading_takes_no_more_memory_than_the_file(self, tmp_path):
        size = 2**24
        write(tmp_path / "a", {str(i): np.zeros(size // 16) for i in range(2)}, None)
        assert peak(lambda: read(tmp_path / "a")) < 1.1 * size

    def test_writing_takes_no_copy_of_arrays_that_lie_right(self, tmp_path):
        x = np.zeros(2**21)
        assert peak(lambda: write(tmp_path / "a", {"x": x}, None)) < 0.1 * x.nbytes

    def test_a_broken_table_takes_no_memory_for_data(self, tmp_path):
        (tmp_path / "a").write_bytes(signed(table(shape=[2**24], offsets=(0, 2**26)), ZEROS))

        def attempt():
            with pytest.raises(CheckpointError):
                read(tmp_path / "a")

        assert peak(attempt) < 2**20

    def test_reading_opens_the_file_and_does_nothing_else(self, tmp_path):
        write(tmp_path / "a", arrays(), METADATA)
        (tmp_path / "b").write_bytes(pickle.dumps(print))
        program = """
            import sys
            from xpnn.errors import CheckpointError
            from xpnn.safetensors import read
            events = []
            def listen(event, arguments):
                if active:
                    events.append((event, arguments[:1]))
            active = False
            sys.addaudithook(listen)
            active = True
            read(sys.argv[1])
            try:
                read(sys.argv[2])
            except CheckpointError:
                pass
            active = False
            for event, arguments in events:
                print(event, *arguments)
        """
        first, second = str(tmp_path / "a"), str(tmp_path / "b")
        assert run(program, first, second).splitlines() == [f"open {first}", f"open {second}"]


def peak(work):
    """Most bytes that `work` has at a time, NumPy's included."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def run(program, *arguments, **environment):
    """Output of a Python program in its own process."""
    environment = {**os.environ, **environment, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", textwrap.dedent(program), *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=60).stdout
