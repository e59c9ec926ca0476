"""What a sandbox process is told at start: one JSON file, read into frozen values. README.md documents the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aurora.sandbox.errors import ConfigError
from aurora.sandbox.witness.keys import cosigner, log_key

EID = "eid"
OFFICE = "benefits-office"
HOSPITAL = "hospital"
HEALTH = "health-centre"
# Those that answer `/data/{category}`; the health centre is asked by FHIR.
JSON_SOURCES = ("population-register", "tax-administration", "social-insurance", HOSPITAL)
SOURCES = (*JSON_SOURCES, HEALTH)
# Those that hold data of the vocabulary: the office is not asked for it, but pushes.
HOLDERS = (*SOURCES, OFFICE)
WITNESS = "witness"
PROCESSES = (EID, *SOURCES, OFFICE, WITNESS)


@dataclass(frozen=True)
class Client:
    """A client of this process's authorization server. `name` by language; `redirect_uris` are matched exactly."""

    client_id: str
    name: Mapping[str, str]
    jwks: Mapping[str, Any]
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    scopes: frozenset[str]


@dataclass(frozen=True)
class Lifetimes:
    """Seconds."""

    code: int = 60
    access_token: int = 600
    pushed_request: int = 60


@dataclass(frozen=True)
class Peer:
    """The server that this process is itself a client of: the e-ID for an agency, Aurora for the office."""

    issuer: str
    client_id: str
    private_jwk: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Owner:
    """The hospital as the owner of a model: its registration with Aurora, and the key (PEM) that signs what it registers."""

    aurora: Peer
    signing_key: str = field(repr=False)


@dataclass(frozen=True)
class Persona:
    """A citizen that the sign-in page offers by name: `index` is the household, `about` one line by language."""

    key: str
    index: int
    name: str
    about: Mapping[str, str]


@dataclass(frozen=True)
class Witnessing:
    """The witness: its name, the seed of its Ed25519 key (base64), and the verifier keys of the logs that it watches."""

    name: str
    seed: str = field(repr=False)
    logs: tuple[str, ...]


@dataclass(frozen=True)
class Config:
    """`base_url` is the issuer; empty means http://host:port, filled in at start. `peer` is None for the e-ID and the witness, `owner` for all
    but the hospital, `witnessing` for all but the witness. `eid`: the e-ID for the office, whose `peer` is Aurora.
    `corrects`: the registration with Aurora of a source that answers requests for correction.
    """

    process: str
    base_url: str
    aurora_base_url: str
    control_token: str = field(repr=False)
    clients: Mapping[str, Client]
    lifetimes: Lifetimes
    peer: Peer | None
    personas: tuple[Persona, ...]
    categories: tuple[str, ...]
    owner: Owner | None = None
    witnessing: Witnessing | None = None
    eid: Peer | None = None
    corrects: Peer | None = None


def load(process: str, path: Path) -> Config:
    """Reads the file of `process`; ConfigError names what is missing or of the wrong kind, never its value."""
    if process not in PROCESSES:
        raise ConfigError(f"there is no sandbox process {process}")
    try:
        return _config(process, json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"the configuration file cannot be read: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise ConfigError(f"the configuration file is not JSON (line {error.lineno})") from error
    except KeyError as error:
        raise ConfigError(f"the configuration lacks {error}") from error
    except (TypeError, AttributeError, ValueError) as error:
        raise ConfigError("a value in the configuration is of the wrong kind") from error


def _config(process: str, raw: Mapping[str, Any]) -> Config:
    clients = [_client(entry) for entry in raw.get("clients", [])]
    return Config(
        process=process,
        base_url=str(raw.get("base_url", "")).rstrip("/"),
        aurora_base_url=str(raw["aurora_base_url"]).rstrip("/"),
        control_token=str(raw["control_token"]),
        clients={client.client_id: client for client in clients},
        lifetimes=Lifetimes(**{key: int(value) for key, value in raw.get("lifetimes", {}).items()}),
        peer=_peer(process, raw),
        personas=tuple(Persona(p["key"], int(p["index"]), p["name"], dict(p["about"])) for p in raw.get("personas", [])),
        categories=tuple(raw["office"]["categories"]) if process == OFFICE else (),
        owner=_owner(raw["owner"]) if process == HOSPITAL else None,
        witnessing=_witnessing(raw["witness"]) if process == WITNESS else None,
        corrects=_corrects(raw["corrects"]) if "corrects" in raw else None,
        eid=_eid(raw["eid"]) if process == OFFICE else None,
    )


def _client(raw: Mapping[str, Any]) -> Client:
    name = raw.get("name", raw["client_id"])
    return Client(
        client_id=raw["client_id"],
        name=name if isinstance(name, dict) else dict.fromkeys(("fi", "sv", "en"), str(name)),
        jwks={"keys": list(raw["jwks"]["keys"])},
        redirect_uris=tuple(raw["redirect_uris"]),
        post_logout_redirect_uris=tuple(raw.get("post_logout_redirect_uris", ())),
        scopes=frozenset(raw["scopes"]),
    )


def _corrects(raw: Mapping[str, Any]) -> Peer:
    return Peer(str(raw["aurora_issuer"]), raw["client_id"], dict(raw["private_jwk"]))


def _owner(raw: Mapping[str, Any]) -> Owner:
    aurora = Peer(str(raw["aurora_issuer"]), raw["client_id"], dict(raw["private_jwk"]))
    return Owner(aurora, str(raw["signing_key"]))


def _witnessing(raw: Mapping[str, Any]) -> Witnessing:
    """Its keys are tried here: a witness that finds out later that it cannot sign or check is none."""
    for vkey in raw["logs"]:
        log_key(vkey)
    return Witnessing(cosigner(raw["name"], raw["seed"]).name, raw["seed"], tuple(raw["logs"]))


def _eid(raw: Mapping[str, Any]) -> Peer:
    return Peer(str(raw["issuer"]), raw["client_id"], dict(raw["private_jwk"]))


def _peer(process: str, raw: Mapping[str, Any]) -> Peer | None:
    if process in (EID, WITNESS):
        return None
    entry = raw["office"] if process == OFFICE else raw["eid"]
    issuer = entry["aurora_issuer"] if process == OFFICE else entry["issuer"]
    return Peer(str(issuer), entry["client_id"], dict(entry["private_jwk"]))
