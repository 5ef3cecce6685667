// Below a path that a proxy strips: `tests/neighbours` runs this, with a real proxy in front.
import assert from "node:assert/strict";
import { test } from "node:test";
import { API, browserWith } from "./drive.mjs";
import { ask } from "./neighbours.mjs";

const { pathname: below } = new URL(API);

async function signIn(page) {
    await page.goto(`${API}/member`);
    assert.equal(page.url(), `${API}/sign-in?next=${encodeURIComponent(`${below}/member`)}`);
    await page.fill("[name=user]", "ada");
    await page.click("button");
    assert.equal(page.url(), `${API}/member`);
    assert.match(await page.textContent("body"), /hello Ada/);
}

// Hours go by on the server.
const later = () => ask(API, `${below}/later`, "POST");

async function staysBelow(context) {
    const cookies = await context.cookies([API, `${API}/auth/session/refresh`]);
    assert.equal(cookies.length, 3);
    // The hash of the refresh token is for the whole host, so that no other host can plant it where there is TLS.
    const tokens = cookies.filter(({ name }) => !name.includes("sRefreshHash."));
    for (const { path } of tokens) assert.ok(path === below || path.startsWith(`${below}/`), path);
}

test("with scripts a page comes back by itself", { timeout: 60_000 }, () =>
    browserWith({}, async (context) => {
        const page = await context.newPage();
        await signIn(page);
        await staysBelow(context);
        await later();
        await page.goto(`${API}/member?x=1`);
        await page.waitForSelector("p:has-text('hello Ada')");
        assert.equal(page.url(), `${API}/member?x=1`);
        await staysBelow(context);
    }));

test("without scripts a button brings it back, and a late form to its page", { timeout: 60_000 }, () =>
    browserWith({ javaScriptEnabled: false }, async (context) => {
        const page = await context.newPage();
        await signIn(page);
        await later();
        await page.goto(`${API}/member`);
        await page.click("button:has-text('Continue')");
        assert.equal(page.url(), `${API}/member`);
        await later();
        await page.click("button:has-text('Leave')");
        assert.match(await page.textContent("body"), /Nothing was sent/);
        await page.click("button:has-text('Continue')");
        assert.equal(page.url(), `${API}/member`);
        await page.click("button:has-text('Leave')");
        assert.equal(await page.textContent("body"), "left");
        await page.goto(`${API}/member`);
        assert.match(page.url(), new RegExp(`${below}/sign-in`));
    }));
