#!/usr/bin/env python3
"""Trains the network of this folder on a processor with AVX512-BF16, from given weights or from random ones.

    train.py train --data DATA --from models/scifi --out RUN --minutes 110    trains; DATA holds train.txt and valid.txt
    train.py evaluate RUN/weights.safetensors --text FILE                     scores weights on a text, in float32
    train.py check                                                            compares the kernels with PyTorch

Needs Linux, g++ 12, Python 3.10 or later, NumPy and PyTorch 2. A run writes RUN/weights.safetensors and RUN/vocabulary.json,
which `scifi model import` converts into a model folder, and RUN/state.pt, from which `--resume` continues exactly.

The network is an embedding, `layers` LSTM layers of `units` cells and a softmax. Gates are in the order input, forget,
cell, output, with one bias. Matrices are stored as outputs x inputs in this file and as inputs x outputs in safetensors.

Method: truncated back-propagation over `steps` characters in `streams` parallel streams whose state is carried on; the
Muon optimizer for the matrices between and within layers, AdamW for the rest; a warm-up and a cosine for the rate; the
running average of the weights is scored next to the weights, and the better of the two is kept. Products are in bfloat16
and are summed in float32; gates, cells, master weights and optimizers are in float32.
"""
from __future__ import annotations

import argparse
import ctypes
import json
import math
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
import torch.nn.functional as F

BOS = "\x03"  # begins every work
VOCABULARY = [BOS, "\n"] + [chr(code) for code in range(32, 127)]
SIZE = len(VOCABULARY)
IGNORED = -100  # target of a place that has no next character
LN2 = math.log(2.0)
MEAN_SEGMENT = 6000  # characters, on average, between two fresh states of a stream
AVERAGE_DECAY = 0.998
LOG_UPDATES = 20
EVALUATE_UPDATES = 500
SAVE_SECONDS = 600
SETTINGS = ("minutes", "characters", "layers", "units", "embedding", "streams", "steps", "rate", "warmup", "limit", "seed")
BLOCK_ROWS = 48  # streams that one thread takes at a time: a multiple of the kernels' six rows

# ------------------------------------------------------------------------------------------------------------- kernels

KERNELS = r"""
#include <immintrin.h>
#include <cstdint>
#include <cstring>
#include <type_traits>
using bf16 = uint16_t;
using half = uint16_t;

static inline __m512 one() { return _mm512_set1_ps(1.f); }

// 2^y by a polynomial of fifth degree on [-1/2, 1/2]; relative error about 1e-6.
static inline __m512 exponential(__m512 x) {
  x = _mm512_min_ps(_mm512_max_ps(x, _mm512_set1_ps(-80.f)), _mm512_set1_ps(80.f));
  __m512 y = _mm512_mul_ps(x, _mm512_set1_ps(1.44269504f));
  __m512 whole = _mm512_roundscale_ps(y, 8);
  __m512 part = _mm512_sub_ps(y, whole);
  __m512 p = _mm512_set1_ps(1.33335581e-3f);
  p = _mm512_fmadd_ps(p, part, _mm512_set1_ps(9.61812911e-3f));
  p = _mm512_fmadd_ps(p, part, _mm512_set1_ps(5.55041087e-2f));
  p = _mm512_fmadd_ps(p, part, _mm512_set1_ps(2.40226507e-1f));
  p = _mm512_fmadd_ps(p, part, _mm512_set1_ps(6.93147181e-1f));
  p = _mm512_fmadd_ps(p, part, one());
  return _mm512_scalef_ps(p, whole);
}
static inline __m512 sigmoid(__m512 x) {
  return _mm512_div_ps(one(), _mm512_add_ps(one(), exponential(_mm512_sub_ps(_mm512_setzero_ps(), x))));
}
static inline __m512 tangent(__m512 x) {
  __m512 s = sigmoid(_mm512_add_ps(x, x));
  return _mm512_sub_ps(_mm512_add_ps(s, s), one());
}
static inline __m512i read_16(const uint16_t* p) {
  return _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)p));
}
static inline __m512 read_bf16(const bf16* p) { return _mm512_castsi512_ps(_mm512_slli_epi32(read_16(p), 16)); }
static inline void write_bf16(bf16* p, __m512 x) { _mm256_storeu_si256((__m256i*)p, (__m256i)_mm512_cvtneps_pbh(x)); }
static inline __m512 read_half(const half* p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i*)p)); }
static inline void write_half(half* p, __m512 x) { _mm256_storeu_si256((__m256i*)p, _mm512_cvtps_ph(x, 0)); }

// Every product is `sums[R][64] += a[R][k] x panel[k][64]`. A panel is packed as [k / 2][64][2], so that one instruction
// multiplies a pair of a's numbers with 16 pairs and adds both products. 6 rows x 4 vectors of sums stay in registers.
template <int R> using Sums = __m512[R][4];

template <int R> static inline __attribute__((always_inline)) void
multiply(Sums<R>& sums, const bf16* a, long stride, const bf16* panel, int k) {
  for (int at = 0; at < k; at += 2) {
    __m512bh b[4];
    for (int v = 0; v < 4; v++) b[v] = (__m512bh)_mm512_loadu_si512(panel + at * 64 + v * 32);
    for (int r = 0; r < R; r++) {
      int32_t bits;
      memcpy(&bits, a + r * stride + at, 4);
      __m512bh pair = (__m512bh)_mm512_set1_epi32(bits);
      for (int v = 0; v < 4; v++) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], pair, b[v]);
    }
  }
}

// Calls `body` with the number of rows as a constant: six at a time, and then the rest.
template <typename Body> static inline void by_rows(int rows, Body body) {
  for (int r = 0; r < rows; r += 6) {
    switch (rows - r) {
      case 1: body(r, std::integral_constant<int, 1>()); break;
      case 2: body(r, std::integral_constant<int, 2>()); break;
      case 3: body(r, std::integral_constant<int, 3>()); break;
      case 4: body(r, std::integral_constant<int, 4>()); break;
      case 5: body(r, std::integral_constant<int, 5>()); break;
      default: body(r, std::integral_constant<int, 6>());
    }
  }
}

// One layer over `steps` characters for the streams first .. first + rows - 1. A panel holds the four gates of 16 cells.
//   x [steps][streams][width], or null; ids [steps][streams], or null
//   base [ids or 0][4 cells]: what is added to the products (bias, and the input where it is looked up)
//   h, c [steps + 1][streams][cells]: outputs and cells; row 0 is given. gates [steps][streams][4 cells] is written.
extern "C" void lstm_forward(int steps, int streams, int first, int rows, int cells, int width, const bf16* x,
    const int64_t* ids, const float* base, const bf16* packed, bf16* h, float* c, half* gates) {
  for (int t = 0; t < steps; t++)
    for (int cell = 0; cell < cells; cell += 16) {
      const bf16* panel = packed + (long)cell * 4 * (width + cells);
      by_rows(rows, [&](int row, auto size) {
        constexpr int R = decltype(size)::value;
        long at = (long)t * streams + first + row;
        Sums<R> sums;
        for (int r = 0; r < R; r++)
          for (int v = 0; v < 4; v++)
            sums[r][v] = _mm512_loadu_ps(base + (ids ? ids[at + r] * 4 * cells : 0) + v * cells + cell);
        if (width) multiply<R>(sums, x + at * width, width, panel, width);
        multiply<R>(sums, h + at * cells, cells, panel + (long)width * 64, cells);
        for (int r = 0; r < R; r++) {
          __m512 i = sigmoid(sums[r][0]), f = sigmoid(sums[r][1]), g = tangent(sums[r][2]), o = sigmoid(sums[r][3]);
          long own = (at + r) * cells + cell, next = own + (long)streams * cells;
          __m512 now = _mm512_fmadd_ps(f, _mm512_loadu_ps(c + own), _mm512_mul_ps(i, g));
          _mm512_storeu_ps(c + next, now);
          write_bf16(h + next, _mm512_mul_ps(o, tangent(now)));
          half* to = gates + (at + r) * 4 * cells + cell;
          write_half(to, i), write_half(to + cells, f), write_half(to + 2 * cells, g), write_half(to + 3 * cells, o);
        }
      });
    }
}

// Gradients dz [steps][streams][4 cells] of the gates before their activations, from dy [steps][streams][cells].
// dh, dc [streams][cells] are zeros when it begins.
extern "C" void lstm_backward(int steps, int streams, int first, int rows, int cells, const bf16* dy, const bf16* packed,
    const float* c, const half* gates, bf16* dz, float* dh, float* dc) {
  for (int t = steps - 1; t >= 0; t--) {
    for (int row = first; row < first + rows; row++) {
      long at = (long)t * streams + row;
      const half* from = gates + at * 4 * cells;
      bf16* to = dz + at * 4 * cells;
      for (int u = 0; u < cells; u += 16) {
        long own = (long)row * cells + u;
        __m512 i = read_half(from + u), f = read_half(from + cells + u);
        __m512 g = read_half(from + 2 * cells + u), o = read_half(from + 3 * cells + u);
        __m512 before = _mm512_loadu_ps(c + at * cells + u);
        __m512 now = tangent(_mm512_loadu_ps(c + (at + streams) * cells + u));
        __m512 out = _mm512_add_ps(read_bf16(dy + at * cells + u), _mm512_loadu_ps(dh + own));
        __m512 cell = _mm512_fmadd_ps(_mm512_mul_ps(out, o), _mm512_fnmadd_ps(now, now, one()), _mm512_loadu_ps(dc + own));
        write_bf16(to + u, _mm512_mul_ps(_mm512_mul_ps(cell, g), _mm512_fnmadd_ps(i, i, i)));
        write_bf16(to + cells + u, _mm512_mul_ps(_mm512_mul_ps(cell, before), _mm512_fnmadd_ps(f, f, f)));
        write_bf16(to + 2 * cells + u, _mm512_mul_ps(_mm512_mul_ps(cell, i), _mm512_fnmadd_ps(g, g, one())));
        write_bf16(to + 3 * cells + u, _mm512_mul_ps(_mm512_mul_ps(out, now), _mm512_fnmadd_ps(o, o, o)));
        _mm512_storeu_ps(dc + own, _mm512_mul_ps(cell, f));
      }
    }
    for (int column = 0; column < cells && t > 0; column += 64)
      by_rows(rows, [&](int row, auto size) {
        constexpr int R = decltype(size)::value;
        Sums<R> sums;
        for (int r = 0; r < R; r++) for (int v = 0; v < 4; v++) sums[r][v] = _mm512_setzero_ps();
        multiply<R>(sums, dz + ((long)t * streams + first + row) * 4 * cells, 4 * cells, packed + (long)column * 4 * cells,
                    4 * cells);
        for (int r = 0; r < R; r++)
          for (int v = 0; v < 4; v++) _mm512_storeu_ps(dh + (long)(first + row + r) * cells + column + v * 16, sums[r][v]);
      });
  }
}

// out [rows][columns] = a [rows][k] x panels of [k][64].
extern "C" void product(int rows, int k, int columns, const bf16* a, const bf16* packed, bf16* out) {
  const int BLOCK = 96;
  for (int from = 0; from < rows; from += BLOCK)
    for (int column = 0; column < columns; column += 64)
      by_rows(rows - from < BLOCK ? rows - from : BLOCK, [&](int row, auto size) {
        constexpr int R = decltype(size)::value;
        Sums<R> sums;
        for (int r = 0; r < R; r++) for (int v = 0; v < 4; v++) sums[r][v] = _mm512_setzero_ps();
        multiply<R>(sums, a + (long)(from + row) * k, k, packed + (long)column * k, k);
        for (int r = 0; r < R; r++)
          for (int v = 0; v < 4; v++) write_bf16(out + (long)(from + row + r) * columns + column + v * 16, sums[r][v]);
      });
}

// out [columns][stride], for `count` columns from `first` on, of a [rows][columns]. Rows and count are multiples of 32.
extern "C" void transpose(long rows, int columns, int first, int count, const bf16* a, bf16* out, long stride) {
  for (long row = 0; row < rows; row += 32)
    for (int column = first; column < first + count; column += 32)
      for (int j = column; j < column + 32; j++)
        for (long i = row; i < row + 32; i++) out[j * stride + i] = a[i * columns + j];
}

// Adds a [k][n] x dz [n][columns] to out [k][columns], and the rows of dz to base [ids or 0][columns], both for the 64
// columns from `first` on. `stride` is the length of a's rows.
extern "C" void weight_gradient(long n, int columns, int first, int k, const bf16* a, long stride, const bf16* dz,
    const int64_t* ids, float* out, float* base) {
  const int CHUNK = 1024;
  alignas(64) bf16 panel[CHUNK * 64];
  for (long from = 0; from < n; from += CHUNK) {
    int size = n - from < CHUNK ? n - from : CHUNK;
    for (int at = 0; at < size; at += 2)
      for (int v = 0; v < 64; v += 16) {
        const bf16* pair[2] = {dz + (from + at) * columns + first + v, dz + (from + at + 1) * columns + first + v};
        _mm512_storeu_si512(panel + at * 64 + v * 2, _mm512_or_si512(read_16(pair[0]), _mm512_slli_epi32(read_16(pair[1]), 16)));
        for (int q = 0; q < 2; q++) {
          float* to = base + (ids ? ids[from + at + q] * columns : 0) + first + v;
          _mm512_storeu_ps(to, _mm512_add_ps(_mm512_loadu_ps(to), read_bf16(pair[q])));
        }
      }
    by_rows(k, [&](int row, auto rows) {
      constexpr int R = decltype(rows)::value;
      float* to = out + (long)row * columns + first;
      Sums<R> sums;
      for (int r = 0; r < R; r++) for (int v = 0; v < 4; v++) sums[r][v] = _mm512_loadu_ps(to + (long)r * columns + v * 16);
      multiply<R>(sums, a + row * stride + from, stride, panel, size);
      for (int r = 0; r < R; r++) for (int v = 0; v < 4; v++) _mm512_storeu_ps(to + (long)r * columns + v * 16, sums[r][v]);
    });
  }
}

// Panels of a' and of a, both n x n.
static void pack_transposed(int n, const bf16* a, bf16* packed) {
  const int32_t* from = (const int32_t*)a;
  int32_t* to = (int32_t*)packed;
  for (int column = 0; column < n; column += 16)
    for (int pair = 0; pair < n / 2; pair++)
      for (int j = 0; j < 16; j++)
        to[(long)(column & ~63) * n / 2 + pair * 64 + (column & 63) + j] = from[(long)(column + j) * n / 2 + pair];
}
static void pack(int n, const bf16* a, bf16* packed) {
  for (int column = 0; column < n; column += 64)
    for (int at = 0; at < n; at++)
      for (int j = 0; j < 64; j++) packed[(long)column * n + (at & ~1) * 64 + 2 * j + (at & 1)] = a[(long)at * n + column + j];
}

// `count` times x = p x + (q a + r a a) x with a = x x', for an n x n matrix. scratch: 3 n n.
extern "C" void newton_schulz(int n, int count, float p, float q, float r, bf16* x, bf16* scratch) {
  long size = (long)n * n;
  bf16 *packed = scratch, *a = scratch + size, *b = a + size;
  __m512 p16 = _mm512_set1_ps(p), q16 = _mm512_set1_ps(q), r16 = _mm512_set1_ps(r);
  while (count-- > 0) {
    pack_transposed(n, x, packed);
    product(n, n, n, x, packed, a);
    pack_transposed(n, a, packed);  // a is symmetric
    product(n, n, n, a, packed, b);
    for (long i = 0; i < size; i += 16)
      write_bf16(b + i, _mm512_fmadd_ps(r16, read_bf16(b + i), _mm512_mul_ps(q16, read_bf16(a + i))));
    pack(n, x, packed);
    product(n, n, n, b, packed, a);
    for (long i = 0; i < size; i += 16) write_bf16(x + i, _mm512_fmadd_ps(p16, read_bf16(x + i), read_bf16(a + i)));
  }
}
"""


class Kernels:
    """The functions of `KERNELS`, and the threads that call them. ctypes releases Python's lock during a call."""

    def __init__(self, threads: int):
        self.pool = ThreadPoolExecutor(threads)
        self.threads = threads
        with tempfile.TemporaryDirectory() as folder:
            library = os.path.join(folder, "kernels.so")
            command = ["g++", "-std=c++17", "-O3", "-march=native", "-ffast-math", "-shared", "-fPIC", "-x", "c++", "-"]
            subprocess.run([*command, "-o", library], input=KERNELS, text=True, check=True)
            self.library = ctypes.CDLL(library)
        i, n, f, p = ctypes.c_int, ctypes.c_long, ctypes.c_float, ctypes.c_void_p
        for name, kinds in {
            "lstm_forward": [i] * 6 + [p] * 7,
            "lstm_backward": [i] * 5 + [p] * 7,
            "product": [i] * 3 + [p] * 3,
            "transpose": [n, i, i, i, p, p, n],
            "weight_gradient": [n, i, i, i, p, n, p, p, p, p],
            "newton_schulz": [i, i, f, f, f, p, p],
        }.items():
            getattr(self.library, name).argtypes = kinds
            getattr(self.library, name).restype = None

    def run(self, name: str, calls: Iterable[tuple]) -> None:
        """Calls a function once for each tuple of arguments; tensors are given by their addresses."""
        function = getattr(self.library, name)

        def call(arguments: tuple) -> None:
            function(*(a.data_ptr() if isinstance(a, torch.Tensor) else a for a in arguments))

        list(self.pool.map(call, calls))

    def blocks(self, rows: int) -> list[tuple[int, int]]:
        """Rows for each thread, (first, count), at most `BLOCK_ROWS` at a time."""
        size = min(BLOCK_ROWS, -(-rows // self.threads))
        return [(first, min(size, rows - first)) for first in range(0, rows, size)]


def packed_for_backward(matrix: torch.Tensor) -> torch.Tensor:
    """Panels of a matrix [4 cells, columns] whose product with dz is wanted."""
    rows, columns = matrix.shape
    return matrix.bfloat16().view(rows // 2, 2, columns // 64, 64).permute(2, 0, 3, 1).contiguous()


class Layer(torch.autograd.Function):
    """One LSTM layer over a chunk. The first layer has ids and a table [SIZE, 4 cells] as `base`, the others x and a bias.

    Returns the outputs [steps, streams, cells] in bfloat16 and the last cells. No gradient flows into the given state.
    """

    @staticmethod
    def forward(ctx, kernels: Kernels, x, ids, kernel, recurrent, base, hidden, cell):
        steps, streams = (ids if x is None else x).shape[:2]
        cells, width = recurrent.shape[1], 0 if x is None else x.shape[2]
        both = recurrent if x is None else torch.cat([kernel, recurrent], 1)
        packed = both.bfloat16().view(4, cells // 16, 16, -1, 2).permute(1, 3, 0, 2, 4).contiguous()
        h = torch.empty(steps + 1, streams, cells, dtype=torch.bfloat16)
        c = torch.empty(steps + 1, streams, cells)
        h[0], c[0] = hidden, cell
        gates = torch.empty(steps, streams, 4 * cells, dtype=torch.float16)
        base = base.contiguous()
        kernels.run("lstm_forward", ((steps, streams, first, count, cells, width, x, ids, base, packed, h, c, gates)
                                     for first, count in kernels.blocks(streams)))
        ctx.kernels, ctx.rows = kernels, base.numel() // (4 * cells)
        ctx.save_for_backward(x, ids, kernel, recurrent, h, c, gates)
        last = c[-1].clone()
        ctx.mark_non_differentiable(last)
        return h[1:], last

    @staticmethod
    def backward(ctx, dy, _):
        kernels = ctx.kernels
        x, ids, kernel, recurrent, h, c, gates = ctx.saved_tensors
        steps, streams, cells = dy.shape
        width = 0 if x is None else x.shape[2]
        n, columns = steps * streams, 4 * cells
        dy, dz = dy.contiguous(), torch.empty(steps, streams, columns, dtype=torch.bfloat16)
        dh, dc = torch.zeros(2, streams, cells)
        packed = packed_for_backward(recurrent)
        kernels.run("lstm_backward", ((steps, streams, first, count, cells, dy, packed, c, gates, dz, dh, dc)
                                      for first, count in kernels.blocks(streams)))
        # The weights' gradients are one product each: [inputs, characters] x [characters, 4 cells]. Rows are 32 longer
        # than they need to be, so that they do not all begin in the same set of the cache.
        stride = n + 32
        turned = torch.empty(width + cells, stride, dtype=torch.bfloat16)
        for source, part, size in ((x, turned[:width], width), (h, turned[width:], cells)):
            kernels.run("transpose", ((n, size, first, 32, source, part, stride) for first in range(0, size, 32)))
        gradient, base = torch.zeros(width + cells, columns), torch.zeros(ctx.rows, columns)
        kernels.run("weight_gradient", ((n, columns, first, width + cells, turned, stride, dz, ids, gradient, base)
                                        for first in range(0, columns, 64)))
        if x is None:
            return None, None, None, None, gradient.t(), base, None, None
        dx, packed = torch.empty(x.shape, dtype=torch.bfloat16), packed_for_backward(kernel)
        flat_dz, flat_dx = dz.view(n, columns), dx.view(n, width)
        kernels.run("product", ((min(192, n - at), columns, width, flat_dz[at:], packed, flat_dx[at:])
                                for at in range(0, n, 192)))
        return None, dx, None, gradient[:width].t(), gradient[width:].t(), base[0], None, None


# ------------------------------------------------------------------------------------------------------------- network


class Network(torch.nn.Module):
    """Embedding, LSTM layers, softmax. With kernels it computes in bfloat16, without them in float32 by PyTorch."""

    def __init__(self, layers: int, units: int, embedding: int, kernels: Kernels | None = None):
        super().__init__()
        if units % 128:
            raise SystemExit(f"Expected --units to be a multiple of 128, got {units}.")
        self.layers, self.units, self.kernels = layers, units, kernels
        self.embedding = torch.nn.Parameter(torch.randn(SIZE, embedding))
        self.inputs, self.recurrents, self.biases = (torch.nn.ParameterList() for _ in range(3))
        width = embedding
        for _ in range(layers):
            kernel = torch.nn.init.uniform_(torch.empty(4 * units, width), -math.sqrt(3 / width), math.sqrt(3 / width))
            recurrent = torch.cat([torch.nn.init.orthogonal_(torch.empty(units, units)) for _ in range(4)])
            bias = torch.zeros(4 * units)
            bias[units:2 * units] = 1.0
            self.inputs.append(torch.nn.Parameter(kernel * 0.7))
            self.recurrents.append(torch.nn.Parameter(recurrent * 0.7))
            self.biases.append(torch.nn.Parameter(bias))
            width = units
        self.output = torch.nn.Parameter(torch.randn(SIZE, units) / math.sqrt(units) * 0.5)
        self.output_bias = torch.nn.Parameter(torch.zeros(SIZE))

    def fresh_state(self, streams: int) -> tuple[torch.Tensor, torch.Tensor]:
        hidden, cell = torch.zeros(2, self.layers, streams, self.units)
        return hidden, cell

    def forward(self, ids: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor]):
        """ids [steps, streams] and a state -> logits [steps, streams, SIZE] in float32 and the next state."""
        hidden, cell = state
        if self.kernels is None:
            weights = [w for n in range(self.layers)
                       for w in (self.inputs[n], self.recurrents[n], self.biases[n], torch.zeros_like(self.biases[n]))]
            x, hidden, cell = torch._VF.lstm(F.embedding(ids, self.embedding), (hidden, cell), weights, True, self.layers,
                                             0.0, self.training, False, False)
            return F.linear(x, self.output, self.output_bias), (hidden, cell)
        ids = ids.contiguous()
        table = self.embedding @ self.inputs[0].t() + self.biases[0]
        x, outputs, cells = None, [], []
        for n in range(self.layers):
            given = (None, ids, None) if n == 0 else (x, None, self.inputs[n])
            base = table if n == 0 else self.biases[n]
            x, last = Layer.apply(self.kernels, *given, self.recurrents[n], base, hidden[n], cell[n])
            outputs.append(x[-1].detach().float())
            cells.append(last)
        logits = F.linear(x, self.output.bfloat16()).float() + self.output_bias
        return logits, (torch.stack(outputs), torch.stack(cells))

    def named(self) -> dict[str, torch.Tensor]:
        """The weights by their names in safetensors; matrices but the embedding are stored transposed."""
        names = {"embedding": self.embedding, "dense.kernel": self.output, "dense.bias": self.output_bias}
        for n in range(self.layers):
            names |= {f"lstm_{n}.kernel": self.inputs[n], f"lstm_{n}.recurrent_kernel": self.recurrents[n],
                      f"lstm_{n}.bias": self.biases[n]}
        return names

    def put(self, tensors: dict[str, np.ndarray]) -> None:
        for name, parameter in self.named().items():
            array = tensors[name].T if name.endswith("kernel") else tensors[name]
            parameter.data.copy_(torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)))

    def arrays(self) -> dict[str, np.ndarray]:
        return {name: np.ascontiguousarray((p.t() if name.endswith("kernel") else p).detach().numpy())
                for name, p in self.named().items()}


def read_weights(path: str) -> dict[str, np.ndarray]:
    """The weights of a .safetensors file or of a model folder (model.json and weights.bin, float16 or float32)."""
    if os.path.isdir(path):
        with open(os.path.join(path, "model.json"), encoding="utf-8") as file:
            groups = json.load(file)["weightsManifest"]
        entries = [e for group in groups for e in group["weights"]]
        data = b"".join(open(os.path.join(path, p), "rb").read() for group in groups for p in group["paths"])
        rows = [(e["name"].replace("embedding/embeddings", "embedding").replace("/", "."), e["shape"],
                 e.get("quantization", e)["dtype"]) for e in entries]
    else:
        with open(path, "rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
            data = file.read()
        rows = [(name, e["shape"], {"F16": "float16", "F32": "float32"}[e["dtype"]])
                for name, e in sorted(header.items(), key=lambda item: item[1].get("data_offsets", [0])) if name != "__metadata__"]
    tensors, at = {}, 0
    for name, shape, kind in rows:
        array = np.frombuffer(data, kind, count=math.prod(shape), offset=at)
        tensors[name] = array.reshape(shape).astype(np.float32)
        at += array.nbytes
    return tensors


def write_weights(path: str, tensors: dict[str, np.ndarray]) -> None:
    """A .safetensors file in float32, complete before it takes its name."""
    header, at = {}, 0
    for name, array in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path + ".new", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in tensors.values():
            file.write(array.tobytes())
    os.replace(path + ".new", path)


def network_of(tensors: dict[str, np.ndarray], kernels: Kernels | None) -> Network:
    layers = sum(name.endswith(".recurrent_kernel") for name in tensors)
    network = Network(layers, tensors["lstm_0.recurrent_kernel"].shape[0], tensors["embedding"].shape[1], kernels)
    network.put(tensors)
    return network


# ---------------------------------------------------------------------------------------------------------------- text


def read_works(path: str) -> list[np.ndarray]:
    """The ids of each work of a text, U+0003 first. What is outside the vocabulary is left out."""
    id_of = np.full(256, 255, dtype=np.uint8)
    id_of[[ord(character) for character in VOCABULARY]] = range(SIZE)
    with open(path, "rb") as file:
        works = file.read().split(BOS.encode())
    ids = (id_of[np.frombuffer(BOS.encode() + work, dtype=np.uint8)] for work in works if work.strip())
    return [work[work != 255] for work in ids]


class Chunks:
    """Cuts works into segments and deals them out to parallel streams, chunk by chunk, without end.

    A segment begins with a fresh state: the first one of a work with its U+0003, the others in the middle of a text, so
    that the network learns to begin anywhere. In one pass every character is predicted once; cuts and order differ from
    pass to pass.
    """

    def __init__(self, works: list[np.ndarray], streams: int, steps: int, seed: int):
        self.text = np.concatenate(works)
        self.lengths = np.array([len(work) for work in works])
        self.streams, self.steps = streams, steps
        self.random = np.random.default_rng(seed)
        self.segments: list[tuple[int, int]] = []
        self.at, self.until = np.zeros((2, streams), dtype=np.int64)

    def _cut(self) -> list[tuple[int, int]]:
        segments = []
        for end, length in zip(np.cumsum(self.lengths) - 1, self.lengths):  # the last character is only a target
            at = int(end - length + 1)
            size = int(self.random.integers(0, self.steps))  # so that chunks are cut elsewhere in each pass
            while at < end:
                size += self.steps * int(1 + self.random.geometric(min(1.0, self.steps / MEAN_SEGMENT)))
                segments.append((at, min(int(end), at + size)))
                at, size = at + size, 0
        self.random.shuffle(segments)
        return segments

    def next(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Inputs [steps, streams], targets, and whether the state of each stream is to be fresh."""
        fresh = self.at >= self.until
        for stream in np.flatnonzero(fresh):
            if not self.segments:
                self.segments = self._cut()
            self.at[stream], self.until[stream] = self.segments.pop()
        offsets = np.arange(self.steps + 1)[:, None]
        ids = self.text[np.minimum(self.at + offsets, len(self.text) - 1)].astype(np.int64)
        sizes = np.minimum(self.steps, self.until - self.at)
        self.at += sizes
        return ids[:-1], np.where(offsets[:-1] < sizes, ids[1:], IGNORED), fresh

    def position(self) -> dict:
        return {"random": json.dumps(self.random.bit_generator.state), "segments": torch.tensor(self.segments),
                "at": torch.from_numpy(self.at.copy()), "until": torch.from_numpy(self.until.copy())}

    def go_to(self, position: dict) -> None:
        self.random.bit_generator.state = json.loads(position["random"])
        self.segments = [tuple(segment) for segment in position["segments"].tolist()]
        self.at, self.until = position["at"].numpy().copy(), position["until"].numpy().copy()


@torch.no_grad()
def evaluate(network: Network, works: list[np.ndarray], limit: int = 0, steps: int = 1024) -> dict[str, float]:
    """Each work from a fresh state; every character after its U+0003 is predicted once. `limit` 0 reads whole works."""
    works = sorted((work[:limit + 1] if limit else work for work in works), key=len, reverse=True)
    lengths = np.array([len(work) for work in works])
    grid = np.zeros((len(works), lengths[0]), dtype=np.int64)
    for row, work in enumerate(works):
        grid[row, :len(work)] = work
    nats = right = 0.0
    state = network.fresh_state(len(works))
    for at in range(0, lengths[0] - 1, steps):
        active = int((lengths - 1 > at).sum())  # the longest works come first
        state = tuple(s[:, :active].contiguous() for s in state)
        part = torch.from_numpy(np.ascontiguousarray(grid[:active, at:at + steps + 1].T))
        targets = part[1:].clone()
        targets[torch.arange(at + 1, at + len(part))[:, None] >= torch.from_numpy(lengths[:active])] = IGNORED
        logits, state = network(part[:-1], state)
        nats += float(F.cross_entropy(logits.view(-1, SIZE), targets.view(-1), ignore_index=IGNORED, reduction="sum"))
        right += int((logits.argmax(-1) == targets).sum())
    characters = int((lengths - 1).sum())
    return {"bitsPerCharacter": nats / LN2 / characters, "accuracy": right / characters, "characters": characters}


# ------------------------------------------------------------------------------------------------------------ training


class Muon:
    """Momentum whose every step is made nearly orthogonal, one gate's matrix at a time.

    Jordan and others 2024 (kellerjordan.github.io/posts/muon), with the step's size of Liu and others 2025
    (arXiv:2502.16982), which makes rates comparable with AdamW's. For matrices [4 units, units].
    """

    def __init__(self, parameters: list[torch.Tensor], kernels: Kernels, momentum: float = 0.95, weight_decay: float = 0.01):
        self.parameters, self.kernels = parameters, kernels
        self.momentum, self.weight_decay = momentum, weight_decay
        self.buffers = [torch.zeros_like(p) for p in parameters]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        gradients = [p.grad for p in self.parameters]
        torch._foreach_lerp_(self.buffers, gradients, 1 - self.momentum)
        ahead = torch._foreach_lerp(gradients, self.buffers, self.momentum)
        units = self.parameters[0].shape[1]
        steps = self.orthogonal(torch.cat([g.reshape(4, units, units) for g in ahead])) * (0.2 * math.sqrt(units))
        for parameter, step in zip(self.parameters, steps.split(4)):
            parameter.mul_(1 - rate * self.weight_decay).add_(step.reshape(parameter.shape), alpha=-rate)

    def orthogonal(self, x: torch.Tensor) -> torch.Tensor:
        """Nearly the orthogonal matrices next to x [matrices, n, n]: five Newton-Schulz steps of fifth order."""
        x = (x / (x.norm(dim=(-2, -1), keepdim=True) * 1.01 + 1e-12)).bfloat16().contiguous()
        scratch = torch.empty(len(x), 3, *x.shape[1:], dtype=torch.bfloat16)
        self.kernels.run("newton_schulz", ((x.shape[-1], 5, 3.4445, -4.7750, 2.0315, matrix, own)
                                           for matrix, own in zip(x, scratch)))
        return x.float()


class Trainer:
    def __init__(self, network: Network, chunks: Chunks):
        self.network, self.chunks = network, chunks
        self.parameters = list(network.parameters())
        between = [*network.recurrents, *list(network.inputs)[1:]]
        known = {id(p) for p in between}
        rest = [p for p in self.parameters if id(p) not in known]
        self.muon = Muon(between, network.kernels)
        self.adam = torch.optim.AdamW([{"params": [p for p in rest if p.ndim == 2], "weight_decay": 0.01},
                                       {"params": [p for p in rest if p.ndim == 1], "weight_decay": 0.0}],
                                      betas=(0.9, 0.99))
        self.average = [p.detach().clone() for p in self.parameters]
        self.state = network.fresh_state(chunks.streams)
        self.updates = 0

    def step(self, rate: float) -> tuple[float, int]:
        """One update. Returns the mean loss in bits and the number of characters that it is of."""
        inputs, targets, fresh = map(torch.from_numpy, self.chunks.next())
        count = int((targets != IGNORED).sum())
        keep = (~fresh).float()[None, :, None]
        logits, self.state = self.network(inputs, tuple(s * keep for s in self.state))
        loss = F.cross_entropy(logits.view(-1, SIZE), targets.view(-1), ignore_index=IGNORED, reduction="sum") / count
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0, error_if_nonfinite=True)
        for group in self.adam.param_groups:
            group["lr"] = rate
        self.muon.step(rate)
        for parameter in self.muon.parameters:
            parameter.grad = None  # AdamW does not have these
        self.adam.step()
        self.adam.zero_grad()
        self.updates += 1
        decay = min(AVERAGE_DECAY, (1 + self.updates) / (10 + self.updates))
        torch._foreach_lerp_(self.average, [p.data for p in self.parameters], 1 - decay)
        return loss.item() / LN2, count

    def swap(self) -> None:
        """Exchanges the weights and their average."""
        for parameter, average in zip(self.parameters, self.average):
            parameter.data, average.data = average.data, parameter.data

    def save(self, path: str, more: dict) -> None:
        """All that a later process needs to continue as this one would have, and `more`."""
        torch.save({"weights": [p.detach() for p in self.parameters], "average": self.average, "updates": self.updates,
                    "adam": self.adam.state_dict(), "muon": self.muon.buffers, "state": list(self.state),
                    "position": self.chunks.position(), **more}, path + ".new")
        os.replace(path + ".new", path)

    def load(self, kept: dict) -> None:
        for own, saved in ((self.parameters, kept["weights"]), (self.average, kept["average"]), (self.muon.buffers, kept["muon"])):
            for tensor, value in zip(own, saved):
                tensor.data.copy_(value)
        self.adam.load_state_dict(kept["adam"])
        self.updates, self.state = kept["updates"], tuple(kept["state"])
        self.chunks.go_to(kept["position"])


def rate_at(progress: float, highest: float, warmup: float) -> float:
    """A straight line up to the highest rate, then a cosine down to a hundredth of it."""
    if progress < warmup:
        return highest * max(0.01, progress / warmup)
    fall = min(1.0, (progress - warmup) / (1 - warmup))
    return highest * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * fall)))


def train(args: argparse.Namespace) -> None:
    # Large blocks of memory are kept instead of being returned and faulted in again in every update (M_MMAP_THRESHOLD
    # and M_TRIM_THRESHOLD of glibc).
    libc = ctypes.CDLL("libc.so.6")
    libc.mallopt(-3, 1 << 30)
    libc.mallopt(-1, (1 << 31) - 1)
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    begun = time.time()
    os.makedirs(args.out, exist_ok=True)
    log_file = open(os.path.join(args.out, "train.log"), "a", encoding="utf-8")

    def log(line: str) -> None:
        print(f"[{time.time() - begun:7.1f}] {line}", flush=True)
        print(f"[{time.time() - begun:7.1f}] {line}", file=log_file, flush=True)

    weights, state = (os.path.join(args.out, name) for name in ("weights.safetensors", "state.pt"))
    kept = torch.load(state, weights_only=True) if args.resume else {"settings": {}, "read": 0, "seconds": 0.0}
    vars(args).update(kept["settings"])
    if args.streams * args.steps % 32:
        raise SystemExit("Expected --streams times --steps to be a multiple of 32.")
    kernels = Kernels(args.threads)
    if args.start:
        network = network_of(read_weights(args.start), kernels)
    else:
        network = Network(args.layers, args.units, args.embedding, kernels)
    args.layers, args.units, args.embedding = network.layers, network.units, network.embedding.shape[1]
    works, valid = (read_works(os.path.join(args.data, f"{name}.txt")) for name in ("train", "valid"))
    trainer = Trainer(network, Chunks(works, args.streams, args.steps, args.seed))
    if args.resume:
        trainer.load(kept)
    log(f"{sum(p.numel() for p in trainer.parameters):,} weights; {sum(map(len, works)):,} characters of {len(works)} works; "
        f"{args.streams} streams x {args.steps} steps; {kept['read']:,} characters read before")
    with open(os.path.join(args.out, "vocabulary.json"), "w", encoding="utf-8") as file:
        json.dump({"idToChar": dict(enumerate(VOCABULARY)), "charToId": {c: i for i, c in enumerate(VOCABULARY)}}, file)

    read, losses, shown = kept["read"], [], (time.time(), kept["read"])
    saved = time.time()

    def seconds() -> float:
        return kept["seconds"] + time.time() - begun

    def progress() -> float:
        return read / args.characters if args.characters else seconds() / (60 * args.minutes)

    def save() -> None:
        trainer.save(state, {"settings": {name: getattr(args, name) for name in SETTINGS}, "read": read, "seconds": seconds()})
        trainer.swap()
        write_weights(weights, network.arrays())
        trainer.swap()

    stopped = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.append(True))
    while progress() < 1 and not stopped:
        rate = rate_at(progress(), args.rate, args.warmup)
        loss, count = trainer.step(rate)
        read += count
        losses.append(loss)
        now = time.time()
        if trainer.updates % LOG_UPDATES == 0:
            speed = (read - shown[1]) / (now - shown[0]) / 1e3
            log(f"{progress():6.1%} {read / 1e6:7.2f} M characters, update {trainer.updates}, train {np.mean(losses):.4f} bits, "
                f"rate {rate:.2e}, {speed:.1f} k characters/s")
            losses, shown = [], (now, read)
        if trainer.updates % EVALUATE_UPDATES == 0:
            log(f"        valid (the first {args.limit} of each work): {compare(trainer, valid, args.limit)}")
        if now - saved > SAVE_SECONDS:
            save()
            saved = time.time()
    save()
    if stopped:
        log(f"stopped after {read:,} characters; --resume continues, {weights} has the average of the weights")
        return
    log(f"valid (the first {args.limit} of each work), at the end: {compare(trainer, valid, args.limit, keep=True)}")
    write_weights(weights, network.arrays())
    log(f"{read:,} characters read in {seconds():.0f} s; wrote {weights}")


def compare(trainer: Trainer, works: list[np.ndarray], limit: int, keep: bool = False) -> str:
    """Scores the weights and their average; leaves the better one in the network with `keep`, else the weights."""
    own = evaluate(trainer.network, works, limit)["bitsPerCharacter"]
    trainer.swap()
    averaged = evaluate(trainer.network, works, limit)["bitsPerCharacter"]
    if not keep or own < averaged:
        trainer.swap()
    return f"{own:.4f} bits, averaged weights {averaged:.4f}"


# ---------------------------------------------------------------------------------------------------------- other verbs


def evaluate_verb(args: argparse.Namespace) -> None:
    torch.set_num_threads(args.threads)
    print(json.dumps(evaluate(network_of(read_weights(args.weights), None), read_works(args.text), args.limit)))


def check(args: argparse.Namespace) -> None:
    """Compares logits, states and all gradients of the kernels with PyTorch's in float32, and Muon's Newton-Schulz steps."""
    torch.manual_seed(1)
    kernels = Kernels(args.threads)
    fast = Network(2, 256, 64, kernels)
    plain = network_of(fast.arrays(), None)
    ids = torch.randint(0, SIZE, (65, 32))
    state = tuple(0.3 * torch.randn(2, 32, 256) for _ in range(2))
    results = []
    for network in (fast, plain):
        logits, after = network(ids[:-1], state)
        F.cross_entropy(logits.view(-1, SIZE), ids[1:].reshape(-1)).backward()
        results.append({"logits": logits, "hidden": after[0], "cell": after[1],
                        **{f"gradient of {name}": p.grad for name, p in network.named().items()}})
    x = torch.randn(4, 256, 256)
    y = x / (x.norm(dim=(-2, -1), keepdim=True) * 1.01)
    for _ in range(5):
        a = y @ y.mT
        y = 3.4445 * y + (-4.7750 * a + 2.0315 * (a @ a)) @ y
    results[0]["Newton-Schulz"], results[1]["Newton-Schulz"] = Muon([], kernels).orthogonal(x), y
    worst = 0.0
    for name, expected in results[1].items():
        error = ((results[0][name] - expected).norm() / expected.norm()).item()
        worst = max(worst, error)
        print(f"{name:36s} relative difference {error:.4f}")
    if not worst < 0.05:
        raise SystemExit("The kernels do not compute what PyTorch computes.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    t = verbs.add_parser("train", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    t.add_argument("--data", required=True, help="folder of train.txt and valid.txt, whose works begin with U+0003")
    t.add_argument("--out", required=True, help="folder for the weights, the state and the log")
    t.add_argument("--from", dest="start", help="weights to start from: a model folder or a .safetensors file")
    t.add_argument("--resume", action="store_true", help="continue the run in --out, with its settings, where it was saved")
    t.add_argument("--minutes", type=float, default=110, help="length of the run without its last evaluation")
    t.add_argument("--characters", type=float, default=0, help="length of the run in characters, instead of minutes")
    t.add_argument("--layers", type=int, default=2)
    t.add_argument("--units", type=int, default=512)
    t.add_argument("--embedding", type=int, default=64)
    t.add_argument("--streams", type=int, default=96)
    t.add_argument("--steps", type=int, default=128)
    t.add_argument("--rate", type=float, default=2e-3, help="highest rate")
    t.add_argument("--warmup", type=float, default=0.04, help="share of the run during which the rate rises")
    t.add_argument("--limit", type=int, default=4000, help="characters of each work of valid.txt that choose the weights")
    t.add_argument("--seed", type=int, default=1)
    e = verbs.add_parser("evaluate")
    e.add_argument("weights", help="a model folder or a .safetensors file")
    e.add_argument("--text", required=True, help="file whose works begin with U+0003")
    e.add_argument("--limit", type=int, default=0, help="characters of each work; 0 is all")
    c = verbs.add_parser("check")
    for verb in (t, e, c):
        verb.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    {"train": train, "evaluate": evaluate_verb, "check": check}[args.verb](args)


if __name__ == "__main__":
    main()
