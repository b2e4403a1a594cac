// lowportbind --user www-data -m listen-fds -p 80 -- node /srv/server.js
//
// Descriptor 3 is the first listed port. Without sockets it binds port 80 itself.
'use strict';
const http = require('http');

const server = http.createServer((request, response) => {
  response.end('node on an open socket\n');
});
server.listen(process.env.LISTEN_FDS ? {fd: 3} : 80);
