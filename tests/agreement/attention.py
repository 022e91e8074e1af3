"""Embeddings, attention and the transformer's encoder, compared with PyTorch."""

import numpy as np

from agreement.case import layer_case
from xpnn.layers import Embedding, LearnedPositionalEmbedding, MultiHeadAttention, TransformerEncoder

__all__ = ["FAMILIES"]


def embedding(rng):
    import torch

    count = int(rng.choice([1, 2, 7, 40, 600, 3000], p=[0.1, 0.2, 0.3, 0.2, 0.1, 0.1]))
    padding = int(rng.integers(count)) if rng.integers(2) else None
    shape = tuple(rng.integers(1, 60, size=rng.integers(0, 3)).tolist())
    used = int(rng.integers(1, count + 1))  # so that there are long runs of one index, too

    def draw(rng, batch):
        return rng.integers(used, size=(batch, *shape))

    def oracle(x, params, state):
        return torch.nn.functional.embedding(x, params["weight"], padding)

    layer = Embedding(count, int(rng.integers(1, 6)), padding_index=padding)
    return layer_case(rng, layer, shape, oracle, draw=draw)


def learned_positional_embedding(rng):
    shape = tuple(rng.integers(1, 7, size=2).tolist())
    return layer_case(rng, LearnedPositionalEmbedding(), shape, lambda x, params, state: x + params["weight"])


def self_attention(rng):
    """`torch.nn.functional.multi_head_attention_forward`, whose weights are those of xpnn in another order."""
    heads, size, time = (int(n) for n in rng.integers(1, 5, size=3))
    features, use_bias = heads * size, bool(rng.integers(2))
    causal, with_mask = (bool(n) for n in rng.integers(2, size=2))
    layer = MultiHeadAttention(heads, size, use_bias=use_bias, causal=causal)

    def oracle(x, params, state):
        x, mask = x if with_mask else (x, None)
        return _multi_head(x, params, layer, mask)

    shape = ((time, features), (time,)) if with_mask else (time, features)
    draw = _draw_mask(shape) if with_mask else None
    return layer_case(rng, layer, shape, oracle, draw=draw, constant=(1,), batch=int(rng.integers(1, 4)))


def cross_attention(rng):
    """`torch.nn.functional.scaled_dot_product_attention` with heads of any size, and masks of both shapes."""
    heads, key, value, queries, keys, first, second = (int(n) for n in rng.integers(1, 6, size=7))
    use_bias, causal, mask_kind = bool(rng.integers(2)), bool(rng.integers(2)), int(rng.integers(3))
    layer = MultiHeadAttention(heads, key, value, use_bias=use_bias, causal=causal)
    mask = [(), ((keys,),), ((queries, keys),)][mask_kind]
    shape = ((queries, first), (keys, second), *mask)

    def oracle(x, params, state):
        import torch

        def project(x, name):
            y = x @ params[f"{name}weight"] + params.get(f"{name}bias", 0.0)
            return y.unflatten(-1, (heads, -1)).transpose(1, 2)

        q, both = project(x[0], "query_"), project(x[1], "value_")
        allowed = torch.ones(queries, keys, dtype=torch.bool)
        allowed = allowed.tril() if causal else allowed
        if mask:
            rows = x[2][:, None, None, :] if x[2].ndim == 2 else x[2][:, None]
            allowed = allowed & (rows != 0)
        h = torch.nn.functional.scaled_dot_product_attention(q, both[..., :key], both[..., key:], attn_mask=allowed)
        h = torch.where(allowed.any(dim=-1, keepdim=True), h, 0.0)
        return h.transpose(1, 2).flatten(2) @ params["output_weight"] + params.get("output_bias", 0.0)

    return layer_case(
        rng,
        layer,
        shape,
        oracle,
        draw=_draw_mask(shape) if mask else None,
        constant=(2,),
        batch=int(rng.integers(0, 4)),
    )


def transformer_encoder(rng):
    """`torch.nn.TransformerEncoderLayer`; of rows of one or two features a norm keeps little but rounding errors."""
    import torch

    heads, size, time, hidden = (int(n) for n in rng.integers((1, 3, 1, 1), 5))
    eps = float(10 ** rng.uniform(-4, -1))
    features, norm_first, causal, with_mask = heads * size, *(bool(n) for n in rng.integers(2, size=3))
    activation = str(rng.choice(["relu", "gelu"]))
    layer = TransformerEncoder(features, heads, hidden, 0.0, activation, norm_first, causal, eps)

    def oracle(x, params, state):
        x, padding = (x[0], x[1] == 0) if with_mask else (x, None)
        block = torch.nn.TransformerEncoderLayer(
            features, heads, hidden, 0.0, activation, eps, batch_first=True, norm_first=norm_first, dtype=torch.float64
        )
        prefix = "attention.norm." if norm_first else "attention_norm."
        second = "feed_forward.norm." if norm_first else "feed_forward_norm."
        attention = {n.removeprefix("attention.heads."): p for n, p in params.items() if "heads" in n}
        weight, bias, output_weight, output_bias = _torch_order(
            attention, layer.children["attention"].children["heads"]
        )
        values = {
            "self_attn.in_proj_weight": weight,
            "self_attn.in_proj_bias": bias,
            "self_attn.out_proj.weight": output_weight,
            "self_attn.out_proj.bias": output_bias,
            "norm1.weight": params[f"{prefix}weight"],
            "norm1.bias": params[f"{prefix}bias"],
            "norm2.weight": params[f"{second}weight"],
            "norm2.bias": params[f"{second}bias"],
            "linear1.weight": params["feed_forward.hidden.weight"].T,
            "linear1.bias": params["feed_forward.hidden.bias"],
            "linear2.weight": params["feed_forward.output.weight"].T,
            "linear2.bias": params["feed_forward.output.bias"],
        }
        mask = torch.ones(time, time, dtype=torch.bool).triu(1) if causal else None
        return torch.func.functional_call(block, values, (x,), {"src_mask": mask, "src_key_padding_mask": padding})

    shape = ((time, features), (time,)) if with_mask else (time, features)
    if not with_mask:
        return layer_case(rng, layer, shape, oracle)
    draw = _draw_mask(shape, first=1.0)  # where nothing is to be seen PyTorch gives NaN
    return layer_case(rng, layer, shape, oracle, draw=draw, constant=(1,), batch=int(rng.integers(1, 5)))


def _draw_mask(shape, first=None):
    """Inputs and a mask after them, whose `first` elements are these."""

    def draw(rng, batch):
        *inputs, mask = [rng.standard_normal((batch, *part)) for part in shape]
        mask = np.where(rng.random(mask.shape) < 0.6, mask, 0.0)
        if first is not None:
            mask[:, 0] = first
        return *inputs, mask

    return draw


def _torch_order(params, layer):
    """Columns of the projection as PyTorch has them: all queries, all keys, all values; biases of zeros if none."""
    import torch

    columns = params["weight"].unflatten(1, (layer.num_heads, 3, layer.key_dim))
    weight = columns.permute(2, 1, 3, 0).flatten(0, 2)
    bias = params.get("bias", torch.zeros(weight.shape[0], dtype=weight.dtype))
    bias = bias.unflatten(0, (layer.num_heads, 3, layer.key_dim)).transpose(0, 1).flatten()
    output_weight = params["output_weight"].T
    return weight, bias, output_weight, params.get("output_bias", torch.zeros(output_weight.shape[0]).double())


def _multi_head(x, params, layer, mask):
    """PyTorch's function; where nothing may be attended to, which PyTorch has no rule for, the bias of the output."""
    import torch

    weight, bias, output_weight, output_bias = _torch_order(params, layer)
    batch, time, features = x.shape
    allowed = torch.ones(batch, time, time, dtype=torch.bool)
    allowed = allowed.tril() if layer.causal else allowed
    allowed = allowed if mask is None else allowed & (mask != 0)[:, None, :]
    is_lost = ~allowed.any(dim=-1, keepdim=True)
    hidden = (~allowed & ~is_lost).repeat_interleave(layer.num_heads, dim=0)
    rows = x.transpose(0, 1)
    y, _ = torch.nn.functional.multi_head_attention_forward(
        rows, rows, rows, features, layer.num_heads, weight, bias, None, None, False, 0.0, output_weight, output_bias,
        training=False, need_weights=False, attn_mask=hidden,
    )  # fmt: skip
    return torch.where(is_lost, output_bias, y.transpose(0, 1))


FAMILIES = {
    "CrossAttention": cross_attention,
    "Embedding": embedding,
    "LearnedPositionalEmbedding": learned_positional_embedding,
    "MultiHeadAttention": self_attention,
    "TransformerEncoder": transformer_encoder,
}
