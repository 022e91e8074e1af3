r"""What the norms share: the learnt map :math:`\gamma \hat x + \beta` of each feature; either part may be missing.

The parameters are ``weight`` (:math:`\gamma`) and ``bias`` (:math:`\beta`), both of shape (features,).
"""

from xpnn.typing import Array, Context, Params, Rng

__all__ = ["affine_grads", "apply_affine", "init_affine"]


def init_affine(rng: Rng, features: int, scale: bool, center: bool) -> Params:
    """Start as the identity."""
    params = {"weight": rng.constant(1.0, (features,))} if scale else {}
    return {**params, "bias": rng.constant(0.0, (features,))} if center else params


def apply_affine(params: Params, normal: Array) -> Array:
    """Scale and shift `normal`, shape (..., features), which is left as it is."""
    y = normal * params["weight"] if "weight" in params else normal
    return y + params["bias"] if "bias" in params else y


def affine_grads(params: Params, normal: Array, dy: Array, ctx: Context) -> Params:
    """Gradients of the parameters, summed over all axes but the last."""
    axes, grads = tuple(range(dy.ndim - 1)), {}
    if "weight" in params:
        grads["weight"] = ctx.xp.sum(dy * normal, axis=axes)
    if "bias" in params:
        grads["bias"] = ctx.xp.sum(dy, axis=axes)
    return grads
