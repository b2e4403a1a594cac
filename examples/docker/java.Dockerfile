# A Java server as process 1 of a container. It binds port 80 itself; ../java/Server.java explains
# why a file capability would not work.
#
#   cmake --preset static && cmake --build --preset static
#   context=$(mktemp -d)
#   cp build/static/lowportbind "$context"
#   javac --release 17 -d "$context" examples/java/Server.java
#   docker build -t java-www -f examples/docker/java.Dockerfile "$context"
#   docker run -p 80:80 --read-only --tmpfs /tmp \
#       --cap-drop ALL --cap-add SETUID --cap-add SETGID java-www
#
# Add `--cap-add NET_BIND_SERVICE` if port 80 is privileged, as with `--network host`.
FROM debian:12
RUN apt-get update && \
    apt-get install -y --no-install-recommends default-jre-headless && \
    rm -rf /var/lib/apt/lists/*
COPY lowportbind /usr/local/sbin/
COPY Server.class /srv/
ENTRYPOINT ["/usr/local/sbin/lowportbind", "--user", "www-data", "-p", "80", "--"]
CMD ["java", "-cp", "/srv", "Server"]
