"""The same network stepped by PyTorch on the same card: eagerly, and as a captured CUDA graph.

Prints a table of characters per second by rows, and what the card reaches in a large float32 matrix product
and in a large copy, the measures of how much of it a small network uses. Weights are random: they cost the same.

    python3 gpu_pytorch.py 1 8 64 1024
"""
import sys
import time

import torch

UNITS, CHARACTERS, STEPS, MEASURE_S = 512, 97, 16, 1.5
if not torch.cuda.is_available():
    sys.exit("PyTorch finds no CUDA device")
device = torch.device("cuda")
torch.manual_seed(1)
torch.backends.cuda.matmul.allow_tf32 = False
torch.set_grad_enabled(False)


def weights(*shape):
    return torch.randn(*shape, device=device) * 0.05


table = weights(CHARACTERS, 4 * UNITS)
first = weights(UNITS, 4 * UNITS)
second = weights(2 * UNITS, 4 * UNITS)
second_bias = weights(4 * UNITS)
dense = weights(UNITS, CHARACTERS)
dense_bias = weights(CHARACTERS)


def cell(gates, c):
    i, f, g, o = gates.chunk(4, 1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


class Batch:
    """States and the last ids of a number of rows, stepped in place."""

    def __init__(self, rows):
        self.ids = torch.zeros(rows, dtype=torch.long, device=device)
        self.states = [torch.zeros(rows, UNITS, device=device) for _ in range(4)]
        self.uniforms = torch.rand(STEPS, rows, 1, device=device)

    def decode(self):
        h0, c0, h1, c1 = self.states
        for step in range(STEPS):
            n0, m0 = cell(torch.addmm(table[self.ids], h0, first), c0)
            n1, m1 = cell(torch.addmm(second_bias, torch.cat([n0, h1], 1), second), c1)
            for state, new in zip(self.states, (n0, m0, n1, m1)):
                state.copy_(new)
            sums = torch.softmax(torch.addmm(dense_bias, h1, dense) / 0.4, 1).cumsum(1)
            self.ids.copy_((sums <= self.uniforms[step] * sums[:, -1:]).sum(1))


def per_second(work):
    for _ in range(3):
        work()
    torch.cuda.synchronize()
    runs, started = 0, time.perf_counter()
    while time.perf_counter() - started < MEASURE_S:
        work()
        torch.cuda.synchronize()
        runs += 1
    return runs / (time.perf_counter() - started)


def captured(batch):
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        batch.decode()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        batch.decode()
    return graph.replay


print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}\n")
print("| rows | eager, characters/s | CUDA graph, characters/s |")
print("|---|---:|---:|")
for rows in map(int, sys.argv[1:]):
    eager = per_second(Batch(rows).decode) * rows * STEPS
    graph = per_second(captured(Batch(rows))) * rows * STEPS
    print(f"| {rows} | {eager:,.0f} | {graph:,.0f} |")

size = 8192
a, b = weights(size, size), weights(size, size)
print(f"\nlarge float32 product: {per_second(lambda: a @ b) * 2 * size**3 / 1e12:.1f} TFLOP/s")
print(f"large copy: {per_second(lambda: a.copy_(b)) * 2 * a.nbytes / 1e9:.0f} GB/s")
