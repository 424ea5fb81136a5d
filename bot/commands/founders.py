"""`founder-bot founders`: the people who write, and the tags staff put on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.common import CommandError, actor, begin, say_none, with_database

if TYPE_CHECKING:
    from storage.database import Database, UnitOfWork

_LONGEST_TAG = 40
_Tag = Annotated[str, typer.Argument(metavar="TAG", help='A word such as a cohort: "batch 2027".')]
_Who = Annotated[
    list[str],
    typer.Argument(metavar="WHO", help="Numbers, user names or application numbers: 12 @liwei 2026-0007."),
]

app = typer.Typer(help="See who writes, and tag founders for announcements.", no_args_is_help=True)


@app.callback()
def _founders() -> None:
    """See who writes, and tag founders for announcements."""


@app.command("list")
def list_(
    context: typer.Context,
    tag: Annotated[str | None, typer.Option("--tag", help="Only those with this tag.")] = None,
) -> None:
    """List founders with number, name and tags."""
    settings = begin(context)

    async def read(database: Database) -> bool:
        after = 0
        while True:
            async with database.unit_of_work(read_only=True) as work:
                page = await work.people.page(after, tag=tag)
                names, tags = await work.people.names(page), await work.people.tags_of(page)
            if not page:
                return after > 0
            for number in page:
                typer.echo("\t".join((str(number), names.get(number, "-"), ", ".join(tags.get(number, [])))))
            after = page[-1]

    if not with_database(settings.database, read):
        say_none(f"founders with the tag {tag}" if tag else "founders yet")


@app.command("tag")
def tag(context: typer.Context, tag: _Tag, who: _Who) -> None:
    """Put a tag on founders, such as their cohort."""
    _change(context, tag, who, on=True)


@app.command("untag")
def untag(context: typer.Context, tag: _Tag, who: _Who) -> None:
    """Take a tag off founders."""
    _change(context, tag, who, on=False)


@app.command("tags")
def tags(context: typer.Context) -> None:
    """List the tags with how many founders have them."""
    settings = begin(context)

    async def read(database: Database) -> dict[str, int]:
        async with database.unit_of_work(read_only=True) as work:
            return await work.subscriptions.tags()

    found = with_database(settings.database, read)
    for name, count in found.items():
        typer.echo(f"{name}\t{count}")
    if not found:
        say_none("tags yet")


def _change(context: typer.Context, tag: str, who: list[str], *, on: bool) -> None:
    settings, wanted = begin(context), " ".join(tag.split())
    if not wanted or len(wanted) > _LONGEST_TAG:
        raise CommandError(f"A tag has between 1 and {_LONGEST_TAG} characters")

    async def write(database: Database) -> int:
        async with database.unit_of_work() as work:
            people = await _people(work, who)
            for number in people:
                change = work.subscriptions.tag if on else work.subscriptions.untag
                await change(number, wanted)
            action = "founders.tag" if on else "founders.untag"
            await work.audit.note(action, actor=actor(), details={"tag": wanted, "founders": people})
            return len(people)

    count = with_database(settings.database, write)
    typer.echo(f"{count} founders {'have' if on else 'do not have'} the tag {wanted} now.")


async def _people(work: UnitOfWork, who: list[str]) -> list[int]:
    found = await work.people.find(who)
    if unknown := [word for word, ids in found.items() if not ids]:
        raise CommandError(
            f"Nobody is called {', '.join(unknown)}: founder-bot founders list shows everybody"
        )
    return list(dict.fromkeys(number for numbers in found.values() for number in numbers))
