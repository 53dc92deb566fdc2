"""What can go wrong between this client and a cloud, or a publisher's server.

ClientError
├── CredentialsMissing   the environment does not say who asks, or where
├── Unreachable          no answer at all
├── Refused              an answer that says no, with its status and its reason
├── NotServed            a publisher's server says no, and will say so again
└── CutOff               a publisher's server is gone for now: it may be asked again
"""


class ClientError(Exception):
    """Anything that kept a call from succeeding; the text says what was tried and what to do.

    ``reason`` is the same without what was tried: for where that is plain to see.
    """

    @property
    def reason(self) -> str:
        """Why it failed."""
        return str(self)


class CredentialsMissing(ClientError):
    """The environment names no cloud or no user."""


class Unreachable(ClientError):
    """The cloud did not answer."""


class Unreadable(ClientError):
    """The cloud's answer is not what its API promises."""


class Refused(ClientError):
    """The cloud answered no.

    ``status`` is the HTTP status, ``request_id`` what to look up in the traces.
    """

    def __init__(self, reason: str, *, status: int, what: str = "", request_id: str = "") -> None:
        super().__init__(f"{what}: {status} {reason}" if what else reason)
        self.status = status
        self.request_id = request_id
        self._reason = reason

    @property
    def reason(self) -> str:
        """The cloud's own sentence."""
        return self._reason


class NotServed(ClientError):
    """A publisher's server does not have it, or must not be trusted with it."""


class CutOff(ClientError):
    """A publisher's server did not answer, or not to the end.

    ``must_restart``: what came before is of no use, the file is another one now.
    """

    def __init__(self, reason: str, *, what: str, must_restart: bool = False) -> None:
        super().__init__(f"{what}: {reason}")
        self.must_restart = must_restart
        self._reason = reason

    @property
    def reason(self) -> str:
        """Why, without whose server it is."""
        return self._reason
