// What only somebody who is logged in needs.

import "./js/writing.js";
import "./js/outbox.js";
import "./js/changing.js";
import "./js/mentions.js";
import "./js/bell.js";
import "./js/cards.js";
