"""The array libraries that xpnn can compute with: one small module each, imported when its library is asked for.

A module offers ``open_backend(device)``, where `device` is the part of a word behind the first colon (``"1"`` in
``"cupy:1"``) or None. It returns a `xpnn.typing.Backend` that has proved on a small product that it runs, or raises
`xpnn_backends.unavailable.UnavailableError`. An entry point in the group ``xpnn.backends`` is such a function.
"""
