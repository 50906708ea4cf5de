"""What became of a message that was handed to a mail server, as far as the session tells."""

import smtplib

END_OF_DATA = b"\r\n.\r\n"


class Watch:
    """Looks at an SMTP session while one message is handed over.

    ``handed`` says whether the server has all of the message: where it has and does not answer,
    nobody knows whether the message goes on; where it has not, it does not. ``None`` where that
    cannot be told. ``accepted`` says whether the server answered that it takes the message.
    """

    def __init__(self, session, before_data=None):
        """:param before_data: called when the recipients are agreed on, right before the text is
        sent; what it raises ends the delivery"""
        self.session = session if isinstance(session, smtplib.SMTP) else None
        self.before_data = before_data
        self.handed = None if self.session is None else False
        self.accepted = False

    def __enter__(self):
        if self.session is not None:
            self.session.data, self.session.send = self._data, self._send
        return self

    def __exit__(self, *_error):
        if self.session is not None:
            del self.session.data, self.session.send  # the class's own again

    def _data(self, message):
        if self.before_data:
            self.before_data()
        code, answer = type(self.session).data(self.session, message)
        self.accepted = code == 250
        return code, answer

    def _send(self, data):
        type(self.session).send(self.session, data)
        if isinstance(data, bytes) and data.endswith(END_OF_DATA):
            self.handed = True


def is_alive(session):
    """:return: whether the server still listens in a session; what is none is taken to"""
    if not session:
        return True
    try:
        return session.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False
