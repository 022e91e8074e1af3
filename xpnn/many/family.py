"""Families: members that can share operations, and how one family is trained."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xpnn.errors import ArgumentError
from xpnn.many.folds import Fold
from xpnn.many.loop import run_epochs
from xpnn.many.member_learner import MemberLearner
from xpnn.many.member_optimizer import structure
from xpnn.many.member_samples import MemberSamples, share_samples
from xpnn.many.settings import make_network
from xpnn.network import Network
from xpnn.training.batches import Samples
from xpnn.training.ingest import sample_shape
from xpnn.training.mixing import Mixing, as_mixing
from xpnn.training.sources import device_samples
from xpnn.training.totals import measure_nothing
from xpnn.training.validation import validation_samples
from xpnn.typing import HostArray, Shape

__all__ = ["Member", "Plan", "families", "plan_training", "train_family"]


@dataclass(frozen=True, slots=True)
class Member:
    """A network to be trained, and its fold if there are folds."""

    network: Network
    fold: Fold | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What all members have in common: data on the device, the length of the training, the state at its start."""

    input_shape: Shape
    samples: Samples
    validation: Samples | None
    state: dict[str, HostArray]
    batch_size: int | None
    epochs: int
    shuffle: bool
    mixing: Mixing | None = None


def plan_training(
    net: Network,
    x: Any,
    y: Any,
    sample_weight: Any,
    validation_data: Any,
    length: tuple[int | None, int, bool],
    augment: Any = None,
) -> Plan:
    """Check the data as `Network.fit` does, on a network that is thrown away, and bring them to the device once.

    Raises
    ------
    ArgumentError, ArgumentTypeError, ShapeError
        If the data break a rule, or `net` has state and was trained.
    """
    steps = net._built.updater.step if net.built else 0
    state = net.state if net.built else {}
    if steps and state:
        raise ArgumentError(f"net must not be trained before where its layers have state, got {steps} steps.")
    trial = make_network(net, {})
    samples = device_samples(trial._ready, x, y, sample_weight)
    validation = validation_samples(trial._ready, validation_data, device_samples)
    built = trial._built
    measure_nothing(built.loss, built.metrics, samples.y, built.output_shape, built.weights)
    mixing = as_mixing(augment, built)
    if mixing is not None:
        mixing.check(built, samples)
    return Plan(sample_shape(x), samples, validation, state, *length, mixing)


def families(members: Sequence[Member]) -> list[list[Member]]:
    """Sort members by what must be equal to share operations: the structure of the optimizer, the number of samples."""
    found: dict[Any, list[Member]] = {}
    for member in members:
        lengths = () if member.fold is None else tuple(map(len, member.fold))
        found.setdefault((structure(member.network.optimizer), lengths), []).append(member)
    return list(found.values())


def train_family(plan: Plan, family: Sequence[Member]) -> None:
    """Train the networks of a family together."""
    networks = [member.network for member in family]
    for network in networks:
        network.build(plan.input_shape).set_state(plan.state)
    learner = MemberLearner([network._built for network in networks], networks[0].compile)
    samples = share_samples(plan.samples)
    validation = None if plan.validation is None else share_samples(plan.validation)
    folds = [member.fold for member in family if member.fold is not None]
    if folds:
        learnt, measured = (np.stack(rows) for rows in zip(*folds, strict=True))
        samples, validation = MemberSamples(samples, learnt), MemberSamples(samples, measured)
    run_epochs(networks, learner, samples, validation, plan.batch_size, plan.epochs, plan.shuffle, plan.mixing)
    learner.give_back()
