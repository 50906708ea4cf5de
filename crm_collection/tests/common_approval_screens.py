from .common_approval import CrmCollectionApprovalCommon


class CrmCollectionApprovalScreensCommon(CrmCollectionApprovalCommon):
    """People who ask for what the screens then show."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.second_approver

    def _ask(self, moves, phase=None, user=None, reason="Does not answer"):
        """Somebody wants the items of the entries in a phase; the requests that wait now."""
        user = user or self.collector
        items = self._items(moves).with_user(user)
        items._maintain((phase or self.phase_third).with_user(user), reason)
        self.env.invalidate_all()
        return self._requests()
