from psycopg2 import Error
from psycopg2.errorcodes import DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE, SERIALIZATION_FAILURE

# Another transaction got there first: the same work is tried again on a new snapshot.
RETRIED = (DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE, SERIALIZATION_FAILURE)
MAX_TRIES = 5


def start_anew(env):
    """Forget what was not committed, and what was read: the next statement sees what is now."""
    env.cr.rollback()
    env.invalidate_all(flush=False)


def in_transaction(env, function, /, *arguments, commit=True, retried=RETRIED):
    """Call a function in a transaction of its own, on a new snapshot where another transaction
    got there first. What was written before has to be committed: a retry begins with nothing.

    :param bool commit: false where the transaction is somebody else's: nothing is tried again
    :param retried: codes of the errors that say so
    :return: what the function returns
    """
    for attempt in range(1, MAX_TRIES + 1):
        try:
            env.flush_all()  # statements and their savepoints see what is still to be written
            result = function(*arguments)
            if commit:
                env.cr.commit()  # pylint: disable=invalid-commit
            return result
        except Error as error:
            if not commit:
                raise
            start_anew(env)
            if error.pgcode not in retried or attempt == MAX_TRIES:
                raise
    return None
