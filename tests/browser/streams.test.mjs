// An open event stream of a page closes when its session is revoked, by another process too, and a later one is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inBrowser } from "./drive.mjs";

const [here, there] = process.env.REPLICAS.split(",").map((port) => `http://localhost:${port}`);

// Opens the page's stream, and keeps in `log` what it says: opened, each message once, closed.
const listen = (page) =>
    page.evaluate(
        () =>
            new Promise((opened) => {
                window.log = [];
                const stream = new EventSource("/events");
                stream.onmessage = ({ data }) => {
                    if (!window.log.includes(data)) window.log.push(data);
                    opened();
                };
                // A stream that ended connects again by itself; an answer that is not 200 closes it for good.
                stream.onerror = () => {
                    const closed = stream.readyState === EventSource.CLOSED;
                    window.log.push(closed ? "refused" : "ended");
                };
            }),
    );

async function member(context, user) {
    const answer = await context.request.post(`${here}/login`, { data: { user, name: "Ada" } });
    assert.equal(answer.status(), 200);
    const page = await context.newPage();
    await page.goto(`${here}/open`);
    await listen(page);
    return page;
}

test("a stream closes when another process revokes its session", { timeout: 60_000 }, () =>
    inBrowser((one) =>
        inBrowser(async (other) => {
            const [ada, bob] = [await member(one, "ada"), await member(other, "bob")];
            const began = Date.now();
            assert.equal((await fetch(`${there}/ban/ada`, { method: "POST" })).status, 200);
            await ada.waitForFunction(() => window.log.includes("refused"));
            console.log(`closed, tried again and refused after ${Date.now() - began} ms`);
            assert.deepEqual(await ada.evaluate(() => window.log), ["ada", "ended", "refused"]);
            assert.deepEqual(await bob.evaluate(() => window.log), ["bob"]);
        }),
    ));
