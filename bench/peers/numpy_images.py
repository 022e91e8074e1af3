"""Layers as plain NumPy writes them: dense, a convolution by im2col and col2im, and the maximum over a pool."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from peers.problem import Stage

__all__ = ["STAGES"]


def _dense(stage: Stage, x: Any, weight: Any, bias: Any) -> tuple[Any, Any]:
    flat = x.reshape(len(x), -1)
    return flat @ weight + bias, (flat, x.shape)


def _dense_back(stage: Stage, saved: Any, d: Any, weight: Any, bias: Any, wants_dx: bool) -> tuple[Any, list[Any]]:
    flat, shape = saved
    return (d @ weight.T).reshape(shape) if wants_dx else None, [flat.T @ d, d.sum(axis=0)]


def _conv(stage: Stage, x: Any, weight: Any, bias: Any) -> tuple[Any, Any]:
    p, k = stage.padding, stage.kernel
    x = np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))
    seen = sliding_window_view(x, (k, k), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    rows = seen.reshape(-1, weight[..., 0].size)
    y = rows @ weight.reshape(-1, stage.size) + bias
    return y.reshape(*seen.shape[:3], stage.size), (rows, x.shape)


def _conv_back(stage: Stage, saved: Any, d: Any, weight: Any, bias: Any, wants_dx: bool) -> tuple[Any, list[Any]]:
    rows, shape = saved
    flat = d.reshape(-1, stage.size)
    grads = [(rows.T @ flat).reshape(weight.shape), flat.sum(axis=0)]
    if not wants_dx:
        return None, grads
    p, k, (_, height, width, _) = stage.padding, stage.kernel, d.shape
    seen = (flat @ weight.reshape(-1, stage.size).T).reshape(*d.shape[:3], k, k, shape[-1])
    dx = np.zeros(shape, d.dtype)
    for i in range(k):
        for j in range(k):
            dx[:, i : i + height, j : j + width] += seen[:, :, :, i, j]
    return dx[:, p : shape[1] - p, p : shape[2] - p], grads


def _pool(stage: Stage, x: Any) -> tuple[Any, Any]:
    (n, height, width, channels), k = x.shape, stage.size
    blocks = x.reshape(n, height // k, k, width // k, k, channels).transpose(0, 1, 3, 5, 2, 4)
    flat = blocks.reshape(*blocks.shape[:4], k * k)
    return flat.max(axis=-1), (flat.argmax(axis=-1), x.shape)


def _pool_back(stage: Stage, saved: Any, d: Any, wants_dx: bool) -> tuple[Any, list[Any]]:
    (best, shape), k = saved, stage.size
    flat = np.zeros((*best.shape, k * k), d.dtype)
    np.put_along_axis(flat, best[..., None], d[..., None], axis=-1)
    return flat.reshape(*best.shape, k, k).transpose(0, 1, 4, 2, 5, 3).reshape(shape), []


STAGES = {"dense": (_dense, _dense_back), "conv": (_conv, _conv_back), "pool": (_pool, _pool_back)}
"""Forward and backward of each kind of stage."""
