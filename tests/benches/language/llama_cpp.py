"""llama.cpp's speed, asked line by line: `PROMPT ANSWER` numbers of tokens in, tokens a second of both out.

    pip install xllamacpp==2026.10.11549
    echo "256 64" | python3 llama_cpp.py SmolLM2-135M-Instruct.Q4_1.gguf 2
"""

import json
import sys
import urllib.request

import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx = 2048
params.n_parallel = 1
params.cpuparams.n_threads = int(sys.argv[2])
params.cpuparams_batch.n_threads = int(sys.argv[2])
server = xllamacpp.Server(params)
print("ready", flush=True)
for line in sys.stdin:
    prompt, answer = map(int, line.split())
    body = {
        # as the benchmark's own prompt
        "prompt": [1 + i * 7919 % 40000 for i in range(prompt)],
        "n_predict": answer,
        "temperature": 0.0,
        "cache_prompt": False,
        "ignore_eos": True,
    }
    request = urllib.request.Request(
        server.listening_address + "/completion", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    timings = json.load(urllib.request.urlopen(request))["timings"]
    print(timings["prompt_per_second"], timings["predicted_per_second"], flush=True)
