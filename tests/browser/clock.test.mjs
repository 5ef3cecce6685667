// A browser whose clock is wrong.
import assert from "node:assert/strict";
import { call, expire, inBothModes, logIn, named, open, refreshes, state } from "./drive.mjs";

const HOUR = 3_600_000;

async function isLoggedIn(page) {
    assert.equal((await call(page, "/me")).status, 200);
    assert.deepEqual(await state(page), { user: "ada", name: "Ada" });
    assert.ok(!(await named(page)).includes("UNAUTHORISED"));
}

for (const [wrong, by] of [["fast", HOUR], ["slow", -HOUR]]) {
    inBothModes(`a clock that is an hour ${wrong} changes nothing`, async ({ mode, context }) => {
        await context.clock.install({ time: Date.now() + by });
        const page = await open(context, mode);
        const difference = (await page.evaluate(() => Date.now())) - Date.now();
        assert.ok(Math.abs(difference - by) < HOUR / 10, `it is wrong by ${difference} ms`);

        await logIn(page, "ada");
        const refreshed = refreshes(context);
        await isLoggedIn(page);
        assert.equal(refreshed(), 0, "before the token has expired");
        await expire(6);
        await isLoggedIn(page);
        assert.equal(refreshed(), 1, "after it has expired");
    });
}
