// Socket.IO as its "Broadcasting events" page shows, with the websocket transport only. By default it doesn't compress.
"use strict";

const { createServer } = require("node:http");
const { Redis } = require("ioredis");
const { Server } = require("socket.io");

const [port, redisUrl, channel] = process.argv.slice(2);
const redis = new Redis(redisUrl);

redis.subscribe(channel).then(() => {
  const http = createServer((_, response) => response.writeHead(404).end());
  const io = new Server(http, { transports: ["websocket"], serveClient: false });
  redis.on("message", (_, message) => io.emit("event", JSON.parse(message)));
  http.listen(Number(port), "127.0.0.1");
});
