// What htmx doesn't do on a live page. Without these modules the pages still work, but don't update by themselves.

import "./js/connection.js";
import "./js/rows.js";
import "./js/keys.js";
import "./js/forms.js";
import "./js/requests.js";
import "./js/editor.js";
import "./js/staff.js";
import "./js/days.js";
import "./js/times.js";
import "./js/copy.js";
import "./js/finding.js";
import "./js/mentions.js";
import "./js/reactions.js";
import "./js/bell.js";
