"""`ParameterGroup`: parameters that are to learn differently from the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any

from xpnn import _check
from xpnn._record import Record
from xpnn.errors import ArgumentError, ArgumentTypeError

__all__ = ["ParameterGroup", "as_parameter_groups"]


@dataclass(frozen=True, slots=True, repr=False)
class ParameterGroup(Record):
    r"""A learning rate and a weight decay of their own for some parameters, as factors of the optimizer's.

    Parameters
    ----------
    names : str
        Name of a parameter (``"2.bias"``), of a layer with all that is inside it (``"2"``), or a pattern of names with
        ``*`` and ``?`` (``"*.bias"``).
    learning_rate_factor : float, optional
        The change of the parameters in a step, :math:`p_t - p_{t-1}`, is multiplied by it. For optimizers whose change
        is proportional to the learning rate, which most are, that is a learning rate of their own; weight decay
        inside the change is scaled along, as in PyTorch. By default 1.
    weight_decay_factor : float, optional
        The optimizer's weight decay is multiplied by it: 0 switches it off, 1 on. By default it is on for parameters
        with two or more axes, and off for biases and norms. The penalties ``l1`` and ``l2`` of a network are no matter
        of the optimizer and stay as they are.

    Raises
    ------
    ArgumentError
        If a factor is negative, or there are no names.

    Examples
    --------
    >>> group = ParameterGroup("encoder", learning_rate_factor=0.1)
    >>> [group.includes(name) for name in ("encoder.0.weight", "encoder2.weight")]
    [True, False]
    """

    names: str
    learning_rate_factor: float | None = field(default=None, kw_only=True)
    weight_decay_factor: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.names, str) or not self.names:
            _check.refuse("names", "be a name or a pattern of names", self.names)
        for name in ("learning_rate_factor", "weight_decay_factor"):
            if getattr(self, name) is not None:
                self._set(name, _check.non_negative(name, getattr(self, name)))

    def includes(self, name: str) -> bool:
        """Tell whether the parameter `name` belongs to the group."""
        return name == self.names or name.startswith(f"{self.names}.") or fnmatchcase(name, self.names)


def as_parameter_groups(groups: Any) -> tuple[ParameterGroup, ...]:
    """Turn groups, or a mapping from names to their factors, into a tuple of groups.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If it is neither, or a factor is unknown.

    Examples
    --------
    >>> as_parameter_groups({"0": {"learning_rate_factor": 0.1}})
    (ParameterGroup('0', learning_rate_factor=0.1),)
    """
    if isinstance(groups, Mapping):
        return tuple(_as_group(names, factors) for names, factors in groups.items())
    if isinstance(groups, str) or not isinstance(groups, Sequence):
        raise ArgumentTypeError(f"parameter_groups must be a mapping or a sequence of ParameterGroup, got {groups!r}.")
    for group in groups:
        if not isinstance(group, ParameterGroup):
            raise ArgumentTypeError(f"parameter_groups must hold instances of ParameterGroup, got {group!r}.")
    return tuple(groups)


def _as_group(names: Any, factors: Any) -> ParameterGroup:
    if not isinstance(factors, Mapping) or not factors:
        raise ArgumentError(f"parameter_groups[{names!r}] must be a mapping of factors, got {factors!r}.")
    for name in factors:
        _check.choice(
            f"factors in parameter_groups[{names!r}]", name, [f.name for f in fields(ParameterGroup) if f.kw_only]
        )
    return ParameterGroup(names, **factors)
