# PostgreSQL 15 as Debian has it, without root; the administrator's password is the one that `genxi-init keys` made.
FROM debian:bookworm-slim
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql-15 \
    && rm -rf /var/lib/apt/lists/* /var/lib/postgresql/15 \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent genxi \
    && install -d -o genxi -g genxi -m 0700 /var/lib/genxi-pg && install -d -o genxi -g genxi /var/lib/genxi
COPY deploy/images/postgres-start /usr/local/bin/
USER genxi
VOLUME /var/lib/genxi-pg
ENV PATH=/usr/lib/postgresql/15/bin:$PATH
STOPSIGNAL SIGINT
CMD ["postgres-start"]
