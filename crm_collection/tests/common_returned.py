"""Mails that came back, as the servers of this world write them.

``{recipient}`` is whom the mail went to, ``{message_id}`` and ``{subject}`` are those of the mail,
``{to}`` is where the answer goes, ``{number}`` makes each answer another one.
"""

# --- delivery reports with their original --- #

POSTFIX = """Return-Path: <>
Received: by mx.customer.example (Postfix) id 4C1F820D{number}; Mon, 16 Mar 2026 10:00:00 +0000
Date: Mon, 16 Mar 2026 10:00:00 +0000
From: MAILER-DAEMON@mx.customer.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="4C1F820D.1/mx.customer.example"
Message-Id: <20260316100000.4C1F820D{number}@mx.customer.example>

This is a MIME-encapsulated message.

--4C1F820D.1/mx.customer.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.customer.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<{recipient}>: host 10.0.0.7[10.0.0.7] said: {code} {status}
    {words} (in reply to RCPT TO command)

--4C1F820D.1/mx.customer.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.example
X-Postfix-Queue-ID: 4C1F820D
X-Postfix-Sender: rfc822; {to}
Arrival-Date: Mon, 16 Mar 2026 09:59:58 +0000 (UTC)

Final-Recipient: rfc822; {final}
Original-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; 10.0.0.7
Diagnostic-Code: smtp; {code} {status} {words}

--4C1F820D.1/mx.customer.example
Content-Description: Undelivered Message
Content-Type: message/rfc822

Return-Path: <{to}>
Subject: {subject}
From: Billing <billing@creditor.example>
To: Adler GmbH <{recipient}>
Message-Id: {message_id}

The letter
--4C1F820D.1/mx.customer.example--
"""

EXCHANGE = """Return-Path: <>
From: Microsoft Outlook
	<MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@customer.example>
To: {to}
Subject: Undeliverable: {subject}
Date: Mon, 16 Mar 2026 10:00:00 +0000
Message-ID: <ndr-{number}@AM0PR01MB1234.eurprd01.prod.exchangelabs.com>
In-Reply-To: {message_id}
References: {message_id}
Content-Language: en-US
X-MS-Exchange-Message-Is-Ndr:
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="_c1b0-ndr_"

--_c1b0-ndr_
Content-Type: multipart/alternative; differences=Content-Type;
	boundary="_alt-ndr_"

--_alt-ndr_
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

Delivery has failed to these recipients or groups:

{recipient}<mailto:{recipient}>
The email address you entered couldn't be found.

--_alt-ndr_
Content-Type: text/html; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

<html><body><p>Delivery has failed to these recipients or groups:</p></body></html>

--_alt-ndr_--

--_c1b0-ndr_
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0PR01MB1234.eurprd01.prod.exchangelabs.com
Received-From-MTA: dns;mail.creditor.example
Arrival-Date: Mon, 16 Mar 2026 09:59:58 +0000

Original-Recipient: rfc822;{recipient}
Final-Recipient: rfc822;{final}
Action: {action}
Status: {status}
Diagnostic-Code: smtp;{code} {status} {words}
X-Display-Name: Adler

--_c1b0-ndr_
Content-Type: message/rfc822

From: Billing <billing@creditor.example>
To: <{recipient}>
Subject: {subject}
Message-ID: <rewritten-{number}@AM0PR01MB1234.eurprd01.prod.exchangelabs.com>
X-Microsoft-Original-Message-ID: {message_id}

--_c1b0-ndr_--
"""

GMAIL = """Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
To: {to}
Auto-Submitted: auto-replied
Subject: Delivery Status Notification ({subject_word})
References: {message_id}
In-Reply-To: {message_id}
X-Failed-Recipients: {recipient}
Message-ID: <67d6a1{number}.050a0220.1.GMR@mx.google.com>
Date: Mon, 16 Mar 2026 03:00:00 -0700 (PDT)
MIME-Version: 1.0
Content-Type: multipart/report; boundary="00000000000012ab"; report-type=delivery-status

--00000000000012ab
Content-Type: multipart/related; boundary="00000000000012ac"

--00000000000012ac
Content-Type: text/html; charset="UTF-8"

<html><body><h1>Address not found</h1><p>Your message wasn't delivered.</p></body></html>

--00000000000012ac--
--00000000000012ab
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com
Received-From-MTA: dns; {to}
Arrival-Date: Mon, 16 Mar 2026 03:00:00 -0700 (PDT)
X-Original-Message-ID: {message_id}

Final-Recipient: rfc822; {final}
Action: {action}
Status: {status}
Remote-MTA: dns; gmail-smtp-in.l.google.com. (10.0.0.7, the server for the domain.)
Diagnostic-Code: smtp; {code}-{status} {words}
Last-Attempt-Date: Mon, 16 Mar 2026 03:00:00 -0700 (PDT)

--00000000000012ab
Content-Type: message/rfc822

Message-ID: {message_id}
From: Billing <billing@creditor.example>
To: {recipient}
Subject: {subject}

--00000000000012ab--
"""

# only the headers of the mail are returned
SENDMAIL = """Return-Path: <>
From: Mail Delivery Subsystem <MAILER-DAEMON@mx.customer.example>
To: <{to}>
Subject: Returned mail: see transcript for details
Auto-Submitted: auto-generated (failure)
Message-ID: <202603161000.u{number}@mx.customer.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="sendmail"

--sendmail

   ----- The following addresses had permanent fatal errors -----
<{recipient}>

--sendmail
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.example
Received-From-MTA: DNS; mail.creditor.example

Original-Recipient: rfc822;{recipient}
Final-Recipient: RFC822; {final}
Action: {action}
Status: {status}
Diagnostic-Code: SMTP; {code} {status} {words}

--sendmail
Content-Type: text/rfc822-headers

Subject: {subject}
From: Billing <billing@creditor.example>
Message-ID: {message_id}

--sendmail--
"""

REPORTS = {"postfix": POSTFIX, "exchange": EXCHANGE, "gmail": GMAIL, "sendmail": SENDMAIL}

# --- reports in plain words --- #

QMAIL = """Return-Path: <>
From: MAILER-DAEMON@mx.customer.example
To: {to}
Subject: failure notice
Message-Id: <qmail.{number}@mx.customer.example>

Hi. This is the qmail-send program at mx.customer.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{recipient}>:
{words} (#{status})

--- Below this line is a copy of the message.

Return-Path: <{to}>
Subject: {subject}
From: Billing <billing@creditor.example>
Message-Id: {message_id}

The letter
"""

EXIM = """Return-Path: <>
From: Mail Delivery System <Mailer-Daemon@mx.customer.example>
To: {to}
Auto-Submitted: auto-replied
X-Failed-Recipients: {recipient}
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1u{number}@mx.customer.example>

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {recipient}
    host 10.0.0.7 [10.0.0.7]
    SMTP error from remote mail server after RCPT TO:<{recipient}>:
    {code} {status} {words}

------ This is a copy of the message, including all the headers. ------

Subject: {subject}
Message-Id: {message_id}

The letter
"""

IN_WORDS = {"qmail": QMAIL, "exim": EXIM}

# --- without the original --- #

# neither the mail, nor its Message-Id: GMX and others
BARE = """Return-Path: <>
From: MAILER-DAEMON@mx.customer.example
To: {to}
Subject: Undelivered mail
Message-Id: <bare.{number}@mx.customer.example>
MIME-Version: 1.0
Content-Type: multipart/report; boundary="bare"

--bare
Content-Type: text/plain; charset=utf-8

    --- The following addresses had delivery problems ---

<{recipient}>   ({status} {words})

--bare
Content-Type: message/delivery-status

Original-Recipient: <{recipient}>
Action: {action}
Diagnostic-Code: smtp; {code} {status} {words}
Remote-MTA: 10.0.0.7

--bare--
"""

QMAIL_BARE = QMAIL.split("--- Below", maxsplit=1)[0]

# to whom the mail went is in the return path alone
VARIABLE_PATH = """Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.customer.example>
To: bounce+{left}={right}@creditor.example
Subject: Delivery failed
Message-Id: <path.{number}@mx.customer.example>

Your message could not be delivered: {code} {status} {words}
"""

# what it is an answer to is said, nothing else
THREADED = """Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.customer.example>
To: {to}
In-Reply-To: {message_id}
Subject: Delivery failed
Message-Id: <threaded.{number}@mx.customer.example>

Your message could not be delivered: {code} {status} {words}
"""

EXIM_WARNING = """Return-Path: <>
From: Mail Delivery System <Mailer-Daemon@mx.customer.example>
To: {to}
Auto-Submitted: auto-replied
References: {message_id}
Subject: Warning: message 1uWarn-{number} delayed 24 hours
Message-Id: <E1w{number}@mx.customer.example>

This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue on mx.customer.example.

The address to which the message has not yet been delivered is:

  {recipient}

No action is required on your part. Delivery attempts will continue for
some time.
"""

# --- complaints and receipts --- #

COMPLAINT = """Return-Path: <>
From: <abuse@feedback.customer.example>
To: {to}
Subject: FW: {subject}
Message-Id: <arf.{number}@feedback.customer.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="arf"

--arf
Content-Type: text/plain; charset="US-ASCII"

This is an email abuse report for an email message received from IP 192.0.2.1.

--arf
Content-Type: message/feedback-report

Feedback-Type: {feedback}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <{to}>
Original-Rcpt-To: <{recipient}>

--arf
Content-Type: message/rfc822

From: Billing <billing@creditor.example>
To: <{recipient}>
Subject: {subject}
Message-ID: {message_id}

The letter
--arf--
"""

RECEIPT = """From: Ann Adler <{recipient}>
To: {to}
Subject: Read: {subject}
Message-Id: <receipt.{number}@customer.example>
In-Reply-To: {message_id}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary="mdn"

--mdn
Content-Type: text/plain; charset=utf-8

Your message was read on Monday.

--mdn
Content-Type: message/disposition-notification

Final-Recipient: rfc822; {recipient}
Original-Message-ID: {message_id}
Disposition: manual-action/MDN-sent-manually; displayed

--mdn--
"""

# --- answers --- #

ANSWER = """From: Ann Adler <{recipient}>
To: {to}
Subject: Re: {subject}
Message-Id: <answer.{number}@customer.example>
In-Reply-To: {message_id}
References: {message_id}
{header}MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

{text}
"""
# headers by which machines answer, one each
AUTOMATIC_HEADERS = (
    "Auto-Submitted: auto-replied",
    "Auto-Submitted: auto-generated",
    "Auto-Submitted: auto-replied (vacation)",
    "X-Autoreply: yes",
    "X-Autorespond: Out of office",
    "X-Auto-Response-Suppress: All",
    "X-Auto-Response-Suppress: DR, OOF, AutoReply",
    "Precedence: bulk",
    "Precedence: auto_reply",
)
# of mails that people write
PERSONAL_HEADERS = (
    "",
    "Auto-Submitted: no",
    "Auto-Submitted: no\nX-Auto-Response-Suppress: All",
    "Precedence: list",
    "X-Auto-Response-Suppress: None",
    "X-Priority: 1",
)

DEFAULTS = {
    "to": "bounce@creditor.example",
    "message_id": "<nobody@nowhere.example>",
    "subject": "The letter",
    "number": 1,
    "action": "failed",
    "status": "5.1.1",
    "code": "550",
    "words": "no such user",
    "subject_word": "Failure",
    "feedback": "abuse",
    "header": "",
    "text": "We pay on Friday.",
}


def write_mail(mail, **values):
    """:return: one of the mails above; ``recipient`` has to be said, ``final`` is where the mail
    was forwarded to"""
    values = DEFAULTS | values
    values.setdefault("final", values["recipient"])
    left, _at, right = values["recipient"].partition("@")
    if values["header"]:
        values["header"] += "\n"
    return mail.format(left=left, right=right, **values)
