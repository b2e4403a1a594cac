#!/usr/bin/python3
"""A "wait" server of inetd: the listening socket is descriptor 0.

lowportbind --user nobody -m inetd -p daytime -- /srv/server.py
"""

import socket
import sys
import time

try:
    server = socket.socket(fileno=0)
except OSError as error:
    sys.exit(f"descriptor 0 is not a socket: {error.strerror}")
while True:
    connection, client = server.accept()
    with connection:
        connection.sendall(time.strftime("%Y-%m-%dT%H:%M:%SZ\r\n", time.gmtime()).encode())
        print(f"answered {client[0]}", file=sys.stderr, flush=True)
