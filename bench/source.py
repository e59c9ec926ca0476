"""A source as fast as one can be: it answers each request from memory, its port as the answer to a first order. The end of its input ends it."""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import sys

OBSERVED = "2026-11-20T08:00:00Z"


def answer(category: str, person: int, facts: int, turn: int) -> bytes:
    """`facts` numbers of one person; another `turn` gives other numbers. In the form of docs/architecture.md, "Sources over HTTP"."""
    said = {
        "category": category,
        "version": 1,
        "subject": {"national_id": f"B{person:07d}"},
        "observed_at": OBSERVED,
        "valid_from": "2025-01-01",
        "valid_to": "2025-12-31",
        "facts": {f"f{n:05d}": (person * 7919 + n * 104_729 + turn * 31) % 90_000 for n in range(facts)},
    }
    return json.dumps(said).encode()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """`GET /data/<category>` with `Bearer <person>-<facts>-<turn>`; the connection stays open."""
    try:
        while line := await reader.readline():
            headers: dict[str, str] = {}
            while (header := await reader.readline()).strip():
                name, _, value = header.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            category = line.split()[1].decode().rpartition("/")[2].partition("?")[0]
            person, facts, turn = headers["authorization"].removeprefix("Bearer ").split("-")
            body = answer(category, int(person), int(facts), int(turn))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def _main(address: str, certificate: str | None) -> None:
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    server = await asyncio.start_server(_serve, address, 0, limit=1 << 20, ssl=context)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--certificate", help="a file with certificate and key: then it speaks TLS")
    options = parser.parse_args()
    asyncio.run(_main(options.address, options.certificate))
