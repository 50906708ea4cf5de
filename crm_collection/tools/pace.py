import time

# Seconds that one transaction of a job may take: what is lost when the process is killed, and how
# long others wait for what it locks.
SECONDS = 4
GROWTH = 4  # a piece is at most so many times as large as the one before


class Pace:
    """How much fits into a transaction: measured, piece by piece.

    A piece that took too long is followed by a smaller one; where all is well pieces grow until
    there are ``most`` in each.
    """

    def __init__(self, first, most):
        self.most = most
        self.size = max(1, min(first, most))
        self.begun = None

    def take(self, batches):
        """:param deque batches: sequences of what is to be done
        :return: the next piece of them, taken off"""
        batch = batches.popleft()
        if len(batch) > self.size:
            batches.appendleft(batch[self.size :])
            batch = batch[: self.size]
        self.begun = time.monotonic()
        return batch

    def measure(self, count):
        """A piece of so many is done: the next ones are as large as the time allows."""
        seconds = max(time.monotonic() - self.begun, 0.001)
        fits = int(count * SECONDS / seconds)
        self.size = max(1, min(self.most, self.size * GROWTH, fits))


def put_back_halves(batches, batch):
    """One of the batch spoils it: its halves are next, each by itself."""
    middle = len(batch) // 2
    batches.extendleft((batch[middle:], batch[:middle]))
