"""Layers of several inputs, containers and graphs, compared with PyTorch."""

from functools import reduce

from agreement.case import layer_case
from xpnn.layers import (
    Add,
    Average,
    Concatenate,
    Dense,
    Dot,
    Graph,
    Maximum,
    Minimum,
    Multiply,
    Parallel,
    Permute,
    RepeatVector,
    Split,
    Subtract,
)

__all__ = ["FAMILIES"]


def _shape(rng, most=3):
    return tuple(rng.integers(1, 6, size=rng.integers(1, most + 1)).tolist())


def _alike(rng, count):
    """Shapes that broadcast: axes of length 1, and axes left out in front."""
    whole = _shape(rng)
    shapes = [tuple(1 if rng.random() < 0.25 else n for n in whole) for _ in range(count)]
    return tuple(shape[int(rng.integers(len(shape))) if rng.random() < 0.3 else 0 :] for shape in shapes)


def _aligned(x):
    ndim = max(part.ndim for part in x)
    return [part.reshape(part.shape[0], *(1,) * (ndim - part.ndim), *part.shape[1:]) for part in x]


def _merge(layer, function, count=None):
    def family(rng):
        shapes = _alike(rng, int(count or rng.integers(2, 5)))
        return layer_case(rng, layer(), shapes, lambda x, params, state: function(_aligned(x)))

    return family


def _torch(name):
    def function(parts):
        import torch

        return reduce(getattr(torch, name), parts)

    return function


def concatenate(rng):
    import torch

    shape = _shape(rng)
    axis = int(rng.integers(len(shape)))
    shapes = tuple((*shape[:axis], int(rng.integers(1, 5)), *shape[axis + 1 :]) for _ in range(rng.integers(2, 5)))
    axis = axis + 1 if rng.integers(2) else axis - len(shape)
    return layer_case(rng, Concatenate(axis), shapes, lambda x, params, state: torch.cat(x, dim=axis))


def split(rng):
    import torch

    shape, sizes = _shape(rng), tuple(rng.integers(1, 4, size=rng.integers(2, 5)).tolist())
    axis = int(rng.integers(len(shape)))
    shape = (*shape[:axis], sum(sizes), *shape[axis + 1 :])
    layer = Split(sizes, axis=axis + 1)
    return layer_case(rng, layer, shape, lambda x, params, state: torch.split(x, sizes, dim=axis + 1))


def dot(rng):
    import torch

    first, second = _shape(rng, 2), _shape(rng, 2)
    i, j = int(rng.integers(len(first))), int(rng.integers(len(second)))
    second = (*second[:j], first[i], *second[j + 1 :])
    normalize = bool(rng.integers(2))

    def oracle(x, params, state):
        a, b = x
        if normalize:
            a = torch.nn.functional.normalize(a, dim=i + 1)
            b = torch.nn.functional.normalize(b, dim=j + 1)
        left = "".join("n" if k == i else "pq"[k] for k in range(len(first)))
        right = "".join("n" if k == j else "rs"[k] for k in range(len(second)))
        out = f"{left}{right}".replace("n", "")
        y = torch.einsum(f"z{left},z{right}->z{out}", a, b)
        return y if out else y[:, None]

    return layer_case(rng, Dot((i + 1, j + 1), normalize=normalize), (first, second), oracle)


def permute(rng):
    shape = _shape(rng, 4)
    order = (rng.permutation(len(shape)) + 1).tolist()
    return layer_case(rng, Permute(order), shape, lambda x, params, state: x.permute(0, *order))


def repeat_vector(rng):
    n, shape = int(rng.integers(1, 6)), (int(rng.integers(1, 6)),)
    return layer_case(rng, RepeatVector(n), shape, lambda x, params, state: x[:, None, :].expand(-1, n, -1))


def parallel(rng):
    import torch

    sizes = rng.integers(1, 5, size=rng.integers(2, 5)).tolist()
    branches = [[Dense(size), "tanh"] for size in sizes]

    def oracle(x, params, state):
        outputs = [torch.tanh(x @ params[f"{i}.0.weight"] + params[f"{i}.0.bias"]) for i in range(len(sizes))]
        return torch.cat(outputs, dim=-1)

    return layer_case(rng, Parallel(branches), _shape(rng, 2), oracle)


PAIRS = {"add": Add(), "multiply": Multiply(), "subtract": Subtract(), "average": Average()}


def _draw_nodes(rng, values, n):
    """Random operations on random values before them, all of width `n`; the values go into the list `values`."""
    nodes = {}
    for i in range(int(rng.integers(1, 9))):
        kind, name = str(rng.choice([*PAIRS, "tanh", "dense", "swap"])), f"node{i}"
        a, b = (str(value) for value in rng.choice(values, size=2))
        if kind == "swap":
            nodes[f"{name}-joined"], nodes[name] = (Concatenate(), (a, b)), (Split(2), f"{name}-joined")
            values += [f"{name}.1", f"{name}.0"]
            continue
        single = {"tanh": "tanh", "dense": Dense(n)}
        nodes[name] = (single[kind], a) if kind in single else (PAIRS[kind], (a, b))
        values.append(name)
    return nodes


def _apply(torch, layer, parts, params, name):
    if isinstance(layer, str):
        return torch.tanh(parts[0])
    if isinstance(layer, Dense):
        return parts[0] @ params[f"{name}.weight"] + params[f"{name}.bias"]
    if isinstance(layer, Concatenate):
        return torch.cat(parts, dim=-1)
    if isinstance(layer, Split):
        return torch.chunk(parts[0], 2, dim=-1)
    a, b = parts
    kind = next(kind for kind, pair in PAIRS.items() if pair is layer)
    return {"add": a + b, "multiply": a * b, "subtract": a - b, "average": (a + b) / 2}[kind]


def graph(rng):
    """A random graph whose outputs are all values that nobody reads; its nodes are given in a random order."""
    import torch

    names, n = tuple("xyz"[: rng.integers(1, 4)]), int(rng.integers(1, 5))
    values = list(names)
    nodes = _draw_nodes(rng, values, n)
    reads = {name: (sources,) if isinstance(sources, str) else sources for name, (_, sources) in nodes.items()}
    read = {source for sources in reads.values() for source in sources}
    outputs = tuple(value for value in values if value not in read)
    order = [list(nodes)[i] for i in rng.permutation(len(nodes))]
    layer = Graph(names, {name: nodes[name] for name in order}, outputs)

    def oracle(x, params, state):
        known = dict(zip(names, x if len(names) > 1 else (x,), strict=True))
        for name, (inner, _) in nodes.items():
            known[name] = _apply(torch, inner, [known[source] for source in reads[name]], params, name)
            if isinstance(known[name], tuple):
                known |= {f"{name}.{i}": part for i, part in enumerate(known[name])}
        return tuple(known[name] for name in outputs) if len(outputs) > 1 else known[outputs[0]]

    shapes = ((n,),) * len(names)
    return layer_case(rng, layer, shapes if len(names) > 1 else shapes[0], oracle)


FAMILIES = {
    "Add": _merge(Add, sum),
    "Average": _merge(Average, lambda parts: sum(parts) / len(parts)),
    "Concatenate": concatenate,
    "Dot": dot,
    "Graph": graph,
    "Maximum": _merge(Maximum, _torch("maximum")),
    "Minimum": _merge(Minimum, _torch("minimum")),
    "Multiply": _merge(Multiply, lambda parts: reduce(lambda a, b: a * b, parts)),
    "Parallel": parallel,
    "Permute": permute,
    "RepeatVector": repeat_vector,
    "Split": split,
    "Subtract": _merge(Subtract, lambda parts: parts[0] - parts[1], 2),
}
