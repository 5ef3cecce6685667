// A sibling host that has a copy of somebody's session and fills the browser's jar until the refresh cookie is dropped, to
// plant the copy's newest refresh token in its place.
import assert from "node:assert/strict";
import { test } from "node:test";
import { API, browserWith, inBrowser } from "./drive.mjs";
import { serve } from "./neighbours.mjs";

const REFRESH = "/auth/session/refresh";
const AGE = "Domain=example.test; Path=/; Secure; Max-Age=10000";

// What the sibling answers with next.
let lines = [];
const sibling = (
    await serve("https", (_request, response) => {
        response.writeHead(200, { "Content-Type": "text/html", "Cache-Control": "no-store", "Set-Cookie": lines });
        response.end();
    })
)("evil.example.test");

async function plant(page, planted) {
    lines = planted;
    await page.goto(`${sibling}/`);
}

const filling = (from, count) => Array.from({ length: count }, (_, at) => `filling${from + at}=x; ${AGE}`);

const post = (page, path, body) =>
    page.evaluate(
        async ([path, body]) => {
            const headers = body && { "Content-Type": "application/json" };
            const { status } = await fetch(path, { method: "POST", headers, body });
            return status;
        },
        [path, body],
    );
const status = (page, path) => page.evaluate(async (path) => (await fetch(path)).status, path);

const named = (cookies, part) => cookies.find(({ name }) => name.includes(part));

test("a copy does not take the place of a session", { timeout: 120_000 }, () =>
    inBrowser(async (context) => {
        const page = await context.newPage();
        await plant(page, filling(0, 30));
        await page.goto(`${API}/`);
        assert.equal(await post(page, "/login", JSON.stringify({ user: "ada", name: "Ada" })), 200);
        const jar = await context.storageState();

        // The thief goes on with the copy, once.
        const newest = await browserWith({ storageState: jar }, async (copy) => {
            const page = await copy.newPage();
            await page.goto(`${API}/`);
            assert.equal(await post(page, REFRESH), 200);
            return named(await copy.cookies(`${API}${REFRESH}`), "sRefreshToken.");
        });
        const before = named(await context.cookies(`${API}${REFRESH}`), "sRefreshToken.");
        assert.equal(before.name, newest.name);
        assert.notEqual(before.value, newest.value);

        // At 181 cookies for a domain a browser drops the 31 that were used longest ago: those of before the login, and the
        // first one of that.
        await plant(page, filling(30, 100));
        await plant(page, filling(130, 48));
        const left = await context.cookies(`${API}${REFRESH}`);
        assert.equal(named(left, "sRefreshToken."), undefined, "the refresh cookie was dropped");
        assert.ok(named(left, "sAccessToken.") && named(left, "sRefreshHash."), "and no other one");

        // It can plant the token, but not its hash.
        const hash = newest.name.replace("__Secure-sRefreshToken", "__Host-sRefreshHash");
        await plant(page, [`${newest.name}=${newest.value}; ${AGE}`, `${hash}=x; ${AGE}`]);
        const planted = await context.cookies(`${API}${REFRESH}`);
        assert.equal(named(planted, "sRefreshToken.")?.value, newest.value);
        assert.notEqual(named(planted, "sRefreshHash.").value, "x");

        await page.goto(`${API}/`);
        assert.equal(await post(page, REFRESH), 401);
        assert.equal(await status(page, "/me"), 401);
        assert.equal(await post(page, "/login", JSON.stringify({ user: "ada", name: "Ada" })), 200);
        assert.equal(await status(page, "/me"), 200);

        // Nor does the copy go on.
        const copied = { cookies: [...jar.cookies.filter(({ name }) => !name.includes("sRefreshToken.")), newest], origins: [] };
        await browserWith({ storageState: copied }, async (copy) => {
            const page = await copy.newPage();
            await page.goto(`${API}/`);
            assert.equal(await post(page, REFRESH), 401);
        });
    }));
