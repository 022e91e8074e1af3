"""Recurrent layers, compared with PyTorch: its cells in a loop of our own with masks and cuts, and its whole layers."""

import numpy as np

from agreement.case import layer_case
from xpnn.layers import GRU, LSTM, Bidirectional, Sequential, SimpleRNN

__all__ = ["FAMILIES"]


def simple_rnn(rng):
    activation = str(rng.choice(["tanh", "relu"]))

    def cell(x, states, p):
        import torch

        h = x @ p["weight"] + states[0] @ p["recurrent"] + p.get("bias", 0.0)
        return (torch.tanh(h) if activation == "tanh" else torch.relu(h),)

    return _loop_case(rng, SimpleRNN, cell, 1, activation=activation)


def lstm(rng):
    def cell(x, states, p):
        import torch

        bias = p.get("bias")
        zeros = None if bias is None else torch.zeros_like(bias)
        return torch.lstm_cell(x, states, p["weight"].T, p["recurrent"].T, bias, zeros)

    return _loop_case(rng, LSTM, cell, 2)


def gru(rng):
    def cell(x, states, p):
        import torch

        biases = p.get("bias"), p.get("recurrent_bias")
        return (torch.gru_cell(x, states[0], p["weight"].T, p["recurrent"].T, *biases),)

    return _loop_case(rng, GRU, cell, 1)


def gru_of_the_paper(rng):
    def cell(x, states, p):
        import torch

        (h,) = states
        z = (x @ p["weight"] + p.get("bias", 0.0)).chunk(3, dim=1)
        recurrent = p["recurrent"].chunk(3, dim=1)
        r, u = (torch.sigmoid(a + h @ b) for a, b in zip(z[:2], recurrent[:2], strict=True))
        n = torch.tanh(z[2] + (r * h) @ recurrent[2])
        return (u * h + (1 - u) * n,)

    return _loop_case(rng, GRU, cell, 1, reset_after=False)


def _loop_case(rng, kind, cell, n_states, **options):
    """Draw flags, and run PyTorch's `cell` over the steps as the flags say."""
    time, features, units = (int(rng.integers(1, 7)) for _ in range(3))
    flags = ("use_bias", "return_sequences", "return_state", "go_backwards", "masked", "zero_output_for_mask")
    options |= {flag: bool(rng.integers(2)) for flag in flags}
    options["truncate"] = int(rng.integers(1, 6)) if rng.integers(2) else None
    layer, has_initial = kind(units, **options), bool(rng.integers(2))

    def oracle(x, params, state):
        import torch

        parts = list(x) if isinstance(x, tuple) else [x]
        sequence, mask = parts[0], parts.pop() if layer.masked else None
        zeros = torch.zeros(sequence.shape[0], units, dtype=torch.float64)
        states = tuple(parts[1:]) or (zeros,) * n_states
        previous, outputs = zeros, []
        for place in range(time):
            t = time - 1 - place if layer.go_backwards else place
            if layer.truncate and place and (time - place) % layer.truncate == 0:
                states, previous = tuple(s.detach() for s in states), previous.detach()
            new = cell(sequence[:, t], states, params)
            if mask is not None:
                valid = mask[:, t, None] != 0
                previous = torch.where(valid, new[0], previous)
                states = tuple(torch.where(valid, a, b) for a, b in zip(new, states, strict=True))
                hidden = layer.zero_output_for_mask and layer.return_sequences
                outputs.append(torch.where(valid, previous, 0.0) if hidden else previous)
            else:
                states = new
                outputs.append(new[0])
        y = torch.stack(outputs, dim=1) if layer.return_sequences else outputs[-1]
        return (y, *states) if layer.return_state else y

    shapes = [(time, features), *([(units,)] * n_states if has_initial else [])]
    return _masked_case(rng, layer, shapes, oracle)


def _masked_case(rng, layer, shapes, oracle, right=False, batch=None):
    """Draw a mask with holes, or with its padding on the right, as the last input if `layer` wants one."""
    (time, _), masked = shapes[0], _first(layer).masked
    if masked:
        shapes = [*shapes, (time,)]

    def draw(rng, batch):
        parts = [rng.standard_normal((batch, *shape)) for shape in shapes]
        if right:
            parts[-1] = np.arange(time) < rng.integers(1, time + 1, size=(batch, 1))
        else:
            parts[-1] = rng.random((batch, time)) < 0.6
        return (*parts[:-1], np.where(parts[-1], 1.0, 0.0))

    if len(shapes) == 1:
        return layer_case(rng, layer, shapes[0], oracle, batch=batch)
    draws = {"draw": draw, "constant": (len(shapes) - 1,)} if masked else {}
    return layer_case(rng, layer, tuple(shapes), oracle, batch=batch, **draws)


def _first(layer):
    return layer.layer if isinstance(layer, Bidirectional) else layer


def bidirectional(rng):
    import torch

    time, features, units = (int(rng.integers(1, 6)) for _ in range(3))
    mode = [None, "concat", "sum", "mul", "ave"][rng.integers(5)]
    sequences = bool(rng.integers(2))
    layer = Bidirectional(GRU(units, return_sequences=sequences), merge_mode=mode)
    module = torch.nn.GRU(features, units, batch_first=True, bidirectional=True, dtype=torch.float64)

    def oracle(x, params, state):
        weights = _of_torch(params, {"": "forward.", "_reverse": "backward."}, 0)
        y, last = torch.func.functional_call(module, weights, x)
        a, b = y.chunk(2, dim=2) if sequences else last
        merged = {"concat": torch.cat((a, b), dim=-1), "sum": a + b, "mul": a * b, "ave": (a + b) / 2, None: (a, b)}
        return merged[mode]

    return layer_case(rng, layer, (time, features), oracle, batch=int(rng.integers(1, 5)))


def stacked(rng):
    import torch

    time, features, units = (int(rng.integers(1, 6)) for _ in range(3))
    layers = [Bidirectional(LSTM(units, return_sequences=True)), Bidirectional(LSTM(units, return_sequences=True))]
    module = torch.nn.LSTM(features, units, 2, batch_first=True, bidirectional=True, dtype=torch.float64)

    def oracle(x, params, state):
        weights = {}
        for i in range(2):
            weights |= _of_torch(params, {"": f"{i}.forward.", "_reverse": f"{i}.backward."}, i)
        return torch.func.functional_call(module, weights, x)[0]

    return layer_case(rng, Sequential(layers), (time, features), oracle, batch=int(rng.integers(1, 5)))


def packed(rng):
    import torch

    time, features, units = (int(rng.integers(1, 6)) for _ in range(3))
    options = {"return_sequences": True, "return_state": True, "masked": True, "zero_output_for_mask": True}
    layer = Bidirectional(LSTM(units, **options))
    module = torch.nn.LSTM(features, units, batch_first=True, bidirectional=True, dtype=torch.float64)

    def oracle(x, params, state):
        x, *states, mask = x
        weights = _of_torch(params, {"": "forward.", "_reverse": "backward."}, 0)
        lengths = mask.sum(1).long()
        rows = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        initial = torch.stack(states[::2]), torch.stack(states[1::2])
        y, (h, c) = torch.func.functional_call(module, weights, (rows, initial))
        y = torch.nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=time)[0]
        return y, h[0], c[0], h[1], c[1]

    shapes = [(time, features), *[(units,)] * 4]
    return _masked_case(rng, layer, shapes, oracle, right=True, batch=int(rng.integers(1, 5)))


def _of_torch(params, prefixes, number):
    """Parameters by the names of PyTorch's layers, which lie transposed there; its second bias is ours or 0."""
    import torch

    weights = {}
    for suffix, prefix in prefixes.items():
        end = f"_l{number}{suffix}"
        bias = params[f"{prefix}bias"]
        weights[f"weight_ih{end}"] = params[f"{prefix}weight"].T
        weights[f"weight_hh{end}"] = params[f"{prefix}recurrent"].T
        weights[f"bias_ih{end}"] = bias
        weights[f"bias_hh{end}"] = params.get(f"{prefix}recurrent_bias", torch.zeros_like(bias))
    return weights


FAMILIES = {
    "SimpleRNN": simple_rnn,
    "LSTM": lstm,
    "GRU": gru,
    "GRU of the paper": gru_of_the_paper,
    "Bidirectional": bidirectional,
    "stacked bidirectional LSTM": stacked,
    "LSTM of packed sequences": packed,
}
