"""PyTorch without compilation: autograd, and ``torch.optim.Adam`` in one kernel per call (``fused``)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from peers.problem import Problem, Stage

__all__ = ["Peer"]


class Peer:
    """A sequence of modules of `torch.nn`, on the processor or a GPU."""

    def __init__(self, problem: Problem, device: str = "cpu", capturable: bool = False) -> None:
        layers, x = problem.channels_first()
        self.model = _build(problem.stages, layers).to(device)
        parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(parameters, lr=problem.learning_rate, fused=True, capturable=capturable)
        self.loss = nn.CrossEntropyLoss()
        self.device = device
        self.x, self.y = (torch.from_numpy(array).to(device) for array in (x, problem.y))

    @property
    def versions(self) -> dict[str, str]:
        """What is measured."""
        return {"torch": str(torch.__version__)}

    def step(self) -> Any:
        """One training step."""
        self.optimizer.zero_grad()
        loss = self.loss(self.model(self.x), self.y)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def synchronize(self) -> None:
        """Wait for a GPU; the processor has finished when a call returns."""
        if self.device != "cpu":
            torch.cuda.synchronize()


class _LastState(nn.Module):
    """An LSTM that returns its last state; the second of PyTorch's biases, which others do not have, stays 0."""

    def __init__(self, stage: Stage, weight: Any, bias: Any) -> None:
        super().__init__()
        self.lstm = nn.LSTM(stage.shape[-1], stage.size, batch_first=True)
        parts = weight[:, : stage.shape[-1]], weight[:, stage.shape[-1] :], bias, np.zeros_like(bias)
        for parameter, part in zip(self.lstm.parameters(), parts, strict=True):
            parameter.data.copy_(torch.from_numpy(part))
        self.lstm.bias_hh_l0.requires_grad_(False)

    def forward(self, x: Any) -> Any:
        return self.lstm(x)[1][0][0]


def _build(stages: Sequence[Stage], layers: list[tuple[Any, Any]]) -> nn.Sequential:
    modules: list[nn.Module] = []
    parameters = iter(layers)
    for stage in stages:
        if stage.kind == "pool":
            modules.append(nn.MaxPool2d(stage.size))
            continue
        if stage.kind == "lstm":
            modules.append(_LastState(stage, *next(parameters)))
            continue
        if stage.kind == "conv":
            module: Any = nn.Conv2d(stage.shape[-1], stage.size, stage.kernel, padding=stage.padding)
        else:
            modules += [nn.Flatten()] if len(stage.shape) > 1 else []
            module = nn.Linear(stage.weight_shape[0], stage.size)
        with torch.no_grad():
            for own, given in zip((module.weight, module.bias), next(parameters), strict=True):
                own.copy_(torch.from_numpy(given))
        modules += [module, nn.ReLU()]
    return nn.Sequential(*modules[:-1])
