// A server that cannot answer, no network, a lost answer: what keeps the session.
import assert from "node:assert/strict";
import { API, call, expire, inBothModes, logIn, named, open, refresh, state } from "./drive.mjs";

const REFRESH = `${API}/auth/session/refresh`;
const ada = { user: "ada", name: "Ada" };

// Keeps the server from its database, or lets it.
async function lock(locked) {
    const answer = await fetch(`${API}/locked/${locked}`, { method: "PUT" });
    assert.equal(answer.status, 200);
}

async function isStillLoggedIn(page) {
    assert.ok(!(await named(page)).includes("UNAUTHORISED"));
    assert.equal((await call(page, "/me")).status, 200);
    assert.deepEqual(await state(page), ada);
}

const oneDatabase = { atOnce: false };
inBothModes("a refresh that is answered 503 keeps the session", async ({ mode, context }) => {
    const page = await open(context, mode);
    await logIn(page, "ada");
    await expire();
    await lock(true);
    try {
        const refused = page.waitForResponse((answer) => answer.url() === REFRESH && answer.status() === 503);
        assert.deepEqual(await call(page, "/me"), { status: 503, text: '{"message":"temporarily unavailable"}' });
        await refused;
    } finally {
        await lock(false);
    }
    await isStillLoggedIn(page);
}, oneDatabase);

inBothModes("a refresh without a network keeps the session", async ({ mode, context }) => {
    const page = await open(context, mode);
    await logIn(page, "ada");
    await expire();
    await context.setOffline(true);
    await assert.rejects(refresh(page), /Failed to fetch/);
    await assert.rejects(call(page, "/me"), /Failed to fetch/);
    await context.setOffline(false);
    await isStillLoggedIn(page);
});

inBothModes("a refresh whose answer is lost keeps the session", async ({ mode, context }) => {
    const page = await open(context, mode);
    await logIn(page, "ada");
    await expire();
    let lost = 0;
    await page.route(REFRESH, async (route) => {
        if (route.request().method() === "OPTIONS") return route.continue();
        const headers = await route.request().allHeaders();
        const answer = await fetch(REFRESH, { method: "POST", headers });
        lost += answer.status === 200 ? 1 : 0;
        await route.abort();
    });
    await assert.rejects(call(page, "/me"), /Failed to fetch/);
    assert.equal(lost, 1);
    await page.unroute(REFRESH);
    await isStillLoggedIn(page);
});
