// A copied refresh token: whoever uses it second, beyond the rotation's minimal age, ends the session for both.
import assert from "node:assert/strict";
import { call, events, inBothModes, inBrowser, logIn, open, pause, refresh, state } from "./drive.mjs";

// A little more than `rotation_min_age` in main.rs.
const minimalAge = () => pause(600);

const revoked = { action: "UNAUTHORISED", sessionExpiredOrRevoked: true, userContext: {} };

inBothModes("theft ends both sides", async ({ mode, context }) => {
    const owner = await open(context, mode);
    await logIn(owner, "ada");
    await inBrowser(async (elsewhere) => {
        const thief = await open(elsewhere, mode);
        assert.deepEqual(await state(thief), { user: "ada", name: "Ada" }, "the copy is good at first");

        assert.ok(await refresh(owner));
        assert.ok(await refresh(thief), "the answer to the owner might have been lost");
        await minimalAge();
        assert.ok(await refresh(owner));
        await Promise.all([events(owner), events(thief)]);
        assert.equal(await refresh(thief), false);
        assert.deepEqual((await events(thief))[0], revoked);
        assert.equal(await state(thief), "no session");

        assert.equal((await call(owner, "/me")).status, 401);
        assert.deepEqual((await events(owner))[0], revoked);
        assert.equal(await state(owner), "no session");
    }, await context.storageState());
});
