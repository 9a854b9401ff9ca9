// ws as "Server broadcast" in its README shows: each message from Redis is sent to every open client.
"use strict";

const { Redis } = require("ioredis");
const { WebSocket, WebSocketServer } = require("ws");

const [port, redisUrl, channel] = process.argv.slice(2);
const redis = new Redis(redisUrl);

redis.subscribe(channel).then(() => {
  const server = new WebSocketServer({ host: "127.0.0.1", port: Number(port), perMessageDeflate: false });
  server.on("connection", (client) => client.on("error", () => client.terminate()));
  // The message is neither decoded nor encoded, so all clients share one buffer.
  redis.on("messageBuffer", (_, message) => {
    for (const client of server.clients) {
      if (client.readyState === WebSocket.OPEN) client.send(message, { binary: false });
    }
  });
});
