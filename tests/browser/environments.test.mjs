// A browser that is logged in at two applications, of one domain or one host: neither notices that the other one is there.
// And a cookie of earlier front ends on the parent domain, which cannot be removed from here.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { expire, inBrowser } from "./drive.mjs";
import { serve, visitor } from "./neighbours.mjs";

const pairs = JSON.parse(process.env.CASE);

describe("two that do not mind each other", { concurrency: true }, () => {
    for (const { what, origins } of pairs) {
        it(what, { timeout: 90_000 }, () =>
            inBrowser(async (context) => {
                const [one, two] = [await visitor(context, origins[0]), await visitor(context, origins[1])];
                assert.equal(await one.logIn("ada"), 200);
                assert.equal(await two.user(), null);
                assert.equal(await two.logIn("bob"), 200);
                for (const [first, second] of [[one, two], [two, one]]) {
                    const users = async () => [await first.user(), await second.user()];
                    const expected = first === one ? ["ada", "bob"] : ["bob", "ada"];
                    assert.deepEqual(await users(), expected);
                    await expire();
                    assert.deepEqual([await first.get("/me"), await second.get("/me")], [401, 401]);
                    assert.deepEqual([await first.refresh(), await second.refresh()], [200, 200]);
                    assert.deepEqual(await users(), expected, "after a refresh");
                }
                // A login at one ends what was there, and nothing here.
                assert.equal(await one.logIn("eve"), 200);
                assert.deepEqual([await one.user(), await two.user()], ["eve", "bob"]);
                assert.equal(await two.signOut(), 200);
                assert.deepEqual([await one.user(), await two.user()], ["eve", null]);
                assert.equal(await two.refresh(), 401);
                await expire();
                assert.equal(await one.refresh(), 200);
                assert.deepEqual([await one.user(), await two.user()], ["eve", null]);
            }));
    }
});

it("a cookie of earlier front ends refuses nobody", { timeout: 90_000 }, () =>
    inBrowser(async (context) => {
        const planted = ["/", "/auth/session/refresh"].map((path) => `sIdRefreshToken=x; Domain=example.test; Path=${path}`);
        const sibling = await serve("https", (_request, response) => {
            response.writeHead(200, { "Content-Type": "text/html", "Set-Cookie": planted });
            response.end();
        });
        await (await context.newPage()).goto(sibling("evil.example.test"));
        const there = async () => (await context.cookies()).filter(({ name }) => name === "sIdRefreshToken").length;
        assert.equal(await there(), 2);

        const [{ origins }] = pairs;
        const app = await visitor(context, origins[1]);
        assert.deepEqual([await app.get("/maybe"), await app.refresh()], [200, 401]);
        assert.equal(await app.logIn("ada"), 200);
        assert.equal(await app.user(), "ada");
        await expire();
        assert.equal(await app.get("/me"), 401);
        assert.equal(await app.refresh(), 200);
        assert.equal(await app.user(), "ada");
        assert.equal(await app.signOut(), 200);
        assert.deepEqual([await app.get("/maybe"), await app.get("/me")], [200, 401]);
        assert.equal(await there(), 2, "they are another host's");
        assert.equal(await app.logIn("ada"), 200);
        assert.equal(await app.user(), "ada");
    }));
