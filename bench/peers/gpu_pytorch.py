"""The same network stepped by PyTorch on the same card: eagerly, and as a captured CUDA graph, in two precisions.

Prints a line of JSON for each measurement (see bench/gpu.ts), with what the card reaches in large products and in a
large copy. Weights are random: they cost the same.

    python3 gpu_pytorch.py [--device cpu] [--seconds S] 1 8 64 1024
"""
import argparse
import json
import statistics
import sys
import time

import torch

UNITS, CHARACTERS, STEPS = 512, 97, 16
parser = argparse.ArgumentParser()
parser.add_argument("--device", default="cuda")
parser.add_argument("--seconds", type=float, default=1.5)
parser.add_argument("rows", type=int, nargs="+")
options = parser.parse_args()
is_cuda = options.device == "cuda"
if is_cuda and not torch.cuda.is_available():
    sys.exit("PyTorch finds no CUDA device")
device = torch.device(options.device)
torch.manual_seed(1)
torch.backends.cuda.matmul.allow_tf32 = False
torch.set_grad_enabled(False)


def synchronize():
    if is_cuda:
        torch.cuda.synchronize()


def cell(gates, c):
    i, f, g, o = gates.chunk(4, 1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


class Network:
    def __init__(self, dtype):
        def weights(*shape):
            return (torch.randn(*shape, device=device) * 0.05).to(dtype)

        self.dtype = dtype
        self.table = weights(CHARACTERS, 4 * UNITS)
        self.first = weights(UNITS, 4 * UNITS)
        self.second = weights(2 * UNITS, 4 * UNITS)
        self.second_bias = weights(4 * UNITS)
        self.dense = weights(UNITS, CHARACTERS)
        self.dense_bias = weights(CHARACTERS)


class Batch:
    """States and the last ids of a number of rows, stepped in place."""

    def __init__(self, network, rows):
        self.network = network
        self.ids = torch.zeros(rows, dtype=torch.long, device=device)
        self.states = [torch.zeros(rows, UNITS, device=device, dtype=network.dtype) for _ in range(4)]
        self.uniforms = torch.rand(STEPS, rows, 1, device=device)

    def decode(self):
        network = self.network
        h0, c0, h1, c1 = self.states
        for step in range(STEPS):
            n0, m0 = cell(torch.addmm(network.table[self.ids], h0, network.first), c0)
            n1, m1 = cell(torch.addmm(network.second_bias, torch.cat([n0, h1], 1), network.second), c1)
            for state, new in zip(self.states, (n0, m0, n1, m1)):
                state.copy_(new)
            logits = torch.addmm(network.dense_bias, h1, network.dense).float()
            sums = torch.softmax(logits / 0.4, 1).cumsum(1)
            self.ids.copy_((sums <= self.uniforms[step] * sums[:, -1:]).sum(1))


def times_of(work):
    """Seconds of each run of some work."""
    for _ in range(3):
        work()
    synchronize()
    times, started = [], time.perf_counter()
    while not times or time.perf_counter() - started < options.seconds:
        before = time.perf_counter()
        work()
        synchronize()
        times.append(time.perf_counter() - before)
    return times


def captured(batch):
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        batch.decode()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        batch.decode()
    return graph.replay


def tell(**line):
    print(json.dumps(line), flush=True)


def measure(series, rows, work):
    started = time.time()
    times = sorted(times_of(work))
    point = {
        "slots": rows,
        "rate": rows * STEPS * len(times) / sum(times),
        "decodeMs": statistics.median(times) * 1000,
        "slowestMs": times[int(len(times) * 0.99)] * 1000,
    }
    tell(series=series, point=point, period={"from": started * 1000, "to": time.time() * 1000})


name = torch.cuda.get_device_name() if is_cuda else "the processor"
tell(device=f"{name}, PyTorch {torch.__version__}")
for dtype_name in ("float32", "bfloat16"):
    network = Network(getattr(torch, dtype_name))
    for rows in options.rows:
        series = f"{dtype_name}, eager"
        try:
            measure(series, rows, Batch(network, rows).decode)
            if is_cuda:
                series = f"{dtype_name}, CUDA graph"
                measure(series, rows, captured(Batch(network, rows)))
        except RuntimeError as error:
            tell(series=f"{series}, {rows} slots", error=str(error).splitlines()[0])

size = 8192 if is_cuda else 256
limits = {}
for dtype_name in ("float32", "bfloat16"):
    a, b = (torch.randn(size, size, device=device).to(getattr(torch, dtype_name)) for _ in range(2))
    limits[dtype_name] = 2 * size**3 / statistics.median(times_of(lambda: a @ b)) / 1e12
    limits["copy"] = 2 * a.nbytes / statistics.median(times_of(lambda: a.copy_(b))) / 1e9
tell(limits=limits)
