// The page: what one sees, and what one does. `session.js` keeps the session.

import { LoggedOut, call, secondsLeft, keeper, log, onOtherUser, refresh, signOut } from "/session.js";

const $ = (id) => document.getElementById(id);
let things = [];

// ---- What one sees ----

/** Shows one of the two views and moves the focus into it, or leaves it alone if it is there already. */
function show(view) {
  if (!$(view).hidden) return;
  $("guest").hidden = view !== "guest";
  $("member").hidden = view !== "member";
  for (const form of ["guest", "add", "change"]) $(form).reset();
  $(view === "guest" ? "user" : "hello").focus();
}

function say(text, bad = false) {
  $("message").textContent = text;
  $("message").className = bad ? "bad" : "";
}

/** An element with text in it; text only ever gets into the page as text. */
function element(tag, text = "", className = "") {
  return Object.assign(document.createElement(tag), { textContent: text, className });
}

/** A button that says to what it belongs, for those who do not see where it stands. */
function button(text, label, action) {
  const made = element("button", text);
  made.setAttribute("aria-label", label);
  made.addEventListener("click", () => act(action, made));
  return made;
}

function row(text, ...rest) {
  const line = element("li");
  line.append(element("span", text), ...rest);
  return line;
}

function showThings(data) {
  things = data.awesomeThings;
  $("things").replaceChildren(...things.map((thing) => row(thing, button("Remove", `Remove ${thing}`, async () => {
    await save({ remove: thing });
    $("thing").focus();
    say(`Removed ${thing}.`);
  }))));
}

function showDevices(devices) {
  $("devices").replaceChildren(...devices.map(({ handle, name, ip, since, current, bound }) => {
    const when = element("time", new Date(since).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }));
    when.dateTime = since;
    const label = current ? "Sign out this device" : `Sign out ${name}, since ${when.textContent}`;
    const line = row(name, button("Sign out", label, async () => {
      await call("DELETE", `/devices/${handle}`);
      if (current) return leave("Signed out.");
      showDevices(await call("GET", "/devices"));
      $("devices-title").focus();
      say(`Signed out ${name}.`);
    }));
    const details = element("small", "since ");
    details.append(when, `, ${ip}${bound ? ", bound to the device" : ""}`);
    if (current) line.firstChild.append(" ", element("b", "this one"));
    line.firstChild.append(details);
    return line;
  }));
}

/** How long the access token is good for, hours, minutes and seconds. */
function countdown() {
  const seconds = secondsLeft();
  if (seconds === undefined) return "known after the next refresh";
  if (seconds <= 0) return "due with the next request";
  const parts = [seconds / 3600, (seconds / 60) % 60, seconds % 60];
  return `in ${parts.map((part) => String(Math.trunc(part)).padStart(2, "0")).join(":")}`;
}

const showCountdown = () => ($("countdown").textContent = countdown());

log.addEventListener("request", ({ detail: { method, path, status } }) => {
  const line = element("li");
  line.append(
    element("time", new Date().toLocaleTimeString("en-GB")),
    element("b", `${method} ${path}`),
    element("span", status, status < 400 ? "good" : "bad"),
  );
  $("log").prepend(line);
  while ($("log").children.length > 100) $("log").lastChild.remove();
});

// ---- What one does ----

/** Brings the page up to date with the server. */
async function load() {
  // One after the other, so that an expired session shows as one 401 in the log.
  const me = await call("GET", "/me");
  const [data, devices] = await Promise.all([call("GET", "/data"), call("GET", "/devices")]);
  $("hello").textContent = `Hello ${me.payload.name}`;
  $("user-id").textContent = me.userId;
  $("payload").textContent = JSON.stringify(me.payload);
  $("handle").textContent = me.sessionHandle;
  showThings(data);
  showDevices(devices);
  showCountdown();
  show("member");
}

function leave(text) {
  show("guest");
  say(text);
}

/** Adds a thing to the list, or removes one: the server does it, so that no change of another tab is lost. */
async function save(change) {
  showThings(await call("PATCH", "/data", change));
}

/** Throws if the browser has the session of another user by now: what was meant for one must not happen to the other. */
async function checkUser() {
  if ($("member").hidden) return;
  const { userId } = await call("GET", "/me");
  if (userId === $("user-id").textContent) return;
  show("guest");
  await load();
  throw new Error("Somebody else has logged in in this browser. Nothing was sent.");
}

let queue = Promise.resolve();

/**
 * Runs an action after those before it, so that it builds on their results. Its button is disabled meanwhile: a second
 * click would be sent with a session that the first one has replaced or ended. It stays in focus, unlike with `disabled`.
 */
function act(action, control) {
  if (control?.ariaDisabled) return;
  if (control) control.ariaDisabled = "true";
  queue = queue
    .then(() => say(""))
    .then(checkUser)
    .then(action)
    .catch((error) => (error instanceof LoggedOut ? leave(error.message) : say(error.message, true)))
    .finally(() => control?.removeAttribute("aria-disabled"));
}

/** Hands the fields of a form to `action` instead of sending it. */
function onSubmit(id, action) {
  $(id).addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.target));
    act(() => action(fields, event.submitter), event.submitter);
  });
}

const onClick = (id, action) => $(id).addEventListener("click", ({ currentTarget }) => act(action, currentTarget));

/** After a right password there is a session, unless the browser did not keep it. */
async function loadAfterLogin() {
  try {
    await load();
  } catch (error) {
    if (!(error instanceof LoggedOut)) throw error;
    throw new Error("The password is right, but this browser does not keep the cookies of this page. Allow them, then log in again.");
  }
}

onSubmit("guest", async (credentials, submitter) => {
  const isNew = submitter?.hasAttribute("formaction");
  if (isNew) await call("POST", "/signup", credentials);
  await call("POST", "/login", credentials);
  await loadAfterLogin();
  say(`Welcome${isNew ? "" : " back"}, ${credentials.user}.`);
});

onSubmit("add", async ({ thing }) => {
  const added = thing.trim();
  if (!added) return;
  await save({ add: added });
  $("add").reset();
  say(`Added ${added}.`);
});

onSubmit("change", async (change) => {
  await call("POST", "/password", change);
  $("change").reset();
  showDevices(await call("GET", "/devices"));
  say("Changed. All other sessions have ended.");
});

onClick("refresh", async () => {
  await refresh();
  await load();
  say("Refreshed.");
});

onClick("sign-out", async () => {
  await signOut();
  leave("Signed out.");
});

onClick("sign-out-everywhere", async () => {
  await call("DELETE", "/devices");
  leave("Signed out everywhere.");
});

onOtherUser((userId) => (userId ? act(load) : leave("Signed out in another tab.")));
// A page that the browser kept may belong to a session that is over.
addEventListener("pageshow", ({ persisted }) => persisted && act(load));
setInterval(showCountdown, 1000);
$("keeper").textContent = keeper;
act(load);
