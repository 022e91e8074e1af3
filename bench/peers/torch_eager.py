"""PyTorch without compilation: autograd, and ``torch.optim.Adam`` in one kernel per call (``fused``)."""

from typing import Any

import torch
from torch import nn

from peers.problem import Problem

__all__ = ["Peer"]


class Peer:
    """A sequence of `torch.nn.Linear` and `torch.nn.ReLU`, on the processor or a GPU."""

    def __init__(self, problem: Problem, device: str = "cpu", capturable: bool = False) -> None:
        modules: list[nn.Module] = []
        for weight, bias in problem.layers:
            linear = nn.Linear(*weight.shape)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(weight.T.copy()))
                linear.bias.copy_(torch.from_numpy(bias))
            modules += [linear, nn.ReLU()]
        self.model = nn.Sequential(*modules[:-1]).to(device)
        parameters = self.model.parameters()
        self.optimizer = torch.optim.Adam(parameters, lr=problem.learning_rate, fused=True, capturable=capturable)
        self.loss = nn.CrossEntropyLoss()
        self.device = device
        self.x, self.y = (torch.from_numpy(array).to(device) for array in (problem.x, problem.y))

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
