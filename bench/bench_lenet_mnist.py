"""LeNet on MNIST: how many of the 10,000 test images it knows after each epoch, and in how many seconds.

Run ``XPNN_MNIST_DIR=FOLDER python bench/bench_lenet_mnist.py [--backend NAME] [--compile WAY] [--epochs N]``. The
folder holds the four IDX files. It exits with 1 if the goal is not passed within the epochs.
"""

import argparse
import os
import sys
import time
from typing import Any

from one_thread import pin

GOAL = 0.985
"""Share of the test images."""


def main() -> int:
    """Train until the goal is passed, and print a line for each epoch."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--backend", default="numpy")
    parser.add_argument("--compile", default=True, help="a way of the backend, e.g. replay (default: its strongest)")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--goal", type=float, default=GOAL)
    args = parser.parse_args()
    folder = os.environ.get("XPNN_MNIST_DIR")
    if not folder:
        parser.error("XPNN_MNIST_DIR must name the folder with the IDX files of MNIST.")
    pin()
    from xpnn.data import load_mnist

    train, test = (load_mnist(folder, split=split) for split in ("train", "test"))
    x, x_test = (data.x.astype("float32") / 255 for data in (train, test))
    net = _lenet(args.backend, args.compile)
    for epoch in range(1, args.epochs + 1):
        start = time.perf_counter()
        loss = net.fit(x, train.y, batch_size=64, epochs=1, verbose=0)["loss"][-1]
        seconds = time.perf_counter() - start
        accuracy = net.evaluate(x_test, test.y, batch_size=500)["accuracy"]
        print(f"epoch {epoch}: loss {loss:.4f}, {seconds:.1f} s, {accuracy:.2%} of the test images", flush=True)
        if accuracy > args.goal:
            return 0
    return 1


def _lenet(backend: str, way: Any) -> Any:
    from xpnn import Network
    from xpnn.layers import Conv2D, Dense, Flatten, MaxPool2D
    from xpnn.optimizers import Adam

    layers = [
        Conv2D(6, 5, padding=2, activation="relu"),
        MaxPool2D(2),
        Conv2D(16, 5, activation="relu"),
        MaxPool2D(2),
        Flatten(),
        Dense(120, activation="relu"),
        Dense(84, activation="relu"),
        Dense(10),
    ]
    return Network(layers, optimizer=Adam(1e-3), metrics=["accuracy"], backend=backend, compile=way, seed=0)


if __name__ == "__main__":
    sys.exit(main())
