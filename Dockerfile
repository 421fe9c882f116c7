# syntax=docker/dockerfile:1
# A small image that contains only the program, and runs it as a user without rights: `docker build -t insession .`

FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev make && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# For `insession --version`: `docker build --build-arg INSESSION_COMMIT="$(git rev-parse --short HEAD)" .`
ARG INSESSION_COMMIT
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin insession && strip -o /insession target/release/insession

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/insession --create-home insession
COPY --from=build /insession /usr/local/bin/insession
USER 10001
# The SQLite database is here, unless DATABASE_URL names another one. To keep it, mount a volume here.
WORKDIR /var/lib/insession
ENV HOST=0.0.0.0 PORT=8080 LOG_FORMAT=json
EXPOSE 8080
STOPSIGNAL SIGTERM
# CMD, not ENTRYPOINT: so `insession worker` is written the same way in a container and outside.
CMD ["insession", "serve"]
