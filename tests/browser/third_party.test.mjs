// An API on another site than the page, with cookies of third parties allowed, and blocked.
import assert from "node:assert/strict";
import { test } from "node:test";
import { API, call, inBothModes, inBrowser, logIn, named, open, refresh, refreshes, state, takingAllCookies } from "./drive.mjs";

const ada = { user: "ada", name: "Ada" };

const allowed = { within: takingAllCookies };
inBothModes("another site works while cookies of third parties are allowed", async ({ mode, context }) => {
    const page = await open(context, mode);
    await logIn(page, "ada");
    assert.equal((await call(page, "/me")).status, 200);
    assert.ok(await refresh(page));
    assert.deepEqual(await state(page), ada);
}, allowed);

const timeout = 60_000;
test("header mode works with cookies of third parties blocked", { timeout }, () =>
    inBrowser(async (context) => {
        const page = await open(context, "header");
        await logIn(page, "ada");
        assert.equal((await call(page, "/me")).status, 200);
        assert.ok(await refresh(page));
        assert.deepEqual(await state(page), ada);
        assert.deepEqual(await context.cookies(API), []);
    }));

test("cookie mode ends in one refresh and a logout then, not in a loop", { timeout }, () =>
    inBrowser(async (context) => {
        const page = await open(context, "cookie");
        assert.equal((await logIn(page, "ada")).status, 200);
        assert.deepEqual(await context.cookies(API), [], "they are blocked");
        const refreshed = refreshes(context);
        assert.equal((await call(page, "/me")).status, 401);
        assert.equal(refreshed(), 1);
        assert.ok((await named(page)).includes("UNAUTHORISED"));
        assert.equal(await state(page), "no session");
    }));
