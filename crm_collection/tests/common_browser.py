from contextlib import suppress
from unittest.mock import patch

from odoo.tests import HttpCase

from odoo.addons.bus.websocket import Websocket


class CrmCollectionBrowserCase(HttpCase):
    """Tours, whose end does not depend on which thread closes the page's websocket.

    After each of them core closes all websockets that are open. One that the browser left at this
    moment is open still, and its queue is not: writing to it raises an OSError, which is the
    failure of a tour that ended well.
    """

    def browser_js(self, *args, **kwargs):
        close = Websocket.close

        def close_once(websocket, code, reason=None):
            with suppress(OSError):
                close(websocket, code, reason)

        with patch.object(Websocket, "close", close_once):
            return super().browser_js(*args, **kwargs)
