// The browser of somebody who was logged in yesterday, at servers that were started with other settings since. Each keeps its
// jar in a file of JARS from one day to the next.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { browserWith, expire } from "./drive.mjs";
import { visitor } from "./neighbours.mjs";

const { CASE, DAY, JARS } = process.env;

// As a front end does whose access token has expired since: refreshes at 401, and logs in if that is 401 too.
async function comeBack(person) {
    if ((await person.get("/app/me")) === 200) return "stays";
    const status = await person.refresh();
    if (status === 200) return "stays";
    assert.equal(status, 401);
    assert.equal(await person.logIn("ada"), 200);
    return "logs in";
}

describe(DAY, { concurrency: true }, () => {
    for (const [index, { what, origin, effect }] of JSON.parse(CASE).entries()) {
        it(what, { timeout: 90_000 }, () => {
            const path = `${JARS}/${index}.json`;
            return browserWith({ storageState: DAY === "yesterday" ? undefined : path }, async (context) => {
                const person = await visitor(context, origin);
                assert.equal(await comeBack(person), effect);
                assert.equal(await person.get("/app/me"), 200);
                await expire();
                assert.equal(await person.get("/app/me"), 401);
                assert.equal(await person.refresh(), 200);
                assert.equal(await person.get("/app/me"), 200);
                await context.storageState({ path });
                if (DAY !== "reverted") return;
                assert.equal(await person.signOut(), 200);
                assert.equal(await person.get("/app/me"), 401);
                assert.equal(await person.logIn("ada"), 200);
                assert.equal(await person.get("/app/me"), 200);
            });
        });
    }
});
