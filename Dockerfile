# Three stages: the page, the binary with the page in it, and a Debian with PostgreSQL, PostGIS and a Chinese font to run it on.
# `docker run -p 8080:8080 -v jingtu:/var/lib/jingtu IMAGE` runs it with a PostgreSQL of its own; compose.yaml beside
# this file runs it against one in a container of its own.

FROM node:20-bookworm-slim AS web
WORKDIR /build/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web/ ./
RUN npm run build

FROM rust:1.95-bookworm AS binary
WORKDIR /build
COPY . .
COPY --from=web /build/web/dist web/dist
ENV SQLX_OFFLINE=true
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --locked --release --bin jingtu && cp target/release/jingtu /usr/local/bin/jingtu

FROM debian:bookworm-slim
# The server's package makes and starts a cluster where an init system is; there is none here.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl fonts-noto-cjk postgresql-15-postgis-3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/jingtu --shell /usr/sbin/nologin jingtu \
    && install -d -o jingtu -g jingtu -m 0700 /var/lib/jingtu
COPY --from=binary /usr/local/bin/jingtu /usr/local/bin/jingtu
USER jingtu
WORKDIR /var/lib/jingtu
VOLUME /var/lib/jingtu
EXPOSE 8080
# PostgreSQL of its own needs up to a minute to write everything out.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1:8080/healthz"]
ENTRYPOINT ["jingtu"]
CMD ["serve", "--listen", "0.0.0.0:8080", "--data-dir", "/var/lib/jingtu"]
