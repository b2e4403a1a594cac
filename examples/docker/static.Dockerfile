# An image of four files: the static launcher as ENTRYPOINT, a static daemon, and the account. The launcher becomes the
# daemon, which is process 1 of the container and gets the signal of `docker stop`. In the checkout, with a static
# program of yours as the file `daemon`:
#
#   cmake --preset static && cmake --build --preset static
#   context=$(mktemp -d)
#   cp build/static/lowportbind daemon examples/docker/passwd examples/docker/group "$context"
#   docker build -t www -f examples/docker/static.Dockerfile "$context"
#   docker run www
#   docker run --read-only --cap-drop ALL --cap-add SETUID --cap-add SETGID www
#   docker run --cap-drop ALL --cap-add NET_BIND_SERVICE --cap-add SETUID --cap-add SETGID www
#
# Docker starts it as root. In a network of the container's own Docker leaves no port privileged: NET_BIND_SERVICE is
# not needed, and the daemon is given no capability. With `--network host` the host says which ports are privileged.
#
# An init in front (`docker run --init`, or tini in ENTRYPOINT) is for a daemon that starts programs and does not wait
# for their end, or that has no handler for SIGTERM: as process 1 it keeps the zombies, and ignores the signal. The
# launcher leaves nothing behind that would need one.
FROM scratch
COPY passwd group /etc/
COPY lowportbind daemon /
ENTRYPOINT ["/lowportbind", "--user", "www-data", "-p", "80", "--"]
CMD ["/daemon"]
