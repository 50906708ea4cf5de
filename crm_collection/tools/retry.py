from psycopg2.errorcodes import DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE, SERIALIZATION_FAILURE

# Another transaction got there first: the same work is tried again on a new snapshot.
RETRIED = (DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE, SERIALIZATION_FAILURE)
MAX_TRIES = 5
