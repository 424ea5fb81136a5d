"""A process killed between the commit of a document and its publication: others answer from it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

from tests.crash.process import ROOT, RunningBot, environment
from tests.telegram_api import TelegramApi

# The real publisher, stopped where it has seen the commit and begins to index.
SAVES_AND_HANGS = """
import asyncio, sys
from bot import publishing
from bot.app import open_library, load_program
from bot.service import opened
from bot.settings import Settings
from storage.document_records import NewDocument

async def hang(*parts):
    print("publishing", flush=True)
    await asyncio.sleep(600)

async def main(name, question, answer):
    settings = Settings()
    publishing.publish = hang
    async with opened(settings) as (database, knowledge):
        library = open_library(settings, load_program(settings.program))
        publisher = publishing.Publisher(database, knowledge, library)
        keeping = asyncio.create_task(publisher.keep())
        text = f"## {question}\\n\\n{answer}\\n"
        new = NewDocument(id=name, language="en", title=name, markdown=text, origin="faq")
        async with database.unit_of_work() as work:
            await work.documents.save(new, author="Ada", based_on=0)
        publisher.changed()
        await keeping

asyncio.run(main(*sys.argv[1:]))
"""
KILNS = ("en/kilns", "When is the kiln hot?", "The kiln is hot on Tuesdays.")
CRANES = ("en/cranes", "Who may drive the crane?", "The crane is driven by the foreman alone.")


async def killed_while_publishing(bot: RunningBot, document: tuple[str, str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SAVES_AND_HANGS, *document),
        cwd=ROOT,
        env=environment(BOT_PROGRAM=str(bot.program), BOT_DATA_DIR=str(bot.data)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    line = await asyncio.wait_for(process.stdout.readline(), 120)
    if line != b"publishing\n":
        process.kill()
        raise AssertionError((await process.stderr.read()).decode())
    process.kill()
    await process.wait()


async def answers(api: TelegramApi, user: int, question: str, answer: str) -> None:
    """Ask until the bot says it: a running process takes up to two seconds, a busy machine longer."""
    for number in range(1, 31):
        await api.say(user, question)
        said = await api.wait_for_messages(user, number, seconds=90)
        if answer in said[-1].text:
            return
        await asyncio.sleep(1)
    raise AssertionError(f"still {said[-1].text!r}")


async def test_what_a_killed_process_committed_is_published_at_the_next_start_and_by_one_that_runs(
    install: Callable[[str], RunningBot], api: TelegramApi
) -> None:
    bot = install("polling")
    await killed_while_publishing(bot, KILNS)
    await bot.start()
    await bot.ready()
    await answers(api, 101, *KILNS[1:])
    await killed_while_publishing(bot, CRANES)
    await answers(api, 102, *CRANES[1:])
    assert await bot.select("SELECT count(*) FROM document_versions") == [(2,)]
    assert await bot.terminate() == 0, bot.log()
