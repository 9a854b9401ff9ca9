// Runs the JavaScript client for the tests, as driver.py runs the Python client.

import { createInterface } from "node:readline";

import { Rill } from "../../clients/javascript/rill.js";

const followings = new Map();
const held = new Map();

const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
const say = (command, what) => console.log(JSON.stringify({ id: command.id, ...what }));
const described = ({ name, message, ...rest }) => ({ name, message, ...rest });
const client = ({ url, token, timing = {} }) =>
  new Rill(url, { token, timing: Object.fromEntries(Object.entries(timing).map(([name, value]) => [camel(name), value])) });

const commands = {
  async follow(command) {
    const { held: isHeld, ...options } = command.options;
    const going = isHeld ? new Promise((resolve) => held.set(command.id, resolve)) : null;
    const onLost = ({ error, wait }) => say(command, { lost: { error: described(error), wait } });
    const following = client(command).follow({ onLost, ...options });
    followings.set(command.id, following);
    for await (const update of following) {
      say(command, { update });
      await going;
    }
    say(command, { done: true });
  },
  go: ({ id }) => held.get(id)(),
  watch: ({ id, streams, after }) => followings.get(id).watch(streams, { after }),
  close: ({ id }) => followings.get(id).close(),
  async call(command) {
    say(command, { result: (await methods[command.method](client(command), command.arguments)) ?? null });
  },
};

const methods = {
  post: (rill, { kind, fields, key }) => rill.post(kind, fields, key ? { idempotencyKey: key } : {}),
  edit: (rill, { number, fields }) => rill.edit(number, fields),
  delete: (rill, { number }) => rill.delete(number),
  event: (rill, { number }) => rill.event(number),
  snapshot: (rill, options) => rill.snapshot(options),
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  Promise.resolve(commands[command.do](command)).catch((error) => say(command, { error: described(error) }));
}
process.exit();
