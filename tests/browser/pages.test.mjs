// Server-rendered pages: an expired session comes back by itself, with and without scripts, and nobody is locked out by axe.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { API, browserWith, expire } from "./drive.mjs";

const axe = await readFile(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

// What axe calls serious or worse.
async function audit(page) {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document));
    const bad = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
    assert.deepEqual(bad.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
}

async function signIn(page, path) {
    await page.goto(`${API}${path}`);
    assert.equal(page.url(), `${API}/sign-in?next=${encodeURIComponent(path)}`);
    await page.fill("[name=user]", "ada");
    await page.click("button");
    assert.equal(page.url(), `${API}${path}`);
}

test("a wrong name shows the form again, with what is wrong in it", { timeout: 60_000 }, () =>
    browserWith({ bypassCSP: true }, async (context) => {
        const page = await context.newPage();
        await page.goto(`${API}/member?x=1`);
        await page.fill("[name=user]", "nobody");
        const [answer] = await Promise.all([page.waitForNavigation(), page.click("button")]);
        assert.equal(answer.status(), 422);
        assert.equal(await page.textContent("[role=alert]"), "Nobody of that name.");
        assert.doesNotMatch(await page.textContent("body"), /ended|sent/);
        await audit(page);
        await page.fill("[name=user]", "ada");
        await page.click("button");
        assert.equal(page.url(), `${API}/member?x=1`);
    }));

test("with scripts the page comes back by itself", { timeout: 60_000 }, () =>
    browserWith({ bypassCSP: true }, async (context) => {
        const page = await context.newPage();
        await signIn(page, "/member?x=1");
        await expire();
        await page.goto(`${API}/member?x=1`);
        await page.waitForSelector("p:has-text('hello Ada')");
        assert.equal(page.url(), `${API}/member?x=1`);

        // Cookies that never arrive: one try, then the person decides.
        await expire();
        await page.evaluate(() => sessionStorage.clear());
        let tries = 0;
        await context.route("**/refresh/page", (route) => {
            tries += 1;
            return route.fulfill({ status: 303, headers: { location: "/member?x=1" } });
        });
        await page.goto(`${API}/member?x=1`);
        await page.waitForTimeout(1000);
        assert.equal(tries, 1);
        await audit(page);
        await context.unroute("**/refresh/page");
        await page.click("button");
        await page.waitForSelector("p:has-text('hello Ada')");
    }));

test("below the page's own policy the script runs", { timeout: 60_000 }, () =>
    browserWith({}, async (context) => {
        const page = await context.newPage();
        await signIn(page, "/member");
        await expire();
        await page.goto(`${API}/member`);
        await page.waitForSelector("p:has-text('hello Ada')");
    }));

test("without scripts one press of a button brings it back", { timeout: 60_000 }, () =>
    browserWith({ javaScriptEnabled: false }, async (context) => {
        const page = await context.newPage();
        await signIn(page, "/member");
        await expire();
        await page.goto(`${API}/member`);
        await page.click("button:has-text('Continue')");
        assert.equal(page.url(), `${API}/member`);
        assert.match(await page.textContent("body"), /hello Ada/);

        // A plain form that comes too late is not sent; a fresh one is.
        await expire();
        await page.click("button:has-text('Leave')");
        assert.match(await page.textContent("body"), /Nothing was sent/);
        await page.click("button");
        await page.click("button:has-text('Leave')");
        assert.equal(await page.textContent("body"), "left");
        await page.goto(`${API}/member`);
        assert.match(page.url(), /sign-in/);
    }));

test("going back after leaving asks anew", { timeout: 30_000 }, () =>
    browserWith({}, async (context) => {
        const page = await context.newPage();
        await signIn(page, "/member");
        await page.click("button:has-text('Leave')");
        assert.equal(await page.textContent("body"), "left");
        // The browser shows what it kept, whose script loads it again.
        const asked = page.waitForRequest(`${API}/member`);
        await page.goBack({ waitUntil: "commit" });
        await asked;
        await page.waitForURL(/sign-in/);
    }));

test("nobody is sent to another site", { timeout: 30_000 }, () =>
    browserWith({}, async (context) => {
        const page = await context.newPage();
        await page.goto(`${API}/sign-in?next=${encodeURIComponent("//evil.example/")}`);
        await page.fill("[name=user]", "ada");
        await page.click("button");
        assert.equal(new URL(page.url()).origin, API);
    }));
