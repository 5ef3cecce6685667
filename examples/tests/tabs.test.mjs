// What people see in Chromium: two tabs, two users, and a narrow screen. `tabs.rs` starts the application.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { chromium } from "../../tests/browser/node_modules/playwright-core/index.mjs";

const { APPLICATION, OTHER_SETTINGS, CHROMIUM } = process.env;

// Root has no sandbox, and the pages are our own.
const launched = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
after(() => launched.close());

async function open(context, path = "/") {
  const page = await context.newPage();
  await page.goto(`${APPLICATION}${path}`);
  return page;
}

/** Fills in the form for guests and presses a button of it. */
async function enter(page, user, button = "Sign up") {
  await page.fill("#user", user);
  await page.fill("#password", "correct horse");
  await page.click(`text="${button}"`);
}

const greets = (page, name) => page.waitForSelector(`#hello:visible:text-is("Hello ${name}")`);
const says = (page, text) => page.waitForSelector(`#message:has-text("${text}")`);
const list = (page) => page.locator("#things span").allTextContents();

/** How often the page has sent this. */
const sent = (page, request) => page.locator(`#log b:text-is("${request}")`).count();

/** Holds the page's requests to `path` until the returned function is called. */
async function hold(page, path) {
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await page.route(path, async (route) => {
    await released;
    await route.fallback();
  });
  return release;
}

/** Each test has a browser with users of its own. */
const scenario = (name, story, options = {}) => test(name, { timeout: 60_000 }, async () => {
  const context = await launched.newContext(options);
  try {
    await story(context, await open(context));
  } finally {
    await context.close();
  }
});

scenario("a page shows who logs in in another tab, and who leaves", async (context, page) => {
  await enter(page, "ada");
  await greets(page, "ada");
  const other = await open(context);
  await greets(other, "ada");

  await other.click("#sign-out");
  await says(page, "Signed out in another tab.");
  await enter(other, "bob");
  await greets(page, "bob");

  // The other tab has not reloaded, and logs in over the session of bob.
  await other.evaluate(() => fetch("/signup", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user: "eve", password: "correct horse" }),
  }));
  await page.fill("#thing", "bob's secret");
  await other.evaluate(() => fetch("/login", {
    method: "POST",
    headers: { "content-type": "application/json", "st-auth-mode": "cookie" },
    body: JSON.stringify({ user: "eve", password: "correct horse" }),
  }));
  await greets(page, "eve");
  assert.equal(await page.inputValue("#thing"), "");
});

scenario("what is typed does not go into the list of another user", async (context, page) => {
  await enter(page, "carol");
  await greets(page, "carol");
  await page.fill("#thing", "carol's secret");

  // The page without a script tells this one nothing.
  const other = await open(context, "/login?next=/account");
  await enter(other, "dave");
  await enter(other, "dave", "Log in");
  await other.waitForURL("**/account");
  assert.equal(await page.textContent("#hello"), "Hello carol");

  await page.click('text="Add"');
  await greets(page, "dave");
  await says(page, "Nothing was sent.");
  assert.equal(await page.inputValue("#thing"), "");
  assert.ok(!(await list(page)).includes("carol's secret"));
  await page.reload();
  await greets(page, "dave");
  assert.ok(!(await list(page)).includes("carol's secret"));

  // From here on it is dave's page.
  await page.fill("#thing", "dave's own");
  await page.click('text="Add"');
  await says(page, "Added dave's own.");
  await page.dblclick("#sign-out");
  await page.waitForSelector("#guest:visible");
});

scenario("two clicks on Sign up are one sign-up", async (_context, page) => {
  await page.fill("#user", "fay");
  await page.fill("#password", "correct horse");
  const release = await hold(page, "**/signup");
  await page.dblclick('text="Sign up"');
  release();
  await says(page, "Welcome, fay.");
  assert.equal(await sent(page, "POST /signup"), 1);
});

scenario("two clicks on a button are one request", async (_context, page) => {
  await enter(page, "gil");
  await greets(page, "gil");
  await page.fill("#current", "correct horse");
  await page.fill("#new", "battery staple");
  let release = await hold(page, "**/password");
  await page.dblclick('text="Change"');
  release();
  await says(page, "Changed. All other sessions have ended.");
  assert.equal(await sent(page, "POST /password"), 1);
  assert.equal(await page.getAttribute('text="Change"', "aria-disabled"), null);

  release = await hold(page, "**/devices");
  await page.dblclick("#sign-out-everywhere");
  release();
  await says(page, "Signed out everywhere.");
  assert.equal(await sent(page, "DELETE /devices"), 1);
});

scenario("two clicks on a plain form are one form", async (context) => {
  const page = await open(context, "/login?next=/account");
  await enter(page, "hal");
  await says(page, "Welcome. Now log in.");
  await enter(page, "hal", "Log in");
  await page.waitForURL("**/account");
  await page.fill("#current", "correct horse");
  await page.fill("#new", "battery staple");
  await page.dblclick('text="Change"');
  await says(page, "Changed. All other sessions have ended.");
});

/** Calls `path` so many times at once, as the page's own script does; how each ended. */
const callOften = (page, path, times) => page.evaluate(async ([path, times]) => {
  const { call } = await import("/session.js");
  const ended = await Promise.allSettled(Array.from({ length: times }, () => call("GET", path)));
  return ended.map(({ status, reason }) => reason?.message ?? status);
}, [path, times]);

/** Answers the next `count` requests of `path` as if the session had expired, some of them late. */
async function expire(page, path, count, message) {
  let left = count;
  await page.route(path, async (route) => {
    if (left-- <= 0) return route.continue();
    if (left % 2) await refreshed(page);
    await route.fulfill({ status: 401, json: { message } });
  });
}

/** Until a refresh was answered. */
const refreshed = (page) => page.waitForResponse("**/auth/session/refresh");

scenario("two hundred calls of an expired session share one refresh", async (_context, page) => {
  await enter(page, "ida");
  await greets(page, "ida");
  await expire(page, "**/data", 200, "try refresh token");
  // The page's own list shows the latest hundred only.
  const refreshes = [];
  page.on("request", (request) => request.url().endsWith("/session/refresh") && refreshes.push(request));
  const ended = await callOften(page, "/data", 200);
  assert.deepEqual(new Set(ended), new Set(["fulfilled"]));
  assert.equal(refreshes.length, 1);
});

scenario("a lost access cookie and a second 401 log nobody out", async (_context, page) => {
  await enter(page, "joe");
  await greets(page, "joe");
  for (const message of ["try refresh token", "unauthorised"]) {
    let left = 3;
    await page.route("**/data", (route) =>
      left-- > 0 ? route.fulfill({ status: 401, json: { message } }) : route.continue());
    assert.deepEqual(await callOften(page, "/data", 1), ["fulfilled"]);
    left = 100;
    assert.deepEqual(await callOften(page, "/data", 1), ["Please log in."]);
    assert.equal(left, 96);
    await page.unroute("**/data");
  }
});

scenario("a browser that keeps no cookies is told so", async (context, page) => {
  await page.route("**/login", async (route) => {
    const response = await route.fetch();
    await context.clearCookies();
    const { "set-cookie": _dropped, ...headers } = response.headers();
    await route.fulfill({ response, headers });
  });
  await enter(page, "kim");
  await says(page, "does not keep the cookies");
});

scenario("the script follows the settings", async (context) => {
  const page = await context.newPage();
  await page.goto(OTHER_SETTINGS);
  await enter(page, "lea");
  await greets(page, "lea");
  await page.waitForSelector('#countdown:text-is("due with the next request")');
  await page.fill("#thing", "late");
  await page.click('text="Add"');
  await says(page, "Added late.");
  assert.ok(await sent(page, "POST /api/session/session/refresh") >= 1);
  assert.ok(await page.locator('#log li:has-text("440")').count() >= 1);
  await page.click("#sign-out");
  await says(page, "Signed out.");
  assert.equal(await sent(page, "POST /api/session/signout"), 1);
});

const narrow = { viewport: { width: 390, height: 800 } };

scenario("the longest name fits on a narrow screen", async (_context, page) => {
  const name = "W".repeat(64);
  const width = () => page.evaluate(() => document.documentElement.scrollWidth);
  await enter(page, name);
  await greets(page, name);
  assert.equal(await width(), 390);
  await page.goto(`${APPLICATION}/account`);
  assert.match(await page.textContent("h1"), /W{64}/);
  assert.equal(await width(), 390);
}, narrow);
