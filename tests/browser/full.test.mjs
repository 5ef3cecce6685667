// Storage without room, and a cookie jar that throws out what is oldest.
import assert from "node:assert/strict";
import { call, expire, inBothModes, logIn, named, open, refreshes, state } from "./drive.mjs";

const ada = { user: "ada", name: "Ada" };

// Leaves no room for another byte.
const fillStorage = (page) =>
    page.evaluate(() => {
        for (let size = 1 << 22; size >= 1; ) {
            try {
                localStorage.setItem(`full${localStorage.length}`, "x".repeat(size));
            } catch {
                size >>= 1;
            }
        }
    });

// The SDK's own lock is kept there, so it says so and asks the server nothing.
inBothModes("a full storage keeps the session until there is room", async ({ mode, context }) => {
    const page = await open(context, mode);
    await logIn(page, "ada");
    await fillStorage(page);
    await expire();
    await assert.rejects(call(page, "/me"), /QuotaExceededError/);
    assert.ok(!(await named(page)).includes("UNAUTHORISED"));

    await page.evaluate(() => localStorage.clear());
    assert.equal((await call(page, "/me")).status, 200);
    assert.deepEqual(await state(page), ada);
});

inBothModes("a full storage does not matter without that lock", async ({ mode, context }) => {
    const page = await open(context, mode, { withoutLock: true });
    await logIn(page, "ada");
    await fillStorage(page);
    await expire();
    assert.equal((await call(page, "/me")).status, 200);
    assert.deepEqual(await state(page), ada);
});

inBothModes("a full cookie jar ends in one refresh and a login, not in a loop", async ({ mode, context }) => {
    const page = await open(context, mode);
    await logIn(page, "ada");
    await page.evaluate(() => {
        for (let number = 0; number < 400; number++) document.cookie = `other${number}=x; path=/; max-age=1000`;
    });
    const refreshed = refreshes(context);
    assert.equal((await call(page, "/me")).status, 401);
    assert.equal(refreshed(), 1);
    assert.ok((await named(page)).includes("UNAUTHORISED"));
    assert.equal(await state(page), "no session");

    await logIn(page, "ada");
    assert.equal((await call(page, "/me")).status, 200);
    assert.deepEqual(await state(page), ada);
});
