"""Users that gave wrong passwords too often in a row are locked out a while (off by default)."""

from appliance import clock, config
from appliance.db import connection, login_failures


class Lockout:
    """Keystone's lockout_failure_attempts and lockout_duration."""

    def __init__(self, settings: config.Settings, db: connection.Database) -> None:
        self._attempts = settings.identity.lockout_attempts
        self._duration_s = settings.identity.lockout_s
        self._db = db

    def is_locked(self, user_id: str) -> bool:
        """Whether the user may not even try."""
        if not self._attempts:
            return False
        count, last_s = login_failures.read(self._db, user_id)
        return count >= self._attempts and clock.now() < last_s + self._duration_s

    def count(self, user_id: str) -> None:
        """One more wrong password; after a lock that is over the count begins anew."""
        if not self._attempts:
            return
        with self._db.transaction() as tx:
            count, _ = login_failures.read(tx, user_id)
            login_failures.write(tx, user_id, 1 if count >= self._attempts else count + 1)

    def forget(self, user_id: str) -> None:
        """The right password: nothing is held against the user."""
        if self._attempts and login_failures.read(self._db, user_id)[0]:
            with self._db.transaction() as tx:
                login_failures.write(tx, user_id, 0)
