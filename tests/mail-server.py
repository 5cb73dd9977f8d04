"""A mail server for the tests, made of aiosmtpd. It does what the address of the reader says, and tells on its
standard output first its port and then every mail that it took, a line of JSON each.

    python3 tests/mail-server.py [--tls | --starttls] [USER PASSWORD]
"""

import asyncio
import base64
import email
import email.policy
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

asked = {}


class Manner:
    async def handle_RCPT(self, server, session, envelope, address, options):
        who = address.split("@")[0]
        asked[who] = asked.get(who, 0) + 1
        if who == "refused":
            return "550 5.1.1 There is no such mailbox"
        if who == "grey" and asked[who] == 1:
            return "450 4.2.0 Greylisted, come back later"
        if who == "hangs":
            await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        who = envelope.rcpt_tos[0].split("@")[0]
        if who == "spam":
            return "554 5.7.1 Nobody wants this"
        if who == "full":
            return "452 4.3.1 No room at the moment"
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
        print(
            json.dumps(
                {
                    "from": envelope.mail_from,
                    "to": envelope.rcpt_tos,
                    "head": [[name.lower(), str(value)] for name, value in mail.items()],
                    "plain": plain.get_content() if plain else "",
                    "html": html.get_content() if html else "",
                    "files": [
                        [part.get_filename(), part.get_content_type(), base64.b64encode(part.get_content()).decode()]
                        for part in mail.iter_attachments()
                    ],
                    "user": (session.auth_data or b"").decode() if session.authenticated else "",
                }
            ),
            flush=True,
        )
        if who == "silent":
            # It has the mail and never says so.
            await asyncio.sleep(3600)
        return "250 OK"


def door(user, password):
    def check(server, session, envelope, mechanism, data):
        fits = (data.login, data.password) == (user.encode(), password.encode())
        return AuthResult(success=fits, handled=fits, auth_data=data.login)

    return {"authenticator": check, "auth_required": True, "auth_require_tls": False}


def secured(word):
    """Behind a certificate that nobody vouches for: from the first byte, or once it was asked for."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pathlib.Path(__file__).with_suffix(".pem"))
    return ({}, context) if word == "--tls" else ({"tls_context": context, "require_starttls": True}, None)


async def main():
    words = sys.argv[1:]
    settings, context = secured(words.pop(0)) if words and words[0].startswith("--") else ({}, None)
    if len(words) == 2:
        settings |= door(*words)
    loop = asyncio.get_running_loop()
    # Five files of 10 MB each are larger by a third on the way.
    manner = lambda: SMTP(Manner(), data_size_limit=80 * 1024 * 1024, **settings)
    server = await loop.create_server(manner, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
