"""A page for gunicorn, which supports the sockets of LISTEN_FDS itself.

lowportbind --user www-data -m listen-fds -p 80 -- gunicorn --workers 2 --chdir /srv/app app
"""


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"gunicorn on an open socket\n"]
