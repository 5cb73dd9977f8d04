# Builds the release binary with TLS to Postgres and runs it as an ordinary user.
#
#   docker build -t slipway .
#   docker run -p 8080:8080 -v slipway:/data slipway
FROM rust:1-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev make perl && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked --features pg-tls

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --home-dir /data slipway
COPY --from=build /src/target/release/slipway /usr/local/bin/slipway
USER slipway
WORKDIR /data
VOLUME /data
EXPOSE 8080
ENV DATABASE_URL=/data/slipway.db SLIPWAY_LISTEN=0.0.0.0:8080
CMD ["slipway", "serve"]
