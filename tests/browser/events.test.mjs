// What other tabs and other devices do, and what the SDK tells the page about it.
import assert from "node:assert/strict";
import { call, events, inBothModes, inBrowser, logIn, named, open, signOut, state } from "./drive.mjs";

inBothModes("a sign-out in one tab is seen by the others", async ({ mode, context }) => {
    const [one, other] = [await open(context, mode), await open(context, mode)];
    await logIn(one, "ada");
    assert.deepEqual(await state(other), { user: "ada", name: "Ada" });
    await named(other);

    await signOut(one);
    assert.equal(await state(other), "no session");
    assert.equal((await call(other, "/me")).status, 401);
    assert.deepEqual(await events(other), [
        { action: "UNAUTHORISED", sessionExpiredOrRevoked: false, userContext: {} },
    ]);
});

inBothModes("a revocation from another device ends the session at the next call", async ({ mode, context }) => {
    const user = `eve-${mode}`;
    const page = await open(context, mode);
    await logIn(page, user);
    await events(page);
    await inBrowser(async (device) => {
        const there = await open(device, mode);
        await logIn(there, user);
        assert.equal((await call(there, `/ban/${user}`, "POST")).status, 200);
    });

    assert.equal((await call(page, "/me")).status, 401);
    const [first] = await events(page);
    assert.deepEqual(first, { action: "UNAUTHORISED", sessionExpiredOrRevoked: true, userContext: {} });
    assert.equal(await state(page), "no session");
});

inBothModes("a claim that is not met, and a payload that changes, are events", async ({ mode, context }) => {
    const [page, other] = [await open(context, mode), await open(context, mode)];
    await logIn(page, "ada");
    await events(page);

    assert.equal((await call(page, "/root")).status, 403);
    assert.deepEqual(await events(page), [
        {
            action: "API_INVALID_CLAIM",
            claimValidationErrors: [
                { id: "name", reason: { message: "wrong value", expectedValue: "Root", actualValue: "Ada" } },
            ],
            userContext: {},
        },
    ]);

    assert.equal((await call(page, "/name/Root", "PUT")).status, 200);
    assert.deepEqual(await named(page), ["ACCESS_TOKEN_PAYLOAD_UPDATED"]);
    for (const tab of [page, other]) {
        assert.deepEqual(await state(tab), { user: "ada", name: "Root" });
        assert.equal((await call(tab, "/root")).status, 200);
    }
});
