from concurrent.futures import Future
from contextlib import suppress
from unittest.mock import patch

from odoo.tests import HttpCase, common

from odoo.addons.bus.websocket import Websocket

# What pages leave behind in a browser, but for the files that each of them loads again.
LEFT = "cookies,local_storage,indexeddb,service_workers,cache_storage"
EMPTY = "sessionStorage.clear(); localStorage.clear()"


class KeptBrowser(common.ChromeBrowser):
    """A browser that is emptied after a tour, and ended where one failed.

    Starting one takes as long as loading the web client, and what it compiled of it is forgotten.
    """

    def stop(self):
        # EXTENDS 'odoo.tests'
        if self.had_failure or not self._result.done() or self._result.exception():
            self.end()
            return
        try:
            self._websocket_request("Page.stopLoading")
            # a page without a script of the same origin, where what the last one wrote is emptied
            self.navigate_to(f"{self.test_case.base_url()}/web/health", wait_stop=True)
            self._websocket_request("Runtime.evaluate", params={"expression": EMPTY})
            data = {"origin": self.test_case.base_url(), "storageTypes": LEFT}
            self._websocket_request("Storage.clearDataForOrigin", params=data)
            self._websocket_request("Network.clearBrowserCookies")
            self._websocket_request("Page.navigate", params={"url": "about:blank"})
            common.wait(list(self._responses.values()), 10)
        except TimeoutError:
            self.end()
        else:
            self.test_case.keep_browser(self)

    def begin(self, test_case, success_signal):
        self.test_case = test_case
        self.success_signal = success_signal
        self.error_checker = None
        self._result = Future()

    def end(self):
        super().stop()


class CrmCollectionBrowserCase(HttpCase):
    """Tours that share a browser, one class with itself, and whose end does not depend on which
    thread closes the page's websocket.

    After each of them core closes all websockets that are open. One that the browser left at this
    moment is open still, and its queue is not: writing to it raises an OSError, which is the
    failure of a tour that ended well.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kept_browsers = {}
        cls.addClassCleanup(cls._end_browsers)

    @classmethod
    def _end_browsers(cls):
        for browser in cls.kept_browsers.values():
            browser.end()

    def _get_kind(self):
        return self.browser_size.replace("x", ","), self.touch_enabled

    def keep_browser(self, browser):
        """For the next tour of the class"""
        self.kept_browsers[self._get_kind()] = browser

    def _get_browser(self, test_case, headless=True, success_signal=None, debug=False):
        browser = self.kept_browsers.pop(self._get_kind(), None)
        if browser is None or not headless:
            return KeptBrowser(test_case, success_signal, headless=headless, debug=debug)
        browser.begin(test_case, success_signal)
        return browser

    def browser_js(self, *args, **kwargs):
        close = Websocket.close

        def close_once(websocket, code, reason=None):
            with suppress(OSError):
                close(websocket, code, reason)

        with (
            patch.object(Websocket, "close", close_once),
            patch.object(common, "ChromeBrowser", self._get_browser),
        ):
            return super().browser_js(*args, **kwargs)
