// Logging in, refreshing when asked to and signing out, from another origin and from the API's own.
import assert from "node:assert/strict";
import { API, call, inBothModes, load, logIn, named, open, refresh, signOut, state, WEBSITE } from "./drive.mjs";

// More than ASCII: the SDK takes the payload apart by itself.
const NAME = "Zoë 🦊";
const zoe = { user: "zoe", name: NAME };

for (const [where, from] of [["another origin", WEBSITE], ["the same origin", API]]) {
    inBothModes(`a login from ${where} lasts until sign-out`, async ({ mode, context }) => {
        const page = await open(context, mode, { from });
        assert.equal(await state(page), "no session");

        assert.equal((await logIn(page, "zoe", NAME)).status, 200);
        assert.deepEqual(await state(page), zoe);
        assert.ok((await named(page)).includes("SESSION_CREATED"));
        assert.equal(JSON.parse((await call(page, "/me")).text).user, "zoe");

        await load(page, mode, { from });
        assert.deepEqual(await state(page), zoe, "after the page was loaded again");
        assert.ok(await refresh(page));
        assert.deepEqual(await state(page), zoe, "after a refresh");
        assert.equal((await call(page, "/name/Eve", "PUT")).status, 200);

        await named(page);
        await signOut(page);
        assert.equal(await state(page), "no session");
        assert.deepEqual(await named(page), ["SIGN_OUT"]);
        assert.equal((await call(page, "/me")).status, 401);
    });
}

inBothModes("tokens travel in that mode only", async ({ mode, context }) => {
    const page = await open(context, mode);
    await logIn(page, "zoe");
    const sent = page.waitForRequest((request) => request.url() === `${API}/me` && request.method() === "GET");
    await call(page, "/me");
    const headers = await (await sent).allHeaders();
    assert.equal(/sAccessToken\.[\w-]{8}=./.test(headers.cookie ?? ""), mode === "cookie");
    assert.equal("authorization" in headers, mode === "header");
});

inBothModes("a page that is not listed cannot log in", async ({ mode, context }) => {
    const page = await open(context, mode, { from: WEBSITE.replace(/\/\/[^:]+/, "//127.0.0.1") });
    await assert.rejects(logIn(page, "zoe"), /Failed to fetch/);
    assert.equal(await state(page), "no session");
});
