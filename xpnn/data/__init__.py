"""Data on the host: generators of toy problems, two small tables, loaders of files, and what is done before training.

Generators return ``(x, y)`` and give the same numbers for the same seed. Most give their samples class by class: `fit`
and `train_test_split` shuffle. Loaders return a `Dataset`, which keeps the names of features and classes and unpacks as
``x, y``.

>>> from xpnn import data
>>> flowers = data.iris()
>>> flowers
Dataset(150 samples of shape (4,), 3 classes: setosa, versicolor, virginica)
>>> x_train, x_test, y_train, y_test = data.train_test_split(*flowers, stratify=True)
>>> x_train, x_test = data.standardize(x_train, x_test)
>>> x_train.shape, x_test.shape
((112, 4), (38, 4))
"""

from xpnn.data.array_stream import ArrayStream
from xpnn.data.balanced_sampler import BalancedSampler
from xpnn.data.circles import circle, circles
from xpnn.data.class_weights import balanced_class_weights
from xpnn.data.csv_file import load_csv
from xpnn.data.dataset import Dataset
from xpnn.data.digits import digits
from xpnn.data.gauss import clusters, gauss
from xpnn.data.idx_file import load_idx
from xpnn.data.infer_task import infer_task
from xpnn.data.iris import iris
from xpnn.data.labels import decode_labels, encode_labels
from xpnn.data.load import load, load_inputs
from xpnn.data.mixup import Mixup
from xpnn.data.mnist import load_mnist
from xpnn.data.moons import moons
from xpnn.data.nine_grid import nine_grid
from xpnn.data.npz_file import load_npz
from xpnn.data.one_hot import one_hot
from xpnn.data.parquet_file import load_parquet
from xpnn.data.plane import gaussian, plane
from xpnn.data.regression import regression
from xpnn.data.sampler import Sampler
from xpnn.data.spiral import spiral, two_spirals
from xpnn.data.split import train_test_split
from xpnn.data.standardizer import Standardizer, standardize
from xpnn.data.weighted_sampler import WeightedSampler
from xpnn.data.xor import xor

__all__ = [
    "ArrayStream",
    "BalancedSampler",
    "Dataset",
    "Mixup",
    "Sampler",
    "Standardizer",
    "WeightedSampler",
    "balanced_class_weights",
    "circle",
    "circles",
    "clusters",
    "decode_labels",
    "digits",
    "encode_labels",
    "gauss",
    "gaussian",
    "infer_task",
    "iris",
    "load",
    "load_csv",
    "load_idx",
    "load_inputs",
    "load_mnist",
    "load_npz",
    "load_parquet",
    "moons",
    "nine_grid",
    "one_hot",
    "plane",
    "regression",
    "spiral",
    "standardize",
    "train_test_split",
    "two_spirals",
    "xor",
]
