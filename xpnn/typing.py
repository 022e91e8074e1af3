"""The words that every module shares: arrays, trees of arrays, and the protocols of the parts.

A value of type `Array` belongs to whatever array library is in use; the standard that it keeps is the Python Array
API (https://data-apis.org/array-api), which defines behaviour and no runtime type, hence the alias of `Any`.

Over 150 lines: all protocols on one page.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

__all__ = [
    "Array",
    "Backend",
    "Container",
    "Context",
    "DType",
    "Executor",
    "HostArray",
    "Layer",
    "Named",
    "Namespace",
    "Params",
    "Rng",
    "Shape",
    "State",
]

Array: TypeAlias = Any
"""An array of the library in use, on its device."""

HostArray: TypeAlias = Any
"""A NumPy array in the memory of the host."""

Namespace: TypeAlias = Any
"""A module-like object with the functions of the Array API standard: ``xp.exp``, ``xp.sum``, ..."""

DType: TypeAlias = Any
"""A data type of the namespace in use, e.g. ``xp.float32``."""

Shape: TypeAlias = tuple[int, ...]

Params: TypeAlias = Mapping[str, Any]
"""Parameters of a layer by name; of a container, the `Params` of its layers by their names."""

State: TypeAlias = Mapping[str, Any]
"""What a layer remembers between steps without learning it by gradients (running averages), nested like `Params`."""


Named: TypeAlias = Any
"""A part given by its name (``"relu"``) or as an object (``ReLU()``); a frozen record holds the object."""


class Rng(Protocol):
    """Source of initial values: host arrays in float64, drawn from one named stream."""

    def uniform(self, low: float, high: float, shape: Shape) -> HostArray:
        """Draw from the uniform distribution on [`low`, `high`)."""

    def normal(self, mean: float, std: float, shape: Shape) -> HostArray:
        """Draw from the normal distribution."""

    def truncated_normal(self, mean: float, std: float, shape: Shape) -> HostArray:
        """Draw from the normal distribution, and draw anew what is beyond two standard deviations."""

    def orthogonal(self, gain: float, rows: int, columns: int) -> HostArray:
        """Draw a matrix with orthonormal columns, or rows if there are fewer of them, times `gain`."""

    def sparse(self, count: int, std: float, rows: int, columns: int) -> HostArray:
        """Draw a matrix with `count` normal values in each column, and zeros."""

    def eye(self, gain: float, rows: int, columns: int) -> HostArray:
        """Return `gain` on the diagonal and zeros elsewhere; nothing is drawn."""

    def constant(self, value: float, shape: Shape) -> HostArray:
        """Fill with `value`; nothing is drawn."""

    def table(self, function: Callable[..., float], shape: Shape) -> HostArray:
        """Fill with the values of `function` at the indices of each element; nothing is drawn."""

    def without_row(self, values: HostArray, row: int) -> HostArray:
        """Return `values` with zeros in one row."""


@runtime_checkable
class Backend(Protocol):
    """One array library on one device. See `xpnn.testing.check_backend` for the conformance kit.

    Seven more members are optional; xpnn looks for them once per network and has a default for each:

    ``erfc(x)``
        Complementary error function; the default is `xpnn.special.erfc`, which is written in the standard alone.
    ``block_size``
        Number of elements on which an elementwise update should work at a time, so that its temporaries stay in the
        processor's cache; the default None means all at once.
    ``shares_views``
        True if slices and reshaped slices of an array are views through which writes are seen on both sides; parameters
        are then updated in place. The default is False.
    ``no_float16``
        None if products of matrices in float16 are of use here, else why they are not. Without it a network with the
        dtype ``"mixed_float16"`` is refused.
    ``using()``
        Context manager around everything that is done with the arrays of the backend, e.g. to make its device the
        current one; the default does nothing.
    ``compilers``
        Tuple of `xpnn_backends.compiler.Compiler`: ways to run a recorded program faster than operation by operation,
        the cheapest to make first. Each makes an `Executor`. The default is none.
    ``explain()``
        Facts about the machine for reports, a flat mapping of strings.
    """

    @property
    def name(self) -> str:
        """The word that `xpnn.get_backend` turns into this backend, e.g. ``"cupy:1"``."""

    @property
    def xp(self) -> Namespace:
        """The Array API namespace."""

    @property
    def device(self) -> Any:
        """The device, as the library's own object, to be handed to ``xp`` as ``device=``."""

    def asarray(self, values: Any, dtype: DType | None = None) -> Array:
        """Bring `values` (host array, sequence, or array of this library) to the device; may share memory."""

    def to_numpy(self, x: Array) -> HostArray:
        """Bring `x` to the host; waits for the device. The result may share memory with `x`."""

    def synchronize(self) -> None:
        """Wait until the device has finished all work handed to it."""


class Executor(Protocol):
    """A compiled program."""

    @property
    def nbytes(self) -> int:
        """Bytes of working memory that it keeps; 0 where the library keeps its own account."""

    def prepare(self, held: Sequence[Array]) -> None:
        """Get ready for runs with these arrays, or raise; nothing is written to them."""

    def run(
        self, held: Sequence[Array], given: Sequence[Array], numbers: Sequence[float]
    ) -> tuple[list[Array], Sequence[Array]]:
        """Run once.

        Parameters
        ----------
        held : sequence of Array
            What lives from run to run (parameters, vectors, state), in the order of the program. The same object is
            passed as long as the arrays in it are the same. Arrays that the program replaces may be written in place,
            or be of no use afterwards.
        given : sequence of Array
            What is new in this run: batch, targets, masks.
        numbers : sequence of float
            What the program computes with that is neither: learning rate, bias corrections.

        Returns
        -------
        outputs : list of Array
            Results: new arrays, which later runs leave alone.
        held : sequence of Array
            The argument itself if it was written in place, else the present arrays.
        """


class Context(Protocol):
    """What surrounds a layer while it runs: the namespace, the mode, the random streams."""

    @property
    def xp(self) -> Namespace:
        """The Array API namespace of the arrays that the layer sees."""

    @property
    def backend(self) -> Backend:
        """The backend that owns the arrays."""

    @property
    def training(self) -> bool:
        """True in a training step; False for predictions and evaluation."""

    @property
    def wants_dx(self) -> bool:
        """Whether anybody reads the gradient with respect to the input; if not, `backward` may return None for it."""

    @property
    def frozen(self) -> bool:
        """Whether the parameters of the layer are frozen: what it remembers must not move either."""

    def erfc(self, x: Array) -> Array:
        """Complementary error function, accurate in the tail."""

    def bernoulli(self, probability: float, shape: Shape) -> Array:
        """Draw booleans, True with `probability`, from the host stream of this layer; the same bits on all backends."""

    def normal(self, shape: Shape, dtype: DType) -> Array:
        """Draw standard normal numbers from the host stream of this layer; the same bits on all backends."""

    def uniform(self, shape: Shape, dtype: DType) -> Array:
        """Draw uniform numbers in [0, 1) from the host stream of this layer; the same bits on all backends."""

    def child(self, name: str, wants_dx: bool = True) -> "Context":
        """Context of the layer `name` inside this container."""


@runtime_checkable
class Layer(Protocol):
    """A frozen record of sizes with three pure functions. No array lives in a layer.

    A layer with several inputs takes a tuple of arrays as `x` and a tuple of shapes as `input_shape`, and its
    `backward` returns a tuple of gradients, None for an input that has none (a mask, indices). Several outputs are a
    tuple `y` too, and a tuple of shapes; in the tuple `dy` an output that nobody has read is None.

    A layer that takes one array alone says so by the annotation ``input_shape: Shape`` of its `init`: a container then
    refuses several, with the place of the layer. With another annotation, or none, it must refuse them itself.

    Two more members are optional:

    ``moves_values``
        True if the layer only moves, chooses or drops values, whatever function made them; the default is False. Then
        the network ends in the activation before it, which a loss may refuse.
    ``index_bound``
        The input holds integers from 0 up to this number, which is not among them; the default None means real numbers.
        A network whose first layer has it checks the values once on the host and brings them over as integers. For
        several inputs it is a tuple of such numbers and None.
    """

    @property
    def name(self) -> str | None:
        """Name inside the container; None takes the position."""

    def init(self, rng: Rng, input_shape: Shape) -> tuple[Params, State, Shape]:
        """Initial parameters and state as host arrays, and the output shape; shapes are of one sample."""

    def forward(self, params: Params, state: State, x: Array, ctx: Context) -> tuple[Array, Any, State]:
        """Output, whatever `backward` needs, and the new state."""

    def backward(self, params: Params, saved: Any, dy: Array, ctx: Context) -> tuple[Array, Params]:
        """Gradient with respect to the input, and to the parameters under the keys of `params`."""


@runtime_checkable
class Container(Layer, Protocol):
    """A layer made of layers, whose `Params` and `State` nest those of its children by name.

    One more member is optional:

    ``child_input_shapes(input_shape)``
        Shapes of samples that each child takes, by name; the default is that each takes what the one before gives.
    """

    @property
    def children(self) -> Mapping[str, Layer]:
        """The inner layers by name, in the order in which they run."""
