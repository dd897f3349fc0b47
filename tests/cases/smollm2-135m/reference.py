"""What llama.cpp makes of text.txt and of some prompts with SmolLM2-135M, for llama.cpp.json.

    pip install xllamacpp==2026.10.11549
    python3 reference.py ../../../models/smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf

Log-probabilities are those of each token of the text after its first, given the tokens before it, in one window. Gaps
are by how much the best token of an answer was likelier than the second, as logarithms: llama.cpp rounds what goes into
its products to eight bits, so that a small gap decides nothing.
"""

import json
import math
import pathlib
import sys
import urllib.request

import xllamacpp

PROMPTS = [
    "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>user\nName three movements of the human arm.<|im_end|>\n<|im_start|>assistant\n",
    "The person raises the left hand and",
    "<|im_start|>system\nYou answer in one sentence.<|im_end|>\n"
    "<|im_start|>user\nWhy do people wave?<|im_end|>\n<|im_start|>assistant\n",
    "1, 2, 3, 4, 5, 6,",
]
VOCABULARY = 49152

here = pathlib.Path(__file__).parent
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx = 2048
params.n_parallel = 1
params.cpuparams.n_threads = 2
server = xllamacpp.Server(params)


def post(path, body):
    request = urllib.request.Request(
        server.listening_address + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    return json.load(urllib.request.urlopen(request))


def tokenize(text, special):
    return post("/tokenize", {"content": text, "add_special": False, "parse_special": special})["tokens"]


def log_probability(before, token):
    for count in (64, 2048, VOCABULARY):
        body = {"prompt": before, "n_predict": 1, "n_probs": count, "temperature": 0.0, "samplers": []}
        answer = post("/completion", body | {"cache_prompt": True, "post_sampling_probs": False})
        found = {p["id"]: p["logprob"] for p in answer["completion_probabilities"][0]["top_logprobs"]}
        if token in found:
            return found[token]
    raise ValueError(f"no token {token}")


def answer(prompt):
    tokens = tokenize(prompt, True)
    body = {"prompt": tokens, "n_predict": 32, "samplers": ["top_k"], "top_k": 1, "n_probs": 2}
    found = post("/completion", body | {"return_tokens": True, "cache_prompt": False})
    gap = lambda best: round(best[0]["logprob"] - best[1]["logprob"], 6)
    gaps = [gap(place["top_logprobs"]) for place in found["completion_probabilities"]]
    return {"prompt": prompt, "tokens": tokens, "answer": found["tokens"], "gaps": gaps}


tokens = tokenize((here / "text.txt").read_text(encoding="utf-8"), False)
logs = [round(log_probability(tokens[:i], tokens[i]), 6) for i in range(1, len(tokens))]
result = {
    "text_tokens": tokens,
    "log_probabilities": logs,
    "perplexity": round(math.exp(-sum(logs) / len(logs)), 6),
    "answers": [answer(prompt) for prompt in PROMPTS],
}
(here / "llama.cpp.json").write_text(json.dumps(result, ensure_ascii=False, indent=None) + "\n", encoding="utf-8")
