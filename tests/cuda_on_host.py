"""CUDA C++ compiled for the processor: the threads of a block are fibers, so that ``__syncthreads`` is what it is.

One thread runs at a time: the last one first; between barriers, where low threads read what high ones have written, the
first one first. A kernel whose result depends on the order in which threads run, or in which some threads do not come
to a barrier that others wait at, gives wrong results or an error.
"""

import ctypes
import hashlib
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

__all__ = ["COMPILER", "HostModule", "kernels_of"]

COMPILER = shutil.which("g++")

_HEAD = """\
#include <math.h>
#include <string.h>
#include <ucontext.h>
#include <functional>
#define __global__
#define __device__
#define __shared__ static
struct Place { unsigned x, y; };
static Place threadIdx, blockIdx, blockDim;
static double __longlong_as_double(long long bits) { double x; memcpy(&x, &bits, 8); return x; }
static float __fmul_rn(float a, float b) { return a * b; }
static double __dmul_rn(double a, double b) { return a * b; }
struct HostHalf {
    unsigned short bits;
    HostHalf() = default;
    HostHalf(float x) {
        int e;
        float a = fabsf(x);
        frexpf(a, &e);
        if (x != x) bits = 0x7e00;
        else if (a >= 65520) bits = 0x7c00;
        else if (a < 0x1p-14f) bits = nearbyintf(ldexpf(a, 24));
        else bits = ((e + 13) << 10) + (int)nearbyintf(ldexpf(a, 11 - e));
        if (signbit(x)) bits |= 0x8000;
    }
    operator float() const {
        int e = bits >> 10 & 31, m = bits & 1023;
        float a = e == 31 ? (m ? NAN : INFINITY) : e ? ldexpf(1024 + m, e - 25) : ldexpf(m, -24);
        return bits & 0x8000 ? -a : a;
    }
};
#define XPNN_HALF HostHalf
static ucontext_t host, fibers[1024];
static char stacks[1024][1 << 15];
static bool has_ended[1024];
static std::function<void()> kernel;
static void __syncthreads() {
    unsigned me = threadIdx.x;
    swapcontext(&fibers[me], &host);
    threadIdx.x = me;
}
static void fiber() { kernel(); has_ended[threadIdx.x] = true; }
static int run_block(unsigned n) {
    for (unsigned t = 0; t < n; t++) {
        getcontext(&fibers[t]);
        fibers[t].uc_stack.ss_sp = stacks[t];
        fibers[t].uc_stack.ss_size = sizeof stacks[t];
        fibers[t].uc_link = &host;
        has_ended[t] = false;
        makecontext(&fibers[t], fiber, 0);
    }
    for (unsigned ended = 0; ended < n;) {
        ended = 0;
        for (unsigned t = 0; t < n; t++) { threadIdx.x = t; swapcontext(&host, &fibers[t]); ended += has_ended[t]; }
        if (ended != 0 && ended != n) return 1;
    }
    return 0;
}
static int run(unsigned x, unsigned y, unsigned n, bool has_barrier, std::function<void()> body) {
    kernel = body;
    blockDim.x = n;
    for (blockIdx.y = y; blockIdx.y-- > 0;)
        for (blockIdx.x = x; blockIdx.x-- > 0;) {
            if (has_barrier) { if (run_block(n)) return 1; continue; }
            for (threadIdx.x = n; threadIdx.x-- > 0;) body();
        }
    return 0;
}
"""

_KERNEL = re.compile(r'extern "C" __global__ void (\w+)\((.*?)\) \{(.*?)\n\}\n', re.DOTALL)


def kernels_of(source):
    """Names of the kernels of a source, with their parameters' types and their bodies."""
    found = {}
    for name, parameters, body in _KERNEL.findall(source):
        types = [part.strip().rpartition(" ")[0].replace(" __restrict__", "") for part in parameters.split(",")]
        found[name] = (types, body)
    return found


def _with_launchers(source):
    """Add a function for each kernel that runs it over a grid."""
    lines = []
    for name, (types, body) in kernels_of(source).items():
        args = ", ".join(f"*({kind}*)args[{i}]" for i, kind in enumerate(types))
        has_barrier = str("__syncthreads" in body).lower()
        lines.append(
            f'extern "C" int run_{name}(unsigned x, unsigned y, unsigned n, void** args) '
            f"{{ return run(x, y, n, {has_barrier}, [=] {{ {name}({args}); }}); }}"
        )
    return source + "\n".join(lines)


def _compile(*options, text=None):
    command = [COMPILER, "-std=c++17", "-O0", "-ffp-contract=off", "-fno-strict-aliasing", "-w", "-fPIC", *options]
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@cache
def _head():
    """Folder with what all sources begin with, compiled once per process: a precompiled header."""
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "head.hpp"
    path.write_text(_HEAD, encoding="utf-8")
    _compile("-x", "c++-header", "-o", f"{path}.gch", str(path))
    return folder


class HostModule:
    """A source compiled for the processor; the same text is compiled once into `folder`."""

    def __init__(self, source, folder):
        self.source = source
        path = Path(folder) / f"{hashlib.sha256(source.encode()).hexdigest()[:24]}.so"
        if not path.exists():
            head = ("-include", f"{_head().name}/head.hpp")
            _compile("-x", "c++", *head, "-shared", "-o", str(path), "-", text=_with_launchers(source))
        self._library = ctypes.CDLL(str(path))

    def launch(self, name, grid, threads, args):
        """Run a kernel; arrays are passed by their address, NumPy's scalars by value."""
        values = [np.uintp(a.ctypes.data) if a.ndim else a for a in args]
        values = [np.asarray(value) for value in values]
        addresses = (ctypes.c_void_p * len(values))(*[value.ctypes.data for value in values])
        y = grid[1] if len(grid) > 1 else 1
        assert 0 < grid[0] < 2**31
        assert 0 < y < 2**16
        assert 0 < threads <= 1024
        assert getattr(self._library, f"run_{name}")(grid[0], y, threads, addresses) == 0, f"{name}: a lost barrier"
