// What htmx doesn't do on a live page. Without these modules the pages still work, but don't update by themselves.

import "./js/connection.js";
import "./js/identity.js";
import "./js/rows.js";
import "./js/folding.js";
import "./js/distant.js";
import "./js/thread.js";
import "./js/keys.js";
import "./js/forms.js";
import "./js/drafts.js";
import "./js/writing.js";
import "./js/requests.js";
import "./js/outbox.js";
import "./js/editor.js";
import "./js/mark.js";
import "./js/deleting.js";
import "./js/days.js";
import "./js/times.js";
import "./js/copy.js";
import "./js/finding.js";
import "./js/mentions.js";
import "./js/reactions.js";
import "./js/unfold.js";
import "./js/bell.js";
import "./js/muted.js";
import "./js/more.js";
import "./js/away.js";
