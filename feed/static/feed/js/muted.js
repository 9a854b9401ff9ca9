// Rows of the people and threads that the user has muted. The rows themselves are the same for everybody.

import { leaveOut } from "./left_out.js";

leaveOut((row, feed) => {
  if (!feed.dataset.muted) return false;
  const { people, threads } = JSON.parse(feed.dataset.muted);
  const [, thread] = row.dataset.fold?.match(/^thread:(\d+)$/) ?? [];
  return people.includes(row.dataset.user) || threads.some((each) => [row.dataset.id, thread].includes(String(each)));
});
