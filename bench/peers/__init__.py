"""The same training step, written for one library per module: class `Peer`, made from a `problem.Problem`.

A `Peer` has ``step()``, which trains on the batch and returns the loss, perhaps before it is computed;
``synchronize()``, which waits for it; and ``versions``, which says what was measured. Each is what an expert of that
library would write. One that cannot run here raises an exception that says why.
"""
