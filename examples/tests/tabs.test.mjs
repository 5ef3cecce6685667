// What people see in Chromium: two tabs, two users, and a narrow screen. `tabs.rs` starts the application.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { chromium } from "../../tests/browser/node_modules/playwright-core/index.mjs";

const { APPLICATION, CHROMIUM } = process.env;

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
  await page.dblclick('text="Sign up"');
  await page.waitForSelector(':nth-match(#log b:text-is("POST /login"), 2)', { state: "attached" });
  await says(page, "Welcome, fay.");
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
