# As Dockerfile, for a container that never has root: `docker run --user 33:33 --cap-add NET_BIND_SERVICE`. Such a
# container has the capability in its bounding set alone; a file capability on the launcher is what brings it back. A
# COPY from the build context loses file capabilities, a tar file keeps them:
#
#   chgrp 33 lowportbind && chmod 0750 lowportbind && setcap cap_net_bind_service=p lowportbind
#   tar --xattrs --xattrs-include=security.capability -cf root.tar lowportbind daemon
#
# Kubernetes' `allowPrivilegeEscalation: false` and Docker's `no-new-privileges` void file capabilities, except in engines
# that leave the capability in the permitted set (Docker 26).
FROM scratch
ADD root.tar /
ENTRYPOINT ["/lowportbind", "-p", "80", "--"]
CMD ["/daemon"]
