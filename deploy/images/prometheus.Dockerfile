# Prometheus as Debian has it, with genxi's targets, alert rules and a dashboard (console template) at /consoles/genxi.html.
FROM debian:bookworm-slim
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends prometheus curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent genxi \
    && install -d -o genxi -g genxi -m 0700 /var/lib/genxi-prometheus
COPY deploy/prometheus/prometheus.yml deploy/prometheus/rules.yml /etc/genxi/
COPY deploy/prometheus/genxi.html /etc/prometheus/consoles/
USER genxi
VOLUME /var/lib/genxi-prometheus
CMD ["prometheus", "--config.file=/etc/genxi/prometheus.yml", "--storage.tsdb.path=/var/lib/genxi-prometheus", "--web.console.templates=/etc/prometheus/consoles", "--web.console.libraries=/etc/prometheus/console_libraries", "--web.listen-address=0.0.0.0:9090"]
