"""The same network stepped by PyTorch on the processor: in float32, or with weights of int8 (dynamic quantisation).

Weights are random: they cost the same. Reads numbers of rows, one a line, and answers each with a line of JSON.

    python3 cpu_pytorch.py float32|int8 SECONDS
"""
import json
import resource
import sys
import time

import torch

UNITS, CHARACTERS, LAYERS, STEPS = 512, 97, 2, 16
kind, seconds = sys.argv[1], float(sys.argv[2])
torch.manual_seed(1)
torch.set_grad_enabled(False)


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(CHARACTERS, UNITS)
        self.lstm = torch.nn.LSTM(UNITS, UNITS, LAYERS)
        self.dense = torch.nn.Linear(UNITS, CHARACTERS)

    def forward(self, ids, state):
        hidden, state = self.lstm(self.embedding(ids).unsqueeze(0), state)
        return self.dense(hidden[0]), state


network = Network().eval()
if kind == "int8":
    network = torch.ao.quantization.quantize_dynamic(network, {torch.nn.LSTM, torch.nn.Linear}, dtype=torch.qint8)


def rate(rows):
    """Characters per second of some stories, drawn at temperature 0.4."""
    ids = torch.zeros(rows, dtype=torch.long)
    state = (torch.zeros(LAYERS, rows, UNITS), torch.zeros(LAYERS, rows, UNITS))
    uniforms = torch.rand(STEPS, rows, 1)
    steps, started = -STEPS, time.perf_counter()
    while steps < 1 or time.perf_counter() - started < seconds:
        for step in range(STEPS):
            logits, state = network(ids, state)
            sums = torch.softmax(logits / 0.4, 1).cumsum(1)
            ids = (sums <= uniforms[step] * sums[:, -1:]).sum(1).clamp_(max=CHARACTERS - 1)
        steps += STEPS
        # The first steps are a warm-up.
        if steps == 0:
            started = time.perf_counter()
    return steps * rows / (time.perf_counter() - started)


def best_rate(rows):
    """The rate with or without oneDNN, which is fast for many rows and packs the weights again in every step."""
    rates = []
    for uses_onednn in (True, False):
        with torch.backends.mkldnn.flags(enabled=uses_onednn):
            rates.append(rate(rows))
    return max(rates)


def answer(value):
    print(json.dumps(value), flush=True)


with torch.inference_mode():
    rate(1)
    answer({"device": f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads"})
    for line in sys.stdin:
        speed = best_rate(int(line))
        resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        answer({"stories": speed, "bare": speed, "resident": resident})
