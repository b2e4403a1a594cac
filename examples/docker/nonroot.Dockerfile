# Like static.Dockerfile, for a container that never has root. The capability of `--cap-add` is in
# its bounding set, and a file capability on the launcher brings it back. A COPY from the build
# context loses file capabilities; a tar file keeps them:
#
#   cmake --preset static && cmake --build --preset static
#   context=$(mktemp -d)
#   cp build/static/lowportbind daemon "$context"
#   chgrp 33 "$context/lowportbind" && chmod 0750 "$context/lowportbind"
#   setcap cap_net_bind_service=p "$context/lowportbind"
#   tar --xattrs --xattrs-include=security.capability -C "$context" -cf "$context/root.tar" lowportbind daemon
#   docker build -t www-nonroot -f examples/docker/nonroot.Dockerfile "$context"
#   docker run --cap-drop ALL --cap-add NET_BIND_SERVICE www-nonroot
#   docker run --cap-drop ALL --cap-add NET_BIND_SERVICE \
#       --security-opt no-new-privileges www-nonroot
#
# The last command needs Docker 24.0.6 or later. With no_new_privs, a program's file capabilities
# count only if they were already permitted. Older engines take them from users other than root, and
# so does executing any other program before the launcher, such as a shell or an init. The launcher
# then reports this and exits.
FROM scratch
ADD root.tar /
USER 33:33
ENTRYPOINT ["/lowportbind", "-p", "80", "--"]
CMD ["/daemon"]
