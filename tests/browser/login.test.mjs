// Logging in and out, from another origin and from the API's own.
import assert from "node:assert/strict";
import { API, call, events, inBothModes, load, logIn, open, state, WEBSITE } from "./drive.mjs";

for (const [where, from] of [["another origin", WEBSITE], ["the same origin", API]]) {
    inBothModes(`a login from ${where} lasts until sign-out`, async ({ mode, context }) => {
        const page = await open(context, mode, from);
        assert.equal(await state(page), "no session");

        assert.equal((await logIn(page, "ada")).status, 200);
        assert.deepEqual(await state(page), { user: "ada", name: "Ada" });
        assert.ok((await events(page)).includes("SESSION_CREATED"));
        const me = await call(page, "/me");
        assert.equal(JSON.parse(me.text).user, "ada");

        await load(page, mode, from);
        assert.deepEqual(await state(page), { user: "ada", name: "Ada" }, "after the page was loaded again");

        await page.evaluate(() => Session.signOut());
        assert.equal(await state(page), "no session");
        assert.ok((await events(page)).includes("SIGN_OUT"));
        assert.equal((await call(page, "/me")).status, 401);
    });
}

inBothModes("tokens travel in that mode only", async ({ mode, context }) => {
    const page = await open(context, mode);
    await logIn(page, "ada");
    const sent = page.waitForRequest((request) => request.url() === `${API}/me` && request.method() === "GET");
    await call(page, "/me");
    const headers = await (await sent).allHeaders();
    assert.equal(/sAccessToken=./.test(headers.cookie ?? ""), mode === "cookie");
    assert.equal("authorization" in headers, mode === "header");
});
