# Build stage: the locked packages, the code, and the sample program's index.
FROM python:3.11-slim AS build

ENV PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

# The packages first: they change less often than the code, so this layer is kept between builds.
COPY requirements/uv.txt requirements/runtime.txt requirements/
RUN python -m venv /opt/uv \
    && /opt/uv/bin/pip install --quiet --require-hashes -r requirements/uv.txt
RUN python -m venv /app/.venv \
    && /opt/uv/bin/uv pip sync --no-cache --python /app/.venv/bin/python --require-hashes --compile-bytecode requirements/uv.txt requirements/runtime.txt

COPY pyproject.toml README.md ./
COPY bot/ bot/
COPY forms/ forms/
COPY handlers/ handlers/
COPY knowledge/ knowledge/
COPY storage/ storage/
COPY programs/ programs/
RUN /opt/uv/bin/uv pip install --no-cache --python /app/.venv/bin/python --no-deps --no-build-isolation --editable . \
    && /app/.venv/bin/python -m compileall -q bot forms handlers knowledge storage

# The sample program's database and index: the first start of a container finds them ready.
# Docker copies them into a named volume that is mounted there for the first time.
RUN BOT_DATA_DIR=/app/data /app/.venv/bin/founder-bot setup

# Runtime stage: no compiler, no package manager's leftovers, no root.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PATH=/app/.venv/bin:$PATH BOT_DATA_DIR=/app/data BOT_PROGRAM=/app/programs/joint-base
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin bot
WORKDIR /app
COPY --from=build /app /app
COPY --from=build --chown=bot:bot /app/data /app/data
# For a container of this image that runs the Chroma server (compose.yaml).
RUN mkdir /app/chroma && chown bot:bot /app/chroma

USER bot
VOLUME /app/data
EXPOSE 8080 8443
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 CMD ["founder-bot", "doctor", "--health"]

# `setup` migrates the database and indexes what changed; it ends at once when there is nothing to do.
CMD ["sh", "-c", "founder-bot setup && exec founder-bot run"]
