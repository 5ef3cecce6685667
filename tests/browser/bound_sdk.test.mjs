// The model system's front end, unmodified, on a page of another origin of the site: the session is bound, and it need not know.
import assert from "node:assert/strict";
import { test } from "node:test";
import { REFRESHED, expire, later, watch } from "./bound.mjs";
import { call, inBrowser, logIn, open, refresh, refreshes, signOut, state } from "./drive.mjs";

const me = { user: "ada", name: "Ada" };

async function whoIs(page) {
    const { status, text } = await call(page, "/me");
    return status === 200 ? JSON.parse(text).user : status;
}

test("the SDK goes on in a bound session", { timeout: 60_000 }, () =>
    inBrowser(async (context) => {
        const page = await open(context, "cookie");
        const keys = await watch(context, page);
        const asked = refreshes(context);
        assert.equal((await logIn(page, "ada")).status, 200);
        await keys.wait("creation Success");
        await keys.take();
        const inVault = async () => (await call(page, "/vault")).status;
        assert.equal(await inVault(), 200);
        await keys.are(REFRESHED);
        asked();

        // The browser was there first.
        await expire(context);
        assert.equal(await whoIs(page), "ada");
        await keys.are(REFRESHED);
        assert.equal(asked(), 0);

        // The SDK is told 401, and the browser refreshes on its way to the route.
        await later();
        assert.equal(await whoIs(page), "ada");
        await keys.are(REFRESHED);
        await expire(context);
        const both = await Promise.all([call(page, "/me"), call(page, "/name/Ada", "PUT")]);
        assert.deepEqual(both.map(({ status }) => status), [200, 200]);
        await keys.are(REFRESHED);

        await expire(context);
        assert.equal(await refresh(page), true);
        assert.equal(await refresh(page), true);
        await keys.are(REFRESHED);
        assert.deepEqual(await state(page), me);

        // What the SDK remembers is older than what the browser has.
        await expire(context);
        await page.evaluate(() => {
            const now = Date.now;
            Date.now = () => now() + 4 * 601_000;
        });
        assert.deepEqual(await state(page), me);
        assert.equal(await whoIs(page), "ada");
        await keys.are(REFRESHED);

        await expire(context);
        await page.reload();
        assert.deepEqual(await state(page), me);
        assert.equal(await whoIs(page), "ada");
        await keys.are(REFRESHED);

        await signOut(page);
        assert.equal(await state(page), "no session");
        assert.deepEqual((await context.cookies()).filter(({ name }) => /s(Bound|AccessToken|RefreshToken)\./.test(name)), []);
        assert.equal(await whoIs(page), 401);
        assert.equal((await logIn(page, "ada")).status, 200);
        await keys.wait("creation Success");
        assert.equal(await inVault(), 200);
    }));
