from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.fields import Domain

# Work that nobody took for so long: the runner of the queue stands still.
PATIENCE = timedelta(minutes=15)


class CrmCollectionQueued(models.AbstractModel):
    """Hands work to the queue, once: what waits there already is not put there again.

    Where nobody takes it, whoever asks again is told so, and does the work himself.
    """

    _name = "crm.collection.queued"
    _description = "Collection Work in the Job Queue"

    @api.model
    def _hand_over(self, model, method, key, *args):
        """Have the system do ``method(*args)`` of a model in a job.

        :param str key: of the work: it waits in the queue once
        :return: whether the queue does it; false where it stands still
        """
        identity = f"crm_collection:{key}"
        if self._is_stuck(identity):
            return False
        # as the scheduler does it, whoever asks, and whatever his context says
        system = self.env(user=SUPERUSER_ID, su=True, context={})
        delayed = system[model].with_delay(identity_key=identity, max_retries=0)
        getattr(delayed, method)(*args)
        return True

    @api.model
    def _is_stuck(self, identity):
        """Whether such work has been waiting for so long that nobody seems to take any."""
        stuck = (
            Domain("identity_key", "=", identity)
            & Domain("state", "in", ("pending", "enqueued"))
            & Domain("date_created", "<", fields.Datetime.now() - PATIENCE)
        )
        return bool(self.env["queue.job"].sudo().search_count(stuck, limit=1))
