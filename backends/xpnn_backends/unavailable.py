"""`UnavailableError`: why an array library cannot compute here, and what would change that."""

__all__ = ["UnavailableError"]


class UnavailableError(RuntimeError):
    """A backend cannot run on this machine.

    Parameters
    ----------
    reason : str
        What is missing, in a few words without a final stop.
    install : str, optional
        Command that installs what is missing, if that is the trouble.
    cure : str, optional
        Sentence on what else to do.
    """

    def __init__(self, reason: str, install: str | None = None, cure: str | None = None) -> None:
        super().__init__(f"{reason}. {cure}" if cure else reason)
        self.reason = reason
        self.install = install
        self.cure = cure
