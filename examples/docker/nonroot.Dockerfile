# As static.Dockerfile, for a container that never has root. It has the capability of `--cap-add` in its bounding set; a
# file capability on the launcher is what brings it back. A COPY from the build context loses file capabilities, a tar
# file keeps them:
#
#   cmake --preset static && cmake --build --preset static
#   context=$(mktemp -d)
#   cp build/static/lowportbind daemon "$context"
#   chgrp 33 "$context/lowportbind" && chmod 0750 "$context/lowportbind"
#   setcap cap_net_bind_service=p "$context/lowportbind"
#   tar --xattrs --xattrs-include=security.capability -C "$context" -cf "$context/root.tar" lowportbind daemon
#   docker build -t www-nonroot -f examples/docker/nonroot.Dockerfile "$context"
#   docker run --cap-drop ALL --cap-add NET_BIND_SERVICE www-nonroot
#   docker run --cap-drop ALL --cap-add NET_BIND_SERVICE --security-opt no-new-privileges www-nonroot
#
# The last one is for Docker from 24.0.6 on. With no_new_privs, a program's file capabilities count only as far as they
# were permitted before, and older engines take them from who is not root, as does the exec of any other program before
# the launcher, such as a shell or an init. The launcher then says so, and ends.
FROM scratch
ADD root.tar /
USER 33:33
ENTRYPOINT ["/lowportbind", "-p", "80", "--"]
CMD ["/daemon"]
