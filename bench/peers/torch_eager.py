"""PyTorch without compilation: autograd and ``torch.optim.Adam`` with its defaults."""

from typing import Any

import torch
from torch import nn

from peers.problem import Problem

__all__ = ["Peer"]


class Peer:
    """A sequence of `torch.nn.Linear` and `torch.nn.ReLU`."""

    def __init__(self, problem: Problem) -> None:
        torch.set_num_threads(1)
        modules: list[nn.Module] = []
        for weight, bias in problem.layers:
            linear = nn.Linear(*weight.shape)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(weight.T.copy()))
                linear.bias.copy_(torch.from_numpy(bias))
            modules += [linear, nn.ReLU()]
        self.model = nn.Sequential(*modules[:-1])
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=problem.learning_rate)
        self.loss = nn.CrossEntropyLoss()
        self.x, self.y = torch.from_numpy(problem.x), torch.from_numpy(problem.y)

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
        """Return at once: the processor has finished when a call returns."""
