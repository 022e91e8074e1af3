"""`Dataset`: inputs and targets with the names that belong to them."""

from collections.abc import Iterator
from dataclasses import dataclass

from xpnn.typing import HostArray

__all__ = ["Dataset"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Dataset:
    """Inputs and targets on the host. It unpacks as ``x, y``.

    Parameters
    ----------
    x : array, shape (samples, ...)
        Inputs: a column for each feature, or images.
    y : array, shape (samples, ...)
        Targets: class labels as int64, or real values.
    feature_names : tuple of str
        Names of the columns of `x`; empty when they have none.
    class_names : tuple of str
        Name of class 0, of class 1, and so on; empty when the targets are plain numbers.
    target_name : str
        Name of the column that `y` comes from.
    citation : str
        Whom to cite, and under which licence the data may be used.

    Examples
    --------
    >>> from xpnn.data import iris
    >>> x, y = iris()
    >>> iris()
    Dataset(150 samples of shape (4,), 3 classes: setosa, versicolor, virginica)
    """

    x: HostArray
    y: HostArray
    feature_names: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()
    target_name: str = ""
    citation: str = ""

    def __iter__(self) -> Iterator[HostArray]:
        """Yield `x`, then `y`."""
        yield self.x
        yield self.y

    def __repr__(self) -> str:
        text = f"{len(self.x)} samples of shape {tuple(self.x.shape[1:])}"
        if self.class_names:
            names = ", ".join(self.class_names[:10]) + (", ..." if len(self.class_names) > 10 else "")
            text += f", {len(self.class_names)} classes: {names}"
        return f"Dataset({text})"
