"""Whether a service on the internet was reached at all, of errors that Odoo hides behind others."""

import requests

from odoo.exceptions import AccessError


def is_not_reached(error, *kinds):
    """Whether nothing was handed over.

    :param kinds: exceptions that say so, too
    """
    while error:
        if isinstance(error, (requests.exceptions.ConnectTimeout, *kinds)):
            return True
        if type(error) is not AccessError:
            return False
        error = error.__cause__ or error.__context__
    return False
