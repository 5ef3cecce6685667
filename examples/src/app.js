// The page. It keeps the session alive by one rule: a call that is answered with 401 refreshes the session
// once and is sent again; if the refresh is refused as well, one has to log in.

const FRONT_TOKEN = "front-token";
const $ = (id) => document.getElementById(id);
let things = [];

// ---- Requests ----

/** Sends one request, writes it to the log, and keeps the front token that an answer brings along. */
async function request(method, path, body) {
  const headers = { accept: "application/json" };
  if (body) headers["content-type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    log(method, path, "failed");
    throw new Error("The server cannot be reached.");
  }
  const token = response.headers.get(FRONT_TOKEN);
  if (token === "remove") localStorage.removeItem(FRONT_TOKEN);
  else if (token) localStorage.setItem(FRONT_TOKEN, token);

  const answer = await response.json().catch(() => ({}));
  log(method, path, response.status, answer.message);
  return { ok: response.ok, status: response.status, answer };
}

/** The body of a good answer; any other is an error with the server's message. */
function answerOf({ ok, status, answer }) {
  if (ok) return answer;
  throw new Error(answer.message ?? answer.error?.description ?? `The server answered ${status}.`);
}

/** A request that needs a session. */
async function call(method, path, body) {
  let result = await request(method, path, body);
  if (result.status === 401) {
    await refresh();
    result = await request(method, path, body);
  }
  return result.status === 401 ? leave() : answerOf(result);
}

let refreshing;

/** New tokens. Calls that find the session expired at the same time share one refresh. */
function refresh() {
  refreshing ??= request("POST", "/auth/session/refresh")
    .then((result) => (result.status === 401 ? leave() : answerOf(result)))
    .finally(() => (refreshing = undefined));
  return refreshing;
}

/** Thrown when there is no session any more: nothing went wrong, one just has to log in. */
class LoggedOut extends Error {}

function leave() {
  show("guest");
  throw new LoggedOut("Please log in.");
}

// ---- What one sees ----

/** Shows one of the two views and moves the focus into it, or leaves it alone if it is there already. */
function show(view) {
  if (!$(view).hidden) return;
  $("guest").hidden = view !== "guest";
  $("member").hidden = view !== "member";
  $("guest").reset();
  $("change").reset();
  $(view === "guest" ? "user" : "things-title").focus();
}

function say(text, bad = false) {
  $("message").textContent = text;
  $("message").className = bad ? "bad" : "";
}

/** An element with text in it; text only ever gets into the page as text. */
function element(tag, text = "", className = "") {
  return Object.assign(document.createElement(tag), { textContent: text, className });
}

function log(method, path, status, message = "") {
  const line = element("li");
  line.append(
    element("time", new Date().toLocaleTimeString("en-GB")),
    element("b", `${method} ${path}`),
    element("span", status, status < 400 ? "good" : "bad"),
  );
  if (message) line.append(element("small", message));
  $("log").prepend(line);
  while ($("log").children.length > 100) $("log").lastChild.remove();
}

function showThings(data) {
  things = data.awesomeThings;
  $("things").replaceChildren(...things.map((thing) => {
    const line = element("li");
    const remove = element("button", "Remove");
    remove.setAttribute("aria-label", `Remove ${thing}`);
    remove.addEventListener("click", () => act(async () => {
      await save(things.filter((other) => other !== thing));
      $("thing").focus();
      say(`Removed ${thing}.`);
    }));
    line.append(element("span", thing), remove);
    return line;
  }));
}

/** How long the access token is good for. The front token tells: it is base64 of JSON {uid, ate, up}. */
function expiry() {
  const token = localStorage.getItem(FRONT_TOKEN);
  if (!token) return "known after the next refresh";
  const bytes = Uint8Array.from(atob(token), (char) => char.charCodeAt(0));
  const { ate } = JSON.parse(new TextDecoder().decode(bytes));
  const seconds = Math.ceil((ate - Date.now()) / 1000);
  if (seconds <= 0) return "expired, the next request refreshes it";
  const parts = [seconds / 3600, (seconds / 60) % 60, seconds % 60];
  return `expires in ${parts.map((part) => String(Math.trunc(part)).padStart(2, "0")).join(":")}`;
}

const showExpiry = () => ($("expiry").textContent = expiry());

// ---- What one does ----

/** Brings the page up to date with the server. */
async function load() {
  const [me, data] = await Promise.all([call("GET", "/me"), call("GET", "/data")]);
  $("user-id").textContent = me.userId;
  $("payload").textContent = JSON.stringify(me.payload);
  $("handle").textContent = me.sessionHandle;
  showThings(data);
  showExpiry();
  show("member");
}

async function save(awesomeThings) {
  showThings(await call("PUT", "/data", { awesomeThings }));
}

let queue = Promise.resolve();

/** Runs an action after those before it, so that a quick second click builds on the first one's result. */
function act(action) {
  queue = queue
    .then(() => say(""))
    .then(action)
    .catch((error) => say(error.message, !(error instanceof LoggedOut)));
}

$("guest").addEventListener("submit", (event) => {
  event.preventDefault();
  const credentials = Object.fromEntries(new FormData(event.target));
  const isNew = event.submitter?.hasAttribute("formaction");
  act(async () => {
    if (isNew) answerOf(await request("POST", "/signup", credentials));
    answerOf(await request("POST", "/login", credentials));
    await load();
    say(`Welcome${isNew ? "" : " back"}, ${credentials.user}.`);
  });
});

$("add").addEventListener("submit", (event) => {
  event.preventDefault();
  const thing = $("thing").value.trim();
  if (!thing) return;
  act(async () => {
    await save([...things.filter((other) => other !== thing), thing]);
    $("add").reset();
    say(`Added ${thing}.`);
  });
});

$("change").addEventListener("submit", (event) => {
  event.preventDefault();
  const change = Object.fromEntries(new FormData(event.target));
  act(async () => {
    await call("POST", "/password", change);
    $("change").reset();
    say("Changed. All other sessions have ended.");
  });
});

$("refresh").addEventListener("click", () => act(async () => {
  await refresh();
  await load();
  say("Refreshed.");
}));

$("sign-out").addEventListener("click", () => act(async () => {
  await call("POST", "/auth/signout");
  show("guest");
  say("Signed out.");
}));

setInterval(showExpiry, 1000);
act(load);
