// Refreshing after the access token has expired, whichever way the page calls.
import assert from "node:assert/strict";
import { call, expire, inBothModes, logIn, named, open, refreshes } from "./drive.mjs";

inBothModes("fetch, XMLHttpRequest and axios refresh once and repeat the call", async ({ mode, context }) => {
    const page = await open(context, mode);
    await logIn(page, "ada");
    const refreshed = refreshes(context);
    for (const by of ["call", "callByXhr", "callByAxios"]) {
        await expire();
        await named(page);
        const me = await page.evaluate((by) => window[by]("/me"), by);
        assert.equal(me.status, 200, by);
        assert.equal(JSON.parse(me.text).user, "ada", by);
        assert.ok((await named(page)).includes("REFRESH_SESSION"), by);
        assert.equal(refreshed(), 1, by);
    }
});
