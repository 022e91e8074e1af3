"""The options of `xpnn train`."""

import argparse
from typing import Any

from xpnn.backend import DTYPES
from xpnn.cli import _types
from xpnn.cli._parser import add_backend, add_json

__all__ = ["add_options"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the file and all options, in groups."""
    parser.add_argument("file", metavar="FILE", help="data: .csv, .tsv, .txt (also .gz), .parquet, .npz")
    _add_data_options(parser.add_argument_group("data"))
    _add_network_options(parser.add_argument_group("network"))
    _add_training_options(parser.add_argument_group("training"))
    output = parser.add_argument_group("output")
    output.add_argument("--save", metavar="PATH", help="write the network to this file")
    output.add_argument("--log", metavar="PATH", help="write loss and metrics of each epoch to this CSV file")
    output.add_argument("-q", "--quiet", action="store_true", help="show no progress")
    output.add_argument("-v", "--verbose", action="store_true", help="show a line for each epoch")
    add_json(parser)


def _add_data_options(group: Any) -> None:
    group.add_argument(
        "--target", metavar="COL", help="what to predict: a column (default: the last), or an array (default: y)"
    )
    group.add_argument(
        "--features",
        metavar="A,B,...",
        type=_types.names,
        help="inputs: columns (default: all others), or an array (x)",
    )
    words = ("auto", "classification", "regression")
    group.add_argument(
        "--task", metavar="TASK", type=_types.word(*words), default="auto", help=f"{', '.join(words)} (default: auto)"
    )
    group.add_argument(
        "--validation", metavar="SHARE", type=_types.fraction, default=0.2, help="kept to measure on (default: 0.2)"
    )


def _add_network_options(group: Any) -> None:
    group.add_argument(
        "--hidden",
        metavar="N,N,...",
        type=_types.sizes,
        default=(64, 64),
        help="hidden units, or none (default: 64,64)",
    )
    group.add_argument("--activation", metavar="NAME", default="relu", help="of the hidden layers (default: relu)")
    group.add_argument(
        "--dropout", metavar="RATE", type=_types.fraction, default=0.0, help="after each hidden layer (default: 0)"
    )
    group.add_argument(
        "--l2", metavar="W", type=_types.non_negative, default=0.0, help="penalty W/2 sum(w**2) on weights (default: 0)"
    )
    group.add_argument(
        "--dtype",
        metavar="TYPE",
        type=_types.word(*DTYPES),
        default="float32",
        help=f"{', '.join(DTYPES)} (default: float32)",
    )
    add_backend(group)


def _add_training_options(group: Any) -> None:
    group.add_argument("--optimizer", metavar="NAME", default="adam", help="adam, adamw, sgd, ... (default: adam)")
    group.add_argument(
        "--learning-rate", metavar="RATE", type=_types.positive, help="default: the optimizer's own, 0.001 for adam"
    )
    group.add_argument("--batch-size", metavar="N", type=_types.integer(1), default=32, help="default: 32")
    group.add_argument("--epochs", metavar="N", type=_types.integer(1), default=50, help="default: 50")
    group.add_argument(
        "--patience",
        metavar="N",
        type=_types.integer(0),
        help="stop N epochs after the best one by validation loss, and go back to it (default: no early stop)",
    )
    group.add_argument(
        "--seed", metavar="N", type=_types.integer(0), default=0, help="of weights, shuffles and split (default: 0)"
    )
