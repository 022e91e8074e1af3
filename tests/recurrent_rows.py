"""Recurrent layers and the shapes of their samples: rows of the tables that every layer is in."""

import numpy as np

from xpnn.layers import GRU, LSTM, Bidirectional, Sequential, SimpleRNN

__all__ = ["DRAWS", "HIDES_NAN", "ROWS"]

ROWS = {
    "simple rnn": (SimpleRNN(3), (4, 2)),
    "simple rnn backwards with states": (
        SimpleRNN(3, "softplus", use_bias=False, return_sequences=True, return_state=True, go_backwards=True),
        ((3, 2), (3,)),
    ),
    "lstm": (LSTM(2, return_sequences=True, unit_forget_bias=False), (3, 2)),
    "lstm with states": (LSTM(2, return_state=True), ((3, 2), (2,), (2,))),
    "lstm with a mask": (LSTM(2, masked=True, return_sequences=True), ((4, 2), (2,), (2,), (4,))),
    "gru": (GRU(2, return_sequences=True), (3, 2)),
    "gru of the paper": (GRU(2, reset_after=False), (3, 2)),
    "gru with a mask": (
        GRU(2, masked=True, return_sequences=True, zero_output_for_mask=True, go_backwards=True),
        ((4, 2), (4,)),
    ),
    "bidirectional": (Bidirectional(GRU(2, return_sequences=True), merge_mode="mul"), (3, 2)),
    "bidirectional with a mask": (
        Bidirectional(SimpleRNN(1, masked=True, return_state=True), merge_mode=None),
        ((3, 2), (1,), (1,), (3,)),
    ),
    "stack of recurrent layers": (Sequential([LSTM(2, return_sequences=True), SimpleRNN(2)]), (3, 2)),
}

HIDES_NAN = tuple(name for name in ROWS if name.endswith("with a mask"))


def _masked(*shapes):
    def draw(rng, batch):
        parts = [rng.standard_normal((batch, *shape)) for shape in shapes]
        return (*parts[:-1], np.where(parts[-1] < 0.3, 1.0, 0.0))

    return draw


DRAWS = {name: _masked(*ROWS[name][1]) for name in HIDES_NAN}
