// Keeps the session alive by one rule: a request whose token has expired refreshes the session once and is sent
// again; if the refresh is refused as well, one has to log in. The SDK does that if it is installed
// (`npm install` in examples/), and the second half of this file does it otherwise.

import sdk from "/supertokens.js";

const FRONT_TOKEN = "front-token";

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

sdk?.init({ apiDomain: location.origin, apiBasePath: "/auth", tokenTransferMethod: "cookie" });

/** Who keeps the session. */
export const keeper = sdk ? "supertokens-website" : "this page's own script";

/** Thrown when there is no session any more: nothing went wrong, one just has to log in. */
export class LoggedOut extends Error {}

/** Sends a request; the body of a good answer, or else an error with the server's message. */
export async function call(method, path, body) {
  let { ok, status, answer } = await send(method, path, body);
  if (!sdk && status === 401 && answer.message === "try refresh token") {
    await refresh();
    ({ ok, status, answer } = await send(method, path, body));
  }
  if (ok) return answer;
  if (status === 403 && answer.message === "sign in again") {
    // Two people have logged in with this browser: the next login ends both sessions.
    location.assign("/login?next=/");
    throw new LoggedOut("Please log in again.");
  }
  if (status === 401 && !OPEN.includes(path)) throw new LoggedOut("Please log in.");
  throw new Error(answer.message ?? answer.error?.description ?? `The server answered ${status}.`);
}

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

/** What a front token says, base64 of JSON {uid, ate, up}; nothing if `get` finds none. */
function read(get) {
  try {
    const bytes = Uint8Array.from(atob(get()), (char) => char.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return {};
  }
}

/** How many seconds the access token still holds; undefined if the page does not know. */
export function secondsLeft() {
  const { ate } = read(() => localStorage.getItem(FRONT_TOKEN));
  return ate && Math.ceil((ate - Date.now() - skew) / 1000);
}

/** Calls `changed` when another tab signs out, or logs somebody in: with the user id, if there is one. */
export function onOtherUser(changed) {
  addEventListener("storage", ({ key, oldValue, newValue }) => {
    const { uid } = read(() => newValue);
    if (key === FRONT_TOKEN && uid !== read(() => oldValue).uid) changed(uid);
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
  const { ok, status } = await send("POST", "/auth/session/refresh");
  if (status === 401) throw new LoggedOut("Please log in.");
  if (!ok) throw new Error("The server cannot answer now. Try again.");
}
