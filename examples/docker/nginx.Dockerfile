# Debian's nginx as process 1 of a container, running as www-data from its first instruction, with
# its logs in `docker logs`.
#
#   cmake --preset static && cmake --build --preset static
#   context=$(mktemp -d)
#   cp build/static/lowportbind examples/docker/nginx.conf "$context"
#   docker build -t nginx-www -f examples/docker/nginx.Dockerfile "$context"
#   docker run -p 80:80 nginx-www
#   docker run -p 80:80 --read-only --tmpfs /tmp \
#       --cap-drop ALL --cap-add SETUID --cap-add SETGID --cap-add CHOWN nginx-www
#
# Add `--cap-add NET_BIND_SERVICE` if port 80 is privileged: with `--network host`, and in engines
# that do not open the low ports of a container's own network. CAP_CHOWN is for --own-stdio: the
# engine's pipes belong to root, and nginx opens /dev/stdout and /dev/stderr by name. If nothing
# opens them, leave out both.
FROM debian:12
RUN apt-get update && \
    apt-get install -y --no-install-recommends nginx-light && \
    rm -rf /var/lib/apt/lists/*
COPY lowportbind /usr/local/sbin/
COPY nginx.conf /etc/lowportbind/
ENTRYPOINT ["/usr/local/sbin/lowportbind", "--user", "www-data", "--own-stdio", "-p", "80", "--"]
CMD ["nginx", "-e", "stderr", "-c", "/etc/lowportbind/nginx.conf", "-g", "daemon off;"]
