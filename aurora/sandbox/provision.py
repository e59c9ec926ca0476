"""Makes the keys and configurations of a whole sandbox: what each process and Aurora are told, whom to sign in as.

Pure but for the random keys and the reading of the extract; `load_or_make` keeps the result in a file, so that a
sandbox whose addresses stay the same keeps its keys.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from aurora.sandbox import estates, jose, national_id, pages, vocabulary, wards
from aurora.sandbox.agency import profile, ways
from aurora.sandbox.config import EID, HEALTH, HOSPITAL, OFFICE, PROCESSES, SOURCES, WITNESS
from aurora.sandbox.errors import ConfigError
from aurora.sandbox.health import connect
from aurora.sandbox.personas import choose
from aurora.sandbox.store import new_secret
from aurora.sandbox.witness.keys import b64, cosigner

AURORA = "aurora"
REGISTER = "population-register"
WITNESS_NAME = "localhost/aurora-demo-witness"
_AS_OWNER = f"{HOSPITAL}@{AURORA}"
# How old, in seconds, what Aurora holds of a source may become: a tax changes once a year, a household any day.
DAY, WEEK = 86_400, 604_800
ONCE_A_WEEK = frozenset({"tax-administration"})
# Those that answer requests for correction by themselves.
CORRECTORS = (REGISTER, HEALTH)
OFFICE_PURPOSES = ("benefit-application",)
OFFICE_CATEGORIES = ("population.household", "tax.income")


@dataclass(frozen=True)
class Provision:
    """`processes`: configuration by process name. `aurora`: what Aurora must know. `demo`: for `.aurora/demo.json`.

    aurora = {
      "eid": {"issuer", "client_id", "private_jwk", "auth_method": "private_key_jwt", "redirect_uri",
              "post_logout_redirect_uri"},
      "sources": {code: {"issuer", "client_id", "private_jwk", "redirect_uri", "scopes", "name": {fi, sv, en}, "connector", "settings",
                  "freshness"}},
      "agencies": [{"code", "name", "service", "client_id", "jwks", "redirect_uris", "purposes", "categories"}],
      "model_owners": [{"code", "name", "service", "client_id", "jwks", "signing_key": public, PEM}],
      "correctors": [{"code", "name", "client_id", "jwks"}],
      "witnesses": [{"vkey", "url"}],
      "control_token": for the failure switches}
    demo = {
      "citizens": [{"key", "name", "identifier", "about": {fi, sv, en}}],
      "children": [{"name", "identifier", "born", "guardians": [key]}],
      "estates": [{"name", "identifier", "died", "administrators": {key: role}}],
      "agencies": [{"code", "name", "base_url", "client_id", "private_jwk", "redirect_uris", "purposes", "categories"}],
      "model_owners": [{"code", "name", "service", "base_url", "client_id", "private_jwk", "signing_key": private, PEM}],
      "eid": {"issuer"}, "sources": [{"code", "issuer"}]}
    """

    processes: Mapping[str, dict[str, Any]] = field(repr=False)
    aurora: dict[str, Any] = field(repr=False)
    demo: dict[str, Any] = field(repr=False)


def provision(*, urls: Mapping[str, str], lifetimes: Mapping[str, int] | None = None, logs: Sequence[str] = ()) -> Provision:
    """Fresh keys and configurations. `urls` maps "aurora" and each process to its base URL; `lifetimes`: see config; `logs`: the verifier keys of
    the logs that the witness watches.

    ConfigError if a URL is missing.
    """
    missing = {AURORA, *PROCESSES} - set(urls)
    if missing:
        raise ConfigError(f"no address for {', '.join(sorted(missing))}")
    base = {name: url.rstrip("/") for name, url in urls.items()}
    keys = {name: jose.new_key("P-384" if name == f"aurora@{HEALTH}" else "P-256") for name in _key_names()}
    signing, signing_public = jose.new_pem()
    control = new_secret()
    shared = {"aurora_base_url": base[AURORA], "control_token": control, "lifetimes": dict(lifetimes or {})}
    processes: dict[str, dict[str, Any]] = {EID: {**shared, **_eid(base, keys)}}
    for code in SOURCES:
        processes[code] = {**shared, **_source(code, base, keys)}
    processes[HOSPITAL]["owner"] = {**_owner(keys), "aurora_issuer": base[AURORA], "signing_key": signing}
    for code in CORRECTORS:
        processes[code]["corrects"] = {"client_id": code, "private_jwk": keys[_as_corrector(code)], "aurora_issuer": base[AURORA]}
    processes[OFFICE] = {**shared, **_office(base, keys)}
    own = {"name": WITNESS_NAME, "seed": b64(secrets.token_bytes(32))}
    processes[WITNESS] = {**shared, "base_url": base[WITNESS], "witness": {**own, "logs": list(logs)}}
    aurora, demo = {**_for_aurora(base, keys), "control_token": control}, _for_demo(base, keys, processes[EID])
    aurora["witnesses"] = [{"vkey": cosigner(**own).vkey, "url": base[WITNESS]}]
    aurora["correctors"] = [
        {"code": code, "name": _name(code), "client_id": code, "jwks": jose.public_jwks(keys[_as_corrector(code)])} for code in CORRECTORS
    ]
    known = {"code": HOSPITAL, "name": _name(HOSPITAL), "service": _texts("hospital.model")}
    aurora["model_owners"] = [{**known, "client_id": HOSPITAL, "jwks": jose.public_jwks(keys[_AS_OWNER]), "signing_key": signing_public}]
    demo["model_owners"] = [{**known, **_owner(keys), "base_url": base[HOSPITAL], "signing_key": signing}]
    return Provision(processes, aurora, demo)


def load_or_make(file: Path, *, urls: Mapping[str, str], logs: Sequence[str] = ()) -> Provision:
    """What `file` keeps, if it was made for these addresses; otherwise a new provision, kept there (mode 600). The witness watches `logs` in any case."""
    wanted = {name: url.rstrip("/") for name, url in urls.items()}
    if file.exists():
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["urls"] == wanted:
            kept["processes"][WITNESS]["witness"]["logs"] = list(logs)
            for code in SOURCES:
                kept["aurora"]["sources"][code].update(_declared(code, wanted))
            return Provision(kept["processes"], kept["aurora"], kept["demo"])
    made = provision(urls=urls, logs=logs)
    _write_private(file, {"urls": wanted, **asdict(made)})
    return made


def write_configs(made: Provision, folder: Path) -> dict[str, Path]:
    """Writes `<folder>/<process>.json` (mode 600) for each process and returns the paths by process name."""
    paths = {name: folder / f"{name}.json" for name in made.processes}
    for name, path in paths.items():
        _write_private(path, made.processes[name])
    return paths


def _write_private(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _key_names() -> list[str]:
    """Client keys, one for each pair: Aurora at the e-ID and each source, each source at the e-ID, the office, the hospital as an owner."""
    return (
        [f"aurora@{name}" for name in (EID, *SOURCES, OFFICE)]
        + [f"{code}@eid" for code in (*SOURCES, OFFICE)]
        + [OFFICE, _AS_OWNER]
        + [_as_corrector(code) for code in CORRECTORS]
    )


def _as_corrector(code: str) -> str:
    return f"{code}@{AURORA}"


def _owner(keys: Mapping[str, dict[str, str]]) -> dict[str, Any]:
    return {"client_id": HOSPITAL, "private_jwk": keys[_AS_OWNER]}


def _client(client_id: str, key: Mapping[str, str], redirect_uri: str, scopes: list[str], **more: Any) -> dict[str, Any]:
    jwks = jose.public_jwks(key)
    return {"client_id": client_id, "jwks": jwks, "redirect_uris": [redirect_uri], "scopes": scopes, **more}


def _name(process: str) -> dict[str, str]:
    if process == AURORA:
        return dict.fromkeys(pages.LANGUAGES, "Aurora")
    return _texts(f"name.{process}")


def _texts(key: str) -> dict[str, str]:
    return {language: pages.texts(language)[key] for language in pages.LANGUAGES}


def _eid(base: Mapping[str, str], keys: Mapping[str, dict[str, str]]) -> dict[str, Any]:
    scopes = ["openid", "profile"]
    aurora = _client(
        AURORA, keys["aurora@eid"], f"{base[AURORA]}/sign-in/callback", scopes,
        name=_name(AURORA), post_logout_redirect_uris=[f"{base[AURORA]}/"],
    )  # fmt: skip
    agencies = [
        _client(code, keys[f"{code}@eid"], f"{base[code]}/sign-in/callback", scopes, name=_name(code)) for code in (*SOURCES, OFFICE)
    ]
    return {"base_url": base[EID], "clients": [aurora, *agencies], "personas": [asdict(p) for p in choose()]}


def _source(code: str, base: Mapping[str, str], keys: Mapping[str, dict[str, str]]) -> dict[str, Any]:
    scopes = sorted(profile.scopes(code))
    callback = f"{base[AURORA]}/sources/{code}/callback"
    return {
        "base_url": base[code],
        "clients": [_client(AURORA, keys[f"aurora@{code}"], callback, scopes, name=_name(AURORA))],
        "eid": {"issuer": base[EID], "client_id": code, "private_jwk": keys[f"{code}@eid"]},
        # The register knows whose guardian each persona is, the hospital who has a hip and who a knee, the health centre what Aino and Bertil have.
        **({"personas": [asdict(p) for p in choose()]} if code in (REGISTER, HOSPITAL, HEALTH) else {}),
    }


def _office(base: Mapping[str, str], keys: Mapping[str, dict[str, str]]) -> dict[str, Any]:
    office = {
        "client_id": OFFICE,
        "private_jwk": keys[OFFICE],
        "aurora_issuer": base[AURORA],
        "categories": list(OFFICE_CATEGORIES),
    }
    # It is asked for a citizen's yes as the sources are, and pushes what it decides.
    callback = f"{base[AURORA]}/sources/{OFFICE}/callback"
    client = _client(AURORA, keys[f"aurora@{OFFICE}"], callback, sorted(vocabulary.served_by(OFFICE)), name=_name(AURORA))
    eid = {"issuer": base[EID], "client_id": OFFICE, "private_jwk": keys[f"{OFFICE}@eid"]}
    return {"base_url": base[OFFICE], "office": office, "clients": [client], "eid": eid}


def _registration(base: Mapping[str, str]) -> dict[str, Any]:
    """What the office and Aurora agree on."""
    return {
        "code": OFFICE,
        "name": _name(OFFICE),
        "service": _texts("office.application"),
        "client_id": OFFICE,
        "redirect_uris": [f"{base[OFFICE]}/callback"],
        "notice_uri": f"{base[OFFICE]}/notices",
        "usage_uri": f"{base[OFFICE]}/find-usage",
        "purposes": list(OFFICE_PURPOSES),
        "categories": list(OFFICE_CATEGORIES),
    }


def _for_aurora(base: Mapping[str, str], keys: Mapping[str, dict[str, str]]) -> dict[str, Any]:
    return {
        "eid": {
            "issuer": base[EID],
            "client_id": AURORA,
            "private_jwk": keys["aurora@eid"],
            "auth_method": "private_key_jwt",
            "redirect_uri": f"{base[AURORA]}/sign-in/callback",
            "post_logout_redirect_uri": f"{base[AURORA]}/",
        },
        "sources": {
            code: {
                "issuer": base[code],
                "client_id": AURORA,
                "private_jwk": keys[f"aurora@{code}"],
                "redirect_uri": f"{base[AURORA]}/sources/{code}/callback",
                "scopes": sorted(profile.scopes(code)),
                "name": _name(code),
                **_declared(code, base),
            }
            for code in SOURCES
        }
        | {OFFICE: _pushing(base, keys)},
        "agencies": [{**_registration(base), "jwks": jose.public_jwks(keys[OFFICE])}],
    }


def _pushing(base: Mapping[str, str], keys: Mapping[str, dict[str, str]]) -> dict[str, Any]:
    """The office as a source: nobody asks it for data."""
    return {
        "connector": "push",
        "issuer": base[OFFICE],
        "client_id": AURORA,
        "private_jwk": keys[f"aurora@{OFFICE}"],
        "redirect_uri": f"{base[AURORA]}/sources/{OFFICE}/callback",
        "scopes": sorted(vocabulary.served_by(OFFICE)),
        "name": _name(OFFICE),
    }


def _declared(code: str, base: Mapping[str, str]) -> dict[str, Any]:
    """How Aurora is to ask it: connector and settings. Made anew at each start: it is no secret, and follows the code."""
    declared = connect.settings(base[code]) if code == HEALTH else ways.declared(code, base[code])
    return {**declared, "freshness": {"*": WEEK if code in ONCE_A_WEEK else DAY}}


def _for_demo(base: Mapping[str, str], keys: Mapping[str, dict[str, str]], eid: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "citizens": [
            {"key": p["key"], "name": p["name"], "identifier": national_id.make(p["index"]), "about": p["about"]} for p in eid["personas"]
        ],
        "children": wards.for_demo(eid["personas"]),
        "estates": estates.for_demo(),
        "agencies": [{**_registration(base), "base_url": base[OFFICE], "private_jwk": keys[OFFICE]}],
        "eid": {"issuer": base[EID]},
        "sources": [{"code": code, "issuer": base[code]} for code in SOURCES],
    }
