"""`load_mnist`: a folder of four IDX files."""

from pathlib import Path

import numpy as np

from xpnn import _check
from xpnn.data._files import DataPath, refuse
from xpnn.data.dataset import Dataset
from xpnn.data.idx_file import load_idx
from xpnn.errors import DataError

__all__ = ["load_mnist"]

_PREFIXES = {"train": "train", "test": "t10k"}


def load_mnist(folder: DataPath, *, split: str = "train") -> Dataset:
    """Read MNIST, Fashion-MNIST, or another set of the same form.

    The folder holds ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte`` and the same two with ``t10k`` in place of
    ``train``; a dot in place of the last but one hyphen (``train-images.idx3-ubyte``) and an ending ``.gz`` are fine.

    Parameters
    ----------
    folder : str or path
        Where the files are.
    split : {"train", "test"}
        Which part to read.

    Returns
    -------
    Dataset
        `x` in uint8, shape (samples, height, width, 1), with the pixels as they are in the file (0 to 255), and `y`
        in int64. Divide `x` by 255 before training.

    Raises
    ------
    DataError
        If a file is missing or broken, or the images do not fit the labels.
    ArgumentError
        If `split` is another word.

    Examples
    --------
    >>> x, y = load_mnist("mnist", split="test")  # doctest: +SKIP
    """
    folder = _check.path("folder", folder)
    prefix = _PREFIXES[_check.choice("split", split, _PREFIXES)]
    images_path, labels_path = (_find(folder, prefix, kind) for kind in ("images-idx3", "labels-idx1"))
    images, labels = load_idx(images_path), load_idx(labels_path)
    if images.ndim != 3 or images.dtype != np.uint8:
        refuse(
            images_path,
            "hold uint8 images of shape (samples, height, width)",
            f"{images.dtype} of shape {images.shape}",
        )
    if labels.dtype != np.uint8 or labels.shape != images.shape[:1]:
        refuse(labels_path, f"hold {len(images)} uint8 labels", f"{labels.dtype} of shape {labels.shape}")
    return Dataset(images[..., None], np.astype(labels, np.int64))


def _find(folder: Path, prefix: str, kind: str) -> Path:
    for name in (f"{prefix}-{kind}-ubyte", f"{prefix}-{kind.replace('-', '.')}-ubyte"):
        for ending in ("", ".gz"):
            path = folder / (name + ending)
            if path.is_file():
                return path
    raise DataError(f"folder must hold {prefix}-{kind}-ubyte, also as .gz, got {str(folder)!r} without it.")
