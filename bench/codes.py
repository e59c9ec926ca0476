"""An agency asks and redeems: a pushed request and a code for a token, against django-oauth-toolkit's introspection and its own redemption.

Ours is the CPU of the two calls together: two client assertions and a DPoP proof, all ES256. The toolkit has no pushed requests, so its
redemption is one call: authorization code with PKCE and Basic. What lies between, the citizen's decision, is made before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from itertools import cycle
from urllib.parse import urlencode

from django.conf import settings

from bench.harness import Lap, Scale, column, interleave
from bench.peers.seed import CALLBACK, CHALLENGE, VERIFIER
from bench.place import Partner, Place
from bench.reads import ASSERTION_TYPE, FORM, Call, toolkit_introspection
from bench.results import Results
from bench.world import CATEGORY, PURPOSE, Office, codes, office


def measure(results: Results, place: Place, scale: Scale) -> None:
    calls = scale.pick(60, 3)
    needed = calls * (scale.rounds + 1)
    ours = office(scale.pick(200, 5))
    toolkit = {**place.peers, "DJANGO_SETTINGS_MODULE": "bench.peers.toolkit"}
    with Partner("bench.peers.seed", toolkit, place.log("seed-codes")) as seed:
        peers = seed.ask({"tokens": scale.pick(50, 5), "codes": needed})
    mine, theirs = iter(codes(ours, needed)), iter(peers["codes"])
    with ExitStack() as stack:
        web = stack.enter_context(Partner("bench.caller", place.ours, place.log("web-codes")))
        dot = stack.enter_context(Partner("bench.caller", toolkit, place.log("toolkit-codes")))
        laps = interleave(
            {
                "ours": lambda: _twice(web.ask([call for _ in range(calls) for call in (_push(ours), _redeem(ours, next(mine)))])),
                "introspect": _lap(dot, cycle([None]), lambda _: toolkit_introspection(peers, "basic_plain"), calls),
                "hashed": _lap(dot, cycle([None]), lambda _: toolkit_introspection(peers, "basic_hashed"), scale.pick(2, 1)),
                "redeem": _lap(dot, theirs, lambda code: _toolkit_redeem(peers["basic_codes"], code), calls),
            },
            rounds=scale.rounds,
        )
    ours_cpu = column(laps["ours"], "cpu")
    results.ratio("par_token_vs_dot_introspection_ratio", ours_cpu, column(laps["hashed"], "cpu"), "us")
    results.ratio("par_token_vs_dot_introspection_unhashed_ratio", ours_cpu, column(laps["introspect"], "cpu"), "us")
    results.ratio("par_token_vs_dot_token_unhashed_ratio", ours_cpu, column(laps["redeem"], "cpu"), "us")


def _twice(lap: Lap) -> Lap:
    """The harness gives the mean call; the story has two."""
    return {name: 2 * value for name, value in lap.items()}


def _lap(partner: Partner, given: Iterator[object], call: Callable[[object], Call], count: int) -> Callable[[], Lap]:
    return lambda: partner.ask([call(next(given)) for _ in range(count)])


def _push(ours: Office) -> Call:
    detail = {
        "type": "aurora_twin_access",
        "purpose": PURPOSE,
        "categories": [CATEGORY],
        "until": (date.today() + timedelta(days=30)).isoformat(),
    }
    asked = {
        "client_id": ours.client_id,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "authorization_details": json.dumps([detail]),
    }
    return "POST", "/oauth/par", {"Content-Type": FORM}, urlencode(asked | _assertion(ours))


def _redeem(ours: Office, code: str) -> Call:
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    proof = ours.proof(f"{settings.AURORA_BASE_URL}/oauth/token", method="POST")
    return "POST", "/oauth/token", {"Content-Type": FORM, "DPoP": proof}, urlencode(asked | _assertion(ours))


def _assertion(ours: Office) -> dict[str, str]:
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": ours.assertion(settings.AURORA_BASE_URL)}


def _toolkit_redeem(credentials: str, code: object) -> Call:
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return "POST", "/o/token/", {"Content-Type": FORM, "Authorization": credentials}, urlencode(asked)
