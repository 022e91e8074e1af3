"""`digits`: small pictures of handwritten digits."""

from dataclasses import replace
from pathlib import Path

from xpnn.data.csv_file import load_csv
from xpnn.data.dataset import Dataset

__all__ = ["digits"]

_CITATION = (
    "E. Alpaydin & C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998, "
    "https://doi.org/10.24432/C50P49, licence CC BY 4.0."
)


def digits() -> Dataset:
    """Read the 1797 test images of UCI's Optical Recognition of Handwritten Digits, which come with xpnn.

    Returns
    -------
    Dataset
        `x`, shape (1797, 64), float64: the rows of an 8 by 8 picture one after the other; each value counts the inked
        pixels of a 4 by 4 block, from 0 to 16. ``x.reshape(-1, 8, 8, 1)`` are images. `y`, shape (1797,), int64: the
        digit.

    References
    ----------
    .. [1] Alpaydin & Kaynak, Cascading Classifiers, Kybernetika 34(4), 1998; UCI, doi 10.24432/C50P49.

    Examples
    --------
    >>> x, y = digits()
    >>> x.shape, float(x.max()), y[:3]
    ((1797, 64), 16.0, array([0, 1, 2]))
    """
    table = Path(__file__).with_name("tables") / "digits.csv.gz"
    return replace(load_csv(table, "digit", task="classification"), citation=_CITATION)
