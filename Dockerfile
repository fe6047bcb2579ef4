# A production image. Not built on the machines this project is developed on (no container engine there).
FROM python:3.12-slim AS build
WORKDIR /src
COPY . .
RUN pip install --no-cache-dir "uv>=0.9,<1" && uv sync --frozen --no-dev --no-editable

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 doorstep
COPY --from=build --chown=doorstep /src/.venv /src/.venv
USER doorstep
ENV PATH=/src/.venv/bin:$PATH DOORSTEP_HOME=/home/doorstep/state HOST=0.0.0.0
# Kept for the kind of processor this is built on; another compiles at its first start.
RUN doorstep warm
EXPOSE 8000
HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz')"]
CMD ["doorstep", "serve"]
