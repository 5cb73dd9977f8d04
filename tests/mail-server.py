"""A mail server for the tests, made of aiosmtpd. It does what the address of the reader says, and tells on its
standard output first its port and then every mail that it took, a line of JSON each.

    python3 tests/mail-server.py [USER PASSWORD]
"""

import asyncio
import email
import email.policy
import json
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


async def main():
    settings = door(*sys.argv[1:3]) if len(sys.argv) > 2 else {}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Manner(), **settings), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
