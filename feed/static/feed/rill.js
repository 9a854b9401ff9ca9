// What htmx doesn't do on a live page. Without these modules the pages still work, but don't update by themselves.

import "./js/connection.js";
import "./js/rows.js";
import "./js/threads.js";
import "./js/view.js";
import "./js/keys.js";
import "./js/delivery.js";
import "./js/actions.js";
import "./js/places.js";
