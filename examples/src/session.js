// Keeps the session alive by one rule: a request whose token has expired refreshes the session and is sent again; if
// the refresh is refused, one has to log in. The SDK does that if it is installed (`npm install` in examples/), and this
// file does it otherwise.

import sdk from "/supertokens.js";

const FRONT_TOKEN = "front-token";

// The server writes its settings `api_base_path` and `session_expired_status` into the page.
const { apiBasePath, sessionExpiredStatus } = document.documentElement.dataset;
const EXPIRED = Number(sessionExpiredStatus);

/** How often a request is sent at most, if each try finds the session expired. */
const TRIES = 4;

/** Hears of every request that leaves the page, retries and refreshes included. */
export const log = new EventTarget();

/** How far the server's clock is ahead of this machine's, which may be wrong by hours. */
let skew = 0;

const native = window.fetch.bind(window);

/** The browser's fetch, with a log; in place before the SDK wraps it. */
window.fetch = async (input, init) => {
  const { method, url } = new Request(input, init);
  const path = new URL(url).pathname;
  let status = "failed";
  try {
    const response = await native(input, init);
    status = response.status;
    keep(response.headers.get(FRONT_TOKEN));
    skew = Date.parse(response.headers.get("date")) - Date.now() || 0;
    return response;
  } finally {
    log.dispatchEvent(new CustomEvent("request", { detail: { method, path, status } }));
  }
};

sdk?.init({
  apiDomain: location.origin,
  apiBasePath,
  sessionExpiredStatusCode: EXPIRED,
  tokenTransferMethod: "cookie",
});

/** Who keeps the session. */
export const keeper = sdk ? "supertokens-website" : "this page's own script";

/** Thrown when there is no session any more: nothing went wrong, one just has to log in. */
export class LoggedOut extends Error {}

/** Sends a request; the body of a good answer, or else an error with the server's message. */
export async function call(method, path, body) {
  for (let tries = 1; ; tries++) {
    const before = kept();
    const refreshes = refreshed;
    const { ok, status, answer } = await send(method, path, body);
    if (ok) return answer;
    if (answer.message === "sign in again") {
      // Two people have logged in with this browser: the next login ends both sessions.
      location.assign("/login?next=/");
      throw new LoggedOut("Please log in again.");
    }
    if (status !== EXPIRED || OPEN.includes(path)) {
      throw new Error(answer.message ?? `The server answered ${status}.`);
    }
    // A browser that keeps a front token was logged in, and may have lost the access cookie only.
    const mayRefresh = before !== undefined || answer.message === "try refresh token";
    if (sdk || !mayRefresh || tries === TRIES) throw new LoggedOut("Please log in.");
    // One that finished meanwhile, here or in another tab, has helped this request as well.
    if (refreshed === refreshes && kept() === before) await refresh();
  }
}

/** Signs out this device. */
export const signOut = () => call("POST", `${apiBasePath}/signout`);

/** Where 401 says that a password was wrong. */
const OPEN = ["/login", "/signup"];

async function send(method, path, body) {
  // The second says that a script reads the front-token.
  const headers = { accept: "application/json", "st-auth-mode": "cookie" };
  if (body) headers["content-type"] = "application/json";
  try {
    const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    const answer = await response.json().catch(() => ({}));
    return { ok: response.ok, status: response.status, answer };
  } catch {
    throw new Error("The server cannot be reached.");
  }
}

/** The latest front token; undefined if there is none, or the storage is forbidden. */
function kept() {
  try {
    return localStorage.getItem(FRONT_TOKEN) ?? undefined;
  } catch {
    return undefined;
  }
}

/** What a front token says, base64 of JSON {uid, ate, up}; nothing if it is none. */
function read(token) {
  try {
    const bytes = Uint8Array.from(atob(token), (char) => char.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return {};
  }
}

/** How many seconds the access token still holds; undefined if the page does not know. */
export function secondsLeft() {
  const { ate } = read(kept());
  return ate && Math.ceil((ate - Date.now() - skew) / 1000);
}

/** Calls `changed` when another tab signs out, or logs somebody in: with the user id, if there is one. */
export function onOtherUser(changed) {
  addEventListener("storage", ({ key, oldValue, newValue }) => {
    const { uid } = read(newValue);
    if (key === FRONT_TOKEN && uid !== read(oldValue).uid) changed(uid);
  });
}

/** A full storage costs the countdown, never the session: that is in cookies which no script sees. */
function keep(token) {
  try {
    if (token === "remove") localStorage.removeItem(FRONT_TOKEN);
    else if (token) localStorage.setItem(FRONT_TOKEN, token);
  } catch {
    // What is there is of an earlier token, and reads as due.
  }
}

let refreshing;
let refreshed = 0;

/** New tokens. Requests that find the session expired at the same time share one refresh. */
export function refresh() {
  refreshing ??= renew().finally(() => (refreshing = undefined));
  return refreshing;
}

async function renew() {
  if (sdk) {
    if (await sdk.attemptRefreshingSession()) return;
    throw new LoggedOut("Please log in.");
  }
  const { ok, status } = await send("POST", `${apiBasePath}/session/refresh`);
  if (status === EXPIRED) throw new LoggedOut("Please log in.");
  if (!ok) throw new Error("The server cannot answer now. Try again.");
  refreshed++;
}
