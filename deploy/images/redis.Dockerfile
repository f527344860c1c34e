# Redis as Debian has it, without root; password from the volume that `genxi-init keys` filled. Live positions only: nothing is kept on disk.
FROM debian:bookworm-slim
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends redis-server \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent genxi && install -d -o genxi -g genxi /var/lib/genxi
USER genxi
CMD ["bash", "-c", "printf 'bind 0.0.0.0\\nprotected-mode yes\\nport 6379\\nsave \"\"\\nappendonly no\\nmaxmemory-policy noeviction\\nrequirepass %s\\n' \"$(cat /var/lib/genxi/secrets/redis)\" | exec redis-server -"]
