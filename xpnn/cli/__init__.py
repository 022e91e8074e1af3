"""The command ``xpnn``: one module per subcommand, each with `add_parser` and `run`.

Results go to stdout and progress to stderr; with ``--json`` stdout holds one JSON document and nothing else. An error
is one line on stderr, ``xpnn: error: ...``, and an exit code: 2 for bad input, 130 after Ctrl-C, 1 for all else.
"""
