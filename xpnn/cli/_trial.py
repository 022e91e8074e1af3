"""The trial of `xpnn demo`: one small network learns to read digits, on one backend."""

import time
from dataclasses import dataclass

import numpy as np

from xpnn.bench import Contender
from xpnn.data import digits, train_test_split
from xpnn.layers import Dense
from xpnn.network import Network
from xpnn.optimizers import Adam
from xpnn.typing import Backend, HostArray

__all__ = ["BATCH", "Data", "Trial", "load_digits", "train_on"]

BATCH = 64
_HIDDEN = (64, 32)


@dataclass(frozen=True, slots=True)
class Data:
    """Pictures as 64 pixels from 0 to 1, and their digits; the network does not see the test before it is done."""

    x: HostArray
    y: HostArray
    x_test: HostArray
    y_test: HostArray


@dataclass(frozen=True, slots=True)
class Trial:
    """A network trained on one backend, its accuracy on the test, and the seconds that training took."""

    net: Network
    test_accuracy: float
    seconds: float

    @property
    def loss(self) -> list[float]:
        """Loss of each epoch."""
        return self.net.history["loss"]

    def contender(self, data: Data) -> Contender:
        """One more step of training on a batch that is on the device, to be timed."""
        backend = self.net.backend
        x = backend.asarray(np.astype(data.x[:BATCH], np.float32))
        y = backend.asarray(data.y[:BATCH])
        return Contender(lambda: self.net.train_on_batch(x, y), backend.synchronize)


def load_digits(seed: int) -> Data:
    """Keep a quarter of the pictures for the test, the same share of each digit."""
    pictures = digits()
    x, x_test, y, y_test = train_test_split(pictures.x / 16.0, pictures.y, seed=seed, stratify=True)
    return Data(x, y, x_test, y_test)


def train_on(backend: Backend, data: Data, epochs: int, seed: int) -> Trial:
    """Train and measure."""
    layers = [*[Dense(units, activation="relu") for units in _HIDDEN], Dense(10)]
    net = Network(layers, optimizer=Adam(0.003), metrics=["accuracy"], backend=backend, seed=seed)
    begin = time.perf_counter()
    net.fit(data.x, data.y, batch_size=BATCH, epochs=epochs, verbose=0)
    seconds = time.perf_counter() - begin
    return Trial(net, net.evaluate(data.x_test, data.y_test)["accuracy"], seconds)
