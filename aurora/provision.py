"""Makes a PostgreSQL database Aurora's: two roles (provision.sql), two schemas and standing rights (schemas.sql). Idempotent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

OWNER, APP = "aurora_owner", "aurora_app"
MINIMUM_VERSION = 150_000
_ROLES, _SCHEMAS = (Path(__file__).with_name(name) for name in ("provision.sql", "schemas.sql"))


class ProvisionError(RuntimeError):
    """The server is too old for Aurora."""


def provision(admin_url: str, *, database: str = "aurora", owner_password: str | None = None, app_password: str | None = None) -> None:
    """Creates `database` if missing and gives it roles, schemas and rights.

    `admin_url` connects as a role that may create roles and databases, to any database of the server. A password of None leaves
    the role's password as it is. Raises ProvisionError, psycopg.Error.
    """
    name = sql.Identifier(database)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        version = admin.info.server_version
        if version < MINIMUM_VERSION:
            raise ProvisionError(f"PostgreSQL 15 or newer is needed; this is {version // 10_000}")
        if admin.execute("SELECT FROM pg_database WHERE datname = %s", (database,)).fetchone() is None:
            # A fixed locale: the order of rows must not depend on the machine that first started Aurora. C.UTF-8 sorts by code
            # point and knows every letter's case; text for people is sorted by the pages, in their language.
            builtin = "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
            locale = sql.SQL(builtin if version >= 170_000 else "LOCALE 'C.UTF-8'")
            admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' {}").format(name, locale))
    with psycopg.connect(admin_url, dbname=database) as connection:
        connection.execute(_ROLES.read_bytes())
        lay_out(connection)
        for role, password in ((OWNER, owner_password), (APP, app_password)):
            if password is not None:
                alter = sql.SQL("ALTER ROLE {} PASSWORD {}")
                connection.execute(alter.format(sql.Identifier(role), sql.Literal(password)))
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, sql.Identifier(OWNER)))
        connection.execute(sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC").format(name))
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, sql.Identifier(APP)))


def lay_out(connection: psycopg.Connection[Any]) -> None:
    """The two schemas with their rights, in a database whose roles are there. The owner may do it too."""
    connection.execute(_SCHEMAS.read_bytes())
