"""The console as it is served: its address, and who is behind a proxy."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.console.config import ConsoleConfig, ConsoleSetupError
from bot.console.server import ConsoleServer, bind
from storage.database import Database
from tests.console.browser import free_address
from tests.console.desk import PASSWORD, Desk, console_of
from tests.conversation.fakes import Clock


@pytest.fixture
async def served(store: Database, clock: Clock, tmp_path: Path) -> AsyncIterator[Desk]:
    listen = free_address()
    console = console_of(store, clock, tmp_path, listen=listen, url=f"http://{listen}")
    desk = Desk(console=console, clock=clock)
    server = ConsoleServer(console)
    await server.start()
    yield desk
    await server.stop()
    await desk.close()


async def test_a_proxy_on_this_machine_says_who_is_behind_it(served: Desk) -> None:
    person = await served.person("viewer", "Li Na")
    headers = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
    async with httpx.AsyncClient(base_url=served.console.config.url, headers=headers) as client:
        page = await client.get("/sign-in")
        token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page.text)
        assert token
        form = {"name": "Li Na", "password": PASSWORD, "csrf_token": token[1]}
        assert (await client.post("/sign-in", data=form)).status_code == 303
    async with served.database.unit_of_work(read_only=True) as work:
        (session,) = await work.sessions.of(person.id, served.console.config.limits.idle)
    # The last one is what the proxy saw; the others anybody can write.
    assert session.address == "203.0.113.9"


async def test_it_says_nothing_about_what_serves_it(served: Desk) -> None:
    async with httpx.AsyncClient(base_url=served.console.config.url) as client:
        answer = await client.get("/sign-in")
    assert "server" not in answer.headers
    assert "uvicorn" not in str(answer.headers).lower()


async def test_many_browsers_at_once_are_served(served: Desk) -> None:
    async with httpx.AsyncClient(base_url=served.console.config.url, timeout=30) as client:
        answers = await asyncio.gather(*(client.get("/sign-in") for _ in range(100)))
    assert {answer.status_code for answer in answers} == {200}


async def test_a_page_does_not_wait_for_the_network_to_fill_a_packet() -> None:
    option: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    listener = bind("127.0.0.1:0")

    async def look(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        option.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    server = await asyncio.start_server(look, sock=listener)
    _, writer = await asyncio.open_connection(*listener.getsockname())
    assert await asyncio.wait_for(option, 5) == 1
    writer.close()
    server.close()


async def test_who_comes_before_the_server_runs_waits_for_it() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    listener = bind("127.0.0.1:0")
    with socket.create_connection(listener.getsockname()) as early:
        server = await asyncio.start_server(greet, sock=listener)
        assert await asyncio.to_thread(early.recv, 5) == b"hello"
        server.close()


def test_a_taken_address_names_its_setting() -> None:
    listener = bind("127.0.0.1:0")
    port = listener.getsockname()[1]
    with pytest.raises(ConsoleSetupError, match=f"BOT_CONSOLE_LISTEN: cannot listen on 127.0.0.1:{port}"):
        bind(f"127.0.0.1:{port}")
    listener.close()


@pytest.mark.parametrize(
    ("listen", "url", "known", "unknown"),
    [
        ("127.0.0.1:8080", "https://desk.example.org", "desk.example.org", "example.org"),
        ("0.0.0.0:8080", "http://0.0.0.0:8080", "localhost", "desk.example.org"),
        ("192.0.2.1:80", "http://192.0.2.1:80", "192.0.2.1", "192.0.2.2"),
        ("[::1]:8080", "http://[::1]:8080", "::1", "::2"),
    ],
)
def test_it_answers_to_its_own_names_only(listen: str, url: str, known: str, unknown: str) -> None:
    config = ConsoleConfig(listen=listen, url=url, data_dir=Path())
    assert known in config.hosts
    assert unknown not in config.hosts
