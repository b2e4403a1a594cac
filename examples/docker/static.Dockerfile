# An image of four files: the static launcher as ENTRYPOINT, a static daemon, and the account. The
# launcher becomes the daemon, which is process 1 of the container and gets the signal of
# `docker stop`. In the checkout, with your own static program as the file `daemon`:
#
#   cmake --preset static && cmake --build --preset static
#   context=$(mktemp -d)
#   cp build/static/lowportbind daemon examples/docker/passwd examples/docker/group "$context"
#   docker build -t www -f examples/docker/static.Dockerfile "$context"
#   docker run www
#   docker run --read-only --cap-drop ALL --cap-add SETUID --cap-add SETGID www
#   docker run --cap-drop ALL --cap-add NET_BIND_SERVICE --cap-add SETUID --cap-add SETGID www
#
# Docker starts it as root. In a container's own network Docker leaves no port privileged:
# NET_BIND_SERVICE is not needed, and the daemon is given no capability. With `--network host` the
# host decides which ports are privileged.
#
# Put an init in front (`docker run --init`, or tini in ENTRYPOINT) if the daemon starts programs
# without waiting for them, or has no handler for SIGTERM: as process 1 it would keep the zombies,
# and ignore the signal. The launcher itself leaves nothing behind that needs an init.
FROM scratch
COPY passwd group /etc/
COPY lowportbind daemon /
ENTRYPOINT ["/lowportbind", "--user", "www-data", "-p", "80", "--"]
CMD ["/daemon"]
