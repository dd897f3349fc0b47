"""What SmolLM2-135M's own numbers say, in f64: the same text and prompts as in llama.cpp.json, for exact.json.

    pip install numpy gguf==0.19.0
    python3 exact.py ../../../models/smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf
"""

import json
import pathlib
import sys

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize

LAYERS, HEADS, GROUPS, WIDTH, THETA, EPS = 30, 9, 3, 64, 100000.0, 1e-5

here = pathlib.Path(__file__).parent
tensors = {t.name: dequantize(t.data, t.tensor_type).astype(np.float64) for t in GGUFReader(sys.argv[1]).tensors}
for layer in range(LAYERS):
    for part, heads in (("q", HEADS), ("k", GROUPS)):
        name = f"blk.{layer}.attn_{part}.weight"
        rows = tensors[name]
        tensors[name] = rows.reshape(heads, WIDTH // 2, 2, -1).swapaxes(1, 2).reshape(rows.shape)


def norm(x, weight):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + EPS) * weight


def log_probabilities(tokens):
    """[length, vocabulary] after each token."""
    count = len(tokens)
    angles = np.arange(count)[:, None] * THETA ** (-np.arange(0, WIDTH, 2) / WIDTH)
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]

    def turn(heads):
        low, high = heads[..., : WIDTH // 2], heads[..., WIDTH // 2 :]
        return np.concatenate([low * cos - high * sin, high * cos + low * sin], -1)

    x = tensors["token_embd.weight"][tokens]
    for layer in range(LAYERS):
        weight = lambda part: tensors[f"blk.{layer}.{part}.weight"]
        h = norm(x, weight("attn_norm"))
        q = turn((h @ weight("attn_q").T).reshape(count, HEADS, WIDTH))
        k = turn((h @ weight("attn_k").T).reshape(count, GROUPS, WIDTH))
        v = (h @ weight("attn_v").T).reshape(count, GROUPS, WIDTH)
        k, v = (np.repeat(heads, HEADS // GROUPS, 1) for heads in (k, v))
        scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(WIDTH) + np.triu(np.full((count, count), -np.inf), 1)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = np.einsum("hqk,khd->qhd", scores / scores.sum(-1, keepdims=True), v)
        x = x + mixed.reshape(count, -1) @ weight("attn_output").T
        h = norm(x, weight("ffn_norm"))
        gate = h @ weight("ffn_gate").T
        x = x + (gate / (1 + np.exp(-gate)) * (h @ weight("ffn_up").T)) @ weight("ffn_down").T
    logits = norm(x, tensors["output_norm.weight"]) @ tensors["token_embd.weight"].T
    logits -= logits.max(-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def answered(tokens, count):
    """The best continuation token by token, and by how much each was likelier than the second."""
    tokens, gaps = list(tokens), []
    for _ in range(count):
        last = log_probabilities(np.array(tokens))[-1]
        second, best = np.argsort(last)[-2:]
        tokens.append(int(best))
        gaps.append(round(float(last[best] - last[second]), 4))
    return {"answer": tokens[-count:], "gaps": gaps}


reference = json.loads((here / "llama.cpp.json").read_text(encoding="utf-8"))
tokens = np.array(reference["text_tokens"])
logs = log_probabilities(tokens)[np.arange(len(tokens) - 1), tokens[1:]]
result = {
    "log_probabilities": [round(value, 6) for value in logs.tolist()],
    "perplexity": round(float(np.exp(-logs.mean())), 6),
    "answers": [answered(each["tokens"], len(each["answer"])) for each in reference["answers"]],
}
(here / "exact.json").write_text(json.dumps(result) + "\n", encoding="utf-8")
