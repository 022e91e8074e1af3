"""`Program`: a step written down: nodes in the order in which they were recorded, what goes in, what comes out."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from xpnn.program.evaluation import evaluate
from xpnn.program.node import Node
from xpnn.program.scan import Scan, run_loops
from xpnn.typing import Array, DType, Namespace

__all__ = ["Program"]


@dataclass(frozen=True, slots=True)
class Program:
    """A pure function of arrays.

    Parameters
    ----------
    nodes : tuple of Node
        All operations, each after those that it needs.
    held : tuple of Node
        Inputs that live from run to run: parameters, the optimizer's vectors, the layers' state.
    given : tuple of Node
        Inputs that are new in each run: batch, targets, masks.
    numbers : tuple of Node
        Numbers that change from run to run, such as a learning rate, as 0-d arrays.
    outputs : tuple of Node
        Results.
    updates : tuple of (Node, Node)
        Held inputs and their new contents.
    """

    nodes: tuple[Node, ...]
    held: tuple[Node, ...]
    given: tuple[Node, ...]
    numbers: tuple[Node, ...]
    outputs: tuple[Node, ...]
    updates: tuple[tuple[Node, Node], ...] = ()

    @property
    def roots(self) -> tuple[Node, ...]:
        """Everything that must be computed."""
        return (*self.outputs, *(value for _, value in self.updates))

    @property
    def inputs(self) -> tuple[Node, ...]:
        """All inputs: held, given, numbers."""
        return (*self.held, *self.given, *self.numbers)

    def rewrite(self, rule: Callable[[Node], Node]) -> "Program":
        """Replace each node by what `rule` returns for it; `rule` sees it with its arguments replaced already."""
        new: dict[Node, Node] = {node: node for node in self.inputs}
        for node in self.nodes:
            args = tuple(new[arg] if isinstance(arg, Node) else arg for arg in node.args)
            new[node] = rule(node if args == node.args else replace(node, args=args))
        return replace(
            self,
            nodes=tuple(_in_order((new[node] for node in self.nodes), set(self.inputs))),
            outputs=tuple(new[node] for node in self.outputs),
            updates=tuple((held, new[value]) for held, value in self.updates),
        )

    def compute_numbers(self, scalars: Mapping[str, float]) -> list[float]:
        """Values of `numbers` from the named scalars of a step."""
        return [node.options["compute"](scalars) for node in self.numbers]

    def evaluate(
        self,
        xp: Namespace,
        dtypes: Callable[[str], DType],
        held: Sequence[Array],
        given: Sequence[Array],
        numbers: Sequence[Any],
        scan: Scan | None = None,
    ) -> tuple[list[Array], list[Array]]:
        """Run the program with the functions of `xp`; return the outputs and the new contents of `held`.

        What it does again and again is run as a loop by `scan`, where the library has one.
        """
        values: dict[Node, Any] = dict(zip(self.inputs, (*held, *given, *numbers), strict=True))
        if scan is not None:
            values = run_loops(self.nodes, values, self.roots, xp, dtypes, scan)
        else:
            for node in self.nodes:
                values[node] = evaluate(node, values, xp, dtypes)
        updated = {node: values[value] for node, value in self.updates}
        return [values[node] for node in self.outputs], [updated.get(node, values[node]) for node in self.held]


def _in_order(nodes: Iterable[Node], seen: set[Node]) -> Iterator[Node]:
    """Put nodes that a rule has made before those that need them, and each once."""
    for node in nodes:
        if node not in seen:
            seen.add(node)
            yield from _in_order(node.inputs, seen)
            yield node
