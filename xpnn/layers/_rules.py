"""Rules for single parameters: the fields ``<parameter>_regularizer`` and ``<parameter>_constraint`` of a layer.

A layer that has such fields calls `check_rules` when it is made. The rest is the work of `xpnn.training.rules`, which
finds the fields by the names of the parameters, or by their last words: the field ``weight_regularizer`` serves
``query_weight`` too, unless there is a ``query_weight_regularizer``.
"""

from dataclasses import fields
from typing import Any

from xpnn.constraints import get_constraint
from xpnn.regularizers import get_regularizer

__all__ = ["check_rules"]


def check_rules(layer: Any) -> None:
    """Turn names in the fields of rules into objects, inside ``__post_init__``.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there is no rule of that name, or something is no rule.
    """
    for name in (field.name for field in fields(layer)):
        if name.endswith("_regularizer"):
            layer._set(name, get_regularizer(name, getattr(layer, name)))
        elif name.endswith("_constraint"):
            layer._set(name, get_constraint(name, getattr(layer, name)))
