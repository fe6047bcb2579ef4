"""Three roles, made once; what a serving role must not be; a database that runs elsewhere."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Iterator
from itertools import count

import asyncpg
import pytest
from tests.platform.postgres.conftest import connected, query

from doorstep.platform.postgres.errors import RolesMissing, ServingRoleRefused
from doorstep.platform.postgres.passwords import scram_verifier
from doorstep.platform.postgres.roles import (
    DatabaseUrls,
    check_serving_role,
    make_roles,
    plain_url,
    provision,
    serving_password,
    url_as,
    url_password,
)
from doorstep.platform.postgres.server import EmbeddedPostgres

_numbers = count(1)


@pytest.fixture
def outside(server: EmbeddedPostgres) -> Iterator["Outside"]:
    """A database that knows nothing of Doorstep, as an operator's own: the serving roles step aside meanwhile."""
    name = f"outside_{next(_numbers)}"
    admin = server.superuser_dsn()
    aside = [(role, f"{role}_aside") for role in ("doorstep_web", "doorstep_system")]
    for role, away in aside:
        query(admin, f"ALTER ROLE {role} RENAME TO {away}", "SELECT 1")
    query(admin, f"CREATE ROLE {name} LOGIN PASSWORD 'open sesame'", "SELECT 1")
    query(admin, f"CREATE DATABASE {name} OWNER {name}", "SELECT 1")
    yield Outside(server, name)
    for (role, away), statement in [
        (pair, s) for pair in aside for s in ("DROP OWNED BY", "DROP ROLE IF EXISTS")
    ]:
        for dsn in (server.superuser_dsn(name), admin):
            if query(admin, f"SELECT count(*) FROM pg_roles WHERE rolname = '{role}'"):
                query(dsn, f"{statement} {role}" + (" CASCADE" if "OWNED" in statement else ""), "SELECT 1")
        if statement.startswith("DROP ROLE"):
            query(admin, f"ALTER ROLE {away} RENAME TO {role}", "SELECT 1")
    query(admin, f"DROP DATABASE {name} WITH (FORCE)", "SELECT 1")


class Outside:
    def __init__(self, server: EmbeddedPostgres, name: str) -> None:
        self.server, self.name = server, name
        self.url = url_as(server.superuser_dsn(name), name, "open sesame")

    def admin(self, *statements: str) -> None:
        query(self.server.superuser_dsn(self.name), *statements, "SELECT 1")

    def provision(self, **environ: str) -> DatabaseUrls:
        return asyncio.run(provision(self.url, environ=environ))


def test_each_address_signs_in_as_its_role_and_none_is_more_than_it_must_be(server: EmbeddedPostgres) -> None:
    urls = server.urls()
    attributes = """SELECT format('%s %s', current_user, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb
                                             OR rolreplication) FROM pg_roles WHERE rolname = current_user"""
    assert [query(url, attributes) for url in (urls.owner, urls.web, urls.system)] == [
        "doorstep_owner f",
        "doorstep_web f",
        "doorstep_system f",
    ]
    assert "postgresql" not in repr(urls)


def test_the_owner_makes_tables_and_the_serving_roles_cannot(server: EmbeddedPostgres) -> None:
    urls = server.urls()
    query(
        urls.owner,
        "CREATE TABLE stops (id int, during int4range, EXCLUDE USING gist (id WITH =, during WITH &&))",
        "SELECT 1",
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="schema public"):
        query(urls.web, "CREATE TABLE mine (id int)", "SELECT 1")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="table stops"):
        query(urls.system, "SELECT * FROM stops")
    query(urls.owner, "DROP TABLE stops", "SELECT 1")


def test_making_roles_again_keeps_passwords_and_mends_what_was_changed(server: EmbeddedPostgres) -> None:
    before = server.urls()
    query(server.superuser_dsn(), "ALTER ROLE doorstep_web SUPERUSER PASSWORD 'other'", "SELECT 1")
    asyncio.run(make_roles(server._dsn, server.passwords))
    assert server.urls() == before
    assert query(before.web, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


def test_the_serving_roles_pass_the_check(server: EmbeddedPostgres) -> None:
    for url in (server.urls().web, server.urls().system):
        connected(url, check_serving_role)


def test_a_superuser_must_not_serve(server: EmbeddedPostgres) -> None:
    with pytest.raises(ServingRoleRefused, match="role postgres must not serve: it is a superuser"):
        connected(server.superuser_dsn("doorstep"), check_serving_role)


def test_the_owner_of_the_database_must_not_serve(server: EmbeddedPostgres) -> None:
    with pytest.raises(
        ServingRoleRefused, match=r"doorstep_owner must not serve: .*the database.*DATABASE_URL_WEB"
    ):
        connected(server.urls().owner, check_serving_role)


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        (
            "ALTER ROLE doorstep_web BYPASSRLS",
            "ALTER ROLE doorstep_web NOBYPASSRLS",
            "bypasses row-level security",
        ),
        (
            "CREATE TABLE mine (); ALTER TABLE mine OWNER TO doorstep_web",
            "DROP TABLE mine",
            r"owner of, 1 table\(s\), such as mine",
        ),
        (
            "GRANT doorstep_owner TO doorstep_web",
            "REVOKE doorstep_owner FROM doorstep_web",
            "owner of, the database",
        ),
    ],
    ids=["bypasses", "owns a table", "may become the owner"],
)
def test_a_role_that_policies_do_not_bind_must_not_serve(
    server: EmbeddedPostgres, before: str, after: str, fault: str
) -> None:
    admin = server.superuser_dsn("doorstep")
    query(admin, before, "SELECT 1")
    try:
        with pytest.raises(ServingRoleRefused, match=fault):
            connected(server.urls().web, check_serving_role)
    finally:
        query(admin, after, "SELECT 1")


def test_a_role_cannot_hide_behind_another(server: EmbeddedPostgres) -> None:
    async def disguised(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        await connection.execute("SET ROLE doorstep_web")
        await check_serving_role(connection)

    with pytest.raises(ServingRoleRefused, match="it is a superuser"):
        connected(server.superuser_dsn("doorstep"), disguised)


def test_an_outside_database_whose_role_may_make_roles_gets_them(outside: Outside) -> None:
    outside.admin(f"ALTER ROLE {outside.name} CREATEROLE")
    urls = outside.provision()
    assert urls == outside.provision()
    assert urls.owner == outside.url
    assert [query(url, "SELECT current_user") for url in (urls.web, urls.system)] == [
        "doorstep_web",
        "doorstep_system",
    ]
    assert query(urls.owner, "SELECT count(*) FROM pg_extension WHERE extname = 'btree_gist'") == 1
    for url in (urls.web, urls.system):
        connected(url, check_serving_role)


def test_an_outside_role_that_may_not_is_given_the_sql_which_then_suffices(outside: Outside) -> None:
    with pytest.raises(RolesMissing, match="Let an administrator run this") as refusal:
        outside.provision()
    assert refusal.value.sql in str(refusal.value)
    assert "open sesame" not in refusal.value.sql
    outside.admin(refusal.value.sql)
    assert query(outside.provision().web, "SELECT current_user") == "doorstep_web"


def test_addresses_given_for_the_serving_roles_are_used(outside: Outside) -> None:
    outside.admin("CREATE ROLE acme_web LOGIN PASSWORD 'one'", f"ALTER ROLE {outside.name} CREATEROLE")
    outside.admin(f"GRANT acme_web TO {outside.name} WITH ADMIN OPTION")
    given = url_as(outside.url, "acme_web", "one")
    urls = outside.provision(DATABASE_URL_WEB=given)
    assert urls.web == given
    assert query(urls.web, "SELECT pg_has_role(current_user, 'doorstep_web', 'USAGE')")
    outside.admin("DROP ROLE acme_web")


def test_a_serving_role_with_an_unknown_password_is_not_changed_but_asked_about(outside: Outside) -> None:
    outside.admin(
        "CREATE ROLE doorstep_web LOGIN PASSWORD 'somebody chose this'", "CREATE ROLE doorstep_system LOGIN"
    )
    outside.admin(
        *(
            f"GRANT CONNECT ON DATABASE {outside.name} TO {role}"
            for role in ("doorstep_web", "doorstep_system")
        )
    )
    with pytest.raises(
        RolesMissing, match=r"Set DATABASE_URL_WEB(.|\n)*ALTER ROLE doorstep_web PASSWORD"
    ) as refusal:
        outside.provision()
    outside.admin(refusal.value.sql)
    with pytest.raises(RolesMissing, match="ALTER ROLE doorstep_system"):
        outside.provision()


def test_addresses_are_taken_apart_and_put_together() -> None:
    url = "postgresql+asyncpg://ann:p%40ss@db.example:5433/shop?sslmode=require&user=x"
    assert plain_url(url) == "postgresql://ann:p%40ss@db.example:5433/shop?sslmode=require&user=x"
    assert url_password(url) == ("postgresql://ann@db.example:5433/shop?sslmode=require&user=x", "p@ss")
    assert url_password("postgres:///shop?host=/run&password=a%20b") == (
        "postgresql:///shop?host=/run",
        "a b",
    )
    assert url_as(url, "web", "q/r") == "postgresql://web:q%2Fr@db.example:5433/shop?sslmode=require"
    with pytest.raises(ValueError, match="postgresql://"):
        plain_url("mysql://db.example/shop")


def test_a_verifier_is_the_one_of_the_standard() -> None:
    """The exchange printed in RFC 7677 section 3, checked with what the verifier holds."""
    nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    salt = "W22ZaJ0SNY7soEsUEjb6gQ=="
    said = f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={nonce},s={salt},i=4096,c=biws,r={nonce}".encode()
    head, keys = scram_verifier("pencil", base64.b64decode(salt)).rsplit("$", 1)
    stored, server = (base64.b64decode(key) for key in keys.split(":"))
    assert head == f"SCRAM-SHA-256$4096:{salt}"
    assert hmac.digest(server, said, "sha256") == base64.b64decode(
        "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
    )
    proof = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    signature = hmac.digest(stored, said, "sha256")
    client = bytes(x ^ y for x, y in zip(proof, signature, strict=True))
    assert hashlib.sha256(client).digest() == stored
    with pytest.raises(ValueError, match="ASCII"):
        scram_verifier("zażółć")


def test_serving_passwords_are_derived_alike_everywhere_and_apart_from_each_other() -> None:
    assert serving_password("open sesame", "doorstep_web") == serving_password("open sesame", "doorstep_web")
    assert len({serving_password(p, r) for p in ("a", "b") for r in ("doorstep_web", "doorstep_system")}) == 4
